
/*
 * Core: what every file of the module may include.  Core knows no request,
 * no event, no Redis and no clock: time and randomness come in as arguments.
 */


#ifndef _NGX_AIDIAL_CORE_H_INCLUDED_
#define _NGX_AIDIAL_CORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_AIDIAL_VERSION  "0.1.0"


/* every limit of the module; each is quoted in docs/security.md */

#define NGX_AIDIAL_ID_MAX          128      /* characters of an identifier */
#define NGX_AIDIAL_RECORD_MAX      65536    /* bytes of a JSON record */
#define NGX_AIDIAL_DEPTH_MAX       16       /* nesting of a JSON record */
#define NGX_AIDIAL_BODY_MAX        4096     /* bytes of a grant request */
#define NGX_AIDIAL_COOKIE_MAX      4096     /* bytes of a session cookie */
#define NGX_AIDIAL_OBJECT_MAX      1024     /* bytes of a media object path */
#define NGX_AIDIAL_FILENAME_MAX    128      /* characters of a file name */
#define NGX_AIDIAL_TYPE_MAX        64       /* bytes of a content type */
#define NGX_AIDIAL_TOKEN_MAX       768      /* characters of a grant token */
#define NGX_AIDIAL_KEY_ID_MAX      32       /* characters of a grant key id */
#define NGX_AIDIAL_SECRET_MIN      32       /* bytes of a grant key */
#define NGX_AIDIAL_SECRET_MAX      4096     /* bytes of a key file */
#define NGX_AIDIAL_KEYS_MAX        65536    /* bytes of a public key file */
#define NGX_AIDIAL_JWT_KEYS_MAX    16       /* keys that verify sessions */
#define NGX_AIDIAL_JWT_NAME_MAX    256      /* bytes of a kid, of an aud */
#define NGX_AIDIAL_RSA_BITS_MIN    2048     /* of a modulus */
#define NGX_AIDIAL_RSA_BITS_MAX    8192     /* of a modulus */
#define NGX_AIDIAL_MEMO_MAX        16777216  /* bytes of a worker's memo */
#define NGX_AIDIAL_MEMO_ENTRY_MAX  131072   /* bytes of one record in it */
#define NGX_AIDIAL_BLOCK_KEPT      128      /* unused blocks of each size */
#define NGX_AIDIAL_BLOCK_MAX       524288   /* bytes of all of them */
#define NGX_AIDIAL_SECONDS_MAX     100000000000  /* 10^11, exclusive */
#define NGX_AIDIAL_INTEGER_MAX     9007199254740991  /* 2^53 - 1 */


typedef enum {
    NGX_AIDIAL_ROLE_UNKNOWN = 0,
    NGX_AIDIAL_ROLE_ADMIN,
    NGX_AIDIAL_ROLE_MANAGER,
    NGX_AIDIAL_ROLE_STAFF,
    NGX_AIDIAL_ROLES
} ngx_aidial_role_e;


typedef enum {
    NGX_AIDIAL_ACTION_NONE = 0,
    NGX_AIDIAL_ACTION_PLAYBACK,
    NGX_AIDIAL_ACTION_DOWNLOAD,
    NGX_AIDIAL_ACTIONS
} ngx_aidial_action_e;


/* 1 when the octets are the same, or there are none; not for secrets */

static ngx_inline ngx_uint_t
ngx_aidial_same(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


/*
 * ngx_aidial_assert() states what cannot happen.  It stops a debug build and
 * costs nothing in a release build.
 */

#if (NGX_AIDIAL_DEBUG)
#include <assert.h>
#define ngx_aidial_assert(a)  assert(a)
#else
#define ngx_aidial_assert(a)
#endif


#endif /* _NGX_AIDIAL_CORE_H_INCLUDED_ */
