
/*
 * ngx_decode_base64url() takes the standard alphabet, padding and stray bits
 * as well, which gives one token many spellings; whoever counts or revokes
 * tokens by text would miss the others.
 */


#include "ngx_aidial_base64url.h"


static ngx_uint_t ngx_aidial_base64url_digit(u_char c);


ngx_int_t
ngx_aidial_base64url_decode(const ngx_str_t *text, u_char *dst)
{
    size_t      i;
    uint32_t    bits;
    ngx_uint_t  digit, n;

    if (text->len % 4 == 1) {
        return NGX_DECLINED;
    }

    bits = 0;
    n = 0;

    for (i = 0; i < text->len; i++) {
        digit = ngx_aidial_base64url_digit(text->data[i]);

        if (digit > 63) {
            return NGX_DECLINED;
        }

        bits = bits << 6 | digit;
        n += 6;

        if (n >= 8) {
            n -= 8;
            *dst++ = (u_char) (bits >> n);
            bits &= (1 << n) - 1;
        }
    }

    /* the bits that no octet took */

    return bits ? NGX_DECLINED : NGX_OK;
}


static ngx_uint_t
ngx_aidial_base64url_digit(u_char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == '-') {
        return 62;
    }

    return c == '_' ? 63 : 64;
}
