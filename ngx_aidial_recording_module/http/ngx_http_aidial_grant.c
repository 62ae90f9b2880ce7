
/*
 * The grant endpoint: a signed-in user asks for a short-lived link.
 *
 * The records are read before the body, so that nobody who is not signed in is
 * waited for.  A body that takes its time makes them old: then they are read
 * again, and what they say now is judged.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_method_post(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_body_read(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_body_limit(ngx_http_aidial_ctx_t *ctx);
static ngx_uint_t ngx_http_aidial_body_is_json(ngx_http_request_t *r);
static void ngx_http_aidial_body_arrived(ngx_http_request_t *r);
static ngx_int_t ngx_http_aidial_body_check(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_body_text(ngx_http_request_t *r,
    ngx_str_t *text);


static const ngx_http_aidial_step_t  ngx_http_aidial_grant_steps[] = {

    /*  name        asks                        judges the answer          */

    { ngx_string("method"),
      ngx_http_aidial_method_post,
      NULL },

    { ngx_string("cookie"),
      ngx_http_aidial_cookie_check,
      NULL },

    { ngx_string("introspection"),
      ngx_http_aidial_introspect,
      ngx_http_aidial_introspected },

    { ngx_string("identity"),
      ngx_http_aidial_identity_load,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing"),
      ngx_http_aidial_standing_load,
      ngx_http_aidial_standing_loaded },

    { ngx_string("site"),
      ngx_http_aidial_site_of_grant,
      NULL },

    { ngx_string("body"),
      ngx_http_aidial_body_read,
      ngx_http_aidial_body_check },

    { ngx_string("session again"),
      ngx_http_aidial_session_again,
      ngx_http_aidial_introspected },

    { ngx_string("identity again"),
      ngx_http_aidial_identity_again,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing again"),
      ngx_http_aidial_standing_again,
      ngx_http_aidial_standing_loaded },

    { ngx_string("call fetch"),
      ngx_http_aidial_call_fetch,
      ngx_http_aidial_call_fetched },

    { ngx_string("tenant fetch"),
      ngx_http_aidial_tenant_fetch,
      ngx_http_aidial_tenant_fetched },

    { ngx_string("session after fetch"),
      ngx_http_aidial_session_again,
      ngx_http_aidial_introspected },

    { ngx_string("identity after fetch"),
      ngx_http_aidial_identity_again,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing after fetch"),
      ngx_http_aidial_standing_again,
      ngx_http_aidial_standing_loaded },

    { ngx_string("issue"),
      ngx_http_aidial_grant_issue,
      ngx_http_aidial_grant_issued },

    { ngx_string("scope"),
      ngx_http_aidial_scope_check,
      NULL },

    { ngx_string("policy"),
      ngx_http_aidial_policy_check,
      NULL },

    { ngx_null_string, NULL, NULL }
};


ngx_int_t
ngx_http_aidial_grant_handler(ngx_http_request_t *r)
{
    return ngx_http_aidial_content_begin(r, ngx_http_aidial_grant_steps);
}


static ngx_int_t
ngx_http_aidial_method_post(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->request->method == NGX_HTTP_POST) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_METHOD_NOT_ALLOWED);
}


static ngx_int_t
ngx_http_aidial_body_read(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!ngx_http_aidial_body_is_json(r)) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_UNSUPPORTED_MEDIA_TYPE);
    }

    if (r->headers_in.content_length_n > NGX_AIDIAL_BODY_MAX) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_REQUEST_TOO_LARGE);
    }

    if (ngx_http_aidial_body_limit(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->asked_at = ngx_current_msec;

    rc = ngx_http_read_client_request_body(r, ngx_http_aidial_body_arrived);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        r->keepalive = 0;

        return ngx_http_aidial_refuse(ctx, ngx_http_aidial_body_problem(rc));
    }

    /* rc == NGX_OK || rc == NGX_AGAIN: the reader has taken a count of its
       own, but the flow's is enough to hold the request */

    r->main->count--;

    if (rc == NGX_OK) {
        return ngx_http_aidial_body_check(ctx);
    }

    /* what nginx finds wrong with the rest of the body is our answer too */

    ctx->reading = 1;
    r->error_page = 1;

    return NGX_AGAIN;
}


/*
 * A body of unknown length is bounded by nginx while it is read, but with the
 * client_max_body_size of the location: this request gets our own.
 */

static ngx_int_t
ngx_http_aidial_body_limit(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (r->headers_in.content_length_n >= 0) {
        return NGX_OK;
    }

    if (ngx_http_aidial_loc_conf_copy(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    r->loc_conf[ngx_http_core_module.ctx_index] = ctx->conf->grant_core;

    return NGX_OK;
}


/* what a status of nginx's body reader is called on this endpoint */

ngx_aidial_problem_e
ngx_http_aidial_body_problem(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
        return NGX_AIDIAL_INVALID_REQUEST;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return NGX_AIDIAL_REQUEST_TOO_LARGE;

    default:
        return NGX_AIDIAL_SERVICE_UNAVAILABLE;
    }
}


/* application/json, with or without parameters */

static ngx_uint_t
ngx_http_aidial_body_is_json(ngx_http_request_t *r)
{
    u_char     *p, *last;
    ngx_str_t  *type;

    static ngx_str_t  json = ngx_string("application/json");

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    type = &r->headers_in.content_type->value;

    if (type->len < json.len
        || ngx_strncasecmp(type->data, json.data, json.len) != 0)
    {
        return 0;
    }

    p = type->data + json.len;
    last = type->data + type->len;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p == last || *p == ';';
}


static void
ngx_http_aidial_body_arrived(ngx_http_request_t *r)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    ctx->reading = 0;

    if (ctx->starting) {
        return;
    }

    ngx_http_aidial_flow_resume(ctx);
}


static ngx_int_t
ngx_http_aidial_body_check(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t             rc;
    ngx_str_t             text;
    ngx_aidial_problem_e  problem;

    rc = ngx_http_aidial_body_text(ctx->request, &text);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_REQUEST_TOO_LARGE);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_ask_parse(&text, &ctx->action, &problem);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_refuse(ctx, problem);
    }

    return rc;
}


/*
 * The body as one string; NGX_DECLINED: over the limit.  Part of it may be in
 * a file when client_body_buffer_size is smaller than our limit.
 */

static ngx_int_t
ngx_http_aidial_body_text(ngx_http_request_t *r, ngx_str_t *text)
{
    off_t         len;
    size_t        size;
    u_char       *p;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_str_null(text);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
    }

    if (len > NGX_AIDIAL_BODY_MAX) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(r->pool, (size_t) len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = (size_t) len;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        b = cl->buf;
        size = (size_t) ngx_buf_size(b);

        if (size == 0) {

            /* what ends a chunked or empty body is a buffer of nothing */

            continue;
        }

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, size);
            continue;
        }

        if (ngx_read_file(b->file, p, size, b->file_pos) != (ssize_t) size) {
            return NGX_ERROR;
        }

        p += size;
    }

    return NGX_OK;
}
