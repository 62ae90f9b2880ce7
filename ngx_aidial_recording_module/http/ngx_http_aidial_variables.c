
/*
 * $aidial_recording_*: what is known of the request, for logs and for the
 * operator's own directives.  Empty where unknown.  Not cacheable: most of
 * them are unknown until the request is judged.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_variable_string(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t offset);
static ngx_int_t ngx_http_aidial_variable_role(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_aidial_variable_action(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_aidial_variable_decision(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_aidial_variable_reasons(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_aidial_variable_object(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_aidial_variable_set(ngx_http_variable_value_t *v,
    const ngx_str_t *text);


#define ngx_http_aidial_field(field)                                          \
    ngx_http_aidial_variable_string, offsetof(ngx_http_aidial_ctx_t, field)


static ngx_http_variable_t  ngx_http_aidial_variables[] = {

    { ngx_string("aidial_recording_user"), NULL,
      ngx_http_aidial_field(session.user),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_role"), NULL,
      ngx_http_aidial_variable_role, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_tenant"), NULL,
      ngx_http_aidial_field(session.tenant),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_client"), NULL,
      ngx_http_aidial_field(session.client),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_project"), NULL,
      ngx_http_aidial_field(call.project),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_call"), NULL,
      ngx_http_aidial_field(call_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_action"), NULL,
      ngx_http_aidial_variable_action, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_grant"), NULL,
      ngx_http_aidial_field(grant_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_decision"), NULL,
      ngx_http_aidial_variable_decision, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_reasons"), NULL,
      ngx_http_aidial_variable_reasons, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_object"), NULL,
      ngx_http_aidial_variable_object, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_content_type"), NULL,
      ngx_http_aidial_field(call.content_type),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("aidial_recording_filename"), NULL,
      ngx_http_aidial_field(call.filename),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_aidial_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *v, *var;

    for (v = ngx_http_aidial_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_variable_set(ngx_http_variable_value_t *v,
    const ngx_str_t *text)
{
    if (text == NULL || text->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = text->len;
    v->data = text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_variable_string(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t offset)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    return ngx_http_aidial_variable_set(v, ctx ? (ngx_str_t *)
                                                 ((char *) ctx + offset)
                                               : NULL);
}


static ngx_int_t
ngx_http_aidial_variable_role(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    return ngx_http_aidial_variable_set(v,
               ctx ? ngx_aidial_role_word(ctx->session.role) : NULL);
}


static ngx_int_t
ngx_http_aidial_variable_action(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    return ngx_http_aidial_variable_set(v,
               ctx ? ngx_aidial_action_word(ctx->action) : NULL);
}


static ngx_int_t
ngx_http_aidial_variable_decision(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_aidial_ctx_t  *ctx;

    static const ngx_str_t  allowed = ngx_string("allowed");

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL || ctx->decision == NGX_HTTP_AIDIAL_UNDECIDED) {
        return ngx_http_aidial_variable_set(v, NULL);
    }

    if (ctx->decision == NGX_HTTP_AIDIAL_ALLOWED) {
        return ngx_http_aidial_variable_set(v, &allowed);
    }

    return ngx_http_aidial_variable_set(v,
                                        &ngx_aidial_problem(ctx->problem)
                                             ->code);
}


static ngx_int_t
ngx_http_aidial_variable_reasons(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                 *p;
    ngx_str_t               text;
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    if (ctx == NULL || ctx->reasons == 0) {
        return ngx_http_aidial_variable_set(v, NULL);
    }

    p = ngx_pnalloc(r->pool, NGX_AIDIAL_REASONS_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text.data = p;
    text.len = ngx_aidial_reasons_text(p, ctx->reasons, "") - p;

    return ngx_http_aidial_variable_set(v, &text);
}


static ngx_int_t
ngx_http_aidial_variable_object(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_aidial_ctx_t  *ctx;

    ctx = ngx_http_aidial_ctx(r);

    return ngx_http_aidial_variable_set(v,
               ctx && ctx->serving ? &ctx->object : NULL);
}
