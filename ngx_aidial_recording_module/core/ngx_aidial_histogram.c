
#include "ngx_aidial_histogram.h"


static const uint32_t  ngx_aidial_histogram_bounds[] = {
#define X(usec, text)  usec,
    NGX_AIDIAL_HISTOGRAM_BOUNDS(X)
#undef X
};


static const ngx_str_t  ngx_aidial_histogram_texts[] = {
#define X(usec, text)  ngx_string(text),
    NGX_AIDIAL_HISTOGRAM_BOUNDS(X)
#undef X
    ngx_string("+Inf")
};


void
ngx_aidial_histogram_add(ngx_aidial_histogram_t *histogram, uint64_t usec)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_HISTOGRAM_BOUNDED; i++) {
        if (usec <= ngx_aidial_histogram_bounds[i]) {
            break;
        }
    }

    (void) ngx_atomic_fetch_add(&histogram->buckets[i], 1);
    (void) ngx_atomic_fetch_add(&histogram->sum, (ngx_atomic_int_t) usec);
}


const ngx_str_t *
ngx_aidial_histogram_bound(ngx_uint_t bucket)
{
    ngx_aidial_assert(bucket < NGX_AIDIAL_HISTOGRAM_BUCKETS);

    return &ngx_aidial_histogram_texts[bucket];
}
