
/*
 * The grant endpoint: a signed-in user asks for a short-lived link.
 *
 * The records are read before the body, so that nobody who is not signed in is
 * waited for.  A body that takes its time makes them old: then they are read
 * again, and what they say now is judged.
 *
 * "issue" is one script for all that Redis has to do: it counts the request,
 * enters it, and registers the grant.  So it has to know what "scope" and
 * "policy" are going to say, and it runs whatever they say: a request over the
 * rate is answered alike for any call.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_method_post(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_body_read(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_body_limit(ngx_http_request_t *r);
static ngx_uint_t ngx_http_aidial_body_is_json(ngx_http_request_t *r);
static void ngx_http_aidial_body_arrived(ngx_http_request_t *r);
static ngx_int_t ngx_http_aidial_body_check(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_body_text(ngx_http_request_t *r,
    ngx_str_t *text);
static ngx_int_t ngx_http_aidial_identity_reload(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_standing_reload(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_issue(ngx_http_aidial_ctx_t *ctx);
static ngx_aidial_problem_e ngx_http_aidial_grant_verdict(
    ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_name(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_make(ngx_http_aidial_ctx_t *ctx);
static ngx_int_t ngx_http_aidial_grant_issued(ngx_http_aidial_ctx_t *ctx);


static const ngx_http_aidial_step_t  ngx_http_aidial_grant_steps[] = {

    /*  name        asks                        judges the answer          */

    { ngx_string("method"),
      ngx_http_aidial_method_post,
      NULL },

    { ngx_string("cookie"),
      ngx_http_aidial_cookie_check,
      NULL },

    { ngx_string("identity"),
      ngx_http_aidial_identity_load,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing"),
      ngx_http_aidial_standing_load,
      ngx_http_aidial_standing_loaded },

    { ngx_string("site"),
      ngx_http_aidial_site_of_grant,
      NULL },

    { ngx_string("body"),
      ngx_http_aidial_body_read,
      ngx_http_aidial_body_check },

    { ngx_string("identity again"),
      ngx_http_aidial_identity_reload,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing again"),
      ngx_http_aidial_standing_reload,
      ngx_http_aidial_standing_loaded },

    { ngx_string("issue"),
      ngx_http_aidial_grant_issue,
      ngx_http_aidial_grant_issued },

    { ngx_string("scope"),
      ngx_http_aidial_scope_check,
      NULL },

    { ngx_string("policy"),
      ngx_http_aidial_policy_check,
      NULL },

    { ngx_null_string, NULL, NULL }
};


ngx_int_t
ngx_http_aidial_grant_handler(ngx_http_request_t *r)
{
    return ngx_http_aidial_content_begin(r, ngx_http_aidial_grant_steps);
}


static ngx_int_t
ngx_http_aidial_method_post(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->request->method == NGX_HTTP_POST) {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_METHOD_NOT_ALLOWED);
}


static ngx_int_t
ngx_http_aidial_body_read(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!ngx_http_aidial_body_is_json(r)) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_UNSUPPORTED_MEDIA_TYPE);
    }

    if (r->headers_in.content_length_n > NGX_AIDIAL_BODY_MAX) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_REQUEST_TOO_LARGE);
    }

    if (ngx_http_aidial_body_limit(r) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->asked_at = ngx_current_msec;

    rc = ngx_http_read_client_request_body(r, ngx_http_aidial_body_arrived);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        r->keepalive = 0;

        return ngx_http_aidial_refuse(ctx, ngx_http_aidial_body_problem(rc));
    }

    /* rc == NGX_OK || rc == NGX_AGAIN: the reader has taken a count of its
       own, but the flow's is enough to hold the request */

    r->main->count--;

    if (rc == NGX_OK) {
        return ngx_http_aidial_body_check(ctx);
    }

    /* what nginx finds wrong with the rest of the body is our answer too */

    ctx->reading = 1;
    r->error_page = 1;

    return NGX_AGAIN;
}


/*
 * A body of unknown length is bounded by nginx while it is read, but with the
 * client_max_body_size of the location: this request gets our own.
 */

static ngx_int_t
ngx_http_aidial_body_limit(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t  *clcf, *own;

    if (r->headers_in.content_length_n >= 0) {
        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    own = ngx_palloc(r->pool, sizeof(ngx_http_core_loc_conf_t));
    if (own == NULL) {
        return NGX_ERROR;
    }

    *own = *clcf;
    own->client_max_body_size = NGX_AIDIAL_BODY_MAX;

    if (ngx_http_aidial_loc_conf_copy(r) != NGX_OK) {
        return NGX_ERROR;
    }

    r->loc_conf[ngx_http_core_module.ctx_index] = own;

    return NGX_OK;
}


/* what a status of nginx's body reader is called on this endpoint */

ngx_aidial_problem_e
ngx_http_aidial_body_problem(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
        return NGX_AIDIAL_INVALID_REQUEST;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return NGX_AIDIAL_REQUEST_TOO_LARGE;

    default:
        return NGX_AIDIAL_SERVICE_UNAVAILABLE;
    }
}


/* application/json, with or without parameters */

static ngx_uint_t
ngx_http_aidial_body_is_json(ngx_http_request_t *r)
{
    u_char     *p, *last;
    ngx_str_t  *type;

    static ngx_str_t  json = ngx_string("application/json");

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    type = &r->headers_in.content_type->value;

    if (type->len < json.len
        || ngx_strncasecmp(type->data, json.data, json.len) != 0)
    {
        return 0;
    }

    p = type->data + json.len;
    last = type->data + type->len;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p == last || *p == ';';
}


static void
ngx_http_aidial_body_arrived(ngx_http_request_t *r)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    ctx->reading = 0;

    if (ctx->starting) {
        return;
    }

    ngx_http_aidial_flow_resume(ctx);
}


static ngx_int_t
ngx_http_aidial_body_check(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t             rc;
    ngx_str_t             text;
    ngx_aidial_problem_e  problem;

    rc = ngx_http_aidial_body_text(ctx->request, &text);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_REQUEST_TOO_LARGE);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_ask_parse(&text, &ctx->action, &problem);

    if (rc == NGX_DECLINED) {
        return ngx_http_aidial_refuse(ctx, problem);
    }

    return rc;
}


/*
 * The body as one string; NGX_DECLINED: over the limit.  Part of it may be in
 * a file when client_body_buffer_size is smaller than our limit.
 */

static ngx_int_t
ngx_http_aidial_body_text(ngx_http_request_t *r, ngx_str_t *text)
{
    off_t         len;
    size_t        size;
    u_char       *p;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_str_null(text);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
    }

    if (len > NGX_AIDIAL_BODY_MAX) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(r->pool, (size_t) len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = (size_t) len;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        b = cl->buf;
        size = (size_t) ngx_buf_size(b);

        if (size == 0) {

            /* what ends a chunked or empty body is a buffer of nothing */

            continue;
        }

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, size);
            continue;
        }

        if (ngx_read_file(b->file, p, size, b->file_pos) != (ssize_t) size) {
            return NGX_ERROR;
        }

        p += size;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_identity_reload(ngx_http_aidial_ctx_t *ctx)
{
    ctx->stale = (ngx_current_msec - ctx->asked_at
                  > NGX_HTTP_AIDIAL_RECORDS_LIFE);

    if (!ctx->stale) {
        return NGX_OK;
    }

    ctx->call_known = 0;
    ngx_memzero(&ctx->call, sizeof(ngx_aidial_call_t));
    ngx_memzero(&ctx->tenant, sizeof(ngx_aidial_tenant_t));
    ngx_memzero(&ctx->session, sizeof(ngx_aidial_session_t));

    return ngx_http_aidial_identity_load(ctx);
}


static ngx_int_t
ngx_http_aidial_standing_reload(ngx_http_aidial_ctx_t *ctx)
{
    return ctx->stale ? ngx_http_aidial_standing_load(ctx) : NGX_OK;
}


static ngx_int_t
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
    issue.interval = mcf->grant_interval;
    issue.burst = mcf->grant_burst;

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
    u_char                       *p;
    ngx_pool_t                   *pool;
    ngx_aidial_token_t           *token;
    ngx_http_aidial_main_conf_t  *mcf;

    pool = ctx->request->pool;
    token = &ctx->token;
    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);

    p = ngx_pnalloc(pool, 2 * NGX_AIDIAL_GRANT_ID_LEN);

    if (p == NULL
        || ngx_aidial_random(token->id, NGX_AIDIAL_GRANT_ID_LEN) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->grant_id.data = p;
    ctx->grant_id.len = ngx_hex_dump(p, token->id, NGX_AIDIAL_GRANT_ID_LEN)
                        - p;

    return ngx_aidial_key_grant(pool, &mcf->key_prefix, &ctx->session.tenant,
                                token->id, &ctx->grant_key);
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


static ngx_int_t
ngx_http_aidial_grant_issued(ngx_http_aidial_ctx_t *ctx)
{
    int64_t                  wait;
    ngx_http_aidial_facts_t  facts;

    switch (ngx_aidial_redis_op_code(ctx->op)) {

    case NGX_AIDIAL_ISSUE_ENTERED:
        return NGX_OK;

    case NGX_AIDIAL_ISSUE_LIMITED:
        wait = ngx_aidial_redis_op_number(ctx->op);

        /* rounded up: who waits that long is let in */

        ctx->retry_after = (wait + 999999) / 1000000;

        ngx_str_null(&ctx->grant_id);

        if (ngx_http_aidial_facts(ctx, &facts) == NGX_OK
            && ngx_http_aidial_facts_decision(ctx, &facts,
                                              NGX_AIDIAL_RATE_LIMITED)
               == NGX_OK)
        {
            ngx_http_aidial_count_add(NGX_HTTP_AIDIAL_GRANT_LIMITED, 1,
                                      &facts);
        }

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RATE_LIMITED);

    default: /* NGX_AIDIAL_ISSUE_TAKEN */
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "aidial: a grant is not issued, Redis has a key of its "
                      "name already");
        return NGX_ERROR;
    }
}
