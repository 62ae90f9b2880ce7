
/*
 * What this edge counts, over all its workers, in the shared zone: it outlives
 * reloads and workers.  A counter is added to without a lock; what says "now"
 * changes with what it counts, under the slab's mutex, so that a worker that
 * is killed leaves none of it behind.
 *
 * Names and texts stand in ngx_http_aidial_exposition.c.
 */


#ifndef _NGX_HTTP_AIDIAL_METRICS_H_INCLUDED_
#define _NGX_HTTP_AIDIAL_METRICS_H_INCLUDED_


#include "ngx_http_aidial.h"


#define NGX_HTTP_AIDIAL_ENDPOINTS  NGX_HTTP_AIDIAL_MEDIA


/*
 * The statuses with which a request of an endpoint ends: those of the HTTP
 * contract, and 408, 499 and 500, which are nginx's own.
 */

#define NGX_HTTP_AIDIAL_CODES(X)                                              \
    X(200) X(201) X(206) X(304) X(400) X(401) X(403) X(404) X(405) X(408)     \
    X(410) X(412) X(413) X(415) X(416) X(429) X(499) X(500) X(502) X(503)

typedef enum {
#define X(code)  NGX_HTTP_AIDIAL_CODE_##code,
    NGX_HTTP_AIDIAL_CODES(X)
#undef X
    NGX_HTTP_AIDIAL_CODE_OTHER,
    NGX_HTTP_AIDIAL_CODE_COUNT
} ngx_http_aidial_code_e;


/* why a running response was cut */

typedef enum {
    NGX_HTTP_AIDIAL_CUT_SESSION = 0,
    NGX_HTTP_AIDIAL_CUT_NOT_FOUND,
    NGX_HTTP_AIDIAL_CUT_BLOCKED,
    NGX_HTTP_AIDIAL_CUT_UNVERIFIABLE,
    NGX_HTTP_AIDIAL_CUT_COUNT
} ngx_http_aidial_cut_e;


/* what the audit trail has yet to get */

typedef enum {
    NGX_HTTP_AIDIAL_OWED_CLOSINGS = 0,  /* entries: a delivery's end */
    NGX_HTTP_AIDIAL_OWED_REFUSALS,      /* users, with those of a minute */
    NGX_HTTP_AIDIAL_OWED_COUNT
} ngx_http_aidial_owed_e;


typedef struct {

    /* by endpoint, which is a location's role */

    ngx_atomic_t             requests[NGX_HTTP_AIDIAL_ENDPOINTS]
                                     [NGX_HTTP_AIDIAL_CODE_COUNT];
    ngx_atomic_t             refusals[NGX_HTTP_AIDIAL_ENDPOINTS]
                                     [NGX_AIDIAL_PROBLEM_COUNT];
    ngx_aidial_histogram_t   added[NGX_HTTP_AIDIAL_ENDPOINTS];

    ngx_atomic_t             blocked[NGX_AIDIAL_REASON_COUNT];

    /* by action, from NGX_AIDIAL_ACTION_PLAYBACK */

    ngx_atomic_t             issued[NGX_AIDIAL_ACTIONS];
    ngx_atomic_t             redeemed[NGX_AIDIAL_ACTIONS];
    ngx_atomic_t             sent[NGX_AIDIAL_ACTIONS];       /* bytes */
    ngx_atomic_t             streams[NGX_AIDIAL_ACTIONS];    /* now */

    ngx_atomic_t             resumed;
    ngx_atomic_t             cut[NGX_HTTP_AIDIAL_CUT_COUNT];

    ngx_atomic_t             owed[NGX_HTTP_AIDIAL_OWED_COUNT];  /* now */
    ngx_atomic_t             lost[NGX_HTTP_AIDIAL_OWED_COUNT];

    ngx_aidial_redis_counters_t  redis;
} ngx_http_aidial_metrics_t;


/* what one scrape shows: the counters, and what is computed for it */

typedef struct {
    ngx_http_aidial_metrics_t  counters;
    ngx_atomic_t               expired;
    ngx_atomic_t               used;
    ngx_atomic_t               connections[NGX_AIDIAL_REDIS_STATE_COUNT];
    ngx_atomic_t               workers;
    ngx_atomic_t               zone_size;
    ngx_atomic_t               zone_free;
    ngx_atomic_t               one;
} ngx_http_aidial_scrape_t;


/* ngx_http_aidial_metrics.c */

/* the counters of this edge; before a worker has begun, its own */

extern ngx_http_aidial_metrics_t  *ngx_http_aidial_metrics;

#define ngx_http_aidial_metrics_count(counter)                                \
    (void) ngx_atomic_fetch_add(&ngx_http_aidial_metrics->counter, 1)

/* at the beginning of a flow, and when it has decided */

void ngx_http_aidial_metrics_begin(ngx_http_aidial_ctx_t *ctx);
void ngx_http_aidial_metrics_decided(ngx_http_aidial_ctx_t *ctx);

/* Redis has said that a delivery began; "first": of its account */

void ngx_http_aidial_metrics_started(ngx_http_aidial_ctx_t *ctx,
    ngx_uint_t first);

/* a delivery that is in the ledger; one that leaves it, with its bytes */

void ngx_http_aidial_metrics_stream_locked(ngx_uint_t action);
void ngx_http_aidial_metrics_stream_end_locked(ngx_uint_t action,
    off_t bytes);

/*
 * A running response was cut since it would be refused with "problem" now.
 * Any other than session_required, recording_not_found and recording_blocked
 * counts as unverifiable.
 */

void ngx_http_aidial_metrics_cut(ngx_aidial_problem_e problem);

/* a post_action takes over a request that has ended: keeps its status */

void ngx_http_aidial_metrics_keep_status(ngx_http_aidial_ctx_t *ctx);

/* the log phase: each main request of an endpoint, once, at its end */

ngx_int_t ngx_http_aidial_metrics_log(ngx_http_request_t *r);


/* ngx_http_aidial_scrape.c */

char *ngx_http_aidial_set_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* 1 when the location that is being configured shows the metrics */

ngx_uint_t ngx_http_aidial_metrics_here(ngx_conf_t *cf);

/* NGX_OK when the directive, if it is there, has what it needs */

ngx_int_t ngx_http_aidial_metrics_complete(ngx_conf_t *cf);


/* ngx_http_aidial_exposition.c */

/* bytes that an exposition has at most */

size_t ngx_http_aidial_exposition_size(void);

/* writes it, and returns its end */

u_char *ngx_http_aidial_exposition(u_char *p,
    const ngx_http_aidial_scrape_t *scrape);


#endif /* _NGX_HTTP_AIDIAL_METRICS_H_INCLUDED_ */
