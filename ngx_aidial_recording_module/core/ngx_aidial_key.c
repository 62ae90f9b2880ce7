
/*
 * The names of the Redis keys.
 *
 * The portal's keys are plain.  The module's own keys carry the tenant in
 * literal braces, Redis Cluster's hash tag, so that one script touches one
 * slot; an identifier has no brace, hence the tag cannot be forged.
 *
 * An identifier may have a colon, so "revoked-before:a:b:c" stands for two
 * pairs of tenant and user.  The name is the portal's; a marker found under
 * it can only end a session, never open one.
 */


#include "ngx_aidial_key.h"


#define NGX_AIDIAL_GRANT_HEX_LEN   (2 * NGX_AIDIAL_GRANT_ID_LEN)
#define NGX_AIDIAL_SHA256_HEX_LEN  (2 * NGX_AIDIAL_SHA256_LEN)


typedef enum {
    NGX_AIDIAL_KEY_REVOKED = 0,
    NGX_AIDIAL_KEY_REVOKED_BEFORE,
    NGX_AIDIAL_KEY_CALL,
    NGX_AIDIAL_KEY_TENANT,
    NGX_AIDIAL_KEY_GRANT,
    NGX_AIDIAL_KEY_RATE,
    NGX_AIDIAL_KEY_AUDIT,
    NGX_AIDIAL_KEY_FETCHED_CALL,
    NGX_AIDIAL_KEY_FETCHED_TENANT,
    NGX_AIDIAL_KEY_CLAIM_CALL,
    NGX_AIDIAL_KEY_CLAIM_TENANT
} ngx_aidial_key_family_e;


typedef enum {
    NGX_AIDIAL_KEY_PREFIX = 0,
    NGX_AIDIAL_KEY_SID,
    NGX_AIDIAL_KEY_SHA256,
    NGX_AIDIAL_KEY_WORDS
} ngx_aidial_key_word_e;


typedef struct {
    ngx_str_t  head;
    ngx_str_t  middle;
} ngx_aidial_key_parts_t;


static ngx_int_t ngx_aidial_key_write(ngx_pool_t *pool,
    ngx_aidial_key_family_e family, const ngx_str_t *prefix,
    const ngx_str_t *first, const ngx_str_t *second, ngx_str_t *key);
static size_t ngx_aidial_key_expand(const ngx_str_t *template,
    const ngx_str_t *values, u_char *out);
static ngx_uint_t ngx_aidial_key_word(const u_char *p, const u_char *last);


/* every key but the session's: prefix, head, first, middle, second */

static const ngx_aidial_key_parts_t  ngx_aidial_key_families[] = {
    { ngx_string("revoked:"), ngx_string("") },
    { ngx_string("revoked-before:"), ngx_string(":") },
    { ngx_string("call:"), ngx_string("") },
    { ngx_string("tenant:"), ngx_string("") },
    { ngx_string("{"), ngx_string("}:grant:") },
    { ngx_string("{"), ngx_string("}:rate:") },
    { ngx_string("{"), ngx_string("}:audit") },
    { ngx_string("{"), ngx_string("}:call:") },
    { ngx_string("{"), ngx_string("}:tenant") },
    { ngx_string("{"), ngx_string("}:fetch-call:") },
    { ngx_string("{"), ngx_string("}:fetch-tenant") }
};


/* the second identifier of a key that has one */

static const ngx_str_t  ngx_aidial_key_none = ngx_string("");


/* the words of a session key template, in the order of the enumeration */

static const ngx_str_t  ngx_aidial_key_words[] = {
    ngx_string("{prefix}"),
    ngx_string("{sid}"),
    ngx_string("{sha256}")
};


ngx_int_t
ngx_aidial_key_revoked(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *sid, ngx_str_t *key)
{
    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_REVOKED, prefix, sid,
                                &ngx_aidial_key_none, key);
}


ngx_int_t
ngx_aidial_key_revoked_before(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const ngx_str_t *user, ngx_str_t *key)
{
    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_REVOKED_BEFORE, prefix,
                                tenant, user, key);
}


ngx_int_t
ngx_aidial_key_call(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *call, ngx_str_t *key)
{
    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_CALL, prefix, call,
                                &ngx_aidial_key_none, key);
}


ngx_int_t
ngx_aidial_key_tenant(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, ngx_str_t *key)
{
    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_TENANT, prefix, tenant,
                                &ngx_aidial_key_none, key);
}


ngx_int_t
ngx_aidial_key_grant(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const u_char id[NGX_AIDIAL_GRANT_ID_LEN],
    ngx_str_t *key)
{
    u_char     hex[NGX_AIDIAL_GRANT_HEX_LEN];
    ngx_str_t  grant;

    ngx_hex_dump(hex, (u_char *) id, NGX_AIDIAL_GRANT_ID_LEN);

    grant.len = NGX_AIDIAL_GRANT_HEX_LEN;
    grant.data = hex;

    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_GRANT, prefix, tenant,
                                &grant, key);
}


ngx_int_t
ngx_aidial_key_rate(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const ngx_str_t *user, ngx_str_t *key)
{
    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_RATE, prefix, tenant,
                                user, key);
}


ngx_int_t
ngx_aidial_key_audit(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, ngx_str_t *key)
{
    return ngx_aidial_key_write(pool, NGX_AIDIAL_KEY_AUDIT, prefix, tenant,
                                &ngx_aidial_key_none, key);
}


ngx_int_t
ngx_aidial_key_fetched(ngx_pool_t *pool, const ngx_str_t *prefix,
    const ngx_str_t *tenant, const ngx_str_t *call, ngx_uint_t claim,
    ngx_str_t *key)
{
    ngx_aidial_key_family_e  family;

    if (call == NULL) {
        family = claim ? NGX_AIDIAL_KEY_CLAIM_TENANT
                       : NGX_AIDIAL_KEY_FETCHED_TENANT;

        return ngx_aidial_key_write(pool, family, prefix, tenant,
                                    &ngx_aidial_key_none, key);
    }

    family = claim ? NGX_AIDIAL_KEY_CLAIM_CALL : NGX_AIDIAL_KEY_FETCHED_CALL;

    return ngx_aidial_key_write(pool, family, prefix, tenant, call, key);
}


static ngx_int_t
ngx_aidial_key_write(ngx_pool_t *pool, ngx_aidial_key_family_e family,
    const ngx_str_t *prefix, const ngx_str_t *first, const ngx_str_t *second,
    ngx_str_t *key)
{
    u_char                        *p;
    const ngx_aidial_key_parts_t  *parts;

    parts = &ngx_aidial_key_families[family];

    key->len = prefix->len + parts->head.len + first->len + parts->middle.len
               + second->len;

    p = ngx_pnalloc(pool, key->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    key->data = p;

    p = ngx_cpymem(p, prefix->data, prefix->len);
    p = ngx_cpymem(p, parts->head.data, parts->head.len);
    p = ngx_cpymem(p, first->data, first->len);
    p = ngx_cpymem(p, parts->middle.data, parts->middle.len);
    ngx_memcpy(p, second->data, second->len);

    return NGX_OK;
}


ngx_int_t
ngx_aidial_key_session(ngx_pool_t *pool, const ngx_str_t *template,
    const ngx_str_t *prefix, const ngx_str_t *sid, ngx_str_t *key)
{
    u_char     hex[NGX_AIDIAL_SHA256_HEX_LEN];
    u_char     digest[NGX_AIDIAL_SHA256_LEN];
    ngx_str_t  values[NGX_AIDIAL_KEY_WORDS];

    ngx_aidial_assert(ngx_aidial_key_template_check(template) == NGX_OK);

    /* the digest is made only for a template that has a place for it */

    if (ngx_strnstr(template->data,
                    (char *) ngx_aidial_key_words[NGX_AIDIAL_KEY_SHA256].data,
                    template->len))
    {
        if (ngx_aidial_sha256(sid, digest) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_hex_dump(hex, digest, NGX_AIDIAL_SHA256_LEN);
    }

    values[NGX_AIDIAL_KEY_PREFIX] = *prefix;
    values[NGX_AIDIAL_KEY_SID] = *sid;
    values[NGX_AIDIAL_KEY_SHA256].len = NGX_AIDIAL_SHA256_HEX_LEN;
    values[NGX_AIDIAL_KEY_SHA256].data = hex;

    key->len = ngx_aidial_key_expand(template, values, NULL);

    key->data = ngx_pnalloc(pool, key->len);
    if (key->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_aidial_key_expand(template, values, key->data);

    return NGX_OK;
}


ngx_int_t
ngx_aidial_key_template_check(const ngx_str_t *template)
{
    u_char      *p, *last;
    ngx_uint_t   word, named;

    p = template->data;
    last = p + template->len;
    named = 0;

    while (p < last) {

        if (*p != '{' && *p != '}') {
            p++;
            continue;
        }

        word = ngx_aidial_key_word(p, last);

        if (word == NGX_AIDIAL_KEY_WORDS) {
            return NGX_ERROR;
        }

        if (word != NGX_AIDIAL_KEY_PREFIX) {
            named = 1;
        }

        p += ngx_aidial_key_words[word].len;
    }

    /* a key that does not name the session would be everybody's */

    return named ? NGX_OK : NGX_ERROR;
}


/* the length of the expanded template; "out" NULL: only measured */

static size_t
ngx_aidial_key_expand(const ngx_str_t *template, const ngx_str_t *values,
    u_char *out)
{
    size_t       len;
    u_char      *p, *last;
    ngx_str_t    piece;
    ngx_uint_t   word;

    len = 0;
    p = template->data;
    last = p + template->len;

    while (p < last) {
        word = ngx_aidial_key_word(p, last);

        if (word != NGX_AIDIAL_KEY_WORDS) {
            piece = values[word];
            p += ngx_aidial_key_words[word].len;

        } else {
            piece.data = p++;

            while (p < last && *p != '{') {
                p++;
            }

            piece.len = p - piece.data;
        }

        if (out) {
            out = ngx_cpymem(out, piece.data, piece.len);
        }

        len += piece.len;
    }

    return len;
}


/* the word that starts at "p", or NGX_AIDIAL_KEY_WORDS */

static ngx_uint_t
ngx_aidial_key_word(const u_char *p, const u_char *last)
{
    ngx_uint_t        i;
    const ngx_str_t  *word;

    if (*p != '{') {
        return NGX_AIDIAL_KEY_WORDS;
    }

    for (i = 0; i < NGX_AIDIAL_KEY_WORDS; i++) {
        word = &ngx_aidial_key_words[i];

        if ((size_t) (last - p) >= word->len
            && ngx_memcmp(p, word->data, word->len) == 0)
        {
            break;
        }
    }

    return i;
}
