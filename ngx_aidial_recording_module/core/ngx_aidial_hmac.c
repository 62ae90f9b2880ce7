
#include "ngx_aidial_hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>


ngx_int_t
ngx_aidial_hmac_sha256(const ngx_str_t *key, const ngx_str_t *text,
    u_char mac[NGX_AIDIAL_SHA256_LEN])
{
    unsigned int  len;

    /* OpenSSL takes an int */

    if (key->len > NGX_MAX_INT32_VALUE) {
        return NGX_ERROR;
    }

    len = 0;

    if (HMAC(EVP_sha256(), key->data, (int) key->len, text->data, text->len,
             mac, &len)
        == NULL)
    {
        return NGX_ERROR;
    }

    return len == NGX_AIDIAL_SHA256_LEN ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_aidial_sha256(const ngx_str_t *text, u_char digest[NGX_AIDIAL_SHA256_LEN])
{
    unsigned int  len;

    len = 0;

    if (EVP_Digest(text->data, text->len, digest, &len, EVP_sha256(), NULL)
        != 1)
    {
        return NGX_ERROR;
    }

    return len == NGX_AIDIAL_SHA256_LEN ? NGX_OK : NGX_ERROR;
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
