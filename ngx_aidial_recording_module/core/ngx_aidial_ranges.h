
/*
 * Which bytes of an object were sent: merged ranges, in order.
 */


#ifndef _NGX_AIDIAL_RANGES_H_INCLUDED_
#define _NGX_AIDIAL_RANGES_H_INCLUDED_


#include "ngx_aidial_core.h"


#define NGX_AIDIAL_RANGES_MAX  15
#define NGX_AIDIAL_RANGES_LEN  512   /* characters of their text */


typedef struct {
    off_t                first;
    off_t                last;
} ngx_aidial_range_t;


/* neither overlapping nor adjacent; all zero: none */

typedef struct {
    ngx_uint_t           n;
    ngx_aidial_range_t   ranges[NGX_AIDIAL_RANGES_MAX];
} ngx_aidial_ranges_t;


/*
 * Adds the bytes from "first" to "last", 0 <= first <= last.  When there would
 * be too many ranges the two with the smallest gap become one: then the gap
 * counts as sent.
 */

void ngx_aidial_ranges_add(ngx_aidial_ranges_t *set, off_t first, off_t last);

/*
 * Writes "0-99,500-999" to "buf", which has room for NGX_AIDIAL_RANGES_LEN
 * characters when no byte is beyond 2^53.  Returns the end.
 */

u_char *ngx_aidial_ranges_text(u_char *buf, const ngx_aidial_ranges_t *set);


#endif /* _NGX_AIDIAL_RANGES_H_INCLUDED_ */
