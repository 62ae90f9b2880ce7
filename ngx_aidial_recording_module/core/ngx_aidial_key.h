
/*
 * Every name of a Redis key, from one table.  Nobody else spells one.
 */


#ifndef _NGX_AIDIAL_KEY_H_INCLUDED_
#define _NGX_AIDIAL_KEY_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_token.h"


/*
 * The session key is the operator's template: {prefix}, {sid} and {sha256}
 * (64 lower-case hex digits of the SHA-256 of the sid) are replaced.
 * NGX_OK when the template is sound (has {sid} or {sha256} and no other
 * "{" or "}"), NGX_ERROR otherwise.
 */

ngx_int_t ngx_aidial_key_template_check(const ngx_str_t *template);

/* all return NGX_OK, or NGX_ERROR without memory (or when OpenSSL fails) */

ngx_int_t ngx_aidial_key_session(ngx_pool_t *pool, const ngx_str_t *template,
    const ngx_str_t *prefix, const ngx_str_t *sid, ngx_str_t *key);
ngx_int_t ngx_aidial_key_revoked(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *sid, ngx_str_t *key);
ngx_int_t ngx_aidial_key_revoked_before(ngx_pool_t *pool,
    const ngx_str_t *prefix, const ngx_str_t *tenant, const ngx_str_t *user,
    ngx_str_t *key);
ngx_int_t ngx_aidial_key_call(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *call, ngx_str_t *key);
ngx_int_t ngx_aidial_key_tenant(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, ngx_str_t *key);

/* the grant id appears as 32 lower-case hex digits */

ngx_int_t ngx_aidial_key_grant(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const u_char id[NGX_AIDIAL_GRANT_ID_LEN],
    ngx_str_t *key);

/*
 * A record that the portal was asked for in the name of a tenant: of the call,
 * or of the tenant itself when "call" is NULL.  "claim" is 1 for the key that
 * says who is asking.  For what holds for one scope only, "call" is
 * "<scope>/<id>": a slash is in no identifier.
 */

ngx_int_t ngx_aidial_key_fetched(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const ngx_str_t *call, ngx_uint_t claim,
    ngx_str_t *key);

/* what one user asked for, and the audit stream of a tenant */

ngx_int_t ngx_aidial_key_rate(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const ngx_str_t *user, ngx_str_t *key);
ngx_int_t ngx_aidial_key_audit(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, ngx_str_t *key);


#endif /* _NGX_AIDIAL_KEY_H_INCLUDED_ */
