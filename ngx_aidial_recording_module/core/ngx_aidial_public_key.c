
/*
 * Public keys, from PEM and from their numbers.  Whatever the source, a key
 * passes the same gate: type, size, curve, and OpenSSL's own test of what a
 * public key must be (a point of its curve; an odd exponent above 1: with 1
 * every text is its own signature).
 */


#include "ngx_aidial_signature.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>


typedef struct {
    const char                  *type;
    const char                  *why;       /* another type */
} ngx_aidial_public_key_row_t;


static ngx_int_t ngx_aidial_public_key_block(BIO *bio, EVP_PKEY **key,
    const char **why);
static ngx_int_t ngx_aidial_public_key_label(const char *label,
    const char **why);
static ngx_int_t ngx_aidial_public_key_build(ngx_pool_t *pool,
    ngx_aidial_alg_e alg, OSSL_PARAM_BLD *build,
    ngx_aidial_public_key_t **key, const char **why);
static ngx_int_t ngx_aidial_public_key_keep(ngx_pool_t *pool,
    ngx_aidial_alg_e alg, EVP_PKEY *found, ngx_aidial_public_key_t **key,
    const char **why);
static ngx_int_t ngx_aidial_public_key_fits(ngx_aidial_alg_e alg,
    EVP_PKEY *key, const char **why);
static ngx_uint_t ngx_aidial_public_key_on_p256(EVP_PKEY *key);
static ngx_int_t ngx_aidial_public_key_sound(EVP_PKEY *key, const char **why);
static void ngx_aidial_public_key_free(void *data);


static const ngx_aidial_public_key_row_t
    ngx_aidial_public_key_rows[NGX_AIDIAL_ALG_COUNT] =
{
    { NULL, NULL },
    { "RSA", "an RSA key for \"RS256\"" },
    { "EC", "a key on P-256 for \"ES256\"" },
    { "ED25519", "an Ed25519 key for \"EdDSA\"" }
};


ngx_int_t
ngx_aidial_public_key_pem(ngx_pool_t *pool, ngx_aidial_alg_e alg,
    ngx_str_t *text, ngx_aidial_public_key_t **key, const char **why)
{
    BIO        *bio;
    size_t      left;
    EVP_PKEY   *found;
    ngx_int_t   rc;

    if (text->len == 0) {
        return NGX_DONE;
    }

    if (text->len > NGX_MAX_INT32_VALUE) {
        return NGX_ERROR;
    }

    bio = BIO_new_mem_buf(text->data, (int) text->len);
    if (bio == NULL) {
        return NGX_ERROR;
    }

    ERR_set_mark();

    rc = ngx_aidial_public_key_block(bio, &found, why);

    if (rc == NGX_OK) {
        rc = ngx_aidial_public_key_keep(pool, alg, found, key, why);
    }

    ERR_pop_to_mark();

    left = BIO_ctrl_pending(bio);

    text->data += text->len - left;
    text->len = left;

    BIO_free(bio);

    return rc;
}


static ngx_int_t
ngx_aidial_public_key_block(BIO *bio, EVP_PKEY **key, const char **why)
{
    long           len;
    char          *label, *header;
    ngx_int_t      rc;
    u_char        *data;
    const u_char  *p;

    if (PEM_read_bio(bio, &label, &header, &data, &len) != 1) {

        if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
            return NGX_DONE;
        }

        *why = "whole PEM blocks";
        return NGX_DECLINED;
    }

    rc = ngx_aidial_public_key_label(label, why);

    if (rc == NGX_OK) {
        p = data;
        *key = d2i_PUBKEY(NULL, &p, len);

        if (*key != NULL && p != data + len) {
            EVP_PKEY_free(*key);
            *key = NULL;
        }

        if (*key == NULL) {
            *why = "a key that OpenSSL can read in each PEM block";
            rc = NGX_DECLINED;
        }
    }

    /* somebody may have put the private key here */

    ngx_aidial_wipe(data, len);

    OPENSSL_free(data);
    OPENSSL_free(label);
    OPENSSL_free(header);

    return rc;
}


static ngx_int_t
ngx_aidial_public_key_label(const char *label, const char **why)
{
    if (strcmp(label, "PUBLIC KEY") == 0) {
        return NGX_OK;
    }

    *why = "\"BEGIN PUBLIC KEY\" in each PEM block";

    if (strstr(label, "PRIVATE KEY") != NULL) {
        *why = NGX_AIDIAL_PRIVATE_KEY;
    }

    if (strstr(label, "CERTIFICATE") != NULL) {
        *why = "a public key, not a certificate";
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_aidial_public_key_rsa(ngx_pool_t *pool, const ngx_str_t *n,
    const ngx_str_t *e, ngx_aidial_public_key_t **key, const char **why)
{
    BIGNUM          *modulus, *exponent;
    ngx_int_t        rc;
    OSSL_PARAM_BLD  *build;

    rc = NGX_ERROR;

    build = OSSL_PARAM_BLD_new();
    modulus = BN_bin2bn(n->data, (int) n->len, NULL);
    exponent = BN_bin2bn(e->data, (int) e->len, NULL);

    if (build != NULL && modulus != NULL && exponent != NULL
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
    {
        rc = ngx_aidial_public_key_build(pool, NGX_AIDIAL_ALG_RS256, build,
                                         key, why);
    }

    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);

    return rc;
}


ngx_int_t
ngx_aidial_public_key_p256(ngx_pool_t *pool, const ngx_str_t *x,
    const ngx_str_t *y, ngx_aidial_public_key_t **key, const char **why)
{
    u_char           point[1 + 2 * NGX_AIDIAL_P256_LEN], *p;
    ngx_int_t        rc;
    OSSL_PARAM_BLD  *build;

    if (x->len != NGX_AIDIAL_P256_LEN || y->len != NGX_AIDIAL_P256_LEN) {
        *why = "\"x\" and \"y\" of 32 bytes";
        return NGX_DECLINED;
    }

    /* uncompressed, SEC 1 */

    point[0] = 0x04;
    p = ngx_cpymem(point + 1, x->data, NGX_AIDIAL_P256_LEN);
    ngx_memcpy(p, y->data, NGX_AIDIAL_P256_LEN);

    rc = NGX_ERROR;
    build = OSSL_PARAM_BLD_new();

    if (build != NULL
        && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                           "prime256v1", 0)
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, sizeof(point)))
    {
        rc = ngx_aidial_public_key_build(pool, NGX_AIDIAL_ALG_ES256, build,
                                         key, why);
    }

    OSSL_PARAM_BLD_free(build);

    return rc;
}


static ngx_int_t
ngx_aidial_public_key_build(ngx_pool_t *pool, ngx_aidial_alg_e alg,
    OSSL_PARAM_BLD *build, ngx_aidial_public_key_t **key, const char **why)
{
    EVP_PKEY      *found;
    ngx_int_t      rc;
    OSSL_PARAM    *params;
    EVP_PKEY_CTX  *ctx;

    rc = NGX_ERROR;

    params = OSSL_PARAM_BLD_to_param(build);
    ctx = EVP_PKEY_CTX_new_from_name(NULL,
                                     ngx_aidial_public_key_rows[alg].type,
                                     NULL);

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1) {
        goto done;
    }

    ERR_set_mark();

    found = NULL;
    *why = "numbers that make a public key";
    rc = NGX_DECLINED;

    if (EVP_PKEY_fromdata(ctx, &found, EVP_PKEY_PUBLIC_KEY, params) == 1) {
        rc = ngx_aidial_public_key_keep(pool, alg, found, key, why);
    }

    ERR_pop_to_mark();

done:

    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);

    return rc;
}


ngx_int_t
ngx_aidial_public_key_ed25519(ngx_pool_t *pool, const ngx_str_t *x,
    ngx_aidial_public_key_t **key, const char **why)
{
    EVP_PKEY  *found;

    if (x->len != NGX_AIDIAL_ED25519_LEN) {
        *why = "\"x\" of 32 bytes";
        return NGX_DECLINED;
    }

    found = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x->data,
                                           x->len);
    if (found == NULL) {
        return NGX_ERROR;
    }

    return ngx_aidial_public_key_keep(pool, NGX_AIDIAL_ALG_EDDSA, found, key,
                                      why);
}


/* takes "found" over, whatever becomes of it */

static ngx_int_t
ngx_aidial_public_key_keep(ngx_pool_t *pool, ngx_aidial_alg_e alg,
    EVP_PKEY *found, ngx_aidial_public_key_t **key, const char **why)
{
    ngx_int_t            rc;
    ngx_pool_cleanup_t  *cln;

    rc = ngx_aidial_public_key_fits(alg, found, why);

    if (rc != NGX_OK) {
        EVP_PKEY_free(found);
        return rc;
    }

    cln = ngx_pool_cleanup_add(pool, 0);

    if (cln == NULL) {
        EVP_PKEY_free(found);
        return NGX_ERROR;
    }

    cln->handler = ngx_aidial_public_key_free;
    cln->data = found;

    *key = found;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_public_key_fits(ngx_aidial_alg_e alg, EVP_PKEY *key,
    const char **why)
{
    const ngx_aidial_public_key_row_t  *row;

    row = &ngx_aidial_public_key_rows[alg];

    if (!EVP_PKEY_is_a(key, row->type)
        || (alg == NGX_AIDIAL_ALG_ES256
            && !ngx_aidial_public_key_on_p256(key)))
    {
        *why = row->why;
        return NGX_DECLINED;
    }

    if (alg == NGX_AIDIAL_ALG_RS256
        && (EVP_PKEY_get_bits(key) < NGX_AIDIAL_RSA_BITS_MIN
            || EVP_PKEY_get_bits(key) > NGX_AIDIAL_RSA_BITS_MAX))
    {
        *why = "an RSA key of 2048 to 8192 bits";
        return NGX_DECLINED;
    }

    return ngx_aidial_public_key_sound(key, why);
}


/* by name: parameters of its own could be a curve made to be forged on */

static ngx_uint_t
ngx_aidial_public_key_on_p256(EVP_PKEY *key)
{
    int     explicit;
    char    name[32];
    size_t  len;

    explicit = 0;

    (void) EVP_PKEY_get_int_param(key,
                             OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                             &explicit);

    return !explicit
           && EVP_PKEY_get_group_name(key, name, sizeof(name), &len) == 1
           && strcmp(name, "prime256v1") == 0;
}


static ngx_int_t
ngx_aidial_public_key_sound(EVP_PKEY *key, const char **why)
{
    int            rc;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = EVP_PKEY_public_check(ctx);

    EVP_PKEY_CTX_free(ctx);

    if (rc != 1) {
        *why = "a sound public key";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_aidial_public_key_free(void *data)
{
    EVP_PKEY_free(data);
}
