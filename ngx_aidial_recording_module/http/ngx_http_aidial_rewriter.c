
/*
 * Modules that rewrite bodies (SSI, gzip, sub_filter and so on) must leave
 * recordings alone even where the operator switched them on for everything
 * (ssi_types *).  They have no switch per request, but they all ask for their
 * location configuration: a request that serves a recording is given the one
 * each of them has when nothing is configured.  Clones of the request, such as
 * the slices of an answer, inherit it.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_rewriter_conf(ngx_conf_t *cf,
    ngx_http_module_t *module, void **conf);


static const char  *ngx_http_aidial_rewriter_names[] = {
    "ngx_http_gzip_filter_module",
    "ngx_http_gzip_static_module",
    "ngx_http_gunzip_filter_module",
    "ngx_http_ssi_filter_module",
    "ngx_http_charset_filter_module",
    "ngx_http_sub_filter_module",
    "ngx_http_addition_filter_module",
    "ngx_http_xslt_filter_module",
    "ngx_http_image_filter_module",
    "ngx_http_brotli_filter_module",
    "ngx_http_zstd_filter_module",
    NULL
};


ngx_int_t
ngx_http_aidial_rewriters_find(ngx_conf_t *cf)
{
    ngx_uint_t                     i, n;
    ngx_module_t                  *module;
    ngx_http_aidial_rewriter_t    *rewriter;
    ngx_http_aidial_main_conf_t   *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);

    if (ngx_array_init(&mcf->rewriters, cf->pool, 8,
                       sizeof(ngx_http_aidial_rewriter_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; cf->cycle->modules[i]; i++) {

        module = cf->cycle->modules[i];

        for (n = 0; ngx_http_aidial_rewriter_names[n]; n++) {

            if (ngx_strcmp(module->name, ngx_http_aidial_rewriter_names[n])
                != 0)
            {
                continue;
            }

            rewriter = ngx_array_push(&mcf->rewriters);
            if (rewriter == NULL) {
                return NGX_ERROR;
            }

            rewriter->index = module->ctx_index;

            if (ngx_http_aidial_rewriter_conf(cf, module->ctx,
                                              &rewriter->conf)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* what the module makes of a location in which nothing was said */

static ngx_int_t
ngx_http_aidial_rewriter_conf(ngx_conf_t *cf, ngx_http_module_t *module,
    void **conf)
{
    void  *parent, *child;

    *conf = NULL;

    if (module->create_loc_conf == NULL) {
        return NGX_OK;
    }

    parent = module->create_loc_conf(cf);
    child = module->create_loc_conf(cf);

    if (parent == NULL || child == NULL) {
        return NGX_ERROR;
    }

    if (module->merge_loc_conf
        && module->merge_loc_conf(cf, parent, child) != NGX_CONF_OK)
    {
        return NGX_ERROR;
    }

    *conf = child;

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_rewriters_off(ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t                     i;
    ngx_http_request_t            *r;
    ngx_http_aidial_rewriter_t    *rewriter;
    ngx_http_aidial_main_conf_t   *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    rewriter = mcf->rewriters.elts;

    if (mcf->rewriters.nelts == 0
        || r->loc_conf[rewriter[0].index] == rewriter[0].conf)
    {
        return NGX_OK;
    }

    if (ngx_http_aidial_loc_conf_copy(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < mcf->rewriters.nelts; i++) {
        r->loc_conf[rewriter[i].index] = rewriter[i].conf;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_loc_conf_copy(ngx_http_aidial_ctx_t *ctx)
{
    void                **loc_conf;
    ngx_http_request_t   *r;

    r = ctx->request;

    if (ctx->own_conf == r->loc_conf) {
        return NGX_OK;
    }

    loc_conf = ngx_palloc(r->pool, ngx_http_max_module * sizeof(void *));
    if (loc_conf == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(loc_conf, r->loc_conf, ngx_http_max_module * sizeof(void *));

    r->loc_conf = loc_conf;
    ctx->own_conf = loc_conf;

    return NGX_OK;
}
