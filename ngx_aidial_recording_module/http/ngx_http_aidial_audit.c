
/*
 * What the audit trail is told of a request.
 */


#include "ngx_http_aidial_delivery.h"


/* what the request may have of its own is copied: these are its lengths */

#define NGX_HTTP_AIDIAL_AGENT_MAX  256
#define NGX_HTTP_AIDIAL_ADDR_MAX   64


static ngx_int_t ngx_http_aidial_audit_session(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *digest);
static ngx_int_t ngx_http_aidial_audit_client(ngx_http_request_t *r,
    const ngx_str_t *text, size_t max, ngx_str_t *field);
static void ngx_http_aidial_audit_request_id(ngx_http_request_t *r,
    ngx_str_t *id);


ngx_int_t
ngx_http_aidial_facts(ngx_http_aidial_ctx_t *ctx,
    ngx_http_aidial_facts_t *facts)
{
    ngx_str_t                    *prefix, *field;
    ngx_pool_t                   *pool;
    ngx_http_request_t           *r;
    ngx_http_aidial_main_conf_t  *mcf;

    r = ctx->request;
    pool = r->pool;
    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);
    prefix = &mcf->key_prefix;

    ngx_memzero(facts, sizeof(ngx_http_aidial_facts_t));

    field = facts->audit.fields;

    facts->keys.grant = ctx->keys[NGX_AIDIAL_RECORD_GRANT];

    field[NGX_AIDIAL_AUDIT_USER] = ctx->session.user;
    field[NGX_AIDIAL_AUDIT_ROLE] = *ngx_aidial_role_word(ctx->session.role);
    field[NGX_AIDIAL_AUDIT_TENANT] = ctx->session.tenant;
    field[NGX_AIDIAL_AUDIT_CLIENT] = ctx->session.client;
    field[NGX_AIDIAL_AUDIT_ACTION] = *ngx_aidial_action_word(ctx->action);
    field[NGX_AIDIAL_AUDIT_EDGE] = ngx_cycle->hostname;

    if (ctx->call_known) {

        /* of a call out of scope nothing is said but what was asked for */

        field[NGX_AIDIAL_AUDIT_PROJECT] = ctx->call.project;
    }

    ngx_http_aidial_audit_request_id(r, &field[NGX_AIDIAL_AUDIT_REQUEST_ID]);

    if (ngx_aidial_key_rate(pool, prefix, &ctx->session.tenant,
                            &ctx->session.user, &facts->keys.rate)
        != NGX_OK
        || ngx_aidial_key_audit(pool, prefix, &ctx->session.tenant,
                                &facts->keys.audit)
           != NGX_OK
        || ngx_http_aidial_audit_session(ctx,
                                         &field[NGX_AIDIAL_AUDIT_SESSION])
           != NGX_OK
        || ngx_http_aidial_audit_client(r, &ctx->call_asked,
                                        NGX_AIDIAL_ID_MAX,
                                        &field[NGX_AIDIAL_AUDIT_CALL])
           != NGX_OK
        || ngx_http_aidial_audit_client(r, &r->connection->addr_text,
                                        NGX_HTTP_AIDIAL_ADDR_MAX,
                                        &field[NGX_AIDIAL_AUDIT_REMOTE_ADDR])
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->headers_in.user_agent == NULL) {
        return NGX_OK;
    }

    return ngx_http_aidial_audit_client(r, &r->headers_in.user_agent->value,
                                        NGX_HTTP_AIDIAL_AGENT_MAX,
                                        &field[NGX_AIDIAL_AUDIT_USER_AGENT]);
}


ngx_int_t
ngx_http_aidial_facts_decision(ngx_http_aidial_ctx_t *ctx,
    ngx_http_aidial_facts_t *facts, ngx_aidial_problem_e problem)
{
    u_char     *p;
    ngx_str_t  *field;

    static ngx_str_t  allowed = ngx_string("allowed");

    field = facts->audit.fields;

    field[NGX_AIDIAL_AUDIT_DECISION] =
        problem == NGX_AIDIAL_PROBLEM_NONE ? allowed
                                           : ngx_aidial_problem(problem)->code;

    if (problem != NGX_AIDIAL_RECORDING_BLOCKED) {
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, NGX_AIDIAL_REASONS_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    field[NGX_AIDIAL_AUDIT_REASONS].data = p;
    field[NGX_AIDIAL_AUDIT_REASONS].len =
        ngx_aidial_reasons_text(p, ctx->reasons, "") - p;

    return NGX_OK;
}


/*
 * A media request that was refused, if it is known whose it is.  Nobody waits
 * for it.
 */

void
ngx_http_aidial_audit_refused(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_aidial_facts_t  facts;

    if (ctx->session.user.len == 0
        || ctx->problem == NGX_AIDIAL_SERVICE_UNAVAILABLE)
    {
        return;
    }

    if (ngx_http_aidial_facts(ctx, &facts) != NGX_OK
        || ngx_http_aidial_facts_decision(ctx, &facts, ctx->problem) != NGX_OK)
    {
        return;
    }

    /* of a link that was passed on as well: it says which one it is */

    facts.audit.fields[NGX_AIDIAL_AUDIT_GRANT] = ctx->grant_id;

    ngx_http_aidial_count_add(NGX_HTTP_AIDIAL_MEDIA_REFUSED, 0, &facts);
}


/*
 * The key is the one that signed the grant: all edges have it, and it stays
 * the same for a grant when keys are rotated.
 */

static ngx_int_t
ngx_http_aidial_audit_session(ngx_http_aidial_ctx_t *ctx, ngx_str_t *digest)
{
    const ngx_aidial_key_t       *key;
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_aidial_recording_module);
    key = ctx->token.key ? ctx->token.key : mcf->grant_keys->elts;

    digest->data = ngx_pnalloc(ctx->request->pool,
                               NGX_AIDIAL_AUDIT_SESSION_LEN);
    if (digest->data == NULL) {
        return NGX_ERROR;
    }

    digest->len = NGX_AIDIAL_AUDIT_SESSION_LEN;

    return ngx_aidial_audit_session(&key->secret, &ctx->sid, digest->data);
}


static ngx_int_t
ngx_http_aidial_audit_client(ngx_http_request_t *r, const ngx_str_t *text,
    size_t max, ngx_str_t *field)
{
    max = ngx_min(max, text->len);

    field->data = ngx_pnalloc(r->pool, max + 1);
    if (field->data == NULL) {
        return NGX_ERROR;
    }

    field->len = ngx_aidial_audit_text(field->data, max, text);

    return NGX_OK;
}


/* $request_id: the same that the access log has */

static void
ngx_http_aidial_audit_request_id(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_http_variable_value_t    *v;
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    v = ngx_http_get_indexed_variable(r, mcf->request_id);

    if (v && !v->not_found) {
        id->data = v->data;
        id->len = v->len;
    }
}
