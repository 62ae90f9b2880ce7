
/*
 * A histogram of durations, in memory that processes share: nobody locks, a
 * reader may see a duration in its bucket and not yet in the sum.
 */


#ifndef _NGX_AIDIAL_HISTOGRAM_H_INCLUDED_
#define _NGX_AIDIAL_HISTOGRAM_H_INCLUDED_


#include "ngx_aidial_core.h"


/*
 * X(microseconds, the same in seconds): the upper bounds, included.  They fit
 * a Redis next door as well as a deadline of some hundred milliseconds.
 */

#define NGX_AIDIAL_HISTOGRAM_BOUNDS(X)                                        \
    X(50, "0.00005")                                                          \
    X(100, "0.0001")                                                          \
    X(200, "0.0002")                                                          \
    X(300, "0.0003")                                                          \
    X(500, "0.0005")                                                          \
    X(1000, "0.001")                                                          \
    X(2000, "0.002")                                                          \
    X(5000, "0.005")                                                          \
    X(10000, "0.01")                                                          \
    X(20000, "0.02")                                                          \
    X(50000, "0.05")                                                          \
    X(100000, "0.1")                                                          \
    X(200000, "0.2")                                                          \
    X(500000, "0.5")                                                          \
    X(1000000, "1")


#define X(usec, text)  + 1

enum {
    NGX_AIDIAL_HISTOGRAM_BOUNDED = 0 NGX_AIDIAL_HISTOGRAM_BOUNDS(X),
    NGX_AIDIAL_HISTOGRAM_BUCKETS                 /* and one for the rest */
};

#undef X


typedef struct {
    ngx_atomic_t  buckets[NGX_AIDIAL_HISTOGRAM_BUCKETS];  /* each its own */
    ngx_atomic_t  sum;                                    /* microseconds */
} ngx_aidial_histogram_t;


void ngx_aidial_histogram_add(ngx_aidial_histogram_t *histogram,
    uint64_t usec);

/* the bound of a bucket in seconds; of the last one "+Inf" */

const ngx_str_t *ngx_aidial_histogram_bound(ngx_uint_t bucket);


#endif /* _NGX_AIDIAL_HISTOGRAM_H_INCLUDED_ */
