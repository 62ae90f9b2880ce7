
/*
 * The answer of the media origin, before anybody else sees it: a status the
 * contract knows, the origin's headers that may pass, our own content type.
 * An answer that is none of ours is replaced by a problem.
 *
 * This header filter runs before nginx's headers filter, so what it removes
 * are the origin's headers and not the operator's (add_header).  The filter of
 * ngx_http_aidial_header.c runs behind it and has the last word.
 */


#include "ngx_http_aidial_delivery.h"


static ngx_int_t ngx_http_aidial_origin_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_aidial_origin_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_aidial_body_count(ngx_http_aidial_ctx_t *ctx,
    ngx_http_request_t *r, ngx_chain_t *in);
static void ngx_http_aidial_origin_strip(ngx_http_request_t *r);
static ngx_uint_t ngx_http_aidial_origin_passes(ngx_str_t *name);
static void ngx_http_aidial_origin_type(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_origin_empty(ngx_http_aidial_ctx_t *ctx);


/* the origin's headers that may pass */

static ngx_str_t  ngx_http_aidial_origin_headers[] = {
    ngx_string("Content-Length"),
    ngx_string("Content-Range"),
    ngx_string("Accept-Ranges"),
    ngx_string("ETag"),
    ngx_string("Last-Modified"),
    ngx_string("Date"),
    ngx_null_string
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_http_aidial_origin_header_filter(ngx_http_request_t *r)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL) {
        return ngx_http_next_header_filter(r);
    }

    if (r != r->main) {
        ngx_http_aidial_portal_header(ctx, r);

        return ngx_http_next_header_filter(r);
    }

    if (ctx->reading) {
        if (ngx_http_aidial_answer_replace(ctx,
                    ngx_http_aidial_body_problem(r->headers_out.status))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_next_header_filter(r);
    }

    if (!ctx->serving) {
        return ngx_http_next_header_filter(r);
    }

    switch (r->headers_out.status) {

    case NGX_HTTP_OK:
    case NGX_HTTP_PARTIAL_CONTENT:
    case NGX_HTTP_NOT_MODIFIED:
        ngx_http_aidial_origin_strip(r);
        break;

    case NGX_HTTP_PRECONDITION_FAILED:
    case NGX_HTTP_RANGE_NOT_SATISFIABLE:
        ngx_http_aidial_origin_strip(r);

        if (ngx_http_aidial_origin_empty(ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        break;

    default:
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "aidial: media_unavailable: the media origin's answer "
                      "has status %ui", r->headers_out.status);

        if (ngx_http_aidial_answer_replace(ctx, NGX_AIDIAL_MEDIA_UNAVAILABLE)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_next_header_filter(r);
    }

    ngx_http_aidial_origin_type(ctx);

    return ngx_http_next_header_filter(r);
}


ngx_int_t
ngx_http_aidial_answer_replace(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_problem_e problem)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_http_clean_header(r);
    r->err_status = 0;

    if (r->http_version < NGX_HTTP_VERSION_10) {

        /* an origin without a status line makes nginx answer without one */

        r->http_version = NGX_HTTP_VERSION_10;
        r->keepalive = 0;
    }

    ctx->problem = problem;
    ctx->reading = 0;
    ctx->replied = 1;
    ctx->swallow = 1;

    if (ngx_http_aidial_problem_prepare(ctx, &ctx->substitute) != NGX_OK) {
        return NGX_ERROR;
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_length_n = ctx->substitute->buf->last
                                      - ctx->substitute->buf->pos;

    return NGX_OK;
}


static void
ngx_http_aidial_origin_strip(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (!ngx_http_aidial_origin_passes(&h[i].key)) {
                h[i].hash = 0;
            }
        }
    }

    /* nginx writes these by pointer, whatever the hash says */

    r->headers_out.server = NULL;
    r->headers_out.location = NULL;
    r->headers_out.refresh = NULL;
    r->headers_out.expires = NULL;
    r->headers_out.content_encoding = NULL;
    r->headers_out.www_authenticate = NULL;

    ngx_str_null(&r->headers_out.status_line);
}


static ngx_uint_t
ngx_http_aidial_origin_passes(ngx_str_t *name)
{
    ngx_str_t  *row;

    for (row = ngx_http_aidial_origin_headers; row->len; row++) {
        if (ngx_http_aidial_is_name(name, row)) {
            return 1;
        }
    }

    return 0;
}


/* the record says what the bytes are, never the origin */

static void
ngx_http_aidial_origin_type(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    static ngx_str_t  octets = ngx_string("application/octet-stream");

    r = ctx->request;

    ngx_str_null(&r->headers_out.charset);
    ngx_str_null(&r->headers_out.content_type);
    r->headers_out.override_charset = NULL;
    r->headers_out.content_type_lowcase = NULL;

    if (r->headers_out.status != NGX_HTTP_NOT_MODIFIED) {
        r->headers_out.content_type = ctx->call.content_type.len
                                      ? ctx->call.content_type : octets;
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
}


/* 412 and 416 say all they have to say in their headers */

static ngx_int_t
ngx_http_aidial_origin_empty(ngx_http_aidial_ctx_t *ctx)
{
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = ctx->request;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    cl->buf = b;
    cl->next = NULL;

    ngx_http_clear_content_length(r);
    r->headers_out.content_length_n = 0;

    ctx->substitute = cl;
    ctx->swallow = 1;

    return NGX_OK;
}


/*
 * A body that was replaced is read to its end, and goes nowhere.  All others
 * are counted: the slices of an answer are subrequests, and come through here
 * as well.
 */

static ngx_int_t
ngx_http_aidial_origin_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t            *cl, *out;
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL || r->background) {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->portal.asking && r != r->main) {
        return ngx_http_aidial_portal_body(ctx, r, in);
    }

    if (!ctx->swallow) {
        return ngx_http_aidial_body_count(ctx, r, in);
    }

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    if (r != r->main) {
        return NGX_OK;
    }

    out = ctx->substitute;
    ctx->substitute = NULL;

    return ngx_http_next_body_filter(r, out);
}


static ngx_int_t
ngx_http_aidial_body_count(ngx_http_aidial_ctx_t *ctx, ngx_http_request_t *r,
    ngx_chain_t *in)
{
    ngx_int_t  rc;

    if (!ctx->serving || ctx->run == NULL || ctx->run->delivery == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    ngx_http_aidial_delivery_before(ctx, in);

    rc = ngx_http_next_body_filter(r, in);

    ngx_http_aidial_delivery_after(ctx);

    return rc;
}


ngx_int_t
ngx_http_aidial_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_aidial_origin_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_aidial_origin_body_filter;

    return NGX_OK;
}
