
/*
 * The grant token.  docs/token-format.md is the specification and gives the
 * reasons.
 *
 *     base64url(payload) "." base64url(MAC)            at most 768 characters
 *
 *     +---------+-----------+--------+------------+----------+-----------+
 *     | version | key id    | action | expires_at | grant id | scope     |
 *     | 1       | 1 + 1..32 | 1      | 8          | 16       | 16        |
 *     +---------+-----------+--------+------------+----------+-----------+
 *     | tenant     | user       | call       |
 *     | 1 + 1..128 | 1 + 1..128 | 1 + 1..128 |                     octets
 *     +------------+------------+------------+
 *
 *     MAC = HMAC-SHA-256(key, "aidial-recording-grant-v1" NUL,
 *                             u32 length of the payload, payload)
 */


#ifndef _NGX_AIDIAL_TOKEN_FORMAT_H_INCLUDED_
#define _NGX_AIDIAL_TOKEN_FORMAT_H_INCLUDED_


#include "ngx_aidial_token.h"


#define NGX_AIDIAL_TOKEN_VERSION  1

/* a token without a payload character has the dot and the MAC */

#define NGX_AIDIAL_TOKEN_TEXT_MAX                                             \
    (NGX_AIDIAL_TOKEN_MAX - 1 - NGX_AIDIAL_TOKEN_MAC_LEN)

#define NGX_AIDIAL_TOKEN_PAYLOAD_MAX  (NGX_AIDIAL_TOKEN_TEXT_MAX / 4 * 3)

/* both domains end in the NUL that sizeof() counts */

#define NGX_AIDIAL_TOKEN_DOMAIN       "aidial-recording-grant-v1"
#define NGX_AIDIAL_TOKEN_SCOPE        "aidial-recording-scope-v1"

#define NGX_AIDIAL_TOKEN_HEAD  (sizeof(NGX_AIDIAL_TOKEN_DOMAIN) + 4)

/* the longest payload of valid fields, which must fit into a token */

#define NGX_AIDIAL_TOKEN_FIELDS_MAX                                           \
    (1 + 1 + NGX_AIDIAL_KEY_ID_MAX + 1 + 8 + NGX_AIDIAL_GRANT_ID_LEN          \
     + NGX_AIDIAL_SCOPE_LEN + 3 * (1 + NGX_AIDIAL_ID_MAX))

typedef char  ngx_aidial_token_fits_t[
    NGX_AIDIAL_TOKEN_FIELDS_MAX <= NGX_AIDIAL_TOKEN_PAYLOAD_MAX ? 1 : -1];


/* what is signed: domain and length, and the payload behind them */

typedef struct {
    u_char  octets[NGX_AIDIAL_TOKEN_HEAD + NGX_AIDIAL_TOKEN_PAYLOAD_MAX];
    size_t  len;                                      /* of the payload */
} ngx_aidial_token_input_t;

#define ngx_aidial_token_payload(input)                                       \
    ((input)->octets + NGX_AIDIAL_TOKEN_HEAD)


/*
 * Writes domain and length in front of the payload, which stands in its place,
 * and signs the whole.  NGX_OK, or NGX_ERROR when OpenSSL fails.
 */

ngx_int_t ngx_aidial_token_mac(const ngx_aidial_key_t *key,
    ngx_aidial_token_input_t *input, u_char mac[NGX_AIDIAL_SHA256_LEN]);


#endif /* _NGX_AIDIAL_TOKEN_FORMAT_H_INCLUDED_ */
