
/*
 * base64url without padding (RFC 4648, section 5), in its one spelling.
 */


#ifndef _NGX_AIDIAL_BASE64URL_H_INCLUDED_
#define _NGX_AIDIAL_BASE64URL_H_INCLUDED_


#include "ngx_aidial_core.h"


/* octets that a text of "len" characters stands for */

#define ngx_aidial_base64url_len(len)  ((len) * 3 / 4)


/*
 * Writes that many octets, also of a text that it declines in the end.
 * NGX_DECLINED: a character of another alphabet,
 * padding, an impossible length, or bits set that belong to no octet.
 */

ngx_int_t ngx_aidial_base64url_decode(const ngx_str_t *text, u_char *dst);


#endif /* _NGX_AIDIAL_BASE64URL_H_INCLUDED_ */
