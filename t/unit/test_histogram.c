
/*
 * A histogram: each duration in the first bucket whose bound it does not pass,
 * and bounds that grow, and read as they are.
 */


#include "aidial_unit.h"
#include "ngx_aidial_histogram.h"


static void test_histogram_edges(ngx_aidial_unit_t *u);
static void test_histogram_is(ngx_aidial_unit_t *u, uint64_t usec,
    ngx_uint_t bucket);
static void test_histogram_bounds(ngx_aidial_unit_t *u);
static void test_histogram_sum(ngx_aidial_unit_t *u);


static const uint64_t  test_histogram_usec[] = {
#define X(usec, text)  usec,
    NGX_AIDIAL_HISTOGRAM_BOUNDS(X)
#undef X
};


void
test_histogram(ngx_aidial_unit_t *u)
{
    test_histogram_edges(u);
    test_histogram_bounds(u);
    test_histogram_sum(u);
}


/* a bound is part of its bucket, as Prometheus has it */

static void
test_histogram_edges(ngx_aidial_unit_t *u)
{
    uint64_t    bound;
    ngx_uint_t  i;

    test_histogram_is(u, 0, 0);

    for (i = 0; i < NGX_AIDIAL_HISTOGRAM_BOUNDED; i++) {
        bound = test_histogram_usec[i];

        test_histogram_is(u, bound - 1, i);
        test_histogram_is(u, bound, i);
        test_histogram_is(u, bound + 1, i + 1);
    }

    test_histogram_is(u, 3600000000, NGX_AIDIAL_HISTOGRAM_BOUNDED);
    test_histogram_is(u, (uint64_t) 1 << 62, NGX_AIDIAL_HISTOGRAM_BOUNDED);
}


static void
test_histogram_is(ngx_aidial_unit_t *u, uint64_t usec, ngx_uint_t bucket)
{
    ngx_uint_t              i, others;
    ngx_aidial_histogram_t  histogram;

    ngx_memzero(&histogram, sizeof(histogram));

    ngx_aidial_histogram_add(&histogram, usec);

    others = 0;

    for (i = 0; i < NGX_AIDIAL_HISTOGRAM_BUCKETS; i++) {
        others += (i != bucket) ? histogram.buckets[i] : 0;
    }

    ngx_aidial_unit_ok(u, histogram.buckets[bucket] == 1 && others == 0
                          && histogram.sum == usec,
                       "%llu us in bucket %lu", (unsigned long long) usec,
                       (unsigned long) bucket);
}


static void
test_histogram_bounds(ngx_aidial_unit_t *u)
{
    char              number[32];
    double            seconds, last;
    ngx_uint_t        i;
    const ngx_str_t  *text;

    last = 0;

    for (i = 0; i < NGX_AIDIAL_HISTOGRAM_BOUNDED; i++) {
        text = ngx_aidial_histogram_bound(i);

        snprintf(number, sizeof(number), "%.*s", (int) text->len, text->data);
        seconds = strtod(number, NULL);

        ngx_aidial_unit_ok(u, seconds > last, "%s: a bound that grows",
                           number);
        ngx_aidial_unit_ok(u, (uint64_t) (seconds * 1e6 + 0.5)
                              == test_histogram_usec[i],
                           "%s seconds are %llu us", number,
                           (unsigned long long) test_histogram_usec[i]);

        last = seconds;
    }

    text = ngx_aidial_histogram_bound(NGX_AIDIAL_HISTOGRAM_BOUNDED);

    ngx_aidial_unit_ok(u, text->len == 4 && memcmp(text->data, "+Inf", 4) == 0,
                       "the last bound: %.*s", (int) text->len, text->data);
}


static void
test_histogram_sum(ngx_aidial_unit_t *u)
{
    ngx_uint_t              i, n;
    ngx_aidial_histogram_t  histogram;

    ngx_memzero(&histogram, sizeof(histogram));

    for (i = 1; i <= 1000; i++) {
        ngx_aidial_histogram_add(&histogram, i);
    }

    n = 0;

    for (i = 0; i < NGX_AIDIAL_HISTOGRAM_BUCKETS; i++) {
        n += histogram.buckets[i];
    }

    ngx_aidial_unit_ok(u, n == 1000 && histogram.sum == 500500,
                       "%lu durations, %lu us", (unsigned long) n,
                       (unsigned long) histogram.sum);
    ngx_aidial_unit_ok(u, histogram.buckets[0] == 50
                          && histogram.buckets[1] == 50
                          && histogram.buckets[2] == 100,
                       "1 to 1000 us: %lu, %lu and %lu in the first buckets",
                       (unsigned long) histogram.buckets[0],
                       (unsigned long) histogram.buckets[1],
                       (unsigned long) histogram.buckets[2]);
}
