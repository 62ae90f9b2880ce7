
/*
 * How many bytes of a recording have left the edge.
 */


#include "ngx_http_aidial_delivery.h"

#if (NGX_HTTP_V2)
#include <ngx_http_v2_module.h>
#endif


#if (NGX_SSL)
static off_t ngx_http_aidial_delivery_record(ngx_connection_t *c);
#endif
#if (NGX_HTTP_V2)
static off_t ngx_http_aidial_delivery_frame(ngx_http_request_t *r);
#endif


/*
 * What this step may put into the socket is in the ledger before it does: a
 * worker that is killed in between has written no less than the client got.
 */

void
ngx_http_aidial_delivery_before(ngx_http_aidial_ctx_t *ctx, ngx_chain_t *in)
{
    off_t                   most;
    ngx_chain_t            *cl;
    ngx_http_aidial_run_t  *run;

    run = ctx->run;

    for (cl = in; cl; cl = cl->next) {
        run->passed += ngx_buf_size(cl->buf);
        run->last |= cl->buf->last_buf;
    }

    most = ngx_http_aidial_delivery_sent(run) + NGX_HTTP_AIDIAL_CHUNK;

    run->delivery->bytes = ngx_min(run->passed, most);

    ngx_http_aidial_pace(run);
}


void
ngx_http_aidial_delivery_after(ngx_http_aidial_ctx_t *ctx)
{
    off_t                   sent;
    ngx_http_aidial_run_t  *run;

    run = ctx->run;
    sent = ngx_http_aidial_delivery_sent(run);

    if (ngx_http_aidial_delivery_complete(ctx, sent)) {
        ngx_http_aidial_delivery_end(ctx);
        return;
    }

#if (NGX_HTTP_V2)
    if (ctx->request->stream && !run->held) {

        /* frames wait in the connection, and go out by themselves */

        return;
    }
#endif

    run->delivery->bytes = ngx_http_aidial_delivery_most(run, sent);
}


/*
 * The most that can have left the edge when nginx has counted "sent".  It
 * counts late what goes out by itself: frames of HTTP/2, sendfile() in a
 * thread, and a TLS record of which the socket took a part.
 */

off_t
ngx_http_aidial_delivery_most(const ngx_http_aidial_run_t *run, off_t sent)
{
    off_t                late;
    ngx_http_request_t  *r;

    if (run->held) {
        return sent;
    }

    r = run->ctx->request;
    late = 0;

#if (NGX_SSL)
    late = ngx_http_aidial_delivery_record(r->connection);
#endif

#if (NGX_HTTP_V2)
    if (r->stream) {
        late = ngx_http_aidial_delivery_frame(r);
    }
#endif

    if (r->main->blocked) {
        late = NGX_HTTP_AIDIAL_CHUNK;
    }

    return ngx_min(run->passed, sent + late);
}


#if (NGX_SSL)

/* the record that OpenSSL is still busy with */

static off_t
ngx_http_aidial_delivery_record(ngx_connection_t *c)
{
    if (c->ssl == NULL
        || !(c->error || (c->buffered & NGX_SSL_BUFFERED)))
    {
        return 0;
    }

    return c->ssl->buffer && !c->ssl->sendfile ? (off_t) c->ssl->buffer_size
                                               : NGX_HTTP_AIDIAL_CHUNK;
}

#endif


#if (NGX_HTTP_V2)

/* the frame that is going out */

static off_t
ngx_http_aidial_delivery_frame(ngx_http_request_t *r)
{
    ngx_http_v2_loc_conf_t  *h2lcf;

    h2lcf = ngx_http_get_module_loc_conf(r, ngx_http_v2_module);

    return ngx_min((off_t) h2lcf->chunk_size, NGX_HTTP_AIDIAL_CHUNK);
}

#endif


/* as $body_bytes_sent counts, but without what is around chunks */

off_t
ngx_http_aidial_delivery_sent(const ngx_http_aidial_run_t *run)
{
    off_t                sent;
    ngx_http_request_t  *r;

    r = run->ctx->request;
    sent = r->connection->sent - (off_t) r->header_size;
    sent = ngx_min(sent, run->passed);

    return ngx_max(sent, 0);
}


ngx_uint_t
ngx_http_aidial_delivery_complete(ngx_http_aidial_ctx_t *ctx, off_t sent)
{
    ngx_connection_t       *c;
    ngx_http_aidial_run_t  *run;

    run = ctx->run;
    c = ctx->request->connection;

    if (run->length >= 0) {
        return sent > 0 && sent >= run->length;
    }

    return sent > 0 && run->last && !c->buffered && !c->error;
}
