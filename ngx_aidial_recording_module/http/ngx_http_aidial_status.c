
/*
 * The status endpoint, and what it shares with the grant endpoint: running a
 * flow in the content phase.
 */


#include "ngx_http_aidial.h"


static const ngx_http_aidial_step_t  ngx_http_aidial_status_steps[] = {

    /*  name        asks                        judges the answer          */

    { ngx_string("method"),
      ngx_http_aidial_method_read,
      NULL },

    { ngx_string("cookie"),
      ngx_http_aidial_cookie_check,
      NULL },

    { ngx_string("identity"),
      ngx_http_aidial_identity_load,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing"),
      ngx_http_aidial_standing_load,
      ngx_http_aidial_standing_loaded },

    { ngx_string("scope"),
      ngx_http_aidial_scope_check,
      NULL },

    { ngx_null_string, NULL, NULL }
};


ngx_int_t
ngx_http_aidial_status_handler(ngx_http_request_t *r)
{
    return ngx_http_aidial_content_begin(r, ngx_http_aidial_status_steps);
}


ngx_int_t
ngx_http_aidial_content_begin(ngx_http_request_t *r,
    const ngx_http_aidial_step_t *steps)
{
    ngx_http_aidial_ctx_t  *ctx;

    if (r != r->main || r->post_action) {
        return NGX_HTTP_NOT_FOUND;
    }

    ctx = ngx_http_aidial_ctx_create(r, steps);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->content = 1;

    return ngx_http_aidial_content_run(ctx);
}


/*
 * While a flow waits it owns one count of the request: NGX_DONE makes the
 * caller's ngx_http_finalize_request() give back the one it was called with.
 */

ngx_int_t
ngx_http_aidial_content_run(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_http_aidial_flow_run(ctx);

    if (rc == NGX_AGAIN) {
        r->main->count++;
        return NGX_DONE;
    }

    if (rc != NGX_OK) {
        return ngx_http_aidial_reply_problem(ctx);
    }

    if (ctx->conf->role == NGX_HTTP_AIDIAL_GRANT) {
        return ngx_http_aidial_reply_grant(ctx);
    }

    return ngx_http_aidial_reply_status(ctx);
}
