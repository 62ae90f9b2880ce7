
/*
 * The flow runner: walks a table of steps, waits, resumes.
 *
 * Order lives in the tables only.  A wait has four exits, all of them here:
 *
 *   answer       flow_answered() -> the phase is run again -> step->finish
 *   refusal      the operation failed, or finish said no -> the caller replies
 *   deadline     the operation's own; it arrives as a failed answer
 *   client gone  ngx_http_test_reading() closes the request -> cleanup
 */


#include "ngx_http_aidial_delivery.h"
#include "ngx_http_aidial_metrics.h"


static ngx_int_t ngx_http_aidial_flow_start(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_flow_finish(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_flow_refused(ngx_http_aidial_ctx_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_aidial_content_run(ngx_http_aidial_ctx_t *ctx);
static void ngx_http_aidial_flow_cleanup(void *data);


ngx_int_t
ngx_http_aidial_flow_run(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (ctx->waiting) {

        if (!ctx->answered) {
            return NGX_AGAIN;
        }

        rc = ngx_http_aidial_flow_finish(ctx);

        if (rc != NGX_OK) {
            return ngx_http_aidial_flow_refused(ctx, rc);
        }

        ctx->step++;
    }

    for ( /* void */ ; ctx->step->start; ctx->step++) {

        rc = ngx_http_aidial_flow_start(ctx);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != NGX_OK) {
            return ngx_http_aidial_flow_refused(ctx, rc);
        }
    }

    ctx->decision = NGX_HTTP_AIDIAL_ALLOWED;

    ngx_http_aidial_metrics_decided(ctx);

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_flow_start(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "aidial step: %V", &ctx->step->name);

    ctx->starting = 1;
    rc = ctx->step->start(ctx);
    ctx->starting = 0;

    if (rc != NGX_AGAIN) {
        return rc;
    }

    ctx->waiting = 1;
    ctx->answered = 0;

    if (ctx->op || ctx->room) {

        /* in the access phase a client that leaves is invisible otherwise */

        r->read_event_handler = ngx_http_test_reading;
        r->write_event_handler = ngx_http_request_empty_handler;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_aidial_flow_finish(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->waiting = 0;

    if (ctx->op == NULL) {
        return ctx->step->finish(ctx);
    }

    rc = ngx_aidial_redis_op_status(ctx->op);

    if (rc == NGX_OK) {
        rc = ctx->step->finish(ctx);
    }

    ngx_aidial_redis_op_release(ctx->op);
    ctx->op = NULL;

    return rc;
}


static ngx_int_t
ngx_http_aidial_flow_refused(ngx_http_aidial_ctx_t *ctx, ngx_int_t rc)
{
    if (rc == NGX_ERROR && ctx->problem == NGX_AIDIAL_PROBLEM_NONE) {
        ctx->problem = NGX_AIDIAL_SERVICE_UNAVAILABLE;
    }

    ngx_aidial_assert(ctx->problem != NGX_AIDIAL_PROBLEM_NONE);

    ctx->decision = NGX_HTTP_AIDIAL_REFUSED;

    ngx_http_aidial_metrics_decided(ctx);

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_aidial_refuse(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_problem_e problem)
{
    ctx->problem = problem;

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_aidial_flow_wait(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_redis_op_t *op)
{
    if (op == NULL) {
        ctx->problem = NGX_AIDIAL_SERVICE_UNAVAILABLE;
        return NGX_ERROR;
    }

    ctx->op = op;

    return NGX_AGAIN;
}


void
ngx_http_aidial_flow_answered(void *data)
{
    ngx_http_aidial_ctx_t *ctx = data;

    ngx_http_request_t  *r;

    r = ctx->request;

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_aidial_flow_resume(ctx);
}


void
ngx_http_aidial_flow_resume(ngx_http_aidial_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ctx->answered = 1;

    if (ctx->content) {
        ngx_http_finalize_request(r, ngx_http_aidial_content_run(ctx));

    } else {
        r->write_event_handler = ngx_http_core_run_phases;
        ngx_http_core_run_phases(r);
    }

    /* r and ctx may be gone by now, c is not */

    ngx_http_run_posted_requests(c);
}


ngx_int_t
ngx_http_aidial_content_begin(ngx_http_request_t *r,
    const ngx_http_aidial_step_t *steps)
{
    ngx_http_aidial_ctx_t  *ctx;

    if (r != r->main || r->post_action) {
        return NGX_HTTP_NOT_FOUND;
    }

    ctx = ngx_http_aidial_ctx_create(r, steps);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->content = 1;

    return ngx_http_aidial_content_run(ctx);
}


/*
 * While a flow waits it owns one count of the request: NGX_DONE makes the
 * caller's ngx_http_finalize_request() give back the one it was called with.
 */

static ngx_int_t
ngx_http_aidial_content_run(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_http_aidial_flow_run(ctx);

    if (rc == NGX_AGAIN) {
        r->main->count++;
        return NGX_DONE;
    }

    if (rc != NGX_OK) {
        return ngx_http_aidial_reply_problem(ctx);
    }

    if (ctx->conf->role == NGX_HTTP_AIDIAL_GRANT) {
        return ngx_http_aidial_reply_grant(ctx);
    }

    return ngx_http_aidial_reply_status(ctx);
}


ngx_http_aidial_ctx_t *
ngx_http_aidial_ctx(ngx_http_request_t *r)
{
    ngx_http_cleanup_t     *cln;
    ngx_http_aidial_ctx_t  *ctx;

    r = r->main;

    ctx = ngx_http_get_module_ctx(r, ngx_aidial_recording_module);

    if (ctx || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_aidial_flow_cleanup) {
            ngx_http_set_ctx(r, cln->data, ngx_aidial_recording_module);
            return cln->data;
        }
    }

    return NULL;
}


ngx_http_aidial_ctx_t *
ngx_http_aidial_ctx_create(ngx_http_request_t *r,
    const ngx_http_aidial_step_t *steps)
{
    ngx_http_cleanup_t     *cln;
    ngx_http_aidial_ctx_t  *ctx;

    ngx_aidial_assert(r == r->main);

    ctx = ngx_http_aidial_ctx(r);

    if (ctx) {

        /* another location of the module, behind a rewrite or a redirect */

        ngx_http_aidial_flow_abandon(ctx);
        ngx_http_aidial_delivery_end(ctx);
        ngx_memzero(ctx, sizeof(ngx_http_aidial_ctx_t));

    } else {
        ctx = ngx_http_aidial_alloc(r, sizeof(ngx_http_aidial_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        cln = ngx_http_cleanup_add(r, 0);
        if (cln == NULL) {
            return NULL;
        }

        cln->handler = ngx_http_aidial_flow_cleanup;
        cln->data = ctx;

        ngx_http_set_ctx(r, ctx, ngx_aidial_recording_module);
    }

    ctx->request = r;
    ctx->pool = r->pool;
    ctx->conf = ngx_http_get_module_loc_conf(r, ngx_aidial_recording_module);
    ctx->step = steps;

    ngx_http_aidial_metrics_begin(ctx);

    return ctx;
}


void *
ngx_http_aidial_alloc(ngx_http_request_t *r, size_t size)
{
    ngx_pool_cleanup_t  *cln;

    /* variables are read when the request is logged, after its cleanups */

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->data = ngx_aidial_block_alloc(size);
    cln->handler = ngx_aidial_block_free;

    return cln->data;
}


void
ngx_http_aidial_flow_abandon(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->op) {
        ngx_aidial_redis_op_release(ctx->op);
        ctx->op = NULL;
    }

    if (ctx->fetch) {
        ngx_http_aidial_fetch_abandon(ctx->fetch);
    }

    if (ctx->room) {
        ngx_http_aidial_room_abandon(ctx->room);
    }

    ctx->waiting = 0;
    ctx->answered = 0;
    ctx->reading = 0;
}


static void
ngx_http_aidial_flow_cleanup(void *data)
{
    ngx_http_aidial_flow_abandon(data);
    ngx_http_aidial_delivery_end(data);
}
