
/*
 * The media endpoint: every request for bytes is judged again, then handed to
 * whatever the operator serves media with.
 */


#include "ngx_http_aidial_delivery.h"


static ngx_int_t ngx_http_aidial_media_kept(ngx_http_aidial_ctx_t *ctx);
static ngx_uint_t ngx_http_aidial_is_absent(const ngx_http_aidial_ctx_t *ctx,
    ngx_uint_t record);
static ngx_int_t ngx_http_aidial_token_read(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_media_introspect(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_media_load(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_media_again(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_media_keys(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *keys);
static ngx_int_t ngx_http_aidial_media_loaded(ngx_http_aidial_ctx_t *ctx);
static ngx_uint_t ngx_http_aidial_token_is_own(ngx_http_aidial_ctx_t *ctx);
static void ngx_http_aidial_grant_judge(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_token_check(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_binding_check(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_life_check(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_use_check(ngx_http_aidial_ctx_t *ctx);


/*
 * "token" verifies the MAC before anything is asked, so that a forged token
 * costs Redis nothing; what it found is judged in its turn, by "grant".
 */

static const ngx_http_aidial_step_t  ngx_http_aidial_media_steps[] = {

    /*  name        asks                        judges the answer          */

    { ngx_string("method"),
      ngx_http_aidial_method_read,
      NULL },

    { ngx_string("cookie"),
      ngx_http_aidial_cookie_check,
      NULL },

    { ngx_string("token"),
      ngx_http_aidial_token_read,
      NULL },

    { ngx_string("introspection"),
      ngx_http_aidial_media_introspect,
      ngx_http_aidial_introspected },

    { ngx_string("records"),
      ngx_http_aidial_media_load,
      ngx_http_aidial_media_loaded },

    { ngx_string("site"),
      ngx_http_aidial_site_of_media,
      NULL },

    { ngx_string("rate"),
      ngx_http_aidial_rate_check,
      NULL },

    { ngx_string("grant"),
      ngx_http_aidial_token_check,
      NULL },

    { ngx_string("call fetch"),
      ngx_http_aidial_call_fetch,
      ngx_http_aidial_call_fetched },

    { ngx_string("tenant fetch"),
      ngx_http_aidial_tenant_fetch,
      ngx_http_aidial_tenant_fetched },

    { ngx_string("session after fetch"),
      ngx_http_aidial_session_again,
      ngx_http_aidial_introspected },

    { ngx_string("records after fetch"),
      ngx_http_aidial_media_again,
      ngx_http_aidial_media_loaded },

    { ngx_string("token after fetch"),
      ngx_http_aidial_token_check,
      NULL },

    { ngx_string("scope"),
      ngx_http_aidial_scope_check,
      NULL },

    { ngx_string("binding"),
      ngx_http_aidial_binding_check,
      NULL },

    { ngx_string("life"),
      ngx_http_aidial_life_check,
      NULL },

    { ngx_string("use"),
      ngx_http_aidial_use_check,
      NULL },

    { ngx_string("policy"),
      ngx_http_aidial_policy_check,
      NULL },

    { ngx_string("streams"),
      ngx_http_aidial_stream_take,
      ngx_http_aidial_stream_taken },

    { ngx_string("redemption"),
      ngx_http_aidial_redeem,
      ngx_http_aidial_redeemed },

    { ngx_null_string, NULL, NULL }
};


/* what may be withdrawn while the response runs, in the same order */

static const ngx_http_aidial_step_pt  ngx_http_aidial_media_standing[] = {
    ngx_http_aidial_media_loaded,
    ngx_http_aidial_session_ended,
    ngx_http_aidial_token_check,
    ngx_http_aidial_media_kept,
    ngx_http_aidial_scope_check,
    ngx_http_aidial_binding_check,
    ngx_http_aidial_policy_check,
    NULL
};


ngx_http_aidial_ctx_t *
ngx_http_aidial_media_begin(ngx_http_request_t *r)
{
    return ngx_http_aidial_ctx_create(r, ngx_http_aidial_media_steps);
}


ngx_int_t
ngx_http_aidial_media_access(ngx_http_request_t *r)
{
    ngx_int_t                          rc;
    ngx_http_aidial_ctx_t             *ctx;
    const ngx_http_aidial_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_aidial_recording_module);

    if (conf->role != NGX_HTTP_AIDIAL_MEDIA) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL || r->post_action) {
        return NGX_HTTP_NOT_FOUND;
    }

    /* an "if" block may have taken over since the flow began */

    ctx->conf = conf;

    rc = ngx_http_aidial_flow_run(ctx);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        ngx_http_aidial_audit_refused(ctx);

        return ngx_http_aidial_refuse_request(ctx, ctx->problem);
    }

    if (ngx_http_aidial_media_open(ctx) != NGX_OK) {
        return ngx_http_aidial_refuse_request(ctx,
                                              NGX_AIDIAL_SERVICE_UNAVAILABLE);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_media_judge_again(ngx_http_aidial_ctx_t *again)
{
    ngx_int_t                       rc;
    const ngx_http_aidial_step_pt  *step;

    again->call_known = 0;
    again->tenant_known = 0;
    again->reasons = 0;

    ngx_memzero(&again->tenant, sizeof(ngx_aidial_tenant_t));

    if (again->conf->call_fetch.len == 0) {
        ngx_memzero(&again->call, sizeof(ngx_aidial_call_t));
    }

    for (step = ngx_http_aidial_media_standing; *step; step++) {
        rc = (*step)(again);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/*
 * Where the portal is asked for what Redis does not have, a record that is
 * gone from Redis says nothing: the one that was judged before stands, and
 * the scope of the session that was read just now.
 */

static ngx_int_t
ngx_http_aidial_media_kept(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->conf->call_fetch.len == 0) {
        return NGX_OK;
    }

    if (!ctx->tenant_known
        && ngx_http_aidial_is_absent(ctx, NGX_AIDIAL_RECORD_TENANT)
        && ngx_http_aidial_is_absent(ctx, NGX_AIDIAL_RECORD_FETCHED_TENANT))
    {
        ctx->tenant = ctx->run->ctx->tenant;
    }

    if (!ctx->call_known
        && ngx_http_aidial_is_absent(ctx, NGX_AIDIAL_RECORD_CALL)
        && ngx_http_aidial_is_absent(ctx, NGX_AIDIAL_RECORD_FETCHED_CALL))
    {
        ctx->call_known = ngx_aidial_session_covers(&ctx->session, &ctx->call);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_aidial_is_absent(const ngx_http_aidial_ctx_t *ctx, ngx_uint_t record)
{
    return ngx_aidial_redis_op_record(ctx->op, record)->state
           == NGX_AIDIAL_RECORD_ABSENT;
}


static ngx_int_t
ngx_http_aidial_token_read(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_request_t           *r;
    ngx_http_aidial_main_conf_t  *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    rc = ngx_aidial_token_verify(r->pool, mcf->grant_keys, &ctx->token_text,
                                 &ctx->token);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_OK : rc;
    }

    if (ngx_http_aidial_grant_id(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->token_valid = 1;
    ctx->action = ctx->token.action;
    ctx->call_id = ctx->token.call;
    ctx->call_asked = ctx->token.call;

    return NGX_OK;
}


/* nor does a forged token cost the portal anything */

static ngx_int_t
ngx_http_aidial_media_introspect(ngx_http_aidial_ctx_t *ctx)
{
    return ctx->token_valid ? ngx_http_aidial_introspect(ctx) : NGX_OK;
}


static ngx_int_t
ngx_http_aidial_media_load(ngx_http_aidial_ctx_t *ctx)
{
    if (!ctx->token_valid) {
        return NGX_OK;
    }

    ngx_memzero(ctx->keys, sizeof(ctx->keys));

    if (ngx_http_aidial_media_keys(ctx, ctx->keys) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_aidial_records_wait(ctx, ctx->keys);
}


static ngx_int_t
ngx_http_aidial_media_again(ngx_http_aidial_ctx_t *ctx)
{
    return ctx->stale ? ngx_http_aidial_media_load(ctx) : NGX_OK;
}


static ngx_int_t
ngx_http_aidial_media_keys(ngx_http_aidial_ctx_t *ctx, ngx_str_t *keys)
{
    ngx_str_t                    *prefix;
    ngx_pool_t                   *pool;
    ngx_aidial_token_t           *token;
    ngx_http_aidial_main_conf_t  *mcf;

    pool = ctx->request->pool;
    token = &ctx->token;
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);
    prefix = &mcf->key_prefix;

    if (ngx_http_aidial_session_key(ctx, &keys[NGX_AIDIAL_RECORD_SESSION])
        != NGX_OK
        || ngx_aidial_key_call(pool, prefix, &token->call,
                               &keys[NGX_AIDIAL_RECORD_CALL])
           != NGX_OK
        || ngx_aidial_key_tenant(pool, prefix, &token->tenant,
                                 &keys[NGX_AIDIAL_RECORD_TENANT])
           != NGX_OK
        || ngx_aidial_key_revoked_before(pool, prefix, &token->tenant,
                                  &token->user,
                                  &keys[NGX_AIDIAL_RECORD_REVOKED_BEFORE])
           != NGX_OK
        || ngx_aidial_key_grant(pool, prefix, &token->tenant, token->id,
                                &keys[NGX_AIDIAL_RECORD_GRANT])
           != NGX_OK
        || ngx_http_aidial_fetched_keys(ctx, &token->tenant, keys) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_media_loaded(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_aidial_session_judge(ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_http_aidial_token_is_own(ctx)) {

        /*
         * The other records belong to somebody else: they are not read, and
         * the request is answered like one with a forged token.
         */

        ctx->token_valid = 0;
        return NGX_OK;
    }

    rc = ngx_http_aidial_revoked_judge(ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_aidial_call_judge(ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_aidial_grant_judge(ctx);

    rc = ngx_http_aidial_tenant_judge(ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_aidial_fetched_judge(ctx);
}


static ngx_uint_t
ngx_http_aidial_token_is_own(ngx_http_aidial_ctx_t *ctx)
{
    return ngx_aidial_same(&ctx->session.user, &ctx->token.user)
           && ngx_aidial_same(&ctx->session.tenant, &ctx->token.tenant);
}


/* a grant that was registered for something else was not registered */

static void
ngx_http_aidial_grant_judge(ngx_http_aidial_ctx_t *ctx)
{
    const ngx_aidial_record_t  *record;

    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_GRANT);

    ctx->grant_state = NGX_AIDIAL_GRANT_UNKNOWN;

    if (record->state == NGX_AIDIAL_RECORD_PRESENT
        && ngx_aidial_same(&record->text,
                           ngx_aidial_action_word(ctx->action)))
    {
        ctx->grant_state = ngx_aidial_redis_op_grant_state(ctx->op);
    }
}


static ngx_int_t
ngx_http_aidial_token_check(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->token_valid) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RECORDING_NOT_FOUND);
}


/* the call may have moved to another client or project since the grant */

static ngx_int_t
ngx_http_aidial_binding_check(ngx_http_aidial_ctx_t *ctx)
{
    u_char  scope[NGX_AIDIAL_SCOPE_LEN];

    if (ngx_aidial_token_scope(&ctx->call.client, &ctx->call.project, scope)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_memcmp(scope, ctx->token.scope, NGX_AIDIAL_SCOPE_LEN) != 0) {
        ngx_memzero(&ctx->call, sizeof(ngx_aidial_call_t));

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RECORDING_NOT_FOUND);
    }

    return NGX_OK;
}


/* the life bounds when a download may begin, not when it may be resumed */

static ngx_int_t
ngx_http_aidial_life_check(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->grant_state == NGX_AIDIAL_GRANT_UNKNOWN) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_GRANT_EXPIRED);
    }

    if (ctx->token.expires_at > ngx_time()) {
        return NGX_OK;
    }

    if (ctx->grant_state == NGX_AIDIAL_GRANT_REDEEMED
        && ngx_http_aidial_is_resume(ctx->request))
    {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_GRANT_EXPIRED);
}


/* a playback link opened as a page would make the browser save the file */

static ngx_int_t
ngx_http_aidial_use_check(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->action == NGX_AIDIAL_ACTION_PLAYBACK
        && ngx_http_aidial_is_navigation(ctx->request))
    {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_PLAYBACK_ONLY);
    }

    return NGX_OK;
}
