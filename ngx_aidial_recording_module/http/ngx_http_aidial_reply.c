
/*
 * What the module itself says: problems (RFC 9457), the state of a call, a
 * grant.  Every text that goes in is of an alphabet that needs no escaping in
 * JSON: identifiers, words from our tables, numbers, our own URL.
 */


#include "ngx_http_aidial.h"


static ngx_uint_t ngx_http_aidial_retry_after(
    const ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_problem_headers(ngx_http_request_t *r,
    ngx_http_aidial_ctx_t *ctx);
static void ngx_http_aidial_problem_log(ngx_http_aidial_ctx_t *ctx);
static u_char *ngx_http_aidial_duration(u_char *p, double seconds);
static u_char *ngx_http_aidial_verdict(u_char *p, ngx_http_aidial_ctx_t *ctx,
    ngx_uint_t action, const char *lead);
static ngx_int_t ngx_http_aidial_send(ngx_http_aidial_ctx_t *ctx,
    ngx_chain_t *out);
static ngx_chain_t *ngx_http_aidial_json_chain(ngx_http_request_t *r,
    size_t size);


/* longer than any answer: names, four identifiers, all reasons twice */

#define NGX_HTTP_AIDIAL_JSON_MAX                                              \
    (1024 + 4 * NGX_AIDIAL_ID_MAX + 2 * NGX_AIDIAL_REASONS_LEN                \
     + NGX_AIDIAL_TYPE_MAX + 4 * NGX_INT64_LEN)


/* seconds: thirty years, far beyond any call */

#define NGX_HTTP_AIDIAL_DURATION_MAX  1e9


ngx_int_t
ngx_http_aidial_refuse_request(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_problem_e problem)
{
    ctx->problem = problem;
    ctx->decision = NGX_HTTP_AIDIAL_REFUSED;

    ngx_http_finalize_request(ctx->request,
                              ngx_http_aidial_reply_problem(ctx));

    return NGX_DONE;
}


ngx_int_t
ngx_http_aidial_reply_problem(ngx_http_aidial_ctx_t *ctx)
{
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    ngx_http_clean_header(r);
    r->err_status = 0;

    if (ngx_http_aidial_problem_prepare(ctx, &out) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_aidial_send(ctx, out);
}


ngx_int_t
ngx_http_aidial_problem_prepare(ngx_http_aidial_ctx_t *ctx, ngx_chain_t **out)
{
    u_char                      *p;
    ngx_uint_t                   retry_after;
    ngx_chain_t                 *cl;
    ngx_http_request_t          *r;
    const ngx_aidial_problem_t  *problem;

    r = ctx->request;
    problem = ngx_aidial_problem(ctx->problem);

    cl = ngx_http_aidial_json_chain(r, NGX_HTTP_AIDIAL_JSON_MAX);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(cl->buf->last,
                    "{\"type\":\"urn:aidial:recording:%V\",\"title\":\"%V\","
                    "\"status\":%ui,\"code\":\"%V\"",
                    &problem->code, &problem->title, problem->status,
                    &problem->code);

    if (ctx->problem == NGX_AIDIAL_RECORDING_BLOCKED) {
        p = ngx_cpymem(p, ",\"reasons\":[", sizeof(",\"reasons\":[") - 1);
        p = ngx_aidial_reasons_text(p, ctx->reasons, "\"");
        *p++ = ']';
    }

    retry_after = ngx_http_aidial_retry_after(ctx);

    if (retry_after) {
        p = ngx_sprintf(p, ",\"retry_after\":%ui", retry_after);
    }

    *p++ = '}';
    cl->buf->last = p;

    r->headers_out.status = problem->status;
    ngx_str_set(&r->headers_out.content_type, "application/problem+json");

    ctx->serving = 0;
    ctx->decision = NGX_HTTP_AIDIAL_REFUSED;
    *out = cl;

    ngx_http_aidial_problem_log(ctx);

    return ngx_http_aidial_problem_headers(r, ctx);
}


/* seconds; 0: the problem has no such header */

static ngx_uint_t
ngx_http_aidial_retry_after(const ngx_http_aidial_ctx_t *ctx)
{
    switch (ctx->problem) {

    case NGX_AIDIAL_SERVICE_UNAVAILABLE:
    case NGX_AIDIAL_DELIVERY_RUNNING:
    case NGX_AIDIAL_TOO_MANY_STREAMS:
        return NGX_HTTP_AIDIAL_RETRY_AFTER;

    case NGX_AIDIAL_RATE_LIMITED:
        return ctx->retry_after;

    default:
        return 0;
    }
}


static ngx_int_t
ngx_http_aidial_problem_headers(ngx_http_request_t *r,
    ngx_http_aidial_ctx_t *ctx)
{
    u_char            *p;
    ngx_str_t          seconds;
    ngx_uint_t         retry_after;
    const ngx_str_t   *allow;

    static const ngx_str_t  post = ngx_string("POST");
    static const ngx_str_t  read = ngx_string("GET, HEAD");

    if (ctx->problem == NGX_AIDIAL_METHOD_NOT_ALLOWED) {
        allow = (ctx->conf->role == NGX_HTTP_AIDIAL_GRANT) ? &post : &read;

        return ngx_http_aidial_header_add(r, "Allow", allow);
    }

    retry_after = ngx_http_aidial_retry_after(ctx);

    if (retry_after == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    seconds.data = p;
    seconds.len = ngx_sprintf(p, "%ui", retry_after) - p;

    return ngx_http_aidial_header_add(r, "Retry-After", &seconds);
}


static void
ngx_http_aidial_problem_log(ngx_http_aidial_ctx_t *ctx)
{
    u_char                      *p;
    ngx_str_t                    reasons;
    const ngx_aidial_problem_t  *problem;
    u_char                       buf[NGX_AIDIAL_REASONS_LEN];

    problem = ngx_aidial_problem(ctx->problem);

    if (ctx->problem != NGX_AIDIAL_RECORDING_BLOCKED) {
        ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                      "aidial: the request is refused: %V", &problem->code);
        return;
    }

    p = ngx_aidial_reasons_text(buf, ctx->reasons, "");
    reasons.data = buf;
    reasons.len = p - buf;

    ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                  "aidial: the request is refused: %V (%V)",
                  &problem->code, &reasons);
}


ngx_int_t
ngx_http_aidial_reply_status(ngx_http_aidial_ctx_t *ctx)
{
    u_char              *p;
    ngx_chain_t         *out;
    ngx_aidial_call_t   *call;
    ngx_http_request_t  *r;

    r = ctx->request;
    call = &ctx->call;

    out = ngx_http_aidial_json_chain(r, NGX_HTTP_AIDIAL_JSON_MAX);
    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_sprintf(out->buf->last,
                    "{\"call_id\":\"%V\",\"consent\":\"%V\","
                    "\"playback_compliance\":\"%V\","
                    "\"media\":{\"status\":\"%V\"",
                    &ctx->call_id,
                    ngx_aidial_consent_word(call->consent),
                    ngx_aidial_compliance_word(call->compliance),
                    ngx_aidial_media_word(call->media));

    if (call->content_type.len) {
        p = ngx_sprintf(p, ",\"content_type\":\"%V\"", &call->content_type);
    }

    if (call->size_bytes >= 0) {
        p = ngx_sprintf(p, ",\"size_bytes\":%L", call->size_bytes);
    }

    p = ngx_http_aidial_duration(p, call->duration_seconds);

    p = ngx_http_aidial_verdict(p, ctx, NGX_AIDIAL_ACTION_PLAYBACK, "},");
    p = ngx_http_aidial_verdict(p, ctx, NGX_AIDIAL_ACTION_DOWNLOAD, ",");

    *p++ = '}';
    out->buf->last = p;

    r->headers_out.status = NGX_HTTP_OK;
    ngx_str_set(&r->headers_out.content_type, "application/json");

    return ngx_http_aidial_send(ctx, out);
}


/* to the millisecond, without trailing zeros; nothing when it is no length */

static u_char *
ngx_http_aidial_duration(u_char *p, double seconds)
{
    if (!(seconds >= 0 && seconds < NGX_HTTP_AIDIAL_DURATION_MAX)) {
        return p;
    }

    p = ngx_sprintf(p, ",\"duration_seconds\":%.3f", seconds);

    while (p[-1] == '0') {
        p--;
    }

    return p[-1] == '.' ? p - 1 : p;
}


/* lead, then "action":{"allowed":...,"reasons":[...]} */

static u_char *
ngx_http_aidial_verdict(u_char *p, ngx_http_aidial_ctx_t *ctx,
    ngx_uint_t action, const char *lead)
{
    ngx_aidial_reasons_t  reasons;

    reasons = ngx_aidial_policy(ctx->session.role, action, &ctx->tenant,
                                &ctx->call);

    p = ngx_cpymem(p, lead, ngx_strlen(lead));
    p = ngx_sprintf(p, "\"%V\":{\"allowed\":%s,\"reasons\":[",
                    ngx_aidial_action_word(action),
                    reasons ? "false" : "true");
    p = ngx_aidial_reasons_text(p, reasons, "\"");
    *p++ = ']';
    *p++ = '}';

    return p;
}


ngx_int_t
ngx_http_aidial_reply_grant(ngx_http_aidial_ctx_t *ctx)
{
    time_t               ttl;
    ngx_tm_t             tm;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = ctx->request;

    out = ngx_http_aidial_json_chain(r, NGX_HTTP_AIDIAL_JSON_MAX
                                        + ctx->grant_url.len);
    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ttl = ngx_max(ctx->token.expires_at - ngx_time(), 0);
    ngx_gmtime(ctx->token.expires_at, &tm);

    out->buf->last = ngx_sprintf(out->buf->last,
        "{\"action\":\"%V\",\"url\":\"%V\",\"expires_in\":%T,"
        "\"expires_at\":\"%4d-%02d-%02dT%02d:%02d:%02dZ\","
        "\"single_use\":%s}",
        ngx_aidial_action_word(ctx->action), &ctx->grant_url, ttl,
        tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
        tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
        ctx->action == NGX_AIDIAL_ACTION_DOWNLOAD ? "true" : "false");

    r->headers_out.status = NGX_HTTP_CREATED;
    ngx_str_set(&r->headers_out.content_type, "application/json");

    return ngx_http_aidial_send(ctx, out);
}


static ngx_int_t
ngx_http_aidial_send(ngx_http_aidial_ctx_t *ctx, ngx_chain_t *out)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_aidial_rewriters_off(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->replied = 1;

    /* our answer has no validators: a condition is not for it */

    r->disable_not_modified = 1;

    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = out->buf->last - out->buf->pos;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, out);
}


static ngx_chain_t *
ngx_http_aidial_json_chain(ngx_http_request_t *r, size_t size)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        return NULL;
    }

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NULL;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    cl->buf = b;
    cl->next = NULL;

    return cl;
}
