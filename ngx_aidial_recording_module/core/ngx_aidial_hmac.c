
/*
 * HMAC (RFC 2104) on OpenSSL's SHA-256:
 *
 *     MAC = H(key ^ opad, H(key ^ ipad, text))          one block each in front
 *
 * What is in front is the same for every text, so for a key both states are
 * made once, and copied: half of the work for a text as short as a token.
 * OpenSSL's HMAC() makes them each time, and looks up the algorithm by its
 * name as well.
 */


#include "ngx_aidial_hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>


#define NGX_AIDIAL_HMAC_KEYS    16     /* whose states are kept */
#define NGX_AIDIAL_HMAC_BLOCK   64     /* octets of a block of SHA-256 */
#define NGX_AIDIAL_HMAC_INNER   0x36
#define NGX_AIDIAL_HMAC_OUTER   0x5c


typedef struct {
    ngx_str_t    key;
    EVP_MD_CTX  *inner;    /* NULL: this place is empty */
    EVP_MD_CTX  *outer;
} ngx_aidial_hmac_t;


static const ngx_aidial_hmac_t *ngx_aidial_hmac_find(const ngx_str_t *key);
static ngx_int_t ngx_aidial_hmac_create(ngx_aidial_hmac_t *hmac,
    const ngx_str_t *key);
static EVP_MD_CTX *ngx_aidial_hmac_state(const u_char *block, u_char pad);
static void ngx_aidial_hmac_free(ngx_aidial_hmac_t *hmac);
static ngx_int_t ngx_aidial_hmac_init(void);
static ngx_int_t ngx_aidial_hmac_finish(const u_char *data, size_t len,
    u_char digest[NGX_AIDIAL_SHA256_LEN]);


static EVP_MD             *ngx_aidial_hmac_md;
static EVP_MD_CTX         *ngx_aidial_hmac_work;
static ngx_uint_t          ngx_aidial_hmac_next;
static ngx_aidial_hmac_t   ngx_aidial_hmacs[NGX_AIDIAL_HMAC_KEYS];


ngx_int_t
ngx_aidial_hmac_sha256(const ngx_str_t *key, const ngx_str_t *text,
    u_char mac[NGX_AIDIAL_SHA256_LEN])
{
    const ngx_aidial_hmac_t  *hmac;

    if (ngx_aidial_hmac_init() != NGX_OK) {
        return NGX_ERROR;
    }

    hmac = ngx_aidial_hmac_find(key);

    if (hmac == NULL
        || EVP_MD_CTX_copy_ex(ngx_aidial_hmac_work, hmac->inner) != 1
        || ngx_aidial_hmac_finish(text->data, text->len, mac) != NGX_OK
        || EVP_MD_CTX_copy_ex(ngx_aidial_hmac_work, hmac->outer) != 1)
    {
        return NGX_ERROR;
    }

    return ngx_aidial_hmac_finish(mac, NGX_AIDIAL_SHA256_LEN, mac);
}


ngx_int_t
ngx_aidial_sha256(const ngx_str_t *text, u_char digest[NGX_AIDIAL_SHA256_LEN])
{
    if (ngx_aidial_hmac_init() != NGX_OK
        || EVP_DigestInit_ex(ngx_aidial_hmac_work, ngx_aidial_hmac_md, NULL)
           != 1)
    {
        return NGX_ERROR;
    }

    return ngx_aidial_hmac_finish(text->data, text->len, digest);
}


/*
 * A key is the operator's, from a file: only such are compared here, so time
 * may tell which it is.
 */

static const ngx_aidial_hmac_t *
ngx_aidial_hmac_find(const ngx_str_t *key)
{
    ngx_uint_t          i;
    ngx_aidial_hmac_t  *hmac;

    for (i = 0; i < NGX_AIDIAL_HMAC_KEYS; i++) {
        hmac = &ngx_aidial_hmacs[i];

        if (hmac->inner && ngx_aidial_same(&hmac->key, key)) {
            return hmac;
        }
    }

    hmac = &ngx_aidial_hmacs[ngx_aidial_hmac_next++ % NGX_AIDIAL_HMAC_KEYS];

    ngx_aidial_hmac_free(hmac);

    if (ngx_aidial_hmac_create(hmac, key) != NGX_OK) {
        ngx_aidial_hmac_free(hmac);
        return NULL;
    }

    return hmac;
}


static ngx_int_t
ngx_aidial_hmac_create(ngx_aidial_hmac_t *hmac, const ngx_str_t *key)
{
    u_char     block[NGX_AIDIAL_HMAC_BLOCK];
    ngx_int_t  rc;

    hmac->key.data = ngx_alloc(ngx_max(key->len, 1), ngx_cycle->log);
    if (hmac->key.data == NULL) {
        return NGX_ERROR;
    }

    hmac->key.len = key->len;
    ngx_memcpy(hmac->key.data, key->data, key->len);

    ngx_memzero(block, sizeof(block));
    rc = NGX_OK;

    if (key->len > sizeof(block)) {
        rc = ngx_aidial_sha256(key, block);

    } else {
        ngx_memcpy(block, key->data, key->len);
    }

    if (rc == NGX_OK) {
        hmac->inner = ngx_aidial_hmac_state(block, NGX_AIDIAL_HMAC_INNER);
        hmac->outer = ngx_aidial_hmac_state(block, NGX_AIDIAL_HMAC_OUTER);
    }

    ngx_aidial_wipe(block, sizeof(block));

    return hmac->inner && hmac->outer ? NGX_OK : NGX_ERROR;
}


/* the state behind the padded key, or NULL */

static EVP_MD_CTX *
ngx_aidial_hmac_state(const u_char *block, u_char pad)
{
    u_char       padded[NGX_AIDIAL_HMAC_BLOCK];
    ngx_int_t    rc;
    ngx_uint_t   i;
    EVP_MD_CTX  *state;

    state = EVP_MD_CTX_new();
    if (state == NULL) {
        return NULL;
    }

    for (i = 0; i < sizeof(padded); i++) {
        padded[i] = block[i] ^ pad;
    }

    rc = EVP_DigestInit_ex(state, ngx_aidial_hmac_md, NULL) == 1
         && EVP_DigestUpdate(state, padded, sizeof(padded)) == 1;

    ngx_aidial_wipe(padded, sizeof(padded));

    if (!rc) {
        EVP_MD_CTX_free(state);
        return NULL;
    }

    return state;
}


static void
ngx_aidial_hmac_free(ngx_aidial_hmac_t *hmac)
{
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);

    if (hmac->key.data) {
        ngx_aidial_wipe(hmac->key.data, hmac->key.len);
        ngx_free(hmac->key.data);
    }

    ngx_memzero(hmac, sizeof(ngx_aidial_hmac_t));
}


/* once a process; workers inherit it */

static ngx_int_t
ngx_aidial_hmac_init(void)
{
    if (ngx_aidial_hmac_md == NULL) {
        ngx_aidial_hmac_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    }

    if (ngx_aidial_hmac_work == NULL) {
        ngx_aidial_hmac_work = EVP_MD_CTX_new();
    }

    return ngx_aidial_hmac_md && ngx_aidial_hmac_work ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_aidial_hmac_finish(const u_char *data, size_t len,
    u_char digest[NGX_AIDIAL_SHA256_LEN])
{
    unsigned int  n;

    n = 0;

    if (EVP_DigestUpdate(ngx_aidial_hmac_work, data, len) != 1
        || EVP_DigestFinal_ex(ngx_aidial_hmac_work, digest, &n) != 1)
    {
        return NGX_ERROR;
    }

    return n == NGX_AIDIAL_SHA256_LEN ? NGX_OK : NGX_ERROR;
}


void
ngx_aidial_hmac_clear(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_HMAC_KEYS; i++) {
        ngx_aidial_hmac_free(&ngx_aidial_hmacs[i]);
    }

    EVP_MD_CTX_free(ngx_aidial_hmac_work);
    EVP_MD_free(ngx_aidial_hmac_md);

    ngx_aidial_hmac_work = NULL;
    ngx_aidial_hmac_md = NULL;
}


ngx_uint_t
ngx_aidial_equal(const u_char *a, const u_char *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}


ngx_int_t
ngx_aidial_random(u_char *buf, size_t len)
{
    if (len > NGX_MAX_INT32_VALUE) {
        return NGX_ERROR;
    }

    return RAND_bytes(buf, (int) len) == 1 ? NGX_OK : NGX_ERROR;
}


void
ngx_aidial_wipe(void *buf, size_t len)
{
    OPENSSL_cleanse(buf, len);
}


const ngx_aidial_key_t *
ngx_aidial_key_find(const ngx_array_t *ring, const ngx_str_t *id)
{
    ngx_uint_t               i;
    const ngx_aidial_key_t  *key;

    key = ring->elts;

    /* an id is public: it stands in every token, so time may tell it */

    for (i = 0; i < ring->nelts; i++) {

        if (ngx_aidial_same(&key[i].id, id)) {
            return &key[i];
        }
    }

    return NULL;
}
