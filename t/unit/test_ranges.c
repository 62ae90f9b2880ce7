
/*
 * Merged byte ranges against a map of bytes: what is in the set is what was
 * added, and what the rule for too many ranges counts as sent.
 */


#include "aidial_unit.h"
#include "ngx_aidial_ranges.h"


#define TEST_RANGES_SMALL  6       /* bytes: each three ranges of them */
#define TEST_RANGES_SIZE   96      /* bytes: room for too many ranges */


typedef struct {
    ngx_uint_t   size;
    u_char       sent[TEST_RANGES_SIZE];
} test_ranges_map_t;


static void test_ranges_small(ngx_aidial_unit_t *u);
static void test_ranges_one_more(ngx_aidial_unit_t *u);
static void test_ranges_many(ngx_aidial_unit_t *u);
static void test_ranges_add(ngx_aidial_ranges_t *set, test_ranges_map_t *map,
    ngx_uint_t first, ngx_uint_t last);
static ngx_uint_t test_ranges_runs(const test_ranges_map_t *map);
static void test_ranges_fill(test_ranges_map_t *map);
static ngx_uint_t test_ranges_same(const ngx_aidial_ranges_t *set,
    const test_ranges_map_t *map);
static void test_ranges_order(ngx_aidial_unit_t *u);
static void test_ranges_text(ngx_aidial_unit_t *u);
static void test_ranges_text_is(ngx_aidial_unit_t *u,
    const ngx_aidial_ranges_t *set, const char *expected, const char *name);


void
test_ranges(ngx_aidial_unit_t *u)
{
    test_ranges_small(u);
    test_ranges_one_more(u);
    test_ranges_many(u);
    test_ranges_order(u);
    test_ranges_text(u);
}


/* each sequence of three ranges, in whatever way they meet */

static void
test_ranges_small(ngx_aidial_unit_t *u)
{
    ngx_uint_t           i, n, code, of[3][2], count;
    test_ranges_map_t    map;
    ngx_aidial_ranges_t  set;

    count = TEST_RANGES_SMALL * TEST_RANGES_SMALL;
    count = count * count * count;

    for (n = 0; n < count; n++) {
        code = n;

        for (i = 0; i < 3; i++) {
            of[i][0] = code % TEST_RANGES_SMALL;
            code /= TEST_RANGES_SMALL;
            of[i][1] = code % TEST_RANGES_SMALL;
            code /= TEST_RANGES_SMALL;
        }

        if (of[0][0] > of[0][1] || of[1][0] > of[1][1] || of[2][0] > of[2][1])
        {
            continue;
        }

        ngx_memzero(&set, sizeof(set));
        ngx_memzero(&map, sizeof(map));
        map.size = TEST_RANGES_SMALL;

        for (i = 0; i < 3; i++) {
            test_ranges_add(&set, &map, of[i][0], of[i][1]);
        }

        ngx_aidial_unit_ok(u, test_ranges_same(&set, &map),
                           "%lu-%lu, %lu-%lu and %lu-%lu",
                           (unsigned long) of[0][0], (unsigned long) of[0][1],
                           (unsigned long) of[1][0], (unsigned long) of[1][1],
                           (unsigned long) of[2][0], (unsigned long) of[2][1]);
    }
}


/* a set as full as it gets, with gaps of all sorts, and each range in it */

static void
test_ranges_one_more(ngx_aidial_unit_t *u)
{
    ngx_uint_t           i, at, first, last;
    test_ranges_map_t    map, more;
    ngx_aidial_ranges_t  set, full;

    static const ngx_uint_t  gaps[NGX_AIDIAL_RANGES_MAX] = {
        4, 7, 3, 5, 2, 9, 4, 2, 6, 8, 3, 2, 5, 7, 4
    };

    ngx_memzero(&full, sizeof(full));
    ngx_memzero(&map, sizeof(map));
    map.size = TEST_RANGES_SIZE;

    for (i = 0, at = 0; i < NGX_AIDIAL_RANGES_MAX; i++) {
        at += gaps[i];
        test_ranges_add(&full, &map, at, at);
        at += 1;
    }

    ngx_aidial_unit_ok(u, full.n == NGX_AIDIAL_RANGES_MAX
                          && test_ranges_same(&full, &map),
                       "a full set");

    for (first = 0; first < TEST_RANGES_SIZE; first++) {
        for (last = first; last < TEST_RANGES_SIZE; last++) {
            set = full;
            more = map;
            test_ranges_add(&set, &more, first, last);

            ngx_aidial_unit_ok(u, test_ranges_same(&set, &more),
                               "%lu-%lu and a full set",
                               (unsigned long) first, (unsigned long) last);
        }
    }
}


/* a player that jumps about, always in the same way */

static void
test_ranges_many(ngx_aidial_unit_t *u)
{
    uint32_t             seed;
    ngx_uint_t           i, n, first, last, overflows;
    test_ranges_map_t    map;
    ngx_aidial_ranges_t  set;

    seed = 1;
    overflows = 0;

    for (n = 0; n < 200; n++) {
        ngx_memzero(&set, sizeof(set));
        ngx_memzero(&map, sizeof(map));
        map.size = TEST_RANGES_SIZE;

        for (i = 0; i < 40; i++) {
            seed = seed * 1664525 + 1013904223;
            first = (seed >> 8) % TEST_RANGES_SIZE;
            last = ngx_min(first + (seed >> 24) % 2, TEST_RANGES_SIZE - 1);

            map.sent[first] = map.sent[last] = 1;
            overflows += (test_ranges_runs(&map) > NGX_AIDIAL_RANGES_MAX);

            test_ranges_add(&set, &map, first, last);

            ngx_aidial_unit_ok(u, test_ranges_same(&set, &map),
                               "jump %lu of player %lu", (unsigned long) i,
                               (unsigned long) n);
        }
    }

    ngx_aidial_unit_ok(u, overflows > 100, "%lu times too many ranges",
                       (unsigned long) overflows);
}


/* to both; the map has its smallest gap filled when it has too many runs */

static void
test_ranges_add(ngx_aidial_ranges_t *set, test_ranges_map_t *map,
    ngx_uint_t first, ngx_uint_t last)
{
    ngx_uint_t  i;

    ngx_aidial_ranges_add(set, first, last);

    for (i = first; i <= last; i++) {
        map->sent[i] = 1;
    }

    if (test_ranges_runs(map) > NGX_AIDIAL_RANGES_MAX) {
        test_ranges_fill(map);
    }
}


static ngx_uint_t
test_ranges_runs(const test_ranges_map_t *map)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < map->size; i++) {
        n += map->sent[i] && (i == 0 || !map->sent[i - 1]);
    }

    return n;
}


/* the first one of the smallest gaps */

static void
test_ranges_fill(test_ranges_map_t *map)
{
    ngx_uint_t  i, begin, at, smallest;

    begin = 0;
    at = 0;
    smallest = map->size;

    for (i = 0; i < map->size; i++) {

        if (!map->sent[i]) {
            continue;
        }

        /* what is in front of the first run is no gap */

        if (i > begin && begin > 0 && i - begin < smallest) {
            smallest = i - begin;
            at = begin;
        }

        begin = i + 1;
    }

    ngx_memset(map->sent + at, 1, smallest);
}


static ngx_uint_t
test_ranges_same(const ngx_aidial_ranges_t *set, const test_ranges_map_t *map)
{
    ngx_uint_t                 i, n;
    const ngx_aidial_range_t  *range;

    n = 0;

    for (i = 0; i < map->size; i++) {

        if (map->sent[i] && (i == 0 || !map->sent[i - 1])) {
            n++;
        }

        if (!map->sent[i]) {
            continue;
        }

        if (n > set->n) {
            return 0;
        }

        range = &set->ranges[n - 1];

        /* the run begins and ends where the range does */

        if ((range->first == (off_t) i) != (i == 0 || !map->sent[i - 1])
            || (range->last == (off_t) i)
               != (i + 1 == map->size || !map->sent[i + 1]))
        {
            return 0;
        }
    }

    return n == set->n;
}


/* far apart, and in numbers that do not fit 32 bits */

static void
test_ranges_order(ngx_aidial_unit_t *u)
{
    ngx_aidial_ranges_t  set;

    ngx_memzero(&set, sizeof(set));

    ngx_aidial_ranges_add(&set, 9007199254740990, 9007199254740991);
    ngx_aidial_ranges_add(&set, 0, 0);
    ngx_aidial_ranges_add(&set, 5000000000, 5999999999);

    test_ranges_text_is(u, &set, "0-0,5000000000-5999999999,"
                        "9007199254740990-9007199254740991", "in order");

    ngx_aidial_ranges_add(&set, 1, 4999999999);

    test_ranges_text_is(u, &set, "0-5999999999,"
                        "9007199254740990-9007199254740991", "adjacent");

    ngx_aidial_ranges_add(&set, 6000000001, 6000000001);

    test_ranges_text_is(u, &set, "0-5999999999,6000000001-6000000001,"
                        "9007199254740990-9007199254740991",
                        "a gap of one byte");

    ngx_aidial_ranges_add(&set, 0, 9007199254740991);

    test_ranges_text_is(u, &set, "0-9007199254740991", "all of it");
}


/* as long as it gets, in no more room than is promised */

static void
test_ranges_text(ngx_aidial_unit_t *u)
{
    char                 expected[NGX_AIDIAL_RANGES_LEN + 1], *p;
    off_t                first;
    ngx_uint_t           i;
    ngx_aidial_ranges_t  set;

    ngx_memzero(&set, sizeof(set));

    test_ranges_text_is(u, &set, "", "none");

    p = expected;

    for (i = 0; i < NGX_AIDIAL_RANGES_MAX; i++) {
        first = 9000000000000000 + 10 * i;
        ngx_aidial_ranges_add(&set, first, first + 5);

        p += sprintf(p, "%s%lld-%lld", i ? "," : "", (long long) first,
                     (long long) first + 5);
    }

    ngx_aidial_unit_ok(u, p - expected == 33 * NGX_AIDIAL_RANGES_MAX
                                          + NGX_AIDIAL_RANGES_MAX - 1,
                       "the longest text: %ld", (long) (p - expected));

    test_ranges_text_is(u, &set, expected, "the longest");
}


static void
test_ranges_text_is(ngx_aidial_unit_t *u, const ngx_aidial_ranges_t *set,
    const char *expected, const char *name)
{
    size_t   len;
    u_char  *buf;

    buf = ngx_pnalloc(u->pool, NGX_AIDIAL_RANGES_LEN);
    len = ngx_aidial_ranges_text(buf, set) - buf;

    ngx_aidial_unit_ok(u, len == strlen(expected)
                          && memcmp(buf, expected, len) == 0,
                       "text, %s: \"%.*s\", expected \"%s\"", name, (int) len,
                       buf, expected);
}
