
/*
 * Turns the judged request into one for the media object, so that whatever
 * the operator put into the location (proxy_pass, alias, slice, a cache) asks
 * for the object and for nothing else.
 */


#include "ngx_http_aidial_delivery.h"


static ngx_int_t ngx_http_aidial_open_object(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_open_uri(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_open_headers(ngx_http_request_t *r);
static ngx_uint_t ngx_http_aidial_header_passes(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static void ngx_http_aidial_open_range(ngx_http_request_t *r);
static void ngx_http_aidial_open_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_aidial_open_socket(ngx_http_aidial_ctx_t *ctx);
static void ngx_http_aidial_socket_bounded(void *data);


ngx_int_t
ngx_http_aidial_media_open(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_aidial_open_object(ctx) != NGX_OK
        || ngx_http_aidial_open_uri(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_aidial_open_range(r);
    ngx_http_aidial_open_body(r);

    if (ngx_http_aidial_open_headers(r) != NGX_OK
        || ngx_http_aidial_rewriters_off(ctx) != NGX_OK
        || ngx_http_aidial_open_socket(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* an error_page must not answer for the recording */

    r->error_page = 1;

    ctx->serving = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_open_object(ngx_http_aidial_ctx_t *ctx)
{
    u_char      *p;
    uintptr_t    escape;
    ngx_str_t   *object;

    object = &ctx->call.object;

    ngx_aidial_assert(object->len > 1 && object->data[0] == '/');

    escape = 2 * ngx_escape_uri(NULL, object->data, object->len,
                                NGX_ESCAPE_URI);

    p = ngx_pnalloc(ctx->request->pool, object->len + escape);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->object.data = p;
    ctx->object.len = object->len + escape;

    if (escape == 0) {
        ngx_memcpy(p, object->data, object->len);
        return NGX_OK;
    }

    (void) ngx_escape_uri(p, object->data, object->len, NGX_ESCAPE_URI);

    return NGX_OK;
}


/* the prefix of the location and the object without its leading slash */

static ngx_int_t
ngx_http_aidial_open_uri(ngx_http_aidial_ctx_t *ctx)
{
    u_char              *p;
    ngx_str_t            uri, *object;
    ngx_http_request_t  *r;
    const ngx_str_t     *prefix;

    r = ctx->request;
    object = &ctx->call.object;
    prefix = &ctx->conf->prefix;

    uri.len = prefix->len + object->len - 1;

    uri.data = ngx_pnalloc(r->pool, uri.len);
    if (uri.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(uri.data, prefix->data, prefix->len);
    ngx_memcpy(p, object->data + 1, object->len - 1);

    r->uri = uri;
    ngx_str_null(&r->args);

    /* proxy_pass must build its URI from r->uri, and escape it */

    r->valid_unparsed_uri = 0;
    r->quoted_uri = 1;
    r->add_uri_to_alias = 0;

    ngx_http_set_exten(r);

    return NGX_OK;
}


/*
 * The store needs to know which bytes and in which state, not who asks: the
 * list that is forwarded is built anew.  The parsed pointers (host, cookies,
 * and so on) stay for variables in logs.
 */

static ngx_int_t
ngx_http_aidial_open_headers(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_t        list;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *copy;

    if (ngx_list_init(&list, r->pool, 4, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_aidial_header_passes(r, &h[i])) {
                continue;
            }

            copy = ngx_list_push(&list);
            if (copy == NULL) {
                return NGX_ERROR;
            }

            *copy = h[i];
        }
    }

    ngx_http_aidial_list_move(&r->headers_in.headers, &list);

    r->headers_in.upgrade = NULL;

    return NGX_OK;
}


void
ngx_http_aidial_list_move(ngx_list_t *to, ngx_list_t *from)
{
    *to = *from;

    if (from->last == &from->part) {

        /* the list's first part is inside the list itself, which has moved */

        to->last = &to->part;
    }
}


static ngx_uint_t
ngx_http_aidial_header_passes(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    static ngx_str_t  range = ngx_string("range");
    static ngx_str_t  agent = ngx_string("user-agent");

    if (h->key.len == range.len
        && ngx_memcmp(h->lowcase_key, range.data, range.len) == 0)
    {
        return h == r->headers_in.range;
    }

    if (h->key.len == agent.len
        && ngx_memcmp(h->lowcase_key, agent.data, agent.len) == 0)
    {
        return 1;
    }

    return h->key.len > 3 && ngx_memcmp(h->lowcase_key, "if-", 3) == 0;
}


/*
 * One range or none: several in one answer would be multipart, and several
 * lines are not one request.
 */

static void
ngx_http_aidial_open_range(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.range;

    if (h == NULL) {
        return;
    }

    if (ngx_http_aidial_header_lines(r, "range") > 1
        || ngx_strlchr(h->value.data, h->value.data + h->value.len, ',')
           != NULL)
    {
        r->headers_in.range = NULL;
    }
}


/*
 * A body sent with GET or HEAD goes nowhere: it stays unread, and the
 * connection ends with the answer.
 */

static void
ngx_http_aidial_open_body(ngx_http_request_t *r)
{
    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return;
    }

    r->headers_in.content_length_n = -1;
    r->headers_in.content_length = NULL;
    r->headers_in.chunked = 0;

    r->keepalive = 0;
    r->lingering_close = 1;

    /* nor is it asked for: "100 Continue" would count as bytes sent */

    r->expect_tested = 1;
}


/*
 * What is in the socket has left the edge, whether the client gets it or not:
 * so there must not be much.  Once a connection is enough: a cleanup handler
 * of its pool tells that it was done.
 */

static ngx_int_t
ngx_http_aidial_open_socket(ngx_http_aidial_ctx_t *ctx)
{
    int                  size;
    ngx_connection_t    *c;
    ngx_pool_cleanup_t  *cln;

    c = ctx->request->connection;
    size = NGX_HTTP_AIDIAL_CHUNK / 2;

    if (c->listening && c->listening->sndbuf != -1
        && c->listening->sndbuf <= size)
    {
        return NGX_OK;
    }

    for (cln = c->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_aidial_socket_bounded) {
            return NGX_OK;
        }
    }

    if (setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, (const void *) &size,
                   sizeof(int))
        == -1)
    {
        ngx_log_error(NGX_LOG_ERR, c->log, ngx_socket_errno,
                      "aidial: the send buffer cannot be bounded");
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(c->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_aidial_socket_bounded;

    return NGX_OK;
}


static void
ngx_http_aidial_socket_bounded(void *data)
{
}
