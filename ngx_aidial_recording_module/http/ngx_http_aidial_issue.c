
/*
 * The last word on a grant request is Redis': one script counts the request,
 * enters it, and registers the grant.  So it has to know what the rows behind
 * it, scope and policy, are going to say; and it runs whatever they say, so
 * that a request over the rate is answered alike for any call.
 */


#include "ngx_http_aidial_delivery.h"
#include "ngx_http_aidial_metrics.h"


static ngx_aidial_problem_e ngx_http_aidial_grant_verdict(
    ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_name(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_make(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_limited(ngx_http_aidial_ctx_t *ctx);


ngx_int_t
ngx_http_aidial_grant_issue(ngx_http_aidial_ctx_t *ctx)
{
    time_t                        ttl;
    ngx_aidial_problem_e          problem;
    ngx_http_aidial_facts_t       facts;
    ngx_aidial_redis_issue_t      issue;
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    problem = ngx_http_aidial_grant_verdict(ctx);

    if (problem == NGX_AIDIAL_SERVICE_UNAVAILABLE
        || ngx_http_aidial_grant_name(ctx) != NGX_OK
        || ngx_http_aidial_facts(ctx, &facts) != NGX_OK
        || ngx_http_aidial_facts_decision(ctx, &facts, problem) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ttl = NGX_HTTP_AIDIAL_GRANT_MARGIN;

    if (problem == NGX_AIDIAL_PROBLEM_NONE) {

        if (ngx_http_aidial_grant_make(ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        facts.audit.fields[NGX_AIDIAL_AUDIT_GRANT] = ctx->grant_id;
        ttl += ctx->token.expires_at - ngx_time();
    }

    issue.attempt = ctx->grant_id;
    issue.allowed = (problem == NGX_AIDIAL_PROBLEM_NONE);
    issue.action = ctx->action;
    issue.life = ttl;
    issue.interval = mcf->grant_rate.interval;
    issue.burst = mcf->grant_rate.burst;

    return ngx_http_aidial_flow_wait(ctx,
               ngx_aidial_redis_grant_issue(&facts.keys, &issue, &facts.audit,
                                            ngx_http_aidial_flow_answered,
                                            ctx));
}


/* what the rows behind this one are going to say; they say it themselves */

static ngx_aidial_problem_e
ngx_http_aidial_grant_verdict(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t             rc;
    ngx_aidial_problem_e  problem;

    rc = ngx_http_aidial_scope_check(ctx);

    if (rc == NGX_OK) {
        rc = ngx_http_aidial_policy_check(ctx);
    }

    problem = ctx->problem;
    ctx->problem = NGX_AIDIAL_PROBLEM_NONE;

    if (rc == NGX_OK) {
        return NGX_AIDIAL_PROBLEM_NONE;
    }

    return rc == NGX_DECLINED ? problem : NGX_AIDIAL_SERVICE_UNAVAILABLE;
}


/* the id of the grant, which names the request as well, and its key */

static ngx_int_t
ngx_http_aidial_grant_name(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    if (ngx_aidial_random(ctx->token.id, NGX_AIDIAL_GRANT_ID_LEN) != NGX_OK
        || ngx_http_aidial_grant_id(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_aidial_key_grant(ctx->request->pool, &mcf->key_prefix,
                                &ctx->session.tenant, ctx->token.id,
                                &ctx->keys[NGX_AIDIAL_RECORD_GRANT]);
}


/* everything of the grant but its registration */

static ngx_int_t
ngx_http_aidial_grant_make(ngx_http_aidial_ctx_t *ctx)
{
    u_char                       *p;
    ngx_str_t                     text;
    ngx_pool_t                   *pool;
    ngx_aidial_token_t           *token;
    ngx_http_aidial_main_conf_t  *mcf;

    pool = ctx->request->pool;
    token = &ctx->token;
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    token->action = ctx->action;
    token->expires_at = ngx_time()
                        + (ctx->action == NGX_AIDIAL_ACTION_DOWNLOAD
                               ? ctx->conf->download_ttl
                               : ctx->conf->playback_ttl);
    token->tenant = ctx->session.tenant;
    token->user = ctx->session.user;
    token->call = ctx->call_id;

    if (ngx_aidial_token_scope(&ctx->call.client, &ctx->call.project,
                               token->scope)
        != NGX_OK
        || ngx_aidial_token_build(pool, mcf->grant_keys->elts, token, &text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, ctx->conf->media_uri.len + text.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->grant_url.data = p;
    p = ngx_cpymem(p, ctx->conf->media_uri.data, ctx->conf->media_uri.len);
    p = ngx_cpymem(p, text.data, text.len);
    ctx->grant_url.len = p - ctx->grant_url.data;

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_grant_issued(ngx_http_aidial_ctx_t *ctx)
{
    switch (ngx_aidial_redis_op_code(ctx->op)) {

    case NGX_AIDIAL_ISSUE_ENTERED:

        if (ctx->grant_url.len == 0) {

            /* refused: the id named the request, not a grant */

            ngx_str_null(&ctx->grant_id);
            return NGX_OK;
        }

        ngx_http_aidial_metrics_count(issued[ctx->action]);

        return NGX_OK;

    case NGX_AIDIAL_ISSUE_LIMITED:
        return ngx_http_aidial_grant_limited(ctx);

    default: /* NGX_AIDIAL_ISSUE_TAKEN */
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "aidial: a grant is not issued, Redis has a key of its "
                      "name already");
        return NGX_ERROR;
    }
}


/* Redis has counted it; somebody has to remind it to enter what it counted */

static ngx_int_t
ngx_http_aidial_grant_limited(ngx_http_aidial_ctx_t *ctx)
{
    int64_t                  wait;
    ngx_http_aidial_facts_t  facts;

    wait = ngx_aidial_redis_op_number(ctx->op);

    /* rounded up: who waits that long is let in */

    ctx->retry_after = (wait + 999999) / 1000000;

    /* the id named the request, not a grant */

    ngx_str_null(&ctx->grant_id);

    if (ngx_http_aidial_facts(ctx, &facts) != NGX_OK
        || ngx_http_aidial_facts_decision(ctx, &facts, NGX_AIDIAL_RATE_LIMITED)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_aidial_count_add(NGX_HTTP_AIDIAL_GRANT_LIMITED, 1, &facts);

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RATE_LIMITED);
}


ngx_int_t
ngx_http_aidial_grant_id(ngx_http_aidial_ctx_t *ctx)
{
    u_char  *p;

    p = ngx_pnalloc(ctx->request->pool, 2 * NGX_AIDIAL_GRANT_ID_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->grant_id.data = p;
    ctx->grant_id.len = ngx_hex_dump(p, ctx->token.id, NGX_AIDIAL_GRANT_ID_LEN)
                        - p;

    return NGX_OK;
}
