
/*
 * A response that may not run on is cut: what waits for the socket is dropped,
 * and so is what the kernel has not sent yet.  HTTP/1 is reset, since a plain
 * end would look like a whole answer to a client that does not count; of
 * HTTP/2 the one stream is reset, by nginx, which takes the stream's frames out
 * of the connection's queue.
 */


#include "ngx_http_aidial_delivery.h"
#include "ngx_http_aidial_metrics.h"


static void ngx_http_aidial_cut_log(ngx_http_aidial_run_t *run);
static void ngx_http_aidial_cut_connection(ngx_http_request_t *r);


void
ngx_http_aidial_cut(ngx_http_aidial_run_t *run)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = run->ctx->request;
    c = r->connection;

    if (ngx_http_aidial_attempt(run->cut.attempt) != NGX_OK) {

        /* the entry has the name of its delivery then, and is made once */

        ngx_memcpy(run->cut.attempt, run->attempt,
                   NGX_HTTP_AIDIAL_ATTEMPT_LEN);
    }

    ngx_http_set_log_request(c->log, r);

    ngx_http_aidial_cut_log(run);
    ngx_http_aidial_metrics_cut(run->cut.problem);
    ngx_http_aidial_cut_connection(r);

    /*
     * A post_action would run before the end of the request, and beside the
     * upstream that still feeds it: nginx knows no request that has both.
     */

    r->post_action = 1;
    r->uri_changes = 0;

    /*
     * An upstream that is cleaned up gives back a count of the request, which
     * may be the last one: this one keeps the request until nginx ends it.
     */

    r->main->count++;

    ngx_http_finalize_request(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);

    /* r and run may be gone by now, c is not */

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_aidial_cut_log(ngx_http_aidial_run_t *run)
{
    u_char              buf[NGX_AIDIAL_REASONS_LEN];
    ngx_str_t           reasons;
    ngx_http_request_t *r;

    r = run->ctx->request;
    reasons = ngx_http_aidial_cut_reasons(run->cut.problem, run->cut.reasons,
                                          buf);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "aidial: media.cut: the response is withdrawn (%V) after "
                  "%O bytes", &reasons, ngx_http_aidial_delivery_sent(run));
}


static void
ngx_http_aidial_cut_connection(ngx_http_request_t *r)
{
    struct linger      linger;
    ngx_connection_t  *c;

    c = r->connection;
    c->error = 1;

    /* a connection made up for a stream has the socket of all its streams */

    if (r->stream || c->type != SOCK_STREAM) {
        return;
    }

    linger.l_onoff = 1;
    linger.l_linger = 0;

    if (setsockopt(c->fd, SOL_SOCKET, SO_LINGER, (const void *) &linger,
                   sizeof(struct linger))
        == -1)
    {
        ngx_log_error(NGX_LOG_ALERT, c->log, ngx_socket_errno,
                      "setsockopt(SO_LINGER) failed");
    }
}
