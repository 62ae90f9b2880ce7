
/*
 * An input is tried three times: as a Cookie header, against a reference that
 * looks at one character after the other; as a signed value, where nothing
 * but an identifier may come out; and as a session id, which must come back
 * from its signed forms exactly when it is an identifier.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_aidial_cookie.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define FUZZ_COOKIE_SIZE  512


static void fuzz_cookie_line(const ngx_str_t *line);
static ngx_uint_t fuzz_cookie_reference(const ngx_str_t *line, size_t *first,
    size_t *len, ngx_uint_t *differ);
static void fuzz_cookie_trim(const ngx_str_t *line, size_t *from, size_t *to);
static void fuzz_cookie_value(ngx_pool_t *pool, const ngx_str_t *value);
static void fuzz_cookie_sid(ngx_pool_t *pool, const ngx_str_t *sid);
static ngx_int_t fuzz_cookie_signed(ngx_pool_t *pool, const u_char *p,
    size_t len, ngx_str_t *sid);
static ngx_uint_t fuzz_cookie_is_sid(const ngx_str_t *sid);


static ngx_str_t  fuzz_cookie_name = ngx_string("sid");
static ngx_str_t  fuzz_cookie_prefix = ngx_string("s:");
static ngx_str_t  fuzz_cookie_secret = ngx_string("keyboard cat");


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t    input;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(1024, ngx_cycle->log);

    input.len = size;
    input.data = ngx_pnalloc(pool, size);
    ngx_memcpy(input.data, data, size);

    fuzz_cookie_line(&input);
    fuzz_cookie_value(pool, &input);

    if (size <= FUZZ_COOKIE_SIZE) {
        fuzz_cookie_sid(pool, &input);
    }

    ngx_destroy_pool(pool);

    return 0;
}


static void
fuzz_cookie_line(const ngx_str_t *line)
{
    size_t      first, len;
    ngx_int_t   rc;
    ngx_str_t   value;
    ngx_uint_t  found, differ;

    ngx_str_null(&value);

    rc = ngx_aidial_cookie_find(line, &fuzz_cookie_name, &value);
    found = fuzz_cookie_reference(line, &first, &len, &differ);

    if (rc != (differ ? NGX_DECLINED : NGX_OK)) {
        abort();
    }

    if (found != (value.data != NULL)) {
        abort();
    }

    if (found && (value.len != len || value.data != line->data + first)) {
        abort();
    }
}


static ngx_uint_t
fuzz_cookie_reference(const ngx_str_t *line, size_t *first, size_t *len,
    ngx_uint_t *differ)
{
    size_t        i, start, equal, from, to;
    ngx_uint_t    found;
    const u_char *p;

    p = line->data;
    start = found = *first = *len = *differ = 0;
    equal = line->len;

    for (i = 0; i <= line->len; i++) {

        if (i < line->len && p[i] != ';') {
            equal = (p[i] == '=' && equal == line->len) ? i : equal;
            continue;
        }

        from = start;
        to = equal;
        fuzz_cookie_trim(line, &from, &to);

        if (equal < i && to - from == 3 && memcmp(p + from, "sid", 3) == 0) {
            from = equal + 1;
            to = i;
            fuzz_cookie_trim(line, &from, &to);

            *differ |= found && (to - from != *len
                                 || memcmp(p + from, p + *first, *len) != 0);
            *first = found ? *first : from;
            *len = found ? *len : to - from;
            found = 1;
        }

        start = i + 1;
        equal = line->len;
    }

    return found;
}


static void
fuzz_cookie_trim(const ngx_str_t *line, size_t *from, size_t *to)
{
    while (*from < *to && strchr(" \t", line->data[*from])
           && line->data[*from])
    {
        ++*from;
    }

    while (*to > *from && strchr(" \t", line->data[*to - 1])
           && line->data[*to - 1])
    {
        --*to;
    }
}


static void
fuzz_cookie_value(ngx_pool_t *pool, const ngx_str_t *value)
{
    ngx_int_t  rc;
    ngx_str_t  sid;

    if (fuzz_cookie_signed(pool, value->data, value->len, &sid) == NGX_OK
        && !fuzz_cookie_is_sid(&sid))
    {
        abort();
    }

    rc = ngx_aidial_cookie_opaque(value, &sid);

    if (rc != (fuzz_cookie_is_sid(value) ? NGX_OK : NGX_DECLINED)) {
        abort();
    }
}


/* plain, and with every octet escaped */

static void
fuzz_cookie_sid(ngx_pool_t *pool, const ngx_str_t *sid)
{
    char        text[FUZZ_COOKIE_SIZE + 64], escaped[3 * sizeof(text) + 1];
    u_char      digest[NGX_AIDIAL_SHA256_LEN];
    size_t      i, len;
    ngx_int_t   rc, expected;
    ngx_str_t   src, dst, found;
    ngx_uint_t  form;

    if (ngx_aidial_hmac_sha256(&fuzz_cookie_secret, sid, digest) != NGX_OK) {
        abort();
    }

    memcpy(text, "s:", 2);
    memcpy(text + 2, sid->data, sid->len);
    text[2 + sid->len] = '.';

    src.len = sizeof(digest);
    src.data = digest;
    dst.data = (u_char *) text + 3 + sid->len;
    ngx_encode_base64(&dst, &src);

    len = 3 + sid->len + 43;

    for (i = 0; i < len; i++) {
        sprintf(escaped + 3 * i, i % 2 ? "%%%02x" : "%%%02X",
                (unsigned) (u_char) text[i]);
    }

    expected = fuzz_cookie_is_sid(sid) ? NGX_OK : NGX_DECLINED;

    for (form = 0; form < 2; form++) {

        if (form == 0 && memchr(text, '%', len)) {
            continue;
        }

        rc = fuzz_cookie_signed(pool, (u_char *) (form ? escaped : text),
                                form ? 3 * len : len, &found);

        if (rc != expected) {
            abort();
        }

        if (rc == NGX_OK && (found.len != sid->len
                             || memcmp(found.data, sid->data, sid->len) != 0))
        {
            abort();
        }
    }
}


static ngx_int_t
fuzz_cookie_signed(ngx_pool_t *pool, const u_char *p, size_t len,
    ngx_str_t *sid)
{
    ngx_str_t    value;
    ngx_array_t  secrets;

    value.len = len;
    value.data = ngx_pnalloc(pool, len);
    ngx_memcpy(value.data, p, len);

    ngx_memzero(&secrets, sizeof(ngx_array_t));
    secrets.elts = &fuzz_cookie_secret;
    secrets.nelts = 1;

    return ngx_aidial_cookie_signed(pool, &value, &fuzz_cookie_prefix,
                                    &secrets, 0, sid);
}


static ngx_uint_t
fuzz_cookie_is_sid(const ngx_str_t *sid)
{
    size_t  i;

    for (i = 0; i < sid->len; i++) {
        if (!isalnum(sid->data[i])
            && (sid->data[i] == '\0' || !strchr("_.:-", sid->data[i])))
        {
            return 0;
        }
    }

    return sid->len >= 1 && sid->len <= 128;
}
