
/*
 * What the client counts.  The counters lie in memory that the edge's workers
 * share; the census, how many connections this worker has in which state, has
 * one writer, and lies where others can read it.
 */


#ifndef _NGX_AIDIAL_REDIS_STATS_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_STATS_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_histogram.h"


/* X(id, name): what an error reply is counted as, see ngx_aidial_redis_error.c;
   the first word of the reply, or what several words have in common */

#define NGX_AIDIAL_REDIS_CLASSES(X)                                           \
    X(NOSCRIPT, "noscript")                                                   \
    X(WRONGTYPE, "wrongtype")                                                 \
    X(OTHERPRIMARY, "otherprimary")                                           \
    X(LOADING, "loading")                                                     \
    X(READONLY, "readonly")                                                   \
    X(MASTERDOWN, "masterdown")                                               \
    X(AUTH, "auth")                                                           \
    X(NOPERM, "noperm")                                                       \
    X(OOM, "oom")                                                             \
    X(MISCONF, "misconf")                                                     \
    X(NOREPLICAS, "noreplicas")                                               \
    X(BUSY, "busy")                                                           \
    X(CLUSTER, "cluster")                                                     \
    X(EXECABORT, "execabort")                                                 \
    X(ERR, "err")                                                             \
    X(UNKNOWN, "unknown")

typedef enum {
#define X(id, name)  NGX_AIDIAL_REDIS_CLASS_##id,
    NGX_AIDIAL_REDIS_CLASSES(X)
#undef X
    NGX_AIDIAL_REDIS_CLASS_COUNT
} ngx_aidial_redis_class_e;


/* X(id, name): the ends of a connection, in the order of
   ngx_aidial_redis_end_e behind NGX_AIDIAL_REDIS_HOLDS */

#define NGX_AIDIAL_REDIS_ENDS(X)                                              \
    X(LOST, "lost")                                                           \
    X(BROKEN, "broken")                                                       \
    X(LATE, "late")                                                           \
    X(UNFIT, "unfit")                                                         \
    X(EVICTS, "evicts")                                                       \
    X(DENIED, "denied")


/* X(id, name): in the order of ngx_aidial_redis_state_e */

#define NGX_AIDIAL_REDIS_STATES(X)                                            \
    X(DOWN, "down")                                                           \
    X(CONNECTING, "connecting")                                               \
    X(HANDSHAKE, "handshake")                                                 \
    X(READY, "ready")


#define X(id, name)  + 1

enum {
    NGX_AIDIAL_REDIS_END_COUNT = 0 NGX_AIDIAL_REDIS_ENDS(X),
    NGX_AIDIAL_REDIS_STATE_COUNT = 0 NGX_AIDIAL_REDIS_STATES(X)
};

#undef X


typedef struct {
    ngx_atomic_t            commands;     /* of operations, as sent */
    ngx_atomic_t            misses;       /* of a deadline */
    ngx_atomic_t            reconnects;
    ngx_atomic_t            errors[NGX_AIDIAL_REDIS_CLASS_COUNT];
    ngx_atomic_t            ends[NGX_AIDIAL_REDIS_END_COUNT];
    ngx_aidial_histogram_t  round_trip;   /* of an operation, all replies */
} ngx_aidial_redis_counters_t;


typedef struct {
    u_char                  n[NGX_AIDIAL_REDIS_STATE_COUNT];
} ngx_aidial_redis_census_t;


/* never NULL: a process without shared memory counts for itself */

extern ngx_aidial_redis_counters_t  *ngx_aidial_redis_counters;
extern ngx_aidial_redis_census_t    *ngx_aidial_redis_census;


#define ngx_aidial_redis_count(counter)                                       \
    (void) ngx_atomic_fetch_add(&ngx_aidial_redis_counters->counter, 1)


/*
 * The census moves to where others can read it, with what it says; NULL: back
 * into this process alone.  A place is given back only after that.
 */

void ngx_aidial_redis_census_move(ngx_aidial_redis_census_t *place);

/* the clock of all histograms, in microseconds */

uint64_t ngx_aidial_redis_clock(void);


#endif /* _NGX_AIDIAL_REDIS_STATS_H_INCLUDED_ */
