
/*
 * Records that are not in Redis: the portal is asked for them.
 *
 *     load        the record is not there, nor what the portal answered a
 *                 while ago: {prefix}{<tenant>}:call:<id>
 *     claim       SET NX: one request of all edges asks, the others look again
 *                 every 50 ms for its answer; that there was none holds for a
 *                 second, so that they do not ask one after the other
 *     ask         a subrequest; 200: a record, 404 or 410: there is none
 *     keep        the answer, or that there is none, for a while
 *
 * A record is kept under the tenant of whoever asks, and only if the call is in
 * their scope.  That there is none is kept for that scope, and so is the claim.
 * So a call that is out of scope, wherever it is known, takes the same way as
 * one that nobody knows, and neither the answer nor its time tells them apart.
 * A record that the portal writes later goes before what is kept here.
 */


#include "ngx_http_aidial.h"


struct ngx_http_aidial_fetch_s {
    ngx_http_aidial_ctx_t   *ctx;
    ngx_aidial_redis_op_t   *op;
    ngx_event_t              timer;    /* until we look again */
    ngx_msec_t               since;
    ngx_uint_t               call;     /* 1: a call's, 0: the tenant's */
    ngx_str_t                record;   /* keys */
    ngx_str_t                none;     /* the same for a tenant's record */
    ngx_str_t                claim;
    ngx_str_t                text;     /* the record, empty: there is none */
    ngx_int_t                rc;
    unsigned                 claiming:1;
    unsigned                 claimed:1;
};


static ngx_int_t ngx_http_aidial_fetch_names(ngx_http_aidial_fetch_t *fetch);
static ngx_int_t ngx_http_aidial_fetch_claim(ngx_http_aidial_fetch_t *fetch);
static void ngx_http_aidial_fetch_claimed(void *data);
static ngx_int_t ngx_http_aidial_fetch_claim_judge(
    ngx_http_aidial_fetch_t *fetch);
static void ngx_http_aidial_fetch_again(ngx_event_t *ev);
static ngx_int_t ngx_http_aidial_fetch_ask(ngx_http_aidial_fetch_t *fetch);
static void ngx_http_aidial_fetch_answered(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_fetch_answer_judge(
    ngx_http_aidial_fetch_t *fetch);
static void ngx_http_aidial_fetch_judge_text(ngx_http_aidial_fetch_t *fetch);
static ngx_uint_t ngx_http_aidial_fetch_fits(ngx_http_aidial_fetch_t *fetch,
    const ngx_str_t *text);
static void ngx_http_aidial_fetch_unusable(ngx_http_aidial_fetch_t *fetch,
    const char *why);
static void ngx_http_aidial_fetch_kept(void *data);
static void ngx_http_aidial_fetch_end(ngx_http_aidial_fetch_t *fetch,
    ngx_int_t rc);
static void ngx_http_aidial_fetch_watch(ngx_http_aidial_fetch_t *fetch);


ngx_int_t
ngx_http_aidial_fetch_begin(ngx_http_aidial_ctx_t *ctx, ngx_uint_t call)
{
    ngx_http_aidial_fetch_t  *fetch;

    fetch = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_aidial_fetch_t));
    if (fetch == NULL) {
        return NGX_ERROR;
    }

    fetch->ctx = ctx;
    fetch->call = call;
    fetch->since = ngx_current_msec;
    fetch->timer.handler = ngx_http_aidial_fetch_again;
    fetch->timer.data = fetch;
    fetch->timer.log = ctx->request->connection->log;

    ctx->fetch = fetch;

    if (ctx->asked_at == 0) {
        ctx->asked_at = ngx_current_msec;
    }

    if (ngx_http_aidial_fetch_names(fetch) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_aidial_fetch_claim(fetch);
}


ngx_int_t
ngx_http_aidial_fetch_result(const ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t **text)
{
    *text = &ctx->fetch->text;

    return ctx->fetch->rc;
}


static ngx_int_t
ngx_http_aidial_fetch_names(ngx_http_aidial_fetch_t *fetch)
{
    ngx_str_t                    *call, *tenant, name;
    ngx_pool_t                   *pool;
    ngx_http_aidial_ctx_t        *ctx;
    ngx_http_aidial_main_conf_t  *mcf;

    ctx = fetch->ctx;
    pool = ctx->request->pool;
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    tenant = &ctx->session.tenant;
    call = fetch->call ? &ctx->call_id : NULL;

    if (ngx_aidial_key_fetched(pool, &mcf->key_prefix, tenant, call, 0,
                               &fetch->record)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    fetch->none = fetch->record;

    if (call) {
        if (ngx_http_aidial_fetched_scope(ctx, &name) != NGX_OK
            || ngx_http_aidial_fetched_none(ctx, &fetch->none) != NGX_OK)
        {
            return NGX_ERROR;
        }

        call = &name;
    }

    return ngx_aidial_key_fetched(pool, &mcf->key_prefix, tenant, call, 1,
                                  &fetch->claim);
}


static ngx_int_t
ngx_http_aidial_fetch_claim(ngx_http_aidial_fetch_t *fetch)
{
    fetch->op = ngx_aidial_redis_fetch_claim(&fetch->record, &fetch->none,
                                             &fetch->claim,
                                             NGX_HTTP_AIDIAL_FETCH_LIFE,
                                             ngx_http_aidial_fetch_claimed,
                                             fetch);
    if (fetch->op == NULL) {
        return NGX_ERROR;
    }

    fetch->claiming = 1;
    ngx_http_aidial_fetch_watch(fetch);

    return NGX_AGAIN;
}


static void
ngx_http_aidial_fetch_claimed(void *data)
{
    ngx_http_aidial_fetch_t *fetch = data;

    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = fetch->ctx->request->connection;

    ngx_http_set_log_request(c->log, fetch->ctx->request);

    rc = ngx_http_aidial_fetch_claim_judge(fetch);
    fetch->claiming = 0;

    ngx_aidial_redis_op_release(fetch->op);
    fetch->op = NULL;

    if (rc == NGX_AGAIN && fetch->claimed) {
        rc = ngx_http_aidial_fetch_ask(fetch);
    }

    if (rc != NGX_AGAIN) {
        ngx_http_aidial_fetch_end(fetch, rc);
    }

    ngx_http_run_posted_requests(c);
}


/* NGX_AGAIN: ask, or wait for whoever asks; NGX_OK: it is known by now */

static ngx_int_t
ngx_http_aidial_fetch_claim_judge(ngx_http_aidial_fetch_t *fetch)
{
    ngx_uint_t                  claim;
    const ngx_aidial_record_t  *record;

    if (ngx_aidial_redis_op_status(fetch->op) != NGX_OK) {
        return NGX_ERROR;
    }

    claim = ngx_aidial_redis_op_claim(fetch->op);
    fetch->claimed = (claim == NGX_AIDIAL_CLAIM_OWN);

    record = ngx_aidial_redis_op_record(fetch->op,
                                        NGX_AIDIAL_RECORD_FETCHED_CALL);

    if (record->state == NGX_AIDIAL_RECORD_PRESENT && record->text.len
        && ngx_http_aidial_fetch_fits(fetch, &record->text))
    {
        fetch->text.data = ngx_pstrdup(fetch->ctx->request->pool,
                                       (ngx_str_t *) &record->text);
        fetch->text.len = record->text.len;

        return fetch->text.data ? NGX_OK : NGX_ERROR;
    }

    record = ngx_aidial_redis_op_record(fetch->op,
                                        NGX_AIDIAL_RECORD_FETCHED_NONE);

    if (record->state == NGX_AIDIAL_RECORD_PRESENT && record->text.len == 0) {
        return NGX_OK;
    }

    if (fetch->claimed) {
        return NGX_AGAIN;
    }

    if (claim == NGX_AIDIAL_CLAIM_FAILED) {
        return NGX_ERROR;
    }

    if (ngx_current_msec - fetch->since > NGX_HTTP_AIDIAL_FETCH_WAIT) {
        ngx_log_error(NGX_LOG_ERR, fetch->ctx->request->connection->log, 0,
                      "aidial: service_unavailable: another request has asked "
                      "the portal for the record, and has no answer");

        return NGX_ERROR;
    }

    ngx_add_timer(&fetch->timer, NGX_HTTP_AIDIAL_FETCH_LOOK);

    return NGX_AGAIN;
}


static void
ngx_http_aidial_fetch_again(ngx_event_t *ev)
{
    ngx_connection_t         *c;
    ngx_http_aidial_fetch_t  *fetch;

    fetch = ev->data;
    c = fetch->ctx->request->connection;

    ngx_http_set_log_request(c->log, fetch->ctx->request);

    if (ngx_http_aidial_fetch_claim(fetch) != NGX_AGAIN) {
        ngx_http_aidial_fetch_end(fetch, NGX_ERROR);
        ngx_http_run_posted_requests(c);
    }
}


/* identifiers need no escaping */

static ngx_int_t
ngx_http_aidial_fetch_ask(ngx_http_aidial_fetch_t *fetch)
{
    u_char                 *p;
    ngx_str_t               args;
    ngx_http_aidial_ctx_t  *ctx;

    ctx = fetch->ctx;

    p = ngx_pnalloc(ctx->request->pool, sizeof("call=&tenant=") - 1
                                        + ctx->call_id.len
                                        + ctx->session.tenant.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    args.data = p;

    if (fetch->call) {
        p = ngx_sprintf(p, "call=%V&", &ctx->call_id);
    }

    p = ngx_sprintf(p, "tenant=%V", &ctx->session.tenant);
    args.len = p - args.data;

    ctx->request->read_event_handler = ngx_http_block_reading;

    return ngx_http_aidial_portal_ask(ctx, &ctx->conf->call_fetch, &args, 0,
                                      ngx_http_aidial_fetch_answered);
}


static void
ngx_http_aidial_fetch_answered(ngx_http_aidial_ctx_t *ctx)
{
    time_t                    ttl;
    ngx_http_aidial_fetch_t  *fetch;

    fetch = ctx->fetch;
    fetch->rc = ngx_http_aidial_fetch_answer_judge(fetch);

    if (fetch->rc == NGX_OK) {
        ttl = fetch->text.len ? ctx->conf->call_fetch_ttl
                              : NGX_HTTP_AIDIAL_FETCH_ABSENT;

        fetch->op = ngx_aidial_redis_fetch_keep(fetch->text.len
                                                    ? &fetch->record
                                                    : &fetch->none,
                                                &fetch->claim,
                                                &fetch->text, ttl,
                                                ngx_http_aidial_fetch_kept,
                                                fetch);
    } else {
        fetch->op = ngx_aidial_redis_fetch_fail(&fetch->claim,
                                                NGX_HTTP_AIDIAL_FETCH_FAILED,
                                                ngx_http_aidial_fetch_kept,
                                                fetch);
    }

    if (fetch->op == NULL) {
        ngx_http_aidial_fetch_end(fetch, NGX_ERROR);
        return;
    }

    ngx_http_aidial_fetch_watch(fetch);
}


static ngx_int_t
ngx_http_aidial_fetch_answer_judge(ngx_http_aidial_fetch_t *fetch)
{
    ngx_http_aidial_ctx_t     *ctx;
    ngx_http_aidial_portal_t  *portal;

    ctx = fetch->ctx;
    portal = &ctx->portal;

    switch (portal->status) {

    case NGX_HTTP_OK:
        ngx_http_aidial_fetch_judge_text(fetch);
        return NGX_OK;

    case NGX_HTTP_NOT_FOUND:
    case 410:
        return NGX_OK;

    default:
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "aidial: service_unavailable: \"%V\", asked for a "
                      "record, answered with status %ui, expected 200, 404 or "
                      "410", &ctx->conf->call_fetch, portal->status);

        return NGX_ERROR;
    }
}


/* only a record that can be used, and is for this session, is one */

static void
ngx_http_aidial_fetch_judge_text(ngx_http_aidial_fetch_t *fetch)
{
    ngx_http_aidial_portal_t  *portal;

    portal = &fetch->ctx->portal;

    if (portal->oversize) {
        ngx_http_aidial_fetch_unusable(fetch, "it is over 64 KiB, or there is "
                                              "no memory for it");
        return;
    }

    if (ngx_http_aidial_fetch_fits(fetch, &portal->text)) {
        fetch->text = portal->text;
    }
}


static ngx_uint_t
ngx_http_aidial_fetch_fits(ngx_http_aidial_fetch_t *fetch,
    const ngx_str_t *text)
{
    ngx_int_t               rc;
    const char             *why;
    ngx_aidial_call_t       call;
    ngx_aidial_tenant_t     tenant;
    ngx_http_aidial_ctx_t  *ctx;

    ctx = fetch->ctx;
    why = "there is no memory for it";

    rc = fetch->call ? ngx_aidial_call_parse(ctx->request->pool, text,
                                             &ctx->call_id, &call, &why)
                     : ngx_aidial_tenant_parse(text, &tenant, &why);

    if (rc != NGX_OK) {
        ngx_http_aidial_fetch_unusable(fetch, why);
        return 0;
    }

    return !fetch->call || ngx_aidial_session_covers(&ctx->session, &call);
}


static void
ngx_http_aidial_fetch_unusable(ngx_http_aidial_fetch_t *fetch, const char *why)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = fetch->ctx;

    (void) ngx_http_aidial_unusable(ctx, fetch->call ? "fetched call"
                                                     : "fetched tenant",
                                    fetch->call ? &ctx->call_id
                                                : &ctx->session.tenant, why);
}


static void
ngx_http_aidial_fetch_kept(void *data)
{
    ngx_http_aidial_fetch_t *fetch = data;

    ngx_int_t  rc;

    rc = ngx_aidial_redis_op_status(fetch->op);

    ngx_aidial_redis_op_release(fetch->op);
    fetch->op = NULL;
    fetch->claimed = 0;

    ngx_http_aidial_fetch_end(fetch, fetch->rc == NGX_OK ? rc : fetch->rc);
}


static void
ngx_http_aidial_fetch_end(ngx_http_aidial_fetch_t *fetch, ngx_int_t rc)
{
    fetch->rc = rc;
    fetch->ctx->request->read_event_handler = ngx_http_block_reading;

    ngx_http_aidial_fetch_abandon(fetch);
    ngx_http_aidial_flow_resume(fetch->ctx);
}


/* a client that leaves is seen */

static void
ngx_http_aidial_fetch_watch(ngx_http_aidial_fetch_t *fetch)
{
    ngx_http_request_t  *r;

    r = fetch->ctx->request;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
}


void
ngx_http_aidial_fetch_abandon(ngx_http_aidial_fetch_t *fetch)
{
    if (fetch->timer.timer_set) {
        ngx_del_timer(&fetch->timer);
    }

    if (fetch->op) {
        ngx_aidial_redis_op_release(fetch->op);
        fetch->op = NULL;
    }

    if (!fetch->claimed && !fetch->claiming) {
        return;
    }

    fetch->claimed = 0;
    fetch->claiming = 0;

    /*
     * The others need not wait until it ends by itself.  A claim of which
     * there is no answer yet may be somebody else's: then two will ask.
     */

    ngx_aidial_redis_fetch_give_up(&fetch->claim);
}
