
/*
 * Blocks: zero when they are taken, bounded when they are given back.
 */


#include "aidial_unit.h"
#include "ngx_aidial_block.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif


#define TEST_BLOCKS  500


static void test_block_zero(ngx_aidial_unit_t *u);
static void test_block_many(ngx_aidial_unit_t *u);


void
test_block(ngx_aidial_unit_t *u)
{
    ngx_aidial_block_clear();

    test_block_zero(u);
    test_block_many(u);

    ngx_aidial_block_free(NULL);
    ngx_aidial_block_clear();

    ngx_aidial_unit_ok(u, ngx_aidial_block_kept() == 0, "cleared");
}


/* of each size, also those between and beyond the lists */

static void
test_block_zero(ngx_aidial_unit_t *u)
{
    size_t      i, dirty;
    u_char     *block, *again;
    ngx_uint_t  n;

    static const size_t  sizes[] = {
        0, 1, 255, 256, 257, 512, 513, 1024, 2047, 2048, 2049, 70000
    };

    for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
        block = ngx_aidial_block_alloc(sizes[n]);
        memset(block, 0xa5, sizes[n]);
        ngx_aidial_block_free(block);

#if defined(__SANITIZE_ADDRESS__)
        ngx_aidial_unit_ok(u, sizes[n] == 0
                              || __asan_address_is_poisoned(block),
                           "%lu octets: not to be used any more",
                           (unsigned long) sizes[n]);
#endif

        again = ngx_aidial_block_alloc(sizes[n]);
        dirty = 0;

        for (i = 0; i < sizes[n]; i++) {
            dirty += again[i] != 0;
        }

        ngx_aidial_unit_ok(u, dirty == 0, "%lu octets: all zero",
                           (unsigned long) sizes[n]);
        ngx_aidial_unit_ok(u, (uintptr_t) again % 16 == 0,
                           "%lu octets: aligned", (unsigned long) sizes[n]);
        ngx_aidial_unit_ok(u, sizes[n] > 2048 || again == block,
                           "%lu octets: the block that was given back",
                           (unsigned long) sizes[n]);

        ngx_aidial_block_free(again);
    }
}


/* as many at a time as ever: what is kept has a bound, and no two are one */

static void
test_block_many(ngx_aidial_unit_t *u)
{
    size_t       size, kept;
    u_char     **blocks;
    ngx_uint_t   i, round, wrong;

    blocks = ngx_palloc(u->pool, TEST_BLOCKS * sizeof(u_char *));
    wrong = 0;

    for (round = 0; round < 2; round++) {

        for (size = 256; size <= 4096; size *= 2) {

            for (i = 0; i < TEST_BLOCKS; i++) {
                blocks[i] = ngx_aidial_block_alloc(size);
                memset(blocks[i], (int) (i % 251 + 1), size);
            }

            for (i = 0; i < TEST_BLOCKS; i++) {
                wrong += blocks[i][0] != i % 251 + 1
                         || blocks[i][size - 1] != i % 251 + 1;
                ngx_aidial_block_free(blocks[i]);
            }
        }
    }

    kept = ngx_aidial_block_kept();

    ngx_aidial_unit_ok(u, wrong == 0, "nobody has another one's block");
    ngx_aidial_unit_ok(u, kept > NGX_AIDIAL_BLOCK_MAX / 2
                          && kept <= NGX_AIDIAL_BLOCK_MAX,
                       "%lu octets are kept", (unsigned long) kept);
}
