
/*
 * The characters of an identifier, and others that words of a record are made
 * of.
 */


#include "ngx_aidial_json.h"


/* A-Z a-z 0-9 _ . : - : an octet's bit is in the word of its upper three */

const uint32_t  ngx_aidial_identifier_chars[8] = {
    0x00000000,
    0x07ff6000,    /* ?>=< ;:98 7654 3210  /.-, +*)( '&%$ #"!  */
    0x87fffffe,    /* _^]\ [ZYX WVUT SRQP  ONML KJIH GFED CBA@ */
    0x07fffffe,    /*  ~}| {zyx wvut srqp  onml kjih gfed cba` */
    0, 0, 0, 0
};


ngx_uint_t
ngx_aidial_is_char(u_char ch, const char *marks)
{
    return (ch >= '0' && ch <= '9')
           || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
           || (ch != '\0' && ngx_strchr(marks, ch) != NULL);
}


ngx_uint_t
ngx_aidial_is_identifier(const ngx_str_t *text)
{
    size_t  i;

    if (text->len == 0 || text->len > NGX_AIDIAL_ID_MAX) {
        return 0;
    }

    for (i = 0; i < text->len; i++) {
        if (!ngx_aidial_is_identifier_char(text->data[i])) {
            return 0;
        }
    }

    return 1;
}
