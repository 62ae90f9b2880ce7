
/*
 * The delivery of a recording: what goes into the socket is counted, and at
 * the end the ledger gets to know.
 *
 *     delivery_open      before Redis is asked: whatever happens from here on,
 *                        somebody will know of it
 *     delivery_start     Redis has said that it began
 *     delivery_answer    the origin has answered: is it what may be resumed?
 *     delivery_before,   around every step of the body, in
 *     delivery_after     ngx_http_aidial_bytes.c
 *     delivery_end       the response is over, in whatever way
 *
 * The first body byte of a download waits until Redis keeps its entity tag,
 * so that a resume, on whichever edge, finds it.
 */


#include "ngx_http_aidial_delivery.h"
#include "ngx_http_aidial_metrics.h"


#define NGX_HTTP_AIDIAL_LEASE_RENEW  (NGX_HTTP_AIDIAL_LEASE / 3)


static ngx_int_t ngx_http_aidial_delivery_renew(ngx_http_aidial_run_t *run,
    const ngx_str_t *etag);
static void ngx_http_aidial_delivery_renewed(void *data);
static void ngx_http_aidial_delivery_release(ngx_http_aidial_run_t *run);
static void ngx_http_aidial_delivery_timer(ngx_event_t *ev);
static ngx_uint_t ngx_http_aidial_delivery_resumes(
    ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_delivery_range(ngx_http_request_t *r,
    off_t *first, off_t *total);


ngx_int_t
ngx_http_aidial_delivery_open(ngx_http_aidial_ctx_t *ctx,
    const ngx_http_aidial_taker_t *taker)
{
    ngx_int_t                 rc;
    ngx_http_aidial_run_t    *run;
    ngx_http_aidial_facts_t  *facts;

    run = ngx_http_aidial_alloc(ctx->request, sizeof(ngx_http_aidial_run_t));
    if (run == NULL) {
        return NGX_ERROR;
    }

    run->ctx = ctx;
    run->length = -1;

    if (ctx->grant_state == NGX_AIDIAL_GRANT_BEGUN) {
        rc = ngx_http_aidial_delivery_join(ctx->token.id, taker,
                                           &run->delivery);

        if (rc != NGX_OK) {
            return rc;
        }

        if (run->delivery) {
            ctx->run = run;
            return NGX_OK;
        }
    }

    facts = &run->facts;

    if (ngx_http_aidial_attempt(run->attempt) != NGX_OK
        || ngx_http_aidial_facts(ctx, facts) != NGX_OK
        || ngx_http_aidial_facts_decision(ctx, facts, NGX_AIDIAL_PROBLEM_NONE)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    facts->audit.fields[NGX_AIDIAL_AUDIT_GRANT] = ctx->grant_id;

    rc = ngx_http_aidial_delivery_begin(ctx->action, ctx->token.id,
                                        run->attempt, facts, taker,
                                        &run->delivery);

    if (rc == NGX_OK) {
        ctx->run = run;
    }

    return rc;
}


/* a new name for what Redis is going to be told */

ngx_int_t
ngx_http_aidial_attempt(u_char attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN])
{
    u_char  id[NGX_HTTP_AIDIAL_ATTEMPT_LEN / 2];

    if (ngx_aidial_random(id, sizeof(id)) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(attempt, id, sizeof(id));

    return NGX_OK;
}


/* the lease runs from now on, however long the origin takes to answer */

ngx_int_t
ngx_http_aidial_delivery_start(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_aidial_run_t  *run;

    run = ctx->run;

    run->asked = 1;
    run->known = 1;

    ngx_http_aidial_metrics_started(ctx,
                               ngx_http_aidial_delivery_known(run->delivery));

    if (ngx_http_aidial_watch_join(run) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->action != NGX_AIDIAL_ACTION_DOWNLOAD) {
        return NGX_OK;
    }

    run->timer.handler = ngx_http_aidial_delivery_timer;
    run->timer.data = run;
    run->timer.log = ctx->request->connection->log;
    run->timer.cancelable = 1;

    ngx_add_timer(&run->timer, NGX_HTTP_AIDIAL_LEASE_RENEW);

    return NGX_OK;
}


/*
 * NGX_OK: it may be sent.  NGX_DECLINED: it is no answer to a resume.
 */

ngx_int_t
ngx_http_aidial_delivery_answer(ngx_http_aidial_ctx_t *ctx)
{
    off_t                   first, total;
    ngx_str_t              *etag;
    ngx_uint_t              body, strong;
    ngx_http_request_t     *r;
    ngx_http_aidial_run_t  *run;

    r = ctx->request;
    run = ctx->run;

    if (run == NULL || run->delivery == NULL) {
        return NGX_OK;
    }

    first = -1;
    total = r->headers_out.content_length_n;
    body = (r->headers_out.status == NGX_HTTP_OK);

    if (body) {
        first = 0;

    } else if (r->headers_out.status == NGX_HTTP_PARTIAL_CONTENT) {
        body = (ngx_http_aidial_delivery_range(r, &first, &total) == NGX_OK);
    }

    run->length = r->headers_out.content_length_n;

    if (run->from && !ngx_http_aidial_delivery_resumes(ctx)) {
        return NGX_DECLINED;
    }

    run->delivery->first = first;
    run->delivery->status = r->headers_out.status;

    if (!body || ctx->action != NGX_AIDIAL_ACTION_DOWNLOAD) {
        return NGX_OK;
    }

    if (run->from) {
        run->resumable = 1;
        return NGX_OK;
    }

    etag = r->headers_out.etag ? &r->headers_out.etag->value : NULL;
    strong = etag && etag->len > 2 && etag->len <= NGX_HTTP_AIDIAL_ETAG_MAX
             && etag->data[0] == '"' && etag->data[etag->len - 1] == '"';

    if (!strong || first != 0 || total <= 0) {
        return NGX_OK;
    }

    run->size = total;
    run->resumable = 1;

    if (run->op) {

        /* the lease is being renewed: so it is by what follows */

        ngx_aidial_redis_op_release(run->op);
        run->op = NULL;
    }

    if (ngx_http_aidial_delivery_renew(run, etag) == NGX_OK) {

        /* nginx' own way to let a response wait, as limit_rate does */

        run->held = 1;
        r->connection->write->delayed = 1;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_aidial_delivery_resumes(ngx_http_aidial_ctx_t *ctx)
{
    off_t                   first, total;
    ngx_http_request_t     *r;
    ngx_http_aidial_run_t  *run;

    r = ctx->request;
    run = ctx->run;

    if (r->headers_out.status != NGX_HTTP_PARTIAL_CONTENT
        || r->headers_out.etag == NULL
        || !ngx_aidial_same(&r->headers_out.etag->value, &run->etag)
        || ngx_http_aidial_delivery_range(r, &first, &total) != NGX_OK)
    {
        return 0;
    }

    return first == run->from && (total == run->size || total == -1);
}


/* "bytes 500-999/1000"; *total is -1 for "*" */

static ngx_int_t
ngx_http_aidial_delivery_range(ngx_http_request_t *r, off_t *first,
    off_t *total)
{
    off_t       last;
    u_char     *p, *dash, *slash, *end;
    ngx_str_t  *value;

    *first = -1;
    *total = -1;

    if (r->headers_out.content_range == NULL) {
        return NGX_DECLINED;
    }

    value = &r->headers_out.content_range->value;

    if (value->len < 6 || ngx_strncasecmp(value->data, (u_char *) "bytes ", 6)
                          != 0)
    {
        return NGX_DECLINED;
    }

    p = value->data + 6;
    end = value->data + value->len;

    dash = ngx_strlchr(p, end, '-');
    slash = dash ? ngx_strlchr(dash, end, '/') : NULL;

    if (slash == NULL) {
        return NGX_DECLINED;
    }

    *first = ngx_atoof(p, dash - p);
    last = ngx_atoof(dash + 1, slash - dash - 1);

    if (end - slash != 2 || slash[1] != '*') {
        *total = ngx_atoof(slash + 1, end - slash - 1);

        if (*total == NGX_ERROR || last >= *total) {
            *first = NGX_ERROR;
        }
    }

    if (*first == NGX_ERROR || last == NGX_ERROR || *first > last) {
        *first = -1;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_http_aidial_delivery_timer(ngx_event_t *ev)
{
    ngx_http_aidial_run_t  *run;

    static const ngx_str_t  none = ngx_string("");

    run = ev->data;

    if (run->op == NULL) {
        (void) ngx_http_aidial_delivery_renew(run, &none);
    }

    ngx_add_timer(ev, NGX_HTTP_AIDIAL_LEASE_RENEW);
}


static ngx_int_t
ngx_http_aidial_delivery_renew(ngx_http_aidial_run_t *run,
    const ngx_str_t *etag)
{
    ngx_aidial_redis_keys_t   keys;
    ngx_aidial_redis_renew_t  renew;

    ngx_aidial_assert(run->op == NULL);

    ngx_memzero(&keys, sizeof(ngx_aidial_redis_keys_t));

    keys.grant = run->facts.keys.grant;

    renew.attempt.data = run->attempt;
    renew.attempt.len = NGX_HTTP_AIDIAL_ATTEMPT_LEN;
    renew.lease = NGX_HTTP_AIDIAL_LEASE;
    renew.etag = *etag;
    renew.size = run->size;

    run->op = ngx_aidial_redis_grant_renew(&keys, &renew,
                                           ngx_http_aidial_delivery_renewed,
                                           run);

    return run->op ? NGX_OK : NGX_ERROR;
}


/* a lease that could not be renewed costs the resume, never the response */

static void
ngx_http_aidial_delivery_renewed(void *data)
{
    ngx_http_aidial_run_t *run = data;

    ngx_event_t  *wev;

    ngx_aidial_redis_op_release(run->op);
    run->op = NULL;

    if (!run->held) {
        return;
    }

    wev = run->ctx->request->connection->write;

    run->held = 0;
    wev->delayed = 0;

    ngx_post_event(wev, &ngx_posted_events);
}


static void
ngx_http_aidial_delivery_release(ngx_http_aidial_run_t *run)
{
    if (run->timer.timer_set) {
        ngx_del_timer(&run->timer);
    }

    if (run->op) {
        ngx_aidial_redis_op_release(run->op);
        run->op = NULL;
    }

    if (run->held) {
        run->held = 0;
        run->ctx->request->connection->write->delayed = 0;
    }
}


void
ngx_http_aidial_delivery_end(ngx_http_aidial_ctx_t *ctx)
{
    off_t                        bytes, resume;
    ngx_uint_t                   complete;
    ngx_http_request_t          *r;
    ngx_http_aidial_run_t       *run;
    ngx_http_aidial_delivery_t  *delivery;

    r = ctx->request;
    run = ctx->run;

    if (run == NULL || run->delivery == NULL) {
        return;
    }

    ngx_http_aidial_pace_end(run);
    ngx_http_aidial_watch_leave(run);

    delivery = run->delivery;
    run->delivery = NULL;

    if (!run->asked || (ctx->action == NGX_AIDIAL_ACTION_PLAYBACK
                        && !run->known))
    {
        ngx_http_aidial_delivery_release(run);
        ngx_http_aidial_delivery_forget(delivery);
        return;
    }

    bytes = 0;
    complete = 0;

    if (ctx->serving) {
        bytes = ngx_http_aidial_delivery_sent(run);
        complete = ngx_http_aidial_delivery_complete(ctx, bytes);

        if (!complete) {
            bytes = ngx_http_aidial_delivery_most(run, bytes);
        }
    }

    if (run->length >= 0) {
        bytes = ngx_min(bytes, run->length);
    }

    ngx_http_aidial_delivery_release(run);

    delivery->bytes = bytes;
    resume = run->resumable ? delivery->first + bytes : -1;
    delivery->status = r->header_sent ? r->headers_out.status
                                      : NGX_HTTP_CLIENT_CLOSED_REQUEST;

    ngx_http_aidial_delivery_settle(delivery, complete, resume,
                                    run->cut.problem ? &run->cut : NULL);
}
