
/*
 * Whose session it is: from the cookie to a session that stands.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_cookie_value(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_aidial_jwt_check(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *token);
static void ngx_http_aidial_session_times(ngx_http_aidial_ctx_t *ctx);


ngx_int_t
ngx_http_aidial_cookie_check(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                          rc;
    ngx_str_t                          value;
    const ngx_http_aidial_loc_conf_t  *conf;

    conf = ctx->conf;

    rc = ngx_http_aidial_cookie_value(ctx, &value);

    if (rc != NGX_OK) {
        goto done;
    }

    if (conf->introspect.len) {

        /* only the portal knows what it means; the audit has its digest */

        ctx->sid = value;
        rc = (value.len && value.len <= NGX_AIDIAL_COOKIE_MAX) ? NGX_OK
                                                               : NGX_DECLINED;
        goto done;
    }

    switch (conf->session_format) {

    case NGX_HTTP_AIDIAL_SIGNED:
        rc = ngx_aidial_cookie_signed(ctx->request->pool, &value,
                                      &conf->session_prefix,
                                      conf->session_secrets,
                                      conf->session_padded, &ctx->sid);
        break;

    case NGX_HTTP_AIDIAL_JWT:
        rc = ngx_http_aidial_jwt_check(ctx, &value);
        break;

    default: /* NGX_HTTP_AIDIAL_OPAQUE */
        rc = ngx_aidial_cookie_opaque(&value, &ctx->sid);
    }

done:

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


/* the signature and the times of a token, before anything is asked */

static ngx_int_t
ngx_http_aidial_jwt_check(ngx_http_aidial_ctx_t *ctx, const ngx_str_t *token)
{
    ngx_int_t          rc;
    const char        *why;
    ngx_aidial_jwt_t   jwt;

    rc = ngx_aidial_jwt_verify(ctx->request->pool, ctx->conf->session_jwt,
                               token, ngx_time(), &jwt, &why);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                      "aidial: session_required: the session token is "
                      "refused: %*s", ngx_strlen(why), why);
    }

    if (rc == NGX_OK) {
        ctx->sid = jwt.sid;
        ctx->claims = jwt.claims;
        ctx->issued_at = jwt.issued_at;
        ctx->claims_end = jwt.expires_at;
    }

    return rc;
}


ngx_int_t
ngx_http_aidial_session_key(ngx_http_aidial_ctx_t *ctx, ngx_str_t *key)
{
    ngx_http_request_t           *r;
    ngx_http_aidial_main_conf_t  *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    if (ctx->conf->introspect.len) {
        ngx_str_null(key);
        return NGX_OK;
    }

    if (ctx->conf->session_format == NGX_HTTP_AIDIAL_JWT) {
        return ngx_aidial_key_revoked(r->pool, &mcf->key_prefix, &ctx->sid,
                                      key);
    }

    return ngx_aidial_key_session(r->pool, &ctx->conf->session_key,
                                  &mcf->key_prefix, &ctx->sid, key);
}


ngx_int_t
ngx_http_aidial_session_judge(ngx_http_aidial_ctx_t *ctx)
{
    const ngx_aidial_record_t  *record;

    if (ctx->conf->introspect.len) {

        /* judged when the portal had answered */

        return NGX_OK;
    }

    record = ngx_aidial_redis_op_record(ctx->op, NGX_AIDIAL_RECORD_SESSION);

    if (ctx->conf->session_format == NGX_HTTP_AIDIAL_JWT) {

        /* whatever stands under the key that ends a token ends it */

        if (record->state == NGX_AIDIAL_RECORD_ABSENT) {
            return ngx_http_aidial_session_read(ctx, &ctx->claims);
        }

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }

    switch (record->state) {

    case NGX_AIDIAL_RECORD_PRESENT:
        return ngx_http_aidial_session_read(ctx, &record->text);

    case NGX_AIDIAL_RECORD_UNUSABLE:
        ngx_http_aidial_session_unusable(ctx, NGX_HTTP_AIDIAL_WRONG_TYPE);

        /* fall through */

    default:
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
    }
}


ngx_int_t
ngx_http_aidial_session_read(ngx_http_aidial_ctx_t *ctx, const ngx_str_t *text)
{
    ngx_int_t    rc;
    const char  *why;

    rc = ngx_aidial_session_recall(ctx->pool, &ctx->conf->session_map,
                                   &ctx->sid, text, ngx_time(), &ctx->session,
                                   &why);

    if (rc == NGX_OK) {
        ngx_http_aidial_session_times(ctx);

        return ngx_http_aidial_session_ended(ctx);
    }

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
ngx_http_aidial_session_ended(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->session.expires_at == -1
        || ctx->session.expires_at > ngx_time())
    {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_SESSION_REQUIRED);
}


/*
 * A token says by "exp" when it ends, whatever else says so; and by "iat" when
 * it began, unless the operator has named a claim of the portal's for it.
 */

static void
ngx_http_aidial_session_times(ngx_http_aidial_ctx_t *ctx)
{
    ngx_str_t                  standard;
    const ngx_aidial_field_t  *field;

    field = &ctx->conf->session_map.fields[NGX_AIDIAL_FIELD_CREATED_AT];
    standard = ngx_aidial_session_pointer(NGX_AIDIAL_FIELD_CREATED_AT);

    if (ctx->claims.len == 0) {
        return;
    }

    if (ctx->session.expires_at == -1
        || ctx->session.expires_at > ctx->claims_end)
    {
        ctx->session.expires_at = ctx->claims_end;
    }

    if (ctx->session.created_at == -1
        && ngx_aidial_same(&field->pointer, &standard))
    {
        ctx->session.created_at = ctx->issued_at;
    }
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
        why = NGX_HTTP_AIDIAL_WRONG_TYPE;

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


/* the session id is a secret: the log names the first octets of its SHA-256 */

void
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
