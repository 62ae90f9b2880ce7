
/*
 * Sessions that the edge cannot read: the portal is asked whose they are.
 *
 * It is asked at every request, for nothing about a session is remembered from
 * one request to the next.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_introspect_sid(ngx_http_aidial_ctx_t *ctx);


ngx_int_t
ngx_http_aidial_introspect(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->conf->introspect.len == 0) {
        return NGX_OK;
    }

    return ngx_http_aidial_portal_ask(ctx, &ctx->conf->introspect, NULL, 1,
                                      ngx_http_aidial_flow_resume);
}


ngx_int_t
ngx_http_aidial_introspected(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_http_aidial_portal_t  *portal;

    static const ngx_str_t  nobody = ngx_string("null");

    portal = &ctx->portal;

    switch (portal->status) {

    case NGX_HTTP_UNAUTHORIZED:
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);

    case NGX_HTTP_OK:
        break;

    default:
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "aidial: service_unavailable: \"%V\", asked whose a "
                      "session is, answered with status %ui, expected 200 or "
                      "401", &ctx->conf->introspect, portal->status);

        return NGX_ERROR;
    }

    if (portal->oversize) {
        ngx_http_aidial_session_unusable(ctx, "it is over 64 KiB");

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    /* what some portals answer to somebody who is not signed in */

    if (ngx_aidial_same(&portal->text, &nobody)) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    rc = ngx_http_aidial_session_read(ctx, &portal->text);

    return rc == NGX_OK ? ngx_http_aidial_introspect_sid(ctx) : rc;
}


/* a portal may write its cookie anew with each answer, and name the session */

static ngx_int_t
ngx_http_aidial_introspect_sid(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t           rc;
    ngx_str_t           sid;
    const char         *why;
    ngx_aidial_json_t  *root;

    rc = ngx_aidial_json_parse(&ctx->portal.text, NGX_AIDIAL_RECORD_MAX, &root,
                               &why);
    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_aidial_json_identifier(ctx->request->pool,
                                    ngx_aidial_json_member(root, "sid"), &sid);

    ngx_aidial_json_free(root);

    if (rc == NGX_OK) {
        ctx->sid = sid;
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}
