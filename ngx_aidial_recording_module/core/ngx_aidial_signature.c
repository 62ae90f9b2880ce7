
/*
 * Verifies signatures.  The key says nothing here: whoever calls knows the
 * algorithm, and a key was made for that algorithm alone.
 */


#include "ngx_aidial_signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>


/* a DER sequence of two integers of at most 33 octets */

#define NGX_AIDIAL_P256_DER_MAX  72


static ngx_int_t ngx_aidial_signature_check(ngx_aidial_alg_e alg,
    ngx_aidial_public_key_t *key, const ngx_str_t *text,
    const ngx_str_t *signature);
static ngx_int_t ngx_aidial_signature_init(EVP_MD_CTX *ctx,
    ngx_aidial_alg_e alg, ngx_aidial_public_key_t *key);
static size_t ngx_aidial_signature_len(ngx_aidial_alg_e alg,
    ngx_aidial_public_key_t *key);
static ngx_int_t ngx_aidial_signature_der(const ngx_str_t *raw,
    u_char der[NGX_AIDIAL_P256_DER_MAX], size_t *len);


static const ngx_str_t  ngx_aidial_algs[NGX_AIDIAL_ALG_COUNT] = {
#define X(id, name)  ngx_string(name),
    NGX_AIDIAL_ALGS(X)
#undef X
};


const ngx_str_t *
ngx_aidial_alg_name(ngx_aidial_alg_e alg)
{
    return &ngx_aidial_algs[alg];
}


ngx_aidial_alg_e
ngx_aidial_alg_find(const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_ALG_COUNT; i++) {
        if (ngx_aidial_same(&ngx_aidial_algs[i], name)) {
            break;
        }
    }

    return i;
}


ngx_int_t
ngx_aidial_signature_hmac(const ngx_str_t *secret, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    u_char      mac[NGX_AIDIAL_SHA256_LEN];
    ngx_uint_t  equal;

    if (signature->len != NGX_AIDIAL_SHA256_LEN) {
        return NGX_DECLINED;
    }

    if (ngx_aidial_hmac_sha256(secret, text, mac) != NGX_OK) {
        return NGX_ERROR;
    }

    equal = ngx_aidial_equal(mac, signature->data, NGX_AIDIAL_SHA256_LEN);

    /* the right signature of a forged token is a session */

    ngx_aidial_wipe(mac, sizeof(mac));

    return equal ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_aidial_signature_verify(ngx_aidial_alg_e alg,
    ngx_aidial_public_key_t *key, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    size_t     len;
    u_char     der[NGX_AIDIAL_P256_DER_MAX];
    ngx_int_t  rc;
    ngx_str_t  form;

    ngx_aidial_assert(alg != NGX_AIDIAL_ALG_HS256);

    if (signature->len != ngx_aidial_signature_len(alg, key)) {
        return NGX_DECLINED;
    }

    /* nginx takes what is left in OpenSSL's queue for errors of its own */

    ERR_set_mark();

    form = *signature;
    rc = NGX_OK;

    if (alg == NGX_AIDIAL_ALG_ES256) {
        rc = ngx_aidial_signature_der(signature, der, &len);

        form.data = der;
        form.len = len;
    }

    if (rc == NGX_OK) {
        rc = ngx_aidial_signature_check(alg, key, text, &form);
    }

    ERR_pop_to_mark();

    return rc;
}


static ngx_int_t
ngx_aidial_signature_check(ngx_aidial_alg_e alg, ngx_aidial_public_key_t *key,
    const ngx_str_t *text, const ngx_str_t *signature)
{
    ngx_int_t    rc;
    EVP_MD_CTX  *ctx;

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_aidial_signature_init(ctx, alg, key);

    /*
     * A signature of no sense (r = 0, a number above the modulus) is an error
     * to OpenSSL, and a wrong signature to us: all but 1 is refused.
     */

    if (rc == NGX_OK
        && EVP_DigestVerify(ctx, signature->data, signature->len, text->data,
                            text->len)
           != 1)
    {
        rc = NGX_DECLINED;
    }

    EVP_MD_CTX_free(ctx);

    return rc;
}


static ngx_int_t
ngx_aidial_signature_init(EVP_MD_CTX *ctx, ngx_aidial_alg_e alg,
    ngx_aidial_public_key_t *key)
{
    const char    *digest;
    EVP_PKEY_CTX  *pctx;

    /* Ed25519 has its own */

    digest = (alg == NGX_AIDIAL_ALG_EDDSA) ? NULL : "SHA256";

    if (EVP_DigestVerifyInit_ex(ctx, &pctx, digest, NULL, NULL, key, NULL)
        != 1)
    {
        return NGX_ERROR;
    }

    if (alg == NGX_AIDIAL_ALG_RS256
        && EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static size_t
ngx_aidial_signature_len(ngx_aidial_alg_e alg, ngx_aidial_public_key_t *key)
{
    switch (alg) {

    case NGX_AIDIAL_ALG_RS256:
        return EVP_PKEY_get_size(key);

    case NGX_AIDIAL_ALG_ES256:
        return 2 * NGX_AIDIAL_P256_LEN;

    default: /* NGX_AIDIAL_ALG_EDDSA */
        return NGX_AIDIAL_EDDSA_LEN;
    }
}


/* r || s, as JOSE writes it, as the sequence that OpenSSL reads */

static ngx_int_t
ngx_aidial_signature_der(const ngx_str_t *raw,
    u_char der[NGX_AIDIAL_P256_DER_MAX], size_t *len)
{
    int         n;
    BIGNUM     *r, *s;
    ECDSA_SIG  *sig;

    sig = ECDSA_SIG_new();
    r = BN_bin2bn(raw->data, NGX_AIDIAL_P256_LEN, NULL);
    s = BN_bin2bn(raw->data + NGX_AIDIAL_P256_LEN, NGX_AIDIAL_P256_LEN, NULL);

    if (sig == NULL || r == NULL || s == NULL
        || ECDSA_SIG_set0(sig, r, s) != 1)
    {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);

        return NGX_ERROR;
    }

    /* r and s belong to "sig" */

    n = i2d_ECDSA_SIG(sig, NULL);

    if (n > 0 && n <= NGX_AIDIAL_P256_DER_MAX) {
        n = i2d_ECDSA_SIG(sig, &der);
    }

    ECDSA_SIG_free(sig);

    if (n <= 0 || n > NGX_AIDIAL_P256_DER_MAX) {
        return NGX_ERROR;
    }

    *len = (size_t) n;

    return NGX_OK;
}
