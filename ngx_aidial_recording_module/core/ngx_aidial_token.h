
/*
 * The grant token: docs/token-format.md is its specification.
 */


#ifndef _NGX_AIDIAL_TOKEN_H_INCLUDED_
#define _NGX_AIDIAL_TOKEN_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_hmac.h"


#define NGX_AIDIAL_GRANT_ID_LEN   16    /* random octets */
#define NGX_AIDIAL_SCOPE_LEN      16    /* octets of a truncated SHA-256 */
#define NGX_AIDIAL_TOKEN_MAC_LEN  43    /* characters after the dot */


typedef struct {
    ngx_uint_t  action;       /* ngx_aidial_action_e, playback or download */
    time_t      expires_at;   /* Unix seconds: the last moment is before it */
    u_char      id[NGX_AIDIAL_GRANT_ID_LEN];
    u_char      scope[NGX_AIDIAL_SCOPE_LEN];  /* of client and project */
    ngx_str_t   tenant;
    ngx_str_t   user;
    ngx_str_t   call;

    const ngx_aidial_key_t  *key;   /* set by verify: which has signed it */
} ngx_aidial_token_t;


/*
 * Writes the token signed with "key" into memory of "pool".  NGX_OK, or
 * NGX_ERROR (no memory, OpenSSL, or longer than NGX_AIDIAL_TOKEN_MAX).
 */

ngx_int_t ngx_aidial_token_build(ngx_pool_t *pool, const ngx_aidial_key_t *key,
    const ngx_aidial_token_t *token, ngx_str_t *text);

/*
 * NGX_OK: the token was signed with a key of the ring, and "token" holds its
 * fields (strings point into memory of "pool").  NGX_DECLINED: malformed or
 * forged; no field may be used.  NGX_ERROR: cannot tell (memory, OpenSSL).
 * Expiry is not judged here.  One token has exactly one accepted spelling.
 */

ngx_int_t ngx_aidial_token_verify(ngx_pool_t *pool, const ngx_array_t *ring,
    const ngx_str_t *text, ngx_aidial_token_t *token);

/* the scope digest of a client and a project; NGX_OK or NGX_ERROR */

ngx_int_t ngx_aidial_token_scope(const ngx_str_t *client,
    const ngx_str_t *project, u_char scope[NGX_AIDIAL_SCOPE_LEN]);


#endif /* _NGX_AIDIAL_TOKEN_H_INCLUDED_ */
