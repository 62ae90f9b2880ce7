
/*
 * Two cookies of one name and different values are nobody: a sibling host can
 * plant one that comes first, and the portal and the edge could each believe
 * another.
 *
 * A signed value is compared as text.  Decoding the signature first would
 * accept four spellings of its last character, and the portal accepts one.
 */


#include "ngx_aidial_cookie.h"
#include "ngx_aidial_json.h"


/* base64 of a SHA-256, with the one "=" and without */

#define NGX_AIDIAL_COOKIE_BASE64_LEN  44
#define NGX_AIDIAL_COOKIE_MAC_LEN     43


static ngx_int_t ngx_aidial_cookie_pair(u_char *first, u_char *last,
    const ngx_str_t *name, ngx_str_t *value);
static ngx_str_t ngx_aidial_cookie_trim(u_char *first, u_char *last);
static ngx_int_t ngx_aidial_cookie_unescape(const ngx_str_t *value,
    ngx_str_t *plain);
static ngx_int_t ngx_aidial_cookie_hex(u_char c);
static ngx_int_t ngx_aidial_cookie_split(const ngx_str_t *plain,
    const ngx_str_t *prefix, ngx_str_t *sid, ngx_str_t *mac);
static ngx_int_t ngx_aidial_cookie_verify(const ngx_array_t *secrets,
    const ngx_str_t *sid, const ngx_str_t *mac);
static ngx_int_t ngx_aidial_cookie_verify_one(const ngx_str_t *secret,
    const ngx_str_t *sid, const ngx_str_t *mac);


ngx_int_t
ngx_aidial_cookie_find(const ngx_str_t *line, const ngx_str_t *name,
    ngx_str_t *value)
{
    u_char     *p, *last, *end;
    ngx_str_t   found;

    p = line->data;
    end = p + line->len;

    for ( ;; ) {

        last = ngx_strlchr(p, end, ';');
        if (last == NULL) {
            last = end;
        }

        if (ngx_aidial_cookie_pair(p, last, name, &found) == NGX_OK) {

            if (value->data == NULL) {
                *value = found;
            }

            if (!ngx_aidial_same(value, &found)) {
                return NGX_DECLINED;
            }
        }

        if (last == end) {
            return NGX_OK;
        }

        p = last + 1;
    }
}


/* NGX_OK: the pair has that name, and "value" is its value */

static ngx_int_t
ngx_aidial_cookie_pair(u_char *first, u_char *last, const ngx_str_t *name,
    ngx_str_t *value)
{
    u_char     *equal;
    ngx_str_t   found;

    equal = ngx_strlchr(first, last, '=');
    if (equal == NULL) {
        return NGX_DECLINED;
    }

    found = ngx_aidial_cookie_trim(first, equal);

    if (!ngx_aidial_same(&found, name)) {
        return NGX_DECLINED;
    }

    *value = ngx_aidial_cookie_trim(equal + 1, last);

    return NGX_OK;
}


static ngx_str_t
ngx_aidial_cookie_trim(u_char *first, u_char *last)
{
    ngx_str_t  text;

    while (first < last && (*first == ' ' || *first == '\t')) {
        first++;
    }

    while (last > first && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    text.len = last - first;
    text.data = first;

    return text;
}


ngx_int_t
ngx_aidial_cookie_opaque(const ngx_str_t *value, ngx_str_t *sid)
{
    /* an identifier is far below NGX_AIDIAL_COOKIE_MAX */

    if (!ngx_aidial_is_identifier(value)) {
        return NGX_DECLINED;
    }

    *sid = *value;

    return NGX_OK;
}


ngx_int_t
ngx_aidial_cookie_signed(ngx_pool_t *pool, const ngx_str_t *value,
    const ngx_str_t *prefix, const ngx_array_t *secrets, ngx_uint_t padded,
    ngx_str_t *sid)
{
    u_char     buf[NGX_AIDIAL_COOKIE_MAX];
    ngx_int_t  rc;
    ngx_str_t  plain, id, mac;

    if (value->len == 0 || value->len > NGX_AIDIAL_COOKIE_MAX) {
        return NGX_DECLINED;
    }

    plain.data = buf;
    plain.len = 0;

    /* the last character of base64 of 32 octets is "=" */

    mac.len = padded ? NGX_AIDIAL_COOKIE_BASE64_LEN
                     : NGX_AIDIAL_COOKIE_MAC_LEN;

    rc = ngx_aidial_cookie_unescape(value, &plain);

    if (rc == NGX_OK) {
        rc = ngx_aidial_cookie_split(&plain, prefix, &id, &mac);
    }

    if (rc == NGX_OK) {
        rc = ngx_aidial_cookie_verify(secrets, &id, &mac);
    }

    if (rc == NGX_OK) {
        sid->len = id.len;
        sid->data = ngx_pstrdup(pool, &id);

        rc = sid->data ? NGX_OK : NGX_ERROR;
    }

    /* whole cookies open sessions */

    ngx_aidial_wipe(buf, plain.len);

    return rc;
}


/*
 * Once, as the portal does; "plain" has room for the value.  A "%" without
 * two digits behind it is refused where ngx_unescape_uri() drops characters.
 */

static ngx_int_t
ngx_aidial_cookie_unescape(const ngx_str_t *value, ngx_str_t *plain)
{
    size_t      i;
    ngx_int_t   high, low;
    u_char      c;

    for (i = 0; i < value->len; i++) {
        c = value->data[i];

        if (c == '%') {

            if (value->len - i < 3) {
                return NGX_DECLINED;
            }

            high = ngx_aidial_cookie_hex(value->data[i + 1]);
            low = ngx_aidial_cookie_hex(value->data[i + 2]);

            if (high < 0 || low < 0) {
                return NGX_DECLINED;
            }

            c = (u_char) (high * 16 + low);
            i += 2;
        }

        plain->data[plain->len++] = c;
    }

    return NGX_OK;
}


/* the value of a hex digit of either case, -1 for any other character */

static ngx_int_t
ngx_aidial_cookie_hex(u_char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/*
 * <prefix><sid>.<mac>; an identifier may have dots, hence the last one.
 * mac->len is what it has to be.
 */

static ngx_int_t
ngx_aidial_cookie_split(const ngx_str_t *plain, const ngx_str_t *prefix,
    ngx_str_t *sid, ngx_str_t *mac)
{
    size_t   rest;
    u_char  *dot;

    if (plain->len < prefix->len
        || ngx_memcmp(plain->data, prefix->data, prefix->len) != 0)
    {
        return NGX_DECLINED;
    }

    rest = plain->len - prefix->len;

    if (rest < 1 + mac->len) {
        return NGX_DECLINED;
    }

    /* the MAC has no dot in base64 and one length: the last dot is here */

    mac->data = plain->data + plain->len - mac->len;

    dot = mac->data - 1;

    if (*dot != '.') {
        return NGX_DECLINED;
    }

    sid->data = plain->data + prefix->len;
    sid->len = dot - sid->data;

    return ngx_aidial_is_identifier(sid) ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_aidial_cookie_verify(const ngx_array_t *secrets, const ngx_str_t *sid,
    const ngx_str_t *mac)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    const ngx_str_t  *secret;

    secret = secrets->elts;

    for (i = 0; i < secrets->nelts; i++) {

        rc = ngx_aidial_cookie_verify_one(&secret[i], sid, mac);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_aidial_cookie_verify_one(const ngx_str_t *secret, const ngx_str_t *sid,
    const ngx_str_t *mac)
{
    u_char      digest[NGX_AIDIAL_SHA256_LEN];
    u_char      text[NGX_AIDIAL_COOKIE_BASE64_LEN];
    ngx_str_t   src, dst;
    ngx_uint_t  equal;

    /* everybody knows the empty secret */

    if (secret->len == 0) {
        return NGX_DECLINED;
    }

    if (ngx_aidial_hmac_sha256(secret, sid, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    src.len = NGX_AIDIAL_SHA256_LEN;
    src.data = digest;
    dst.data = text;

    ngx_encode_base64(&dst, &src);

    equal = ngx_aidial_equal(text, mac->data, mac->len);

    /* the right signature of a forged id is a session */

    ngx_aidial_wipe(digest, sizeof(digest));
    ngx_aidial_wipe(text, sizeof(text));

    return equal ? NGX_OK : NGX_DECLINED;
}


ngx_uint_t
ngx_aidial_cookie_is_name(const ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!(c >= '0' && c <= '9')
            && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && (c == '\0' || ngx_strchr("!#$%&'*+-.^_`|~", c) == NULL))
        {
            return 0;
        }
    }

    return name->len != 0;
}
