
/*
 * From a JSON Web Token (RFC 7519, compact JWS of RFC 7515) to a session.
 *
 * The configuration says which algorithm signs and with which keys; nothing
 * that the token says about itself chooses either.
 */


#ifndef _NGX_AIDIAL_JWT_H_INCLUDED_
#define _NGX_AIDIAL_JWT_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_signature.h"


/* "kid" is a key's name in a JWK Set; data NULL: the key has no name */

typedef struct {
    ngx_str_t                  kid;
    ngx_str_t                  secret;      /* of HS256 */
    ngx_aidial_public_key_t   *public_key;  /* of all others */
} ngx_aidial_jwt_key_t;


typedef struct ngx_aidial_jwt_conf_s  ngx_aidial_jwt_conf_t;

struct ngx_aidial_jwt_conf_s {
    ngx_aidial_alg_e           alg;
    ngx_array_t                keys;        /* of ngx_aidial_jwt_key_t */
    ngx_str_t                  iss;         /* data NULL: not asked for */
    ngx_str_t                  aud;         /* data NULL: must be absent */
};


typedef struct {
    ngx_str_t                  claims;      /* the payload's JSON text */
    ngx_str_t                  sid;         /* claim sid, else jti */
    int64_t                    issued_at;   /* Unix seconds, -1: none */
    int64_t                    expires_at;  /* likewise; there always is one */
} ngx_aidial_jwt_t;


/* NULL: no memory; nothing is configured yet */

ngx_aidial_jwt_conf_t *ngx_aidial_jwt_conf_create(ngx_pool_t *pool,
    ngx_aidial_alg_e alg);

/*
 * Add the keys of a file to the configuration.  NGX_OK.  NGX_DECLINED: *why
 * says what was expected, in words that follow "expected".  NGX_ERROR: no
 * memory, or OpenSSL.
 *
 * Secrets: one a line, newest first; they stay where they are, in "text",
 * whose memory must live as long as "pool" and is the caller's to wipe.
 *
 * Keys: PEM public keys, or a JWK Set.  "skipped" counts the keys of a set
 * that are for something else.  Keys are freed, and secrets of a set wiped,
 * with "pool"; the memory of "text" is not kept.
 */

ngx_int_t ngx_aidial_jwt_add_secrets(ngx_aidial_jwt_conf_t *conf,
    const ngx_str_t *text, const char **why);
ngx_int_t ngx_aidial_jwt_add_keys(ngx_pool_t *pool,
    ngx_aidial_jwt_conf_t *conf, const ngx_str_t *text, ngx_uint_t *skipped,
    const char **why);

/*
 * NGX_OK: the token was signed by a key of "conf", is valid at "now", and
 * "jwt" tells of it, in memory of "pool".  NGX_DECLINED: no session, *why in
 * words without user data; "jwt" is empty.  NGX_ERROR: cannot tell (memory,
 * OpenSSL).
 */

ngx_int_t ngx_aidial_jwt_verify(ngx_pool_t *pool,
    const ngx_aidial_jwt_conf_t *conf, const ngx_str_t *token, time_t now,
    ngx_aidial_jwt_t *jwt, const char **why);


#endif /* _NGX_AIDIAL_JWT_H_INCLUDED_ */
