
/*
 * Sessions that the edge cannot read: the portal is asked whose they are.
 *
 * It is asked at every request, for nothing about a session is remembered from
 * one request to the next.
 */


#include "ngx_http_aidial.h"


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

    return ngx_http_aidial_session_read(ctx, &portal->text);
}
