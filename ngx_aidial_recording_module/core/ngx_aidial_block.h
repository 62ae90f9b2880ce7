
/*
 * Blocks of memory that live as long as an operation or a reply: taken and
 * given back many times a second, always the same few sizes.
 */


#ifndef _NGX_AIDIAL_BLOCK_H_INCLUDED_
#define _NGX_AIDIAL_BLOCK_H_INCLUDED_


#include "ngx_aidial_core.h"


/* memory of "size" octets, all zero, aligned for any type; or NULL */

void *ngx_aidial_block_alloc(size_t size);

/* wipes it and gives it back; NULL is none */

void ngx_aidial_block_free(void *block);

/* gives to the system what is kept, at the end of a worker */

void ngx_aidial_block_clear(void);

/* octets that are kept and in nobody's use, at most NGX_AIDIAL_BLOCK_MAX */

size_t ngx_aidial_block_kept(void);


#endif /* _NGX_AIDIAL_BLOCK_H_INCLUDED_ */
