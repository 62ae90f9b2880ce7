
#include "ngx_aidial_audit.h"
#include "ngx_aidial_hmac.h"


/* the domain keeps this HMAC apart from that of a token; its NUL is part */

static const u_char  ngx_aidial_audit_domain[] = "aidial-recording-session-v1";


static size_t ngx_aidial_audit_char(const u_char *p, const u_char *last);


size_t
ngx_aidial_audit_text(u_char *out, size_t max, const ngx_str_t *text)
{
    u_char        *p;
    size_t         n;
    const u_char  *in, *last;

    p = out;
    in = text->data;
    last = in + text->len;

    while (in < last) {
        n = ngx_aidial_audit_char(in, last);

        if ((size_t) (p - out) + ngx_max(n, 1) > max) {
            break;
        }

        if (n == 0) {
            *p++ = '?';
            in++;
            continue;
        }

        p = ngx_cpymem(p, in, n);
        in += n;
    }

    return p - out;
}


/* the length of the printable character at "p", or 0: there is none */

static size_t
ngx_aidial_audit_char(const u_char *p, const u_char *last)
{
    u_char     *next;
    uint32_t    ch;
    ptrdiff_t   i;

    if (*p < 0x80) {
        return *p >= 0x20 && *p != 0x7f;
    }

    next = (u_char *) p;
    ch = ngx_utf8_decode(&next, last - p);

    /* nginx takes any octet from 0x80 on for one that continues */

    for (i = 1; i < next - p; i++) {
        if (p[i] > 0xbf) {
            return 0;
        }
    }

    /* neither the C1 controls nor surrogates; nginx refuses longer forms */

    if (*p > 0xf4 || ch > 0x10ffff || ch < 0xa0
        || (ch >= 0xd800 && ch <= 0xdfff))
    {
        return 0;
    }

    /* bidi marks and line separators would turn a line that people read */

    if ((ch >= 0x2028 && ch <= 0x202e) || (ch >= 0x2066 && ch <= 0x2069)
        || ch == 0x200e || ch == 0x200f || ch == 0x061c)
    {
        return 0;
    }

    return next - p;
}


ngx_int_t
ngx_aidial_audit_session(const ngx_str_t *secret, const ngx_str_t *sid,
    u_char out[NGX_AIDIAL_AUDIT_SESSION_LEN])
{
    u_char     *p;
    u_char      mac[NGX_AIDIAL_SHA256_LEN];
    u_char      buf[sizeof(ngx_aidial_audit_domain) + NGX_AIDIAL_COOKIE_MAX];
    ngx_str_t   text;

    if (sid->len > NGX_AIDIAL_COOKIE_MAX) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(buf, ngx_aidial_audit_domain,
                   sizeof(ngx_aidial_audit_domain));
    p = ngx_cpymem(p, sid->data, sid->len);

    text.data = buf;
    text.len = p - buf;

    if (ngx_aidial_hmac_sha256(secret, &text, mac) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(out, mac, NGX_AIDIAL_AUDIT_SESSION_LEN / 2);

    return NGX_OK;
}


size_t
ngx_aidial_audit_packed(const ngx_str_t *strings, ngx_uint_t n)
{
    size_t      len;
    ngx_uint_t  i;

    len = n * sizeof(size_t);

    for (i = 0; i < n; i++) {
        len += strings[i].len;
    }

    return len;
}


u_char *
ngx_aidial_audit_pack(u_char *data, const ngx_str_t *strings, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        data = ngx_cpymem(data, &strings[i].len, sizeof(size_t));

        if (strings[i].len) {
            data = ngx_cpymem(data, strings[i].data, strings[i].len);
        }
    }

    return data;
}


u_char *
ngx_aidial_audit_unpack(u_char *data, ngx_str_t *strings, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        ngx_memcpy(&strings[i].len, data, sizeof(size_t));
        data += sizeof(size_t);

        strings[i].data = data;
        data += strings[i].len;
    }

    return data;
}
