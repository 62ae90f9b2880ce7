
/*
 * The last word on headers: behind expires and add_header, whatever they say,
 * stand the headers that keep a recording private.  It is behind nginx's range
 * filter as well, so the status is the one that the client is going to see.
 */


#include "ngx_http_aidial_delivery.h"


static ngx_int_t ngx_http_aidial_last_header_filter(ngx_http_request_t *r);
static void ngx_http_aidial_header_drop(ngx_http_request_t *r);
static ngx_uint_t ngx_http_aidial_header_is_own(ngx_str_t *name);
static ngx_int_t ngx_http_aidial_header_disposition(
    ngx_http_aidial_ctx_t *ctx);


typedef struct {
    ngx_str_t  name;
    ngx_str_t  media;   /* with a recording; empty: not sent */
    ngx_str_t  reply;   /* with an answer of the module's own */
} ngx_http_aidial_own_header_t;


/* a name in this table is ours: nobody else's value of it is sent */

static ngx_http_aidial_own_header_t  ngx_http_aidial_own_headers[] = {

    { ngx_string("Cache-Control"),
      ngx_string("private, no-store"),
      ngx_string("no-store") },

    { ngx_string("X-Content-Type-Options"),
      ngx_string("nosniff"),
      ngx_string("nosniff") },

    { ngx_string("Referrer-Policy"),     /* the URL is a grant, also here */
      ngx_string("no-referrer"),
      ngx_string("no-referrer") },

    { ngx_string("Cross-Origin-Resource-Policy"),
      ngx_string("same-origin"),
      ngx_null_string },

    { ngx_string("Content-Security-Policy"),
      ngx_string("default-src 'none'; sandbox"),
      ngx_null_string },

    { ngx_string("Content-Disposition"),
      ngx_null_string,
      ngx_null_string },

    { ngx_string("Content-Type"),        /* nginx writes it by itself */
      ngx_null_string,
      ngx_null_string },

    { ngx_string("Content-Encoding"),
      ngx_null_string,
      ngx_null_string },

    { ngx_string("Expires"),
      ngx_null_string,
      ngx_null_string },

    { ngx_string("Pragma"),
      ngx_null_string,
      ngx_null_string },

    { ngx_null_string, ngx_null_string, ngx_null_string }
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


static ngx_int_t
ngx_http_aidial_last_header_filter(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                     *value;
    ngx_http_aidial_ctx_t         *ctx;
    ngx_http_aidial_own_header_t  *row;

    ctx = ngx_http_aidial_ctx(r);

    if (r != r->main || ctx == NULL || !(ctx->serving || ctx->replied)) {
        return ngx_http_next_header_filter(r);
    }

    if (ctx->serving) {
        rc = ngx_http_aidial_delivery_answer(ctx);

        if (rc == NGX_DECLINED) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "aidial: media_unavailable: the media origin did "
                          "not resume the object, its answer has status %ui",
                          r->headers_out.status);

            rc = ngx_http_aidial_answer_replace(ctx,
                                                NGX_AIDIAL_MEDIA_UNAVAILABLE);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_aidial_header_drop(r);

    for (row = ngx_http_aidial_own_headers; row->name.len; row++) {

        value = ctx->replied ? &row->reply : &row->media;

        if (value->len
            && ngx_http_aidial_header_add(r, (char *) row->name.data, value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (!ctx->replied
        && ngx_http_aidial_header_disposition(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static void
ngx_http_aidial_header_drop(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_aidial_header_is_own(&h[i].key)) {
                h[i].hash = 0;
            }
        }
    }

    r->headers_out.expires = NULL;
    r->headers_out.content_encoding = NULL;
}


static ngx_uint_t
ngx_http_aidial_header_is_own(ngx_str_t *name)
{
    ngx_http_aidial_own_header_t  *row;

    for (row = ngx_http_aidial_own_headers; row->name.len; row++) {
        if (ngx_http_aidial_is_name(name, &row->name)) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_aidial_header_disposition(ngx_http_aidial_ctx_t *ctx)
{
    ngx_str_t  value;

    ngx_str_set(&value, "inline");

    if (ctx->action == NGX_AIDIAL_ACTION_DOWNLOAD
        && ngx_aidial_call_disposition(ctx->request->pool,
                                       &ctx->call.filename, &value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_aidial_header_add(ctx->request, "Content-Disposition",
                                      &value);
}


ngx_int_t
ngx_http_aidial_header_add(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_header_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_aidial_last_header_filter;

    return NGX_OK;
}
