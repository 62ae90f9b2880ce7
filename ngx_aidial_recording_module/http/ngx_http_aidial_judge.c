
/*
 * Steps and judgements that several flows share: which records are needed,
 * whether the call is the user's, what the policy says.
 */


#include "ngx_http_aidial.h"


ngx_int_t
ngx_http_aidial_method_read(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->request->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_METHOD_NOT_ALLOWED);
}


/* status and grant: whose session it is, and which call is meant */

ngx_int_t
ngx_http_aidial_identity_load(ngx_http_aidial_ctx_t *ctx)
{
    ngx_str_t                     keys[NGX_AIDIAL_RECORD_COUNT];
    ngx_http_request_t           *r;
    ngx_http_aidial_main_conf_t  *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    ngx_memzero(keys, sizeof(keys));

    if (ngx_http_complex_value(r, ctx->conf->call_id, &ctx->call_id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->call_asked = ctx->call_id;

    if (!ngx_aidial_is_identifier(&ctx->call_id)) {

        /* there is no such call: judged in its turn, as an unknown one */

        ngx_str_null(&ctx->call_id);

    } else if (ngx_aidial_key_call(r->pool, &mcf->key_prefix, &ctx->call_id,
                                   &keys[NGX_AIDIAL_RECORD_CALL])
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_aidial_session_key(ctx, &keys[NGX_AIDIAL_RECORD_SESSION])
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (keys[NGX_AIDIAL_RECORD_SESSION].len == 0 && ctx->call_id.len == 0) {

        /* the portal has said whose session it is, and there is no call */

        return NGX_OK;
    }

    return ngx_http_aidial_records_wait(ctx, keys);
}


ngx_int_t
ngx_http_aidial_records_wait(ngx_http_aidial_ctx_t *ctx, const ngx_str_t *keys)
{
    return ngx_http_aidial_flow_wait(ctx,
               ngx_aidial_redis_records_load(keys,
                                             ngx_http_aidial_flow_answered,
                                             ctx));
}


ngx_int_t
ngx_http_aidial_identity_loaded(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_aidial_session_judge(ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_aidial_call_judge(ctx);
}


/*
 * The same two commands follow for a call that is unknown, foreign or the
 * user's own, so that the work tells nothing.
 */

ngx_int_t
ngx_http_aidial_standing_load(ngx_http_aidial_ctx_t *ctx)
{
    ngx_str_t                     keys[NGX_AIDIAL_RECORD_COUNT];
    ngx_pool_t                   *pool;
    ngx_http_aidial_main_conf_t  *mcf;

    pool = ctx->request->pool;
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    ngx_memzero(keys, sizeof(keys));

    if (ngx_aidial_key_revoked_before(pool, &mcf->key_prefix,
                                      &ctx->session.tenant,
                                      &ctx->session.user,
                                      &keys[NGX_AIDIAL_RECORD_REVOKED_BEFORE])
        != NGX_OK
        || ngx_aidial_key_tenant(pool, &mcf->key_prefix, &ctx->session.tenant,
                                 &keys[NGX_AIDIAL_RECORD_TENANT])
           != NGX_OK
        || ngx_http_aidial_fetched_keys(ctx, &ctx->session.tenant, keys)
           != NGX_OK
        || ngx_http_aidial_fetched_none(ctx,
                                        &keys[NGX_AIDIAL_RECORD_FETCHED_NONE])
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_aidial_records_wait(ctx, keys);
}


ngx_int_t
ngx_http_aidial_standing_loaded(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_aidial_revoked_judge(ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_aidial_tenant_judge(ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_aidial_fetched_judge(ctx);
}


/*
 * What was read before the request had to wait for its body or for the portal
 * may be old by now: then all of it is read again.
 */

ngx_int_t
ngx_http_aidial_session_again(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->stale = ctx->asked_at
                 && ngx_current_msec - ctx->asked_at
                    > NGX_HTTP_AIDIAL_RECORDS_LIFE;
    ctx->asked_at = 0;

    if (!ctx->stale) {
        return NGX_OK;
    }

    ctx->call_known = 0;
    ctx->call_answered = 0;
    ctx->tenant_known = 0;
    ctx->tenant_answered = 0;
    ngx_memzero(&ctx->call, sizeof(ngx_aidial_call_t));
    ngx_memzero(&ctx->tenant, sizeof(ngx_aidial_tenant_t));
    ngx_memzero(&ctx->session, sizeof(ngx_aidial_session_t));

    rc = ngx_http_aidial_cookie_check(ctx);

    return rc == NGX_OK ? ngx_http_aidial_introspect(ctx) : rc;
}


ngx_int_t
ngx_http_aidial_identity_again(ngx_http_aidial_ctx_t *ctx)
{
    return ctx->stale ? ngx_http_aidial_identity_load(ctx) : NGX_OK;
}


ngx_int_t
ngx_http_aidial_standing_again(ngx_http_aidial_ctx_t *ctx)
{
    return ctx->stale ? ngx_http_aidial_standing_load(ctx) : NGX_OK;
}


ngx_int_t
ngx_http_aidial_call_judge(ngx_http_aidial_ctx_t *ctx)
{
    const ngx_aidial_record_t  *record;

    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_CALL);

    switch (record->state) {

    case NGX_AIDIAL_RECORD_PRESENT:
        return ngx_http_aidial_call_read(ctx, &record->text);

    case NGX_AIDIAL_RECORD_UNUSABLE:
        return ngx_http_aidial_unusable(ctx, "call", &ctx->call_id,
                                        NGX_HTTP_AIDIAL_WRONG_TYPE);

    default: /* NGX_AIDIAL_RECORD_ABSENT */
        return NGX_OK;
    }
}


ngx_int_t
ngx_http_aidial_call_read(ngx_http_aidial_ctx_t *ctx, const ngx_str_t *text)
{
    ngx_int_t    rc;
    const char  *why;

    rc = ngx_aidial_call_recall(ctx->pool, text, &ctx->call_id, &ctx->call,
                                &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_unusable(ctx, "call", &ctx->call_id, why);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ctx->call_known = ngx_aidial_session_covers(&ctx->session, &ctx->call);

    if (!ctx->call_known) {

        /* nothing of another organisation's call gets even into a log */

        ngx_memzero(&ctx->call, sizeof(ngx_aidial_call_t));
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_tenant_judge(ngx_http_aidial_ctx_t *ctx)
{
    const ngx_aidial_record_t  *record;

    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_TENANT);

    switch (record->state) {

    case NGX_AIDIAL_RECORD_PRESENT:
        return ngx_http_aidial_tenant_read(ctx, &record->text);

    case NGX_AIDIAL_RECORD_UNUSABLE:
        return ngx_http_aidial_unusable(ctx, "tenant", &ctx->session.tenant,
                                        NGX_HTTP_AIDIAL_WRONG_TYPE);

    default: /* NGX_AIDIAL_RECORD_ABSENT */
        return NGX_OK;
    }
}


ngx_int_t
ngx_http_aidial_tenant_read(ngx_http_aidial_ctx_t *ctx, const ngx_str_t *text)
{
    ngx_int_t    rc;
    const char  *why;

    rc = ngx_aidial_tenant_recall(&ctx->session.tenant, text, &ctx->tenant,
                                  &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_unusable(ctx, "tenant", &ctx->session.tenant,
                                        why);
    }

    ctx->tenant_known = (rc == NGX_OK);

    return rc;
}


ngx_int_t
ngx_http_aidial_unusable(ngx_http_aidial_ctx_t *ctx, const char *record,
    const ngx_str_t *id, const char *why)
{
    ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                  "aidial: the %*s record \"%V\" is unusable: %*s",
                  ngx_strlen(record), record, id, ngx_strlen(why), why);

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_scope_check(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->call_known) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RECORDING_NOT_FOUND);
}


ngx_int_t
ngx_http_aidial_policy_check(ngx_http_aidial_ctx_t *ctx)
{
    ctx->reasons = ngx_aidial_policy(ctx->session.role, ctx->action,
                                     &ctx->tenant, &ctx->call);

    if (ctx->reasons == 0) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RECORDING_BLOCKED);
}
