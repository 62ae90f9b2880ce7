
/*
 * ngx_decode_base64url() takes the standard alphabet, padding and stray bits
 * as well, which gives one token many spellings; whoever counts or revokes
 * tokens by text would miss the others.
 */


#include "ngx_aidial_base64url.h"


/* what a character stands for; 64: it is not of the alphabet */

static const u_char  ngx_aidial_base64url_digits[256] = {
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64,
    64,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64
};


/* a digit of that table that is none */

#define NGX_AIDIAL_BASE64URL_NONE  64


ngx_int_t
ngx_aidial_base64url_decode(const ngx_str_t *text, u_char *dst)
{
    u_char        *p, *last;
    uint32_t       bits, all;
    ngx_uint_t     n;
    const u_char  *digit;

    digit = ngx_aidial_base64url_digits;
    p = text->data;
    last = p + text->len;
    all = 0;

    for ( /* void */ ; last - p >= 4; p += 4) {
        all |= digit[p[0]] | digit[p[1]] | digit[p[2]] | digit[p[3]];

        bits = digit[p[0]] << 18 | digit[p[1]] << 12 | digit[p[2]] << 6
               | digit[p[3]];

        *dst++ = (u_char) (bits >> 16);
        *dst++ = (u_char) (bits >> 8);
        *dst++ = (u_char) bits;
    }

    bits = 0;
    n = last - p;

    if (n == 1) {
        return NGX_DECLINED;
    }

    for ( /* void */ ; p < last; p++) {
        all |= digit[*p];
        bits = bits << 6 | digit[*p];
    }

    /* two characters have four bits too many, three have two */

    if (n == 2) {
        *dst = (u_char) (bits >> 4);
        bits &= 0x0f;

    } else if (n == 3) {
        *dst++ = (u_char) (bits >> 10);
        *dst = (u_char) (bits >> 2);
        bits &= 0x03;
    }

    return (bits || (all & NGX_AIDIAL_BASE64URL_NONE)) ? NGX_DECLINED : NGX_OK;
}
