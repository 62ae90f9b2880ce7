
/*
 * Steps of a call or tenant that Redis does not have: what was kept of an
 * earlier answer of the portal, else the portal is asked.
 */


#include "ngx_http_aidial.h"


ngx_int_t
ngx_http_aidial_call_fetch(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->conf->call_fetch.len == 0 || ctx->call_known || ctx->call_answered
        || ctx->call_id.len == 0 || !ctx->session.tenant.len)
    {
        return NGX_OK;
    }

    return ngx_http_aidial_fetch_begin(ctx, 1);
}


ngx_int_t
ngx_http_aidial_call_fetched(ngx_http_aidial_ctx_t *ctx)
{
    const ngx_str_t  *text;

    if (ngx_http_aidial_fetch_result(ctx, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return text->len ? ngx_http_aidial_call_read(ctx, text) : NGX_OK;
}


/* asked for only by somebody whose call it is about */

ngx_int_t
ngx_http_aidial_tenant_fetch(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->conf->call_fetch.len == 0 || !ctx->call_known
        || ctx->tenant_known || ctx->tenant_answered)
    {
        return NGX_OK;
    }

    return ngx_http_aidial_fetch_begin(ctx, 0);
}


ngx_int_t
ngx_http_aidial_tenant_fetched(ngx_http_aidial_ctx_t *ctx)
{
    const ngx_str_t  *text;

    if (ngx_http_aidial_fetch_result(ctx, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return text->len ? ngx_http_aidial_tenant_read(ctx, text) : NGX_OK;
}


/* what was kept of an earlier answer, as a load found it */

ngx_int_t
ngx_http_aidial_fetched_judge(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                   rc;
    const ngx_aidial_record_t  *record;

    if (ctx->conf->call_fetch.len == 0) {
        return NGX_OK;
    }

    record = ngx_aidial_redis_op_record(ctx->op,
                                        NGX_AIDIAL_RECORD_FETCHED_CALL);

    if (!ctx->call_known && record->state == NGX_AIDIAL_RECORD_PRESENT) {

        rc = ngx_http_aidial_call_read(ctx, &record->text);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    record = ngx_aidial_redis_op_record(ctx->op,
                                        NGX_AIDIAL_RECORD_FETCHED_NONE);

    ctx->call_answered = (record->state == NGX_AIDIAL_RECORD_PRESENT);

    record = ngx_aidial_redis_op_record(ctx->op,
                                        NGX_AIDIAL_RECORD_FETCHED_TENANT);

    if (!ctx->tenant_known && record->state == NGX_AIDIAL_RECORD_PRESENT) {
        ctx->tenant_answered = 1;

        if (record->text.len) {
            return ngx_http_aidial_tenant_read(ctx, &record->text);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_fetched_keys(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *tenant, ngx_str_t *keys)
{
    ngx_pool_t                   *pool;
    ngx_http_aidial_main_conf_t  *mcf;

    if (ctx->conf->call_fetch.len == 0) {
        return NGX_OK;
    }

    pool = ctx->request->pool;
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    if (ctx->call_id.len
        && ngx_aidial_key_fetched(pool, &mcf->key_prefix, tenant,
                                  &ctx->call_id, 0,
                                  &keys[NGX_AIDIAL_RECORD_FETCHED_CALL])
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_aidial_key_fetched(pool, &mcf->key_prefix, tenant, NULL, 0,
                                  &keys[NGX_AIDIAL_RECORD_FETCHED_TENANT]);
}


ngx_int_t
ngx_http_aidial_fetched_none(ngx_http_aidial_ctx_t *ctx, ngx_str_t *key)
{
    ngx_str_t                     name;
    ngx_http_aidial_main_conf_t  *mcf;

    if (ctx->conf->call_fetch.len == 0 || ctx->call_id.len == 0) {
        return NGX_OK;
    }

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    if (ngx_http_aidial_fetched_scope(ctx, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_aidial_key_fetched(ctx->request->pool, &mcf->key_prefix,
                                  &ctx->session.tenant, &name, 0, key);
}


/*
 * A call of another client or project is none to this session, and must take
 * as long as one that nobody knows; but to others of the tenant it is a call.
 * So what is remembered of a call that is not there names the session's scope:
 * the SHA-256 of its client and its projects, each ended by a NUL.
 */

ngx_int_t
ngx_http_aidial_fetched_scope(ngx_http_aidial_ctx_t *ctx, ngx_str_t *name)
{
    size_t       len;
    u_char      *p, digest[NGX_AIDIAL_SHA256_LEN];
    ngx_str_t    text, *project;
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    pool = ctx->request->pool;
    project = ctx->session.projects.elts;

    len = ctx->session.client.len + sizeof("*");

    for (i = 0; i < ctx->session.projects.nelts; i++) {
        len += project[i].len + 1;
    }

    text.data = ngx_pnalloc(pool, len + 1);
    name->data = ngx_pnalloc(pool, NGX_HTTP_AIDIAL_SCOPE_LEN + 1
                                   + ctx->call_id.len);

    if (text.data == NULL || name->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text.data, "%V%Z", &ctx->session.client);

    if (ctx->session.all_projects) {
        *p++ = '*';
    }

    for (i = 0; i < ctx->session.projects.nelts; i++) {
        p = ngx_sprintf(p, "%V%Z", &project[i]);
    }

    text.len = p - text.data;

    if (ngx_aidial_sha256(&text, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_hex_dump(name->data, digest, NGX_HTTP_AIDIAL_SCOPE_LEN / 2);
    name->len = ngx_sprintf(p, "/%V", &ctx->call_id) - name->data;

    return NGX_OK;
}
