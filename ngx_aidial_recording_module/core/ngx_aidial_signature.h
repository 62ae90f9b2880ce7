
/*
 * Signatures of others: the four algorithms of RFC 7518 and RFC 8037 that a
 * session may be signed with.  Beside ngx_aidial_hmac.c, the files behind this
 * header, ngx_aidial_signature.c and ngx_aidial_public_key.c, are the only
 * ones that include OpenSSL.
 */


#ifndef _NGX_AIDIAL_SIGNATURE_H_INCLUDED_
#define _NGX_AIDIAL_SIGNATURE_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_hmac.h"


/* an id, its name in JOSE */

#define NGX_AIDIAL_ALGS(X)                                                    \
    X(HS256, "HS256")                                                         \
    X(RS256, "RS256")                                                         \
    X(ES256, "ES256")                                                         \
    X(EDDSA, "EdDSA")


typedef enum {
#define X(id, name)  NGX_AIDIAL_ALG_##id,
    NGX_AIDIAL_ALGS(X)
#undef X
    NGX_AIDIAL_ALG_COUNT
} ngx_aidial_alg_e;


/* numbers of the algorithms */

#define NGX_AIDIAL_P256_LEN       32    /* octets of a coordinate, of r, of s */
#define NGX_AIDIAL_ED25519_LEN    32    /* octets of a public key */
#define NGX_AIDIAL_EDDSA_LEN      64    /* octets of a signature */


/* what is expected instead of a private key */

#define NGX_AIDIAL_PRIVATE_KEY                                                \
    "a public key, not the private one: that stays with the portal"


typedef struct evp_pkey_st  ngx_aidial_public_key_t;


/* ngx_aidial_signature.c */

/* the name of an algorithm; by its name, or NGX_AIDIAL_ALG_COUNT */

const ngx_str_t *ngx_aidial_alg_name(ngx_aidial_alg_e alg);
ngx_aidial_alg_e ngx_aidial_alg_find(const ngx_str_t *name);

/*
 * NGX_OK: "signature" is the holder's of "key" below "text".  NGX_DECLINED: it
 * is not.  NGX_ERROR: OpenSSL cannot tell.  The second is for all but HS256,
 * and "key" fits "alg".
 */

ngx_int_t ngx_aidial_signature_hmac(const ngx_str_t *secret,
    const ngx_str_t *text, const ngx_str_t *signature);
ngx_int_t ngx_aidial_signature_verify(ngx_aidial_alg_e alg,
    ngx_aidial_public_key_t *key, const ngx_str_t *text,
    const ngx_str_t *signature);


/* ngx_aidial_public_key.c */

/*
 * Public keys that fit "alg", freed with "pool".  NGX_OK.  NGX_DECLINED: *why
 * says what was expected.  NGX_ERROR: no memory, or OpenSSL.
 *
 * PEM: takes the next block off the front of "text"; NGX_DONE: there is none.
 * Numbers are big-endian octets.
 */

ngx_int_t ngx_aidial_public_key_pem(ngx_pool_t *pool, ngx_aidial_alg_e alg,
    ngx_str_t *text, ngx_aidial_public_key_t **key, const char **why);
ngx_int_t ngx_aidial_public_key_rsa(ngx_pool_t *pool, const ngx_str_t *n,
    const ngx_str_t *e, ngx_aidial_public_key_t **key, const char **why);
ngx_int_t ngx_aidial_public_key_p256(ngx_pool_t *pool, const ngx_str_t *x,
    const ngx_str_t *y, ngx_aidial_public_key_t **key, const char **why);
ngx_int_t ngx_aidial_public_key_ed25519(ngx_pool_t *pool, const ngx_str_t *x,
    ngx_aidial_public_key_t **key, const char **why);


#endif /* _NGX_AIDIAL_SIGNATURE_H_INCLUDED_ */
