
/*
 * From the Cookie header to the session id.
 */


#ifndef _NGX_AIDIAL_COOKIE_H_INCLUDED_
#define _NGX_AIDIAL_COOKIE_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_hmac.h"


/*
 * Looks for the cookie "name" in one Cookie header line: pairs are split at
 * ";" only, blanks around name and value are trimmed, the name is compared
 * octet by octet.  Call it for each line with the same "value", which starts
 * as { 0, NULL }; data stays NULL until the name is seen (an empty value has
 * len 0 and data set).  NGX_OK: no second, different value so far.
 * NGX_DECLINED: two different values: nobody is signed in.
 */

ngx_int_t ngx_aidial_cookie_find(const ngx_str_t *line, const ngx_str_t *name,
    ngx_str_t *value);

/*
 * The session id of a cookie value.  opaque: the value itself.  signed: the
 * Express family, <prefix><sid>.<43 characters of base64 HMAC-SHA-256>,
 * percent-encoded once; "secrets" is an array of ngx_str_t, newest first.
 * "padded": the base64 keeps its "=" (44 characters), and must have it.
 * NGX_OK: "sid" is an identifier.  NGX_DECLINED: no session.  NGX_ERROR:
 * cannot tell (memory, OpenSSL).
 */

ngx_int_t ngx_aidial_cookie_opaque(const ngx_str_t *value, ngx_str_t *sid);
ngx_int_t ngx_aidial_cookie_signed(ngx_pool_t *pool, const ngx_str_t *value,
    const ngx_str_t *prefix, const ngx_array_t *secrets, ngx_uint_t padded,
    ngx_str_t *sid);

/* 1 when "name" can be a cookie's name (a token of RFC 9110) */

ngx_uint_t ngx_aidial_cookie_is_name(const ngx_str_t *name);


#endif /* _NGX_AIDIAL_COOKIE_H_INCLUDED_ */
