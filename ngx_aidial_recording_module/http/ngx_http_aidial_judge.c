
/*
 * Steps and judgements that several flows share: who asks, whether the
 * session stands, whether the call is theirs, what the policy says.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_cookie_value(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *value);
static void ngx_http_aidial_session_unusable(ngx_http_aidial_ctx_t *ctx,
    const char *why);
static ngx_int_t ngx_http_aidial_unusable(ngx_http_aidial_ctx_t *ctx,
    const char *record, const ngx_str_t *id, const char *why);


static const char  ngx_http_aidial_wrong_type[] =
    "it is of the wrong type or over 64 KiB";


ngx_int_t
ngx_http_aidial_method_read(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->request->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_METHOD_NOT_ALLOWED);
}


/* the cookie, and its signature, before anything is asked of Redis */

ngx_int_t
ngx_http_aidial_cookie_check(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                          rc;
    ngx_str_t                          value;
    const ngx_http_aidial_loc_conf_t  *conf;

    conf = ctx->conf;

    rc = ngx_http_aidial_cookie_value(ctx, &value);

    if (rc == NGX_OK && conf->session_format == NGX_HTTP_AIDIAL_SIGNED) {
        rc = ngx_aidial_cookie_signed(ctx->request->pool, &value,
                                      &conf->session_prefix,
                                      conf->session_secrets,
                                      conf->session_padded, &ctx->sid);

    } else if (rc == NGX_OK) {
        rc = ngx_aidial_cookie_opaque(&value, &ctx->sid);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    return rc;
}


static ngx_int_t
ngx_http_aidial_cookie_value(ngx_http_aidial_ctx_t *ctx, ngx_str_t *value)
{
    const ngx_str_t  *name;

    name = &ctx->conf->session_cookie;
    ngx_str_null(value);

#if (nginx_version >= 1023000)
    {
    ngx_table_elt_t  *h;

    for (h = ctx->request->headers_in.cookie; h; h = h->next) {
        if (ngx_aidial_cookie_find(&h->value, name, value) != NGX_OK) {
            return NGX_DECLINED;
        }
    }
    }
#else
    {
    ngx_uint_t         i;
    ngx_table_elt_t  **h;

    h = ctx->request->headers_in.cookies.elts;

    for (i = 0; i < ctx->request->headers_in.cookies.nelts; i++) {
        if (ngx_aidial_cookie_find(&h[i]->value, name, value) != NGX_OK) {
            return NGX_DECLINED;
        }
    }
    }
#endif

    return value->data ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_aidial_session_key(ngx_http_aidial_ctx_t *ctx, ngx_str_t *key)
{
    ngx_http_request_t           *r;
    ngx_http_aidial_main_conf_t  *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    return ngx_aidial_key_session(r->pool, &ctx->conf->session_key,
                                  &mcf->key_prefix, &ctx->sid, key);
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

    return ngx_http_aidial_tenant_judge(ctx);
}


ngx_int_t
ngx_http_aidial_session_judge(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                   rc;
    const char                 *why;
    ngx_http_request_t         *r;
    const ngx_aidial_record_t  *record;

    r = ctx->request;
    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_SESSION);

    switch (record->state) {

    case NGX_AIDIAL_RECORD_PRESENT:
        break;

    case NGX_AIDIAL_RECORD_UNUSABLE:
        ngx_http_aidial_session_unusable(ctx, ngx_http_aidial_wrong_type);

        /* fall through */

    default:
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    rc = ngx_aidial_session_parse(r->pool, &ctx->conf->session_map,
                                  &record->text, ngx_time(), &ctx->session,
                                  &why);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    /* what a record that is not believed says must not show up anywhere */

    ngx_memzero(&ctx->session, sizeof(ngx_aidial_session_t));

    if (ngx_strcmp(why, NGX_AIDIAL_SESSION_EXPIRED) != 0) {
        ngx_http_aidial_session_unusable(ctx, why);
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
}


ngx_int_t
ngx_http_aidial_revoked_judge(ngx_http_aidial_ctx_t *ctx)
{
    int64_t                     seconds;
    const char                 *why;
    const ngx_aidial_record_t  *record;

    record = ngx_aidial_redis_op_record(ctx->op,
                                        NGX_AIDIAL_RECORD_REVOKED_BEFORE);

    if (record->state == NGX_AIDIAL_RECORD_ABSENT) {
        return NGX_OK;
    }

    why = NULL;

    if (record->state == NGX_AIDIAL_RECORD_UNUSABLE) {
        why = ngx_http_aidial_wrong_type;

    } else if (ngx_aidial_revoked_before(&record->text, &seconds) != NGX_OK) {
        why = "it is no time in seconds";
    }

    if (why) {

        /* somebody meant to end sessions: all of them end */

        (void) ngx_http_aidial_unusable(ctx, "revoked-before",
                                        &ctx->session.user, why);

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    if (ngx_aidial_session_revoked(&ctx->session, &record->text)) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_call_judge(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                   rc;
    const char                 *why;
    const ngx_aidial_record_t  *record;

    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_CALL);

    if (record->state == NGX_AIDIAL_RECORD_ABSENT) {
        return NGX_OK;
    }

    if (record->state == NGX_AIDIAL_RECORD_UNUSABLE) {
        return ngx_http_aidial_unusable(ctx, "call", &ctx->call_id,
                                        ngx_http_aidial_wrong_type);
    }

    rc = ngx_aidial_call_parse(ctx->request->pool, &record->text,
                               &ctx->call_id, &ctx->call, &why);

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
    ngx_int_t                   rc;
    const char                 *why;
    const ngx_aidial_record_t  *record;

    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_TENANT);

    if (record->state == NGX_AIDIAL_RECORD_ABSENT) {
        return NGX_OK;
    }

    if (record->state == NGX_AIDIAL_RECORD_UNUSABLE) {
        return ngx_http_aidial_unusable(ctx, "tenant", &ctx->session.tenant,
                                        ngx_http_aidial_wrong_type);
    }

    rc = ngx_aidial_tenant_parse(&record->text, &ctx->tenant, &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_unusable(ctx, "tenant", &ctx->session.tenant,
                                        why);
    }

    return rc;
}


/* the session id is a secret: the log names the first octets of its SHA-256 */

static void
ngx_http_aidial_session_unusable(ngx_http_aidial_ctx_t *ctx, const char *why)
{
    u_char     digest[NGX_AIDIAL_SHA256_LEN];
    u_char     text[sizeof("sha256:") - 1 + 8];
    ngx_str_t  id;

    if (ngx_aidial_sha256(&ctx->sid, digest) != NGX_OK) {
        ngx_memzero(digest, sizeof(digest));
    }

    id.data = text;
    id.len = sizeof(text);

    (void) ngx_hex_dump(ngx_cpymem(text, "sha256:", sizeof("sha256:") - 1),
                        digest, 4);

    (void) ngx_http_aidial_unusable(ctx, "session", &id, why);
}


/* says which record cannot be used and why; it then counts as absent */

static ngx_int_t
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
