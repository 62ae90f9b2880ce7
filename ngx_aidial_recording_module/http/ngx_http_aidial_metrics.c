
/*
 * Counters.  Requests are counted in the log phase, which nginx runs once for
 * each, however it ends; the rest where it happens.
 */


#include "ngx_http_aidial_delivery.h"
#include "ngx_http_aidial_metrics.h"


static void ngx_http_aidial_metrics_refusal(const ngx_http_aidial_ctx_t *ctx);
static ngx_uint_t ngx_http_aidial_metrics_status(const ngx_http_request_t *r);
static ngx_http_aidial_code_e ngx_http_aidial_metrics_code(ngx_uint_t status);


static ngx_http_aidial_metrics_t  ngx_http_aidial_own_metrics;

ngx_http_aidial_metrics_t  *ngx_http_aidial_metrics =
                                                &ngx_http_aidial_own_metrics;


void
ngx_http_aidial_metrics_begin(ngx_http_aidial_ctx_t *ctx)
{
    ctx->began = ngx_aidial_redis_clock();
}


void
ngx_http_aidial_metrics_decided(ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t  endpoint;

    if (ctx->began == 0) {
        return;
    }

    endpoint = ctx->conf->role - NGX_HTTP_AIDIAL_STATUS;

    ngx_aidial_histogram_add(&ngx_http_aidial_metrics->added[endpoint],
                             ngx_aidial_redis_clock() - ctx->began);
    ctx->began = 0;
}


/*
 * Redis enters the first of several GETs that come at once, and tells all of
 * them that it began: the account, which they share, knows which was first.
 */

void
ngx_http_aidial_metrics_started(ngx_http_aidial_ctx_t *ctx, ngx_uint_t first)
{
    if (ctx->run->from) {
        ngx_http_aidial_metrics_count(resumed);

    } else if (first && ctx->grant_state == NGX_AIDIAL_GRANT_FRESH) {
        ngx_http_aidial_metrics_count(redeemed[ctx->action]);
    }
}


void
ngx_http_aidial_metrics_stream_locked(ngx_uint_t action)
{
    ngx_http_aidial_metrics->streams[action]++;
}


void
ngx_http_aidial_metrics_stream_end_locked(ngx_uint_t action, off_t bytes)
{
    ngx_http_aidial_metrics->streams[action]--;
    ngx_http_aidial_metrics->sent[action] += bytes;
}


void
ngx_http_aidial_metrics_cut(ngx_aidial_problem_e problem)
{
    switch (problem) {

    case NGX_AIDIAL_SESSION_REQUIRED:
        ngx_http_aidial_metrics_count(cut[NGX_HTTP_AIDIAL_CUT_SESSION]);
        return;

    case NGX_AIDIAL_RECORDING_NOT_FOUND:
        ngx_http_aidial_metrics_count(cut[NGX_HTTP_AIDIAL_CUT_NOT_FOUND]);
        return;

    case NGX_AIDIAL_RECORDING_BLOCKED:
        ngx_http_aidial_metrics_count(cut[NGX_HTTP_AIDIAL_CUT_BLOCKED]);
        return;

    default:
        ngx_http_aidial_metrics_count(cut[NGX_HTTP_AIDIAL_CUT_UNVERIFIABLE]);
    }
}


void
ngx_http_aidial_metrics_keep_status(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->status) {
        return;
    }

    if (r->header_sent) {
        ctx->status = r->headers_out.status;
        return;
    }

    /* nobody was answered: only a client that is gone has a post_action */

    ctx->status = r->connection->timedout ? NGX_HTTP_REQUEST_TIME_OUT
                                          : NGX_HTTP_CLIENT_CLOSED_REQUEST;
}


/*
 * The endpoint is the one whose flow ran, wherever error_page has led since;
 * or, when nginx has refused before, the location that the request was in.
 */

ngx_int_t
ngx_http_aidial_metrics_log(ngx_http_request_t *r)
{
    ngx_uint_t                         status, endpoint;
    ngx_http_aidial_code_e             code;
    ngx_http_aidial_ctx_t             *ctx;
    const ngx_http_aidial_loc_conf_t  *conf;

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL && r->post_action) {

        /* that of another location's request */

        return NGX_OK;
    }

    conf = ctx ? ctx->conf
               : ngx_http_get_module_loc_conf(r, ngx_aidial_recording_module);

    if (conf->role == NGX_HTTP_AIDIAL_NONE) {
        return NGX_OK;
    }

    status = (ctx && ctx->status) ? ctx->status
                                  : ngx_http_aidial_metrics_status(r);
    code = ngx_http_aidial_metrics_code(status);
    endpoint = conf->role - NGX_HTTP_AIDIAL_STATUS;

    ngx_http_aidial_metrics_count(requests[endpoint][code]);

    if (ctx && ctx->replied && ctx->decision == NGX_HTTP_AIDIAL_REFUSED) {
        ngx_http_aidial_metrics_refusal(ctx);
    }

    return NGX_OK;
}


static void
ngx_http_aidial_metrics_refusal(const ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t  i, endpoint;

    endpoint = ctx->conf->role - NGX_HTTP_AIDIAL_STATUS;

    ngx_http_aidial_metrics_count(refusals[endpoint][ctx->problem]);

    if (ctx->problem != NGX_AIDIAL_RECORDING_BLOCKED) {
        return;
    }

    for (i = 0; i < NGX_AIDIAL_REASON_COUNT; i++) {
        if (ctx->reasons & ngx_aidial_reason_bit(i)) {
            ngx_http_aidial_metrics_count(blocked[i]);
        }
    }
}


/* as $status has it */

static ngx_uint_t
ngx_http_aidial_metrics_status(const ngx_http_request_t *r)
{
    return r->err_status ? r->err_status : r->headers_out.status;
}


static ngx_http_aidial_code_e
ngx_http_aidial_metrics_code(ngx_uint_t status)
{
    switch (status) {

#define X(code)                                                               \
    case code: return NGX_HTTP_AIDIAL_CODE_##code;

    NGX_HTTP_AIDIAL_CODES(X)

#undef X

    default: return NGX_HTTP_AIDIAL_CODE_OTHER;
    }
}
