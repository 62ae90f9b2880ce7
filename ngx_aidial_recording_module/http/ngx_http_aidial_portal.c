
/*
 * Asks the portal: a subrequest to an internal location of the operator's,
 * whose answer stays here and never reaches the client.
 *
 * The portal gets a request of its own: GET, without the client's body, range
 * and conditions, and with no header but those it needs.  Its answer is kept
 * up to the size of a record.  While it is waited for, nothing that any
 * subrequest says goes to the client.
 *
 * Nobody's deadline is ours: that of the location (proxy_read_timeout) is.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_portal_headers(ngx_http_request_t *r,
    ngx_list_t *list, ngx_uint_t cookies);
static void ngx_http_aidial_portal_pointers(ngx_http_headers_in_t *in,
    ngx_uint_t cookies);
static ngx_int_t ngx_http_aidial_portal_copy(ngx_list_t *to,
    ngx_http_request_t *from, const char *name);
static ngx_int_t ngx_http_aidial_portal_ended(ngx_http_request_t *sr,
    void *data, ngx_int_t rc);
static void ngx_http_aidial_portal_wake(ngx_http_request_t *r);
static void ngx_http_aidial_portal_keep(ngx_http_aidial_portal_t *portal,
    ngx_pool_t *pool, ngx_buf_t *b);


ngx_int_t
ngx_http_aidial_portal_ask(ngx_http_aidial_ctx_t *ctx, const ngx_str_t *uri,
    ngx_str_t *args, ngx_uint_t cookies, ngx_http_aidial_portal_pt answered)
{
    ngx_str_t                    path;
    ngx_list_t                   headers;
    ngx_http_request_t          *r, *sr;
    ngx_http_request_body_t     *body;
    ngx_http_post_subrequest_t  *ps;

    r = ctx->request;
    path = *uri;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));

    if (ps == NULL || body == NULL
        || ngx_http_aidial_portal_headers(r, &headers, cookies) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_aidial_portal_ended;
    ps->data = ctx;

    ngx_memzero(&ctx->portal, sizeof(ngx_http_aidial_portal_t));

    if (ngx_http_subrequest(r, &path, args, &sr, ps,
                            NGX_HTTP_SUBREQUEST_WAITED)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->portal.subrequest = sr;
    ctx->portal.answered = answered;
    ctx->portal.asking = 1;

    r->write_event_handler = ngx_http_aidial_portal_wake;

    /* the answer is read here, also when a file holds it */

    sr->filter_need_in_memory = 1;

    /* the subrequest has no body, and must not read or send the client's */

    sr->request_body = body;

    ngx_http_aidial_list_move(&sr->headers_in.headers, &headers);
    ngx_http_aidial_portal_pointers(&sr->headers_in, cookies);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_aidial_portal_headers(ngx_http_request_t *r, ngx_list_t *list,
    ngx_uint_t cookies)
{
    ngx_table_elt_t  *h;

    if (ngx_list_init(list, r->pool, 4, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    h = ngx_list_push(list);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "Accept");
    ngx_str_set(&h->value, "application/json");
    h->lowcase_key = (u_char *) "accept";

    if (cookies && ngx_http_aidial_portal_copy(list, r, "cookie") != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_aidial_portal_copy(list, r, "user-agent");
}


/* of the parsed pointers only the harmless stay: host, x_forwarded_for */

static void
ngx_http_aidial_portal_pointers(ngx_http_headers_in_t *in, ngx_uint_t cookies)
{
    in->range = NULL;
    in->if_range = NULL;
    in->if_match = NULL;
    in->if_none_match = NULL;
    in->if_modified_since = NULL;
    in->if_unmodified_since = NULL;
    in->content_type = NULL;
    in->content_length = NULL;
    in->content_length_n = -1;
    in->transfer_encoding = NULL;
    in->chunked = 0;
    in->expect = NULL;
    in->upgrade = NULL;
    in->authorization = NULL;

#if (NGX_HTTP_GZIP)
    in->accept_encoding = NULL;
#endif

    if (cookies) {
        return;
    }

#if (nginx_version >= 1023000)
    in->cookie = NULL;
#else
    ngx_memzero(&in->cookies, sizeof(ngx_array_t));
#endif
}


static ngx_int_t
ngx_http_aidial_portal_copy(ngx_list_t *to, ngx_http_request_t *from,
    const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *copy;

    len = ngx_strlen(name);

    for (part = &from->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != len
                || ngx_strncasecmp(h[i].key.data, (u_char *) name, len) != 0)
            {
                continue;
            }

            copy = ngx_list_push(to);
            if (copy == NULL) {
                return NGX_ERROR;
            }

            *copy = h[i];
        }
    }

    return NGX_OK;
}


/*
 * Called when the subrequest ends, and before that for each status that nginx
 * makes an answer of: the last one stays.  What went wrong in the subrequest
 * is a question without an answer, and no reason to end the client's request.
 */

static ngx_int_t
ngx_http_aidial_portal_ended(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_http_aidial_ctx_t *ctx = data;

    ngx_http_aidial_portal_t  *portal;

    portal = &ctx->portal;
    portal->ended = 1;

    if (sr->connection->error || rc == NGX_HTTP_CLIENT_CLOSED_REQUEST) {
        return rc;
    }

    if (rc == NGX_ERROR || rc == NGX_HTTP_REQUEST_TIME_OUT
        || rc == NGX_HTTP_CLOSE)
    {
        portal->status = 0;
        return NGX_OK;
    }

    if (portal->status == NGX_HTTP_OK && !portal->complete) {
        portal->status = 0;
    }

    return rc;
}


static void
ngx_http_aidial_portal_wake(ngx_http_request_t *r)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    if (!ctx->portal.ended) {
        return;
    }

    ctx->portal.asking = 0;
    r->write_event_handler = ngx_http_request_empty_handler;

    ctx->portal.answered(ctx);
}


void
ngx_http_aidial_portal_header(ngx_http_aidial_ctx_t *ctx,
    ngx_http_request_t *sr)
{
    ngx_http_aidial_portal_t  *portal;

    portal = &ctx->portal;

    if (!portal->asking || sr != portal->subrequest) {
        return;
    }

    /* an error page in the place of an earlier answer begins anew */

    portal->status = sr->headers_out.status;
    portal->oversize = 0;
    portal->complete = 0;
    portal->text.len = 0;
}


ngx_int_t
ngx_http_aidial_portal_body(ngx_http_aidial_ctx_t *ctx, ngx_http_request_t *sr,
    ngx_chain_t *in)
{
    ngx_buf_t                 *b;
    ngx_http_aidial_portal_t  *portal;

    portal = &ctx->portal;

    for ( /* void */ ; in; in = in->next) {

        b = in->buf;

        if (sr == portal->subrequest) {
            ngx_http_aidial_portal_keep(portal, sr->pool, b);
        }

        b->pos = b->last;
        b->file_pos = b->file_last;
    }

    return NGX_OK;
}


static void
ngx_http_aidial_portal_keep(ngx_http_aidial_portal_t *portal, ngx_pool_t *pool,
    ngx_buf_t *b)
{
    size_t   len, room;
    u_char  *p;

    if (b->last_buf || b->last_in_chain) {
        portal->complete = 1;
    }

    if (portal->oversize || !ngx_buf_in_memory(b)) {
        return;
    }

    len = b->last - b->pos;

    if (len > NGX_AIDIAL_RECORD_MAX - portal->text.len) {
        portal->oversize = 1;
        return;
    }

    if (len > portal->room - portal->text.len) {

        room = ngx_max(2 * portal->room, portal->text.len + len);
        room = ngx_min(ngx_max(room, 1024), NGX_AIDIAL_RECORD_MAX);

        p = ngx_pnalloc(pool, room);
        if (p == NULL) {
            portal->oversize = 1;
            return;
        }

        if (portal->text.len) {
            ngx_memcpy(p, portal->text.data, portal->text.len);
        }

        portal->text.data = p;
        portal->room = room;
    }

    ngx_memcpy(portal->text.data + portal->text.len, b->pos, len);
    portal->text.len += len;
}
