
/*
 * An input is tried three times: as a token; as a payload that is signed with
 * the right secret, since no fuzzer finds a MAC; and as a file of keys.
 *
 * What is accepted has to be so by simple means: the token in three parts
 * without a character of another alphabet, its payload the very octets that
 * are told, and "exp" and an id somewhere in them.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_aidial_base64url.h"
#include "ngx_aidial_jwt.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define FUZZ_JWT_NOW       1800000000
#define FUZZ_JWT_SIZE      3000
#define FUZZ_JWT_HEADER    "eyJhbGciOiJIUzI1NiJ9."
#define FUZZ_JWT_ALPHABET                                                     \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


static void fuzz_jwt_try(ngx_pool_t *pool, const ngx_str_t *token,
    const ngx_str_t *payload);
static void fuzz_jwt_sign(ngx_pool_t *pool, const ngx_str_t *payload);
static void fuzz_jwt_keys(ngx_pool_t *pool, const ngx_str_t *text);
static ngx_uint_t fuzz_jwt_has(const ngx_str_t *text, const char *word);


/* the secret of t/data/jwt-keys/secrets */

static ngx_str_t  fuzz_jwt_secret =
    ngx_string("a secret of the portal, 32 bytes or more");


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t    input;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(1024, ngx_cycle->log);

    input.len = size;
    input.data = ngx_pnalloc(pool, size);
    ngx_memcpy(input.data, data, size);

    fuzz_jwt_try(pool, &input, NULL);

    if (size <= FUZZ_JWT_SIZE) {
        fuzz_jwt_sign(pool, &input);
    }

    fuzz_jwt_keys(pool, &input);

    ngx_destroy_pool(pool);

    return 0;
}


static void
fuzz_jwt_try(ngx_pool_t *pool, const ngx_str_t *token,
    const ngx_str_t *payload)
{
    size_t                  i, dots;
    ngx_int_t               rc;
    const char             *why;
    ngx_aidial_jwt_t        jwt;
    ngx_aidial_jwt_conf_t  *conf;

    why = NULL;
    conf = ngx_aidial_jwt_conf_create(pool, NGX_AIDIAL_ALG_HS256);

    if (ngx_aidial_jwt_add_secrets(conf, &fuzz_jwt_secret, &why) != NGX_OK) {
        abort();
    }

    why = NULL;
    rc = ngx_aidial_jwt_verify(pool, conf, token, FUZZ_JWT_NOW, &jwt, &why);

    if (rc == NGX_DECLINED && why && jwt.claims.data == NULL
        && jwt.sid.data == NULL)
    {
        return;
    }

    if (rc != NGX_OK || jwt.sid.len == 0 || jwt.sid.len > 128
        || jwt.issued_at < -1)
    {
        abort();
    }

    for (i = 0, dots = 0; i < token->len; i++) {
        dots += token->data[i] == '.';

        if (!token->data[i] || !strchr(FUZZ_JWT_ALPHABET, token->data[i])) {
            abort();
        }
    }

    if (dots != 2 || token->len > 4096
        || (payload && !ngx_aidial_same(payload, &jwt.claims)))
    {
        abort();
    }

    /* a name may be written with escapes */

    if (!fuzz_jwt_has(&jwt.claims, "\\u")
        && (!fuzz_jwt_has(&jwt.claims, "\"exp\"")
            || (!fuzz_jwt_has(&jwt.claims, "\"sid\"")
                && !fuzz_jwt_has(&jwt.claims, "\"jti\""))))
    {
        abort();
    }
}


static void
fuzz_jwt_sign(ngx_pool_t *pool, const ngx_str_t *payload)
{
    u_char     mac[NGX_AIDIAL_SHA256_LEN];
    ngx_str_t  token, part, octets;

    token.data = ngx_pnalloc(pool, sizeof(FUZZ_JWT_HEADER)
                                   + ngx_base64_encoded_length(payload->len)
                                   + 1 + sizeof(mac) * 2);

    part.data = ngx_cpymem(token.data, FUZZ_JWT_HEADER,
                           sizeof(FUZZ_JWT_HEADER) - 1);
    octets = *payload;
    ngx_encode_base64url(&part, &octets);

    token.len = part.data + part.len - token.data;

    if (ngx_aidial_hmac_sha256(&fuzz_jwt_secret, &token, mac) != NGX_OK) {
        abort();
    }

    token.data[token.len++] = '.';

    part.data = token.data + token.len;
    octets.data = mac;
    octets.len = sizeof(mac);
    ngx_encode_base64url(&part, &octets);

    token.len += part.len;

    fuzz_jwt_try(pool, &token, payload);
}


static void
fuzz_jwt_keys(ngx_pool_t *pool, const ngx_str_t *text)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i, n, skipped;
    const char                  *why;
    const ngx_aidial_jwt_key_t  *key;
    ngx_aidial_jwt_conf_t       *conf;

    for (i = 0; i < NGX_AIDIAL_ALG_COUNT; i++) {
        why = NULL;
        conf = ngx_aidial_jwt_conf_create(pool, i);

        rc = ngx_aidial_jwt_add_keys(pool, conf, text, &skipped, &why);

        if (rc == NGX_DECLINED && why) {
            continue;
        }

        if (rc != NGX_OK || conf->keys.nelts == 0
            || conf->keys.nelts > NGX_AIDIAL_JWT_KEYS_MAX)
        {
            abort();
        }

        key = conf->keys.elts;

        for (n = 0; n < conf->keys.nelts; n++) {
            if (key[n].public_key == NULL && key[n].secret.len < 32) {
                abort();
            }
        }
    }
}


static ngx_uint_t
fuzz_jwt_has(const ngx_str_t *text, const char *word)
{
    return memmem(text->data, text->len, word, strlen(word)) != NULL;
}
