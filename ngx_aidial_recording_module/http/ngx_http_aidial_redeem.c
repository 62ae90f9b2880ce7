
/*
 * The last step of a media request: Redis enters that it is served.  A
 * playback grant is entered once, at its first GET; a download grant is
 * reserved for this GET, or the same use is resumed.  HEAD is neither.
 */


#include "ngx_http_aidial_delivery.h"


static ngx_aidial_redis_op_t *ngx_http_aidial_redeem_ask(
    ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_redeem_code(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_redeem_resumed(ngx_http_aidial_ctx_t *ctx);
static off_t ngx_http_aidial_resume_from(ngx_http_request_t *r);


ngx_int_t
ngx_http_aidial_redeem(ngx_http_aidial_ctx_t *ctx)
{
    ngx_aidial_redis_op_t  *op;

    if (ctx->grant_state == NGX_AIDIAL_GRANT_REDEEMED
        && !ngx_http_aidial_is_resume(ctx->request))
    {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_GRANT_USED);
    }

    if (ctx->request->method == NGX_HTTP_HEAD) {
        return NGX_OK;
    }

    if (ctx->grant_state == NGX_AIDIAL_GRANT_BEGUN) {
        return ngx_http_aidial_delivery_start(ctx);
    }

    op = ngx_http_aidial_redeem_ask(ctx);
    ctx->run->asked = (op != NULL);

    return ngx_http_aidial_flow_wait(ctx, op);
}


static ngx_aidial_redis_op_t *
ngx_http_aidial_redeem_ask(ngx_http_aidial_ctx_t *ctx)
{
    ngx_str_t                       attempt;
    ngx_http_request_t             *r;
    ngx_aidial_redis_redeem_t       redeem;
    const ngx_http_aidial_facts_t  *facts;

    r = ctx->request;
    facts = &ctx->run->facts;

    attempt.data = ctx->run->attempt;
    attempt.len = NGX_HTTP_AIDIAL_ATTEMPT_LEN;

    if (ctx->action == NGX_AIDIAL_ACTION_PLAYBACK) {
        return ngx_aidial_redis_grant_begin(&facts->keys, &attempt,
                                            &facts->audit,
                                            ngx_http_aidial_flow_answered,
                                            ctx);
    }

    ngx_memzero(&redeem, sizeof(ngx_aidial_redis_redeem_t));

    redeem.attempt = attempt;
    redeem.alive = (ctx->token.expires_at > ngx_time());
    redeem.lease = NGX_HTTP_AIDIAL_LEASE;
    redeem.window = (int64_t) ctx->conf->resume_window * 1000;
    redeem.from = -1;

    if (ngx_http_aidial_is_resume(r)) {
        redeem.from = ngx_http_aidial_resume_from(r);
        redeem.if_range = r->headers_in.if_range->value;
    }

    return ngx_aidial_redis_grant_redeem(&facts->keys, &redeem, &facts->audit,
                                         ngx_http_aidial_flow_answered, ctx);
}


ngx_int_t
ngx_http_aidial_redeemed(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_aidial_redeem_code(ctx);

    if (rc == NGX_OK) {
        return ngx_http_aidial_delivery_start(ctx);
    }

    if (rc == NGX_DECLINED && !ngx_aidial_redis_op_resent(ctx->op)) {

        /* Redis has said that it did not begin: nothing is owed */

        ctx->run->asked = 0;
    }

    return rc;
}


static ngx_int_t
ngx_http_aidial_redeem_code(ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t  code;

    code = ngx_aidial_redis_op_code(ctx->op);

    if (ctx->action == NGX_AIDIAL_ACTION_PLAYBACK) {

        if (code == NGX_AIDIAL_BEGIN_BEGUN) {
            return NGX_OK;
        }

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_GRANT_EXPIRED);
    }

    switch (code) {

    case NGX_AIDIAL_REDEEM_STARTED:
        return NGX_OK;

    case NGX_AIDIAL_REDEEM_RESUMED:
        return ngx_http_aidial_redeem_resumed(ctx);

    case NGX_AIDIAL_REDEEM_USED:
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_GRANT_USED);

    case NGX_AIDIAL_REDEEM_RUNNING:
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_DELIVERY_RUNNING);

    default: /* NGX_AIDIAL_REDEEM_UNKNOWN */
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_GRANT_EXPIRED);
    }
}


/* what the origin's answer will have to match */

static ngx_int_t
ngx_http_aidial_redeem_resumed(ngx_http_aidial_ctx_t *ctx)
{
    ngx_str_t               etag;
    ngx_http_aidial_run_t  *run;

    run = ctx->run;
    etag = ngx_aidial_redis_op_text(ctx->op);

    run->etag.len = etag.len;
    run->etag.data = ngx_pstrdup(ctx->request->pool, &etag);

    if (run->etag.data == NULL) {
        return NGX_ERROR;
    }

    run->from = ngx_http_aidial_resume_from(ctx->request);
    run->size = ngx_aidial_redis_op_number(ctx->op);

    return NGX_OK;
}


ngx_uint_t
ngx_http_aidial_is_resume(ngx_http_request_t *r)
{
    ngx_table_elt_t  *if_range;

    if_range = r->headers_in.if_range;

    return r->method == NGX_HTTP_GET
           && if_range
           && if_range->value.len > 2
           && if_range->value.len <= NGX_HTTP_AIDIAL_ETAG_MAX
           && if_range->value.data[0] == '"'
           && ngx_http_aidial_resume_from(r) > 0
           && ngx_http_aidial_header_lines(r, "range") == 1
           && ngx_http_aidial_header_lines(r, "if-range") == 1;
}


/* the N of "bytes=N-", 1 or more; 0: any other range, which is no resume */

static off_t
ngx_http_aidial_resume_from(ngx_http_request_t *r)
{
    off_t       from;
    ngx_str_t  *range;

    static const ngx_str_t  unit = ngx_string("bytes=");

    if (r->headers_in.range == NULL) {
        return 0;
    }

    range = &r->headers_in.range->value;

    if (range->len < unit.len + 2
        || ngx_strncasecmp(range->data, unit.data, unit.len) != 0
        || range->data[range->len - 1] != '-')
    {
        return 0;
    }

    from = ngx_atoof(range->data + unit.len, range->len - unit.len - 1);

    return (from >= 1 && from <= NGX_AIDIAL_INTEGER_MAX) ? from : 0;
}
