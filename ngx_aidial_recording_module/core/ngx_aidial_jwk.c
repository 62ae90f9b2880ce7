
/*
 * A JWK Set (RFC 7517).  It may hold keys for other uses; what is for this one
 * has to be sound, every member of it.
 */


#include "ngx_aidial_jwk.h"
#include "ngx_aidial_base64url.h"
#include "ngx_aidial_json.h"


/* characters of a number: a modulus of NGX_AIDIAL_RSA_BITS_MAX has 1366 */

#define NGX_AIDIAL_JWK_TEXT_MAX  1400


/* a JWK on its way to a key */

typedef struct {
    ngx_pool_t               *pool;
    ngx_aidial_jwt_conf_t    *conf;
    ngx_aidial_json_t        *jwk;
    ngx_aidial_jwt_key_t      key;
    const char              **why;
} ngx_aidial_jwk_t;


typedef struct {
    ngx_str_t                 type;        /* kty */
    ngx_str_t                 curve;       /* crv; len 0: has none */
    ngx_int_t               (*read)(ngx_aidial_jwk_t *jwk);
} ngx_aidial_jwk_row_t;


static ngx_int_t ngx_aidial_jwk_add_each(ngx_aidial_jwk_t *jwk,
    ngx_aidial_json_t *keys, ngx_uint_t *skipped);
static ngx_int_t ngx_aidial_jwk_add(ngx_aidial_jwk_t *jwk);
static ngx_uint_t ngx_aidial_jwk_fits(ngx_aidial_jwk_t *jwk);
static ngx_uint_t ngx_aidial_jwk_verifies(ngx_aidial_json_t *ops);
static ngx_int_t ngx_aidial_jwk_kid(ngx_aidial_jwk_t *jwk);
static ngx_int_t ngx_aidial_jwk_octets(ngx_aidial_jwk_t *jwk,
    const char *name, ngx_str_t *octets);
static ngx_int_t ngx_aidial_jwk_secret(ngx_aidial_jwk_t *jwk);
static void ngx_aidial_jwk_wipe(void *data);
static ngx_int_t ngx_aidial_jwk_rsa(ngx_aidial_jwk_t *jwk);
static ngx_int_t ngx_aidial_jwk_ec(ngx_aidial_jwk_t *jwk);
static ngx_int_t ngx_aidial_jwk_okp(ngx_aidial_jwk_t *jwk);


/* in the order of NGX_AIDIAL_ALGS */

static const ngx_aidial_jwk_row_t
    ngx_aidial_jwk_rows[NGX_AIDIAL_ALG_COUNT] =
{
    { ngx_string("oct"), ngx_string(""), ngx_aidial_jwk_secret },
    { ngx_string("RSA"), ngx_string(""), ngx_aidial_jwk_rsa },
    { ngx_string("EC"), ngx_string("P-256"), ngx_aidial_jwk_ec },
    { ngx_string("OKP"), ngx_string("Ed25519"), ngx_aidial_jwk_okp }
};


static const ngx_str_t  ngx_aidial_jwk_sig = ngx_string("sig");
static const ngx_str_t  ngx_aidial_jwk_verify = ngx_string("verify");


ngx_int_t
ngx_aidial_jwk_add_set(ngx_pool_t *pool, ngx_aidial_jwt_conf_t *conf,
    const ngx_str_t *text, ngx_uint_t *skipped, const char **why)
{
    ngx_int_t           rc;
    ngx_aidial_jwk_t    jwk;
    ngx_aidial_json_t  *set;

    rc = ngx_aidial_json_parse(text, NGX_AIDIAL_KEYS_MAX, &set, why);

    if (rc == NGX_DECLINED) {
        *why = "PEM public keys or a JWK Set, one JSON object without "
               "repeated members";
    }

    if (rc != NGX_OK) {
        return rc;
    }

    jwk.pool = pool;
    jwk.conf = conf;
    jwk.why = why;

    rc = ngx_aidial_jwk_add_each(&jwk, ngx_aidial_json_member(set, "keys"),
                                 skipped);

    ngx_aidial_json_free(set);

    return rc;
}


static ngx_int_t
ngx_aidial_jwk_add_each(ngx_aidial_jwk_t *jwk, ngx_aidial_json_t *keys,
    ngx_uint_t *skipped)
{
    size_t     i, len;
    ngx_int_t  rc;

    if (ngx_aidial_json_array(keys, &len) != NGX_OK) {
        *jwk->why = "a JWK Set: an object whose \"keys\" is an array";
        return NGX_DECLINED;
    }

    for (i = 0; i < len; i++) {

        jwk->jwk = ngx_aidial_json_element(keys, i);
        ngx_memzero(&jwk->key, sizeof(ngx_aidial_jwt_key_t));

        if (!ngx_aidial_jwk_fits(jwk)) {
            (*skipped)++;
            continue;
        }

        rc = ngx_aidial_jwk_add(jwk);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (*skipped == len) {
        *jwk->why = "a JWK Set with a signature key for the algorithm";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_jwk_add(ngx_aidial_jwk_t *jwk)
{
    ngx_int_t              rc;
    ngx_aidial_jwt_key_t  *key;

    /* an "oct" key has no such member */

    if (ngx_aidial_json_member(jwk->jwk, "d")) {
        *jwk->why = NGX_AIDIAL_PRIVATE_KEY;
        return NGX_DECLINED;
    }

    rc = ngx_aidial_jwk_kid(jwk);

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwk_rows[jwk->conf->alg].read(jwk);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    key = ngx_aidial_jwt_key_push(jwk->conf, jwk->why, &rc);
    if (key == NULL) {
        return rc;
    }

    *key = jwk->key;

    return NGX_OK;
}


/* 1 when the key is for signatures of the configured algorithm */

static ngx_uint_t
ngx_aidial_jwk_fits(ngx_aidial_jwk_t *jwk)
{
    ngx_aidial_json_t           *value;
    const ngx_aidial_jwk_row_t  *row;

    row = &ngx_aidial_jwk_rows[jwk->conf->alg];

    value = ngx_aidial_json_member(jwk->jwk, "kty");

    if (!ngx_aidial_json_equal(value, &row->type)) {
        return 0;
    }

    value = ngx_aidial_json_member(jwk->jwk, "crv");

    if (row->curve.len && !ngx_aidial_json_equal(value, &row->curve)) {
        return 0;
    }

    value = ngx_aidial_json_member(jwk->jwk, "alg");

    if (value && !ngx_aidial_json_equal(value,
                                        ngx_aidial_alg_name(jwk->conf->alg)))
    {
        return 0;
    }

    value = ngx_aidial_json_member(jwk->jwk, "use");

    if (value && !ngx_aidial_json_equal(value, &ngx_aidial_jwk_sig)) {
        return 0;
    }

    value = ngx_aidial_json_member(jwk->jwk, "key_ops");

    return value == NULL || ngx_aidial_jwk_verifies(value);
}


static ngx_uint_t
ngx_aidial_jwk_verifies(ngx_aidial_json_t *ops)
{
    size_t              i, len;
    ngx_aidial_json_t  *op;

    if (ngx_aidial_json_array(ops, &len) != NGX_OK) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        op = ngx_aidial_json_element(ops, i);

        if (ngx_aidial_json_equal(op, &ngx_aidial_jwk_verify)) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_aidial_jwk_kid(ngx_aidial_jwk_t *jwk)
{
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(jwk->jwk, "kid");

    if (value == NULL) {
        return NGX_OK;
    }

    *jwk->why = "a \"kid\" that is a string of at most 256 bytes";

    return ngx_aidial_json_string(jwk->pool, value, NGX_AIDIAL_JWT_NAME_MAX,
                                  &jwk->key.kid);
}


/* a member in base64url */

static ngx_int_t
ngx_aidial_jwk_octets(ngx_aidial_jwk_t *jwk, const char *name,
    ngx_str_t *octets)
{
    ngx_int_t           rc;
    ngx_str_t           text;
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(jwk->jwk, name);

    *jwk->why = "each number of a key of the JWK Set in base64url";

    rc = ngx_aidial_json_string(jwk->pool, value, NGX_AIDIAL_JWK_TEXT_MAX,
                                &text);
    if (rc != NGX_OK) {
        return rc;
    }

    /* in place: an octet never overtakes the characters it comes from */

    octets->len = ngx_aidial_base64url_len(text.len);
    octets->data = text.data;

    return ngx_aidial_base64url_decode(&text, octets->data);
}


static ngx_int_t
ngx_aidial_jwk_secret(ngx_aidial_jwk_t *jwk)
{
    ngx_int_t            rc;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(jwk->pool, sizeof(ngx_str_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_aidial_jwk_octets(jwk, "k", &jwk->key.secret);
    if (rc != NGX_OK) {
        return rc;
    }

    *(ngx_str_t *) cln->data = jwk->key.secret;
    cln->handler = ngx_aidial_jwk_wipe;

    if (jwk->key.secret.len < NGX_AIDIAL_SECRET_MIN) {
        *jwk->why = "\"oct\" keys of at least 32 bytes";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_aidial_jwk_wipe(void *data)
{
    ngx_str_t *secret = data;

    ngx_aidial_wipe(secret->data, secret->len);
}


static ngx_int_t
ngx_aidial_jwk_rsa(ngx_aidial_jwk_t *jwk)
{
    ngx_int_t  rc;
    ngx_str_t  n, e;

    rc = ngx_aidial_jwk_octets(jwk, "n", &n);

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwk_octets(jwk, "e", &e);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_aidial_public_key_rsa(jwk->pool, &n, &e, &jwk->key.public_key,
                                     jwk->why);
}


static ngx_int_t
ngx_aidial_jwk_ec(ngx_aidial_jwk_t *jwk)
{
    ngx_int_t  rc;
    ngx_str_t  x, y;

    rc = ngx_aidial_jwk_octets(jwk, "x", &x);

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwk_octets(jwk, "y", &y);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_aidial_public_key_p256(jwk->pool, &x, &y, &jwk->key.public_key,
                                      jwk->why);
}


static ngx_int_t
ngx_aidial_jwk_okp(ngx_aidial_jwk_t *jwk)
{
    ngx_int_t  rc;
    ngx_str_t  x;

    rc = ngx_aidial_jwk_octets(jwk, "x", &x);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_aidial_public_key_ed25519(jwk->pool, &x, &jwk->key.public_key,
                                         jwk->why);
}
