
/*
 * The keys that verify tokens: lines of secrets, PEM blocks, or a JWK Set.
 */


#include "ngx_aidial_jwk.h"


static ngx_int_t ngx_aidial_jwt_add_pem(ngx_pool_t *pool,
    ngx_aidial_jwt_conf_t *conf, const ngx_str_t *text, const char **why);
static ngx_uint_t ngx_aidial_jwt_is_json(const ngx_str_t *text);


ngx_aidial_jwt_conf_t *
ngx_aidial_jwt_conf_create(ngx_pool_t *pool, ngx_aidial_alg_e alg)
{
    ngx_aidial_jwt_conf_t  *conf;

    conf = ngx_pcalloc(pool, sizeof(ngx_aidial_jwt_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&conf->keys, pool, 2, sizeof(ngx_aidial_jwt_key_t))
        != NGX_OK)
    {
        return NULL;
    }

    conf->alg = alg;

    return conf;
}


ngx_int_t
ngx_aidial_jwt_add_secrets(ngx_aidial_jwt_conf_t *conf, const ngx_str_t *text,
    const char **why)
{
    u_char                *p, *last, *end;
    ngx_int_t              rc;
    ngx_str_t              line;
    ngx_aidial_jwt_key_t  *key;

    last = text->data + text->len;
    rc = NGX_DECLINED;

    *why = "a file with a secret on each line";

    for (p = text->data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            end = last;
        }

        line.data = p;
        line.len = end - p;

        if (line.len && end[-1] == '\r') {
            line.len--;
        }

        if (line.len == 0) {
            continue;
        }

        if (line.len < NGX_AIDIAL_SECRET_MIN) {
            *why = "a file with a secret of at least 32 bytes on each line";
            return NGX_DECLINED;
        }

        key = ngx_aidial_jwt_key_push(conf, why, &rc);
        if (key == NULL) {
            return rc;
        }

        key->secret = line;
    }

    return rc;
}


ngx_aidial_jwt_key_t *
ngx_aidial_jwt_key_push(ngx_aidial_jwt_conf_t *conf, const char **why,
    ngx_int_t *rc)
{
    ngx_aidial_jwt_key_t  *key;

    if (conf->keys.nelts == NGX_AIDIAL_JWT_KEYS_MAX) {
        *why = "at most 16 keys";
        *rc = NGX_DECLINED;

        return NULL;
    }

    key = ngx_array_push(&conf->keys);
    if (key == NULL) {
        *rc = NGX_ERROR;
        return NULL;
    }

    ngx_memzero(key, sizeof(ngx_aidial_jwt_key_t));

    *rc = NGX_OK;

    return key;
}


ngx_int_t
ngx_aidial_jwt_add_keys(ngx_pool_t *pool, ngx_aidial_jwt_conf_t *conf,
    const ngx_str_t *text, ngx_uint_t *skipped, const char **why)
{
    *skipped = 0;

    if (ngx_aidial_jwt_is_json(text)) {
        return ngx_aidial_jwk_add_set(pool, conf, text, skipped, why);
    }

    if (conf->alg == NGX_AIDIAL_ALG_HS256) {
        *why = "a JWK Set of \"oct\" keys for \"HS256\"";
        return NGX_DECLINED;
    }

    return ngx_aidial_jwt_add_pem(pool, conf, text, why);
}


static ngx_uint_t
ngx_aidial_jwt_is_json(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (ngx_strchr(" \t\r\n", text->data[i]) == NULL) {
            return text->data[i] == '{';
        }
    }

    return 0;
}


static ngx_int_t
ngx_aidial_jwt_add_pem(ngx_pool_t *pool, ngx_aidial_jwt_conf_t *conf,
    const ngx_str_t *text, const char **why)
{
    ngx_int_t                 rc, pushed;
    ngx_str_t                 rest;
    ngx_uint_t                n;
    ngx_aidial_jwt_key_t     *key;
    ngx_aidial_public_key_t  *found;

    rest = *text;

    for (n = 0; /* void */ ; n++) {

        rc = ngx_aidial_public_key_pem(pool, conf->alg, &rest, &found, why);

        if (rc != NGX_OK) {
            break;
        }

        key = ngx_aidial_jwt_key_push(conf, why, &pushed);
        if (key == NULL) {
            return pushed;
        }

        key->public_key = found;
    }

    if (rc != NGX_DONE) {
        return rc;
    }

    /* rc == NGX_DONE: no block is left */

    if (n == 0) {
        *why = "PEM public keys or a JWK Set";
        return NGX_DECLINED;
    }

    return NGX_OK;
}
