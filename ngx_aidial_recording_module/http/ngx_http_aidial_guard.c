
/*
 * Guards of a media location.
 *
 * The access phase judges main requests only: subrequests skip it, and an
 * internal redirect starts over in another location with every module's
 * context wiped.  So three more handlers watch the ways in and out:
 *
 *   server rewrite, rewrite   a judged request that enters the phases again
 *                             was redirected (X-Accel-Redirect, try_files,
 *                             error_page): what it would serve was never
 *                             judged; a post_action is let through, nginx
 *                             sends nothing of it
 *   rewrite                   takes the token out of the raw URI and masks
 *                             it, before any other module can log it
 *   precontent                nothing is served but the main request that
 *                             was allowed; the slices of its answer do not
 *                             pass here, they are clones of it
 */


#include "ngx_http_aidial_metrics.h"


static void ngx_http_aidial_token_capture(ngx_http_aidial_ctx_t *ctx);
static ngx_uint_t ngx_http_aidial_is_token_char(u_char ch);
static void ngx_http_aidial_mask_token(ngx_str_t *text, size_t from,
    ngx_str_t *token);
static void ngx_http_aidial_mask_uri(ngx_str_t *text, size_t from);


ngx_int_t
ngx_http_aidial_reentry_handler(ngx_http_request_t *r)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL) {
        return NGX_DECLINED;
    }

    if (r == r->main && r->post_action) {
        ngx_http_aidial_metrics_keep_status(ctx);
    }

    if (r == r->main && ctx->waiting) {

        /* the client is gone, and post_action has taken the request over */

        ngx_http_aidial_flow_abandon(ctx);
    }

    if (!ctx->serving || r->main->post_action) {
        return NGX_DECLINED;
    }

    if (r == r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "aidial: media_unavailable: the media request was "
                      "redirected internally");

        return ngx_http_aidial_refuse_request(ctx,
                                              NGX_AIDIAL_MEDIA_UNAVAILABLE);
    }

    if (r->background) {

        /* a mirror: no byte of it reaches the client */

        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "aidial: a subrequest would add to a recording");

    return NGX_ERROR;
}


ngx_int_t
ngx_http_aidial_capture_handler(ngx_http_request_t *r)
{
    ngx_int_t                          rc;
    ngx_http_aidial_ctx_t             *ctx;
    const ngx_http_aidial_loc_conf_t  *conf;

    rc = ngx_http_aidial_reentry_handler(r);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    conf = ngx_http_get_module_loc_conf(r, ngx_aidial_recording_module);

    if (conf->role != NGX_HTTP_AIDIAL_MEDIA || r != r->main) {
        return NGX_DECLINED;
    }

    if (r->post_action) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_aidial_media_begin(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_aidial_token_capture(ctx);

    return NGX_DECLINED;
}


/*
 * The token is the one raw segment after the location's prefix.  In any other
 * form of URI (a query, "//", "%2e", a rewrite or internal redirect that led
 * here) there is no token, and everything that could be one is masked whole.
 */

static void
ngx_http_aidial_token_capture(ngx_http_aidial_ctx_t *ctx)
{
    size_t               len;
    u_char              *p, *last;
    ngx_str_t            token, *uri;
    ngx_http_request_t  *r;

    r = ctx->request;
    uri = &r->unparsed_uri;
    len = ctx->conf->prefix.len;

    if (r->internal || uri->len <= len
        || ngx_memcmp(uri->data, ctx->conf->prefix.data, len) != 0)
    {
        goto invalid;
    }

    token.data = uri->data + len;
    token.len = uri->len - len;

    last = token.data + token.len;

    for (p = token.data; p < last; p++) {
        if (!ngx_http_aidial_is_token_char(*p)) {
            goto invalid;
        }
    }

    p = ngx_pstrdup(r->pool, &token);
    if (p == NULL) {
        goto invalid;
    }

    token.data = p;
    ctx->token_text = token;

    ngx_http_aidial_mask_token(&r->request_line, r->method_name.len + 1 + len,
                               &token);
    ngx_http_aidial_mask_token(&r->unparsed_uri, len, &token);
    ngx_http_aidial_mask_token(&r->uri, 0, &token);

    return;

invalid:

    ngx_http_aidial_mask_uri(&r->unparsed_uri, len);
    ngx_http_aidial_mask_uri(&r->request_line,
                             r->method_name.len + 1 + len);

    if (r->internal) {

        /* the URI of a rewrite may lie in the configuration's memory */

        r->uri = ctx->conf->prefix;
        ngx_http_set_exten(r);
        return;
    }

    ngx_http_aidial_mask_uri(&r->uri, len);
}


static ngx_uint_t
ngx_http_aidial_is_token_char(u_char ch)
{
    return ngx_aidial_is_identifier_char(ch) && ch != ':';
}


/*
 * Overwrites the MAC: without it the token is worth nothing.  It is not in
 * front of "from", and usually there.
 */

static void
ngx_http_aidial_mask_token(ngx_str_t *text, size_t from, ngx_str_t *token)
{
    size_t   mac;
    u_char  *p, *last;

    mac = ngx_min(token->len, NGX_AIDIAL_TOKEN_MAC_LEN);

    if (text->len < token->len) {
        return;
    }

    last = text->data + text->len - token->len;

    for (p = text->data + from; p <= last; p++) {
        if (ngx_memcmp(p, token->data, token->len) == 0) {
            ngx_memset(p + token->len - mac, '*', mac);
            return;
        }
    }
}


/* overwrites every character a token could be spelt with */

static void
ngx_http_aidial_mask_uri(ngx_str_t *text, size_t from)
{
    size_t  i;

    for (i = from; i < text->len && text->data[i] != ' '; i++) {
        if (ngx_http_aidial_is_token_char(text->data[i])) {
            text->data[i] = '*';
        }
    }
}


ngx_int_t
ngx_http_aidial_serving_handler(ngx_http_request_t *r)
{
    ngx_http_aidial_ctx_t             *ctx;
    const ngx_http_aidial_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_aidial_recording_module);

    if (conf->role != NGX_HTTP_AIDIAL_MEDIA) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_aidial_ctx(r);

    if (r == r->main && ctx && ctx->serving) {
        return NGX_DECLINED;
    }

    /* nginx adds a subrequest's URI to the line, and it may hold a token */

    r->uri = conf->prefix;

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "aidial: recording_not_found: only a judged request of a "
                  "client may enter a media location");

    return NGX_HTTP_NOT_FOUND;
}
