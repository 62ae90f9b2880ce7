
/*
 * The status endpoint: what this user may do with the recording of a call.
 */


#include "ngx_http_aidial.h"


static const ngx_http_aidial_step_t  ngx_http_aidial_status_steps[] = {

    /*  name        asks                        judges the answer          */

    { ngx_string("method"),
      ngx_http_aidial_method_read,
      NULL },

    { ngx_string("cookie"),
      ngx_http_aidial_cookie_check,
      NULL },

    { ngx_string("introspection"),
      ngx_http_aidial_introspect,
      ngx_http_aidial_introspected },

    { ngx_string("identity"),
      ngx_http_aidial_identity_load,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing"),
      ngx_http_aidial_standing_load,
      ngx_http_aidial_standing_loaded },

    { ngx_string("rate"),
      ngx_http_aidial_rate_check,
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

    { ngx_string("identity after fetch"),
      ngx_http_aidial_identity_again,
      ngx_http_aidial_identity_loaded },

    { ngx_string("standing after fetch"),
      ngx_http_aidial_standing_again,
      ngx_http_aidial_standing_loaded },

    { ngx_string("scope"),
      ngx_http_aidial_scope_check,
      NULL },

    { ngx_null_string, NULL, NULL }
};


ngx_int_t
ngx_http_aidial_status_handler(ngx_http_request_t *r)
{
    return ngx_http_aidial_content_begin(r, ngx_http_aidial_status_steps);
}
