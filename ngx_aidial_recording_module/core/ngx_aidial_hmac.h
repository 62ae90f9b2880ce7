
/*
 * The cryptography of the module: HMAC-SHA-256 (RFC 2104), SHA-256 (FIPS
 * 180-4), constant-time comparison, random octets and the ring of grant keys.
 * Signatures of others are in ngx_aidial_signature.h; no other file includes
 * OpenSSL.
 */


#ifndef _NGX_AIDIAL_HMAC_H_INCLUDED_
#define _NGX_AIDIAL_HMAC_H_INCLUDED_


#include "ngx_aidial_core.h"


#define NGX_AIDIAL_SHA256_LEN  32


typedef struct {
    ngx_str_t  id;       /* names the key inside a token */
    ngx_str_t  secret;   /* raw octets, never logged */
} ngx_aidial_key_t;


/* both return NGX_OK, or NGX_ERROR when OpenSSL fails: then refuse */

ngx_int_t ngx_aidial_hmac_sha256(const ngx_str_t *key, const ngx_str_t *text,
    u_char mac[NGX_AIDIAL_SHA256_LEN]);
ngx_int_t ngx_aidial_sha256(const ngx_str_t *text,
    u_char digest[NGX_AIDIAL_SHA256_LEN]);

/*
 * A key's states are kept from one MAC to the next, those of sixteen keys at
 * most: forgets and wipes them.
 */

void ngx_aidial_hmac_clear(void);

/* 1 when the octets are the same; the time does not depend on where not */

ngx_uint_t ngx_aidial_equal(const u_char *a, const u_char *b, size_t len);

/* fills "buf" from the system's generator; NGX_OK or NGX_ERROR */

ngx_int_t ngx_aidial_random(u_char *buf, size_t len);

/* overwrites a secret so that the compiler cannot leave it out */

void ngx_aidial_wipe(void *buf, size_t len);

/* "ring" is an array of ngx_aidial_key_t; NULL when the id is not in it */

const ngx_aidial_key_t *ngx_aidial_key_find(const ngx_array_t *ring,
    const ngx_str_t *id);


#endif /* _NGX_AIDIAL_HMAC_H_INCLUDED_ */
