
/*
 * A block that is given back is kept in the list of its size, for the next
 * one who asks for as much:
 *
 *     256    octets    -> block -> block -> block
 *     512              -> block
 *     1024             -> block -> block
 *     2048             ->
 *
 * A list has an end, and what is larger than all of them is the system's.
 *
 * Blocks hold what Redis says of people, and passwords.  So they are wiped
 * when they are given back, in one place and all of their octets; that they
 * are zero when they are taken is the same work.
 *
 * With AddressSanitizer a block in a list is poisoned: to use it after it was
 * given back is found as if it had been freed.
 */


#include "ngx_aidial_block.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define ngx_aidial_block_poison(p, size)    ASAN_POISON_MEMORY_REGION(p, size)
#define ngx_aidial_block_unpoison(p, size)                                    \
    ASAN_UNPOISON_MEMORY_REGION(p, size)
#else
#define ngx_aidial_block_poison(p, size)
#define ngx_aidial_block_unpoison(p, size)
#endif


#define NGX_AIDIAL_BLOCK_MIN      256     /* octets of the first list's */
#define NGX_AIDIAL_BLOCK_LISTS    4       /* each has blocks twice as large */


typedef struct ngx_aidial_block_s  ngx_aidial_block_t;

struct ngx_aidial_block_s {
    ngx_aidial_block_t  *next;    /* of those in a list */
    size_t               size;    /* without this head */
};


typedef struct {
    ngx_aidial_block_t  *first;
    ngx_uint_t           n;
} ngx_aidial_block_list_t;


static ngx_uint_t ngx_aidial_block_list(size_t size);


static ngx_aidial_block_list_t
    ngx_aidial_block_lists[NGX_AIDIAL_BLOCK_LISTS];


void *
ngx_aidial_block_alloc(size_t size)
{
    ngx_uint_t                i;
    ngx_aidial_block_t       *block;
    ngx_aidial_block_list_t  *list;

    i = ngx_aidial_block_list(size);

    if (i < NGX_AIDIAL_BLOCK_LISTS) {
        list = &ngx_aidial_block_lists[i];
        size = NGX_AIDIAL_BLOCK_MIN << i;

        if (list->first) {
            block = list->first;
            list->first = block->next;
            list->n--;

            ngx_aidial_block_unpoison(block + 1, size);

            return block + 1;
        }
    }

    block = ngx_calloc(sizeof(ngx_aidial_block_t) + size, ngx_cycle->log);
    if (block == NULL) {
        return NULL;
    }

    block->size = size;

    return block + 1;
}


void
ngx_aidial_block_free(void *p)
{
    ngx_uint_t                i;
    ngx_aidial_block_t       *block;
    ngx_aidial_block_list_t  *list;

    if (p == NULL) {
        return;
    }

    block = (ngx_aidial_block_t *) p - 1;

    ngx_explicit_memzero(p, block->size);

    i = ngx_aidial_block_list(block->size);

    if (i == NGX_AIDIAL_BLOCK_LISTS
        || ngx_aidial_block_lists[i].n == NGX_AIDIAL_BLOCK_KEPT)
    {
        ngx_free(block);
        return;
    }

    ngx_aidial_block_poison(p, block->size);

    list = &ngx_aidial_block_lists[i];

    block->next = list->first;
    list->first = block;
    list->n++;
}


/* the list with blocks of that size or a little more; none: LISTS */

static ngx_uint_t
ngx_aidial_block_list(size_t size)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_BLOCK_LISTS; i++) {
        if (size <= (size_t) NGX_AIDIAL_BLOCK_MIN << i) {
            break;
        }
    }

    return i;
}


void
ngx_aidial_block_clear(void)
{
    ngx_uint_t           i;
    ngx_aidial_block_t  *block;

    for (i = 0; i < NGX_AIDIAL_BLOCK_LISTS; i++) {

        while (ngx_aidial_block_lists[i].first) {
            block = ngx_aidial_block_lists[i].first;
            ngx_aidial_block_lists[i].first = block->next;

            ngx_aidial_block_unpoison(block + 1, block->size);
            ngx_free(block);
        }

        ngx_aidial_block_lists[i].n = 0;
    }
}


size_t
ngx_aidial_block_kept(void)
{
    size_t      kept;
    ngx_uint_t  i;

    kept = 0;

    for (i = 0; i < NGX_AIDIAL_BLOCK_LISTS; i++) {
        kept += ngx_aidial_block_lists[i].n
                * ((NGX_AIDIAL_BLOCK_MIN << i) + sizeof(ngx_aidial_block_t));
    }

    return kept;
}
