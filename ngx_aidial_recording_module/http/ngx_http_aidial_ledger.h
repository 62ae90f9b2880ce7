
/*
 * The ledger: what this edge still owes the audit trail, in shared memory, so
 * that a worker that is killed takes nothing with it.
 *
 *     delivery    a media response that runs, and the worker it runs in
 *     account     what will be one closing entry: a download's delivery, or
 *                 all deliveries of one playback grant
 *     count       refusals of one user that are entered once a minute
 *
 * An account is open while its deliveries run (a playback's for 30 seconds
 * more); then it is due, until Redis has its entry.
 */


#ifndef _NGX_HTTP_AIDIAL_LEDGER_H_INCLUDED_
#define _NGX_HTTP_AIDIAL_LEDGER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_aidial_audit.h"
#include "ngx_aidial_ranges.h"
#include "ngx_aidial_redis_ops.h"
#include "ngx_aidial_token.h"
#include "ngx_http_aidial_metrics.h"


#define NGX_HTTP_AIDIAL_ATTEMPT_LEN   32      /* hex digits */

#define NGX_HTTP_AIDIAL_PLAYBACK_IDLE 30000   /* ms until a playback is over */
#define NGX_HTTP_AIDIAL_QUIT_WAIT     9500    /* ms for what is due */
#define NGX_HTTP_AIDIAL_MINUTE        60000   /* ms */

/*
 * Places for workers, those that are on their way out included.  They are not
 * allocated: a zone that is full must not keep a worker from starting.
 */

#define NGX_HTTP_AIDIAL_WORKERS_MAX   256


/* the strings that an account or a count keeps, packed, in this order */

typedef enum {
    NGX_HTTP_AIDIAL_LEDGER_GRANT_KEY = 0,
    NGX_HTTP_AIDIAL_LEDGER_RATE_KEY,
    NGX_HTTP_AIDIAL_LEDGER_AUDIT_KEY,
    NGX_HTTP_AIDIAL_LEDGER_AUDIT,
    NGX_HTTP_AIDIAL_LEDGER_STRINGS = NGX_HTTP_AIDIAL_LEDGER_AUDIT
                                     + NGX_AIDIAL_AUDIT_FIELDS
} ngx_http_aidial_ledger_string_e;


typedef struct {
    ngx_aidial_redis_keys_t      keys;
    ngx_aidial_audit_t           audit;
} ngx_http_aidial_facts_t;


typedef struct {
    ngx_rbtree_node_t            node;       /* of a playback's grant */
    ngx_queue_t                  queue;      /* of "open" or "due" */

    u_char                       grant[NGX_AIDIAL_GRANT_ID_LEN];
    u_char                       attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN];
    ngx_uint_t                   action;     /* ngx_aidial_action_e */
    ngx_uint_t                   running;    /* deliveries */
    ngx_uint_t                   status;     /* of the last response */
    off_t                        bytes;
    off_t                        sent;       /* -1: cannot be resumed */
    ngx_msec_t                   begun;
    ngx_msec_t                   ended;      /* when the last one did */
    ngx_aidial_ranges_t          ranges;

    ngx_msec_t                   later;      /* due: not before this */
    ngx_uint_t                   claim;      /* worker that sends it, or 0 */

    unsigned                     known:1;    /* Redis said that it began */
    unsigned                     killed:1;   /* its worker was */
    unsigned                     complete:1;
    unsigned                     due:1;

    u_char                       facts[1];   /* packed */
} ngx_http_aidial_account_t;


typedef struct {
    ngx_queue_t                  queue;
    ngx_uint_t                   owner;      /* worker */
    ngx_http_aidial_account_t   *account;
    off_t                        first;      /* byte of the object; -1: none */
    off_t                        bytes;      /* in the socket, or on the way */
    ngx_uint_t                   status;     /* of the response; 0: none yet */
} ngx_http_aidial_delivery_t;


typedef struct {
    ngx_rbtree_node_t            node;       /* of event and user */
    ngx_queue_t                  queue;
    ngx_uint_t                   event;      /* ngx_http_aidial_event_e */
    ngx_uint_t                   n;          /* Redis does not know of */
    ngx_msec_t                   due;
    ngx_uint_t                   claim;
    ngx_uint_t                   held;       /* 1: Redis counts some */
    u_char                       facts[1];
} ngx_http_aidial_count_t;


typedef enum {
    NGX_HTTP_AIDIAL_MEDIA_REFUSED = 0,
    NGX_HTTP_AIDIAL_GRANT_LIMITED
} ngx_http_aidial_event_e;


typedef struct {
    ngx_uint_t                   id;         /* never used again; 0: a place */
    ngx_pid_t                    pid;
    ngx_aidial_redis_census_t    redis;      /* it alone writes there */
    unsigned                     quits:1;
} ngx_http_aidial_worker_t;


/* what all workers of this edge share */

typedef struct {
    ngx_atomic_t                 redis_outage;   /* not 0: it was said */

    ngx_uint_t                   last_id;        /* of workers */
    ngx_http_aidial_worker_t     workers[NGX_HTTP_AIDIAL_WORKERS_MAX];
    ngx_queue_t                  deliveries;
    ngx_queue_t                  open;           /* accounts */
    ngx_queue_t                  due;            /* accounts */
    ngx_queue_t                  counts;
    ngx_rbtree_t                 playbacks;      /* open accounts by grant */
    ngx_rbtree_node_t            playbacks_end;
    ngx_rbtree_t                 users;          /* counts */
    ngx_rbtree_node_t            users_end;

    ngx_http_aidial_metrics_t    metrics;
} ngx_http_aidial_shared_t;


/* this worker's view; "shared" is NULL in a process without a ledger */

typedef struct {
    ngx_http_aidial_shared_t    *shared;
    ngx_slab_pool_t             *slab;
    ngx_http_aidial_worker_t    *worker;         /* NULL: there is no place */
    ngx_log_t                   *log;
    ngx_event_t                  timer;
    ngx_msec_t                   quitting;       /* since when, or 0 */
    ngx_uint_t                   sending;        /* operations under way */
} ngx_http_aidial_ledger_t;

extern ngx_http_aidial_ledger_t  ngx_http_aidial_ledger;


/* ngx_http_aidial_ledger.c */

ngx_int_t ngx_http_aidial_zone_init(ngx_shm_zone_t *zone, void *data);
ngx_int_t ngx_http_aidial_ledger_start(ngx_cycle_t *cycle,
    ngx_shm_zone_t *zone);
void ngx_http_aidial_ledger_stop(void);

/* what workers that were killed have left behind ends now */

void ngx_http_aidial_ledger_bury_locked(void);

/* sends soon what is due; holds a worker that quits until then */

void ngx_http_aidial_ledger_wake(void);

/* strings to memory and back */

size_t ngx_http_aidial_facts_packed(const ngx_http_aidial_facts_t *facts);
void ngx_http_aidial_facts_pack(u_char *data,
    const ngx_http_aidial_facts_t *facts);
void ngx_http_aidial_facts_unpack(u_char *data,
    ngx_http_aidial_facts_t *facts);


/* ngx_http_aidial_quit.c */

/* "told" is called once, when the worker is to quit; NGX_OK or NGX_ERROR */

ngx_int_t ngx_http_aidial_quit_watch(ngx_log_t *log, void (*told)(void));
void ngx_http_aidial_quit_unwatch(void);


/* ngx_http_aidial_account.c; "locked": the caller holds the slab's mutex */

/*
 * A delivery that begins, in an account of its own or in that of its playback
 * grant.  NULL: the zone is full.
 */

ngx_http_aidial_delivery_t *ngx_http_aidial_delivery_begin(ngx_uint_t action,
    const u_char grant[NGX_AIDIAL_GRANT_ID_LEN],
    const u_char attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN],
    const ngx_http_aidial_facts_t *facts);

/*
 * One more delivery of a playback grant that has an account and is known to
 * have begun.  NULL: it has none (or the zone is full).
 */

ngx_http_aidial_delivery_t *ngx_http_aidial_delivery_join(
    const u_char grant[NGX_AIDIAL_GRANT_ID_LEN]);

/* Redis has said that it began; 1: it is the first of its account */

ngx_uint_t ngx_http_aidial_delivery_known(ngx_http_aidial_delivery_t *delivery);

/* it never began, and nothing is owed */

void ngx_http_aidial_delivery_forget(ngx_http_aidial_delivery_t *delivery);

/* its end: "sent" is -1 when it cannot be resumed */

void ngx_http_aidial_delivery_settle(ngx_http_aidial_delivery_t *delivery,
    ngx_uint_t complete, off_t sent);
void ngx_http_aidial_delivery_killed_locked(
    ngx_http_aidial_delivery_t *delivery);

/* playbacks without a response for "idle" ms are due */

void ngx_http_aidial_accounts_idle_locked(ngx_msec_t idle);
void ngx_http_aidial_account_free_locked(ngx_http_aidial_account_t *account);


/* ngx_http_aidial_closing.c */

/* sends the entries that are due */

void ngx_http_aidial_closing_send(void);

/* says every account in the error log, and forgets it */

void ngx_http_aidial_closing_lost_locked(void);


/* ngx_http_aidial_count.c */

/*
 * One more event of a user.  "told": Redis has counted it already, and may
 * have to be reminded to enter it.
 */

void ngx_http_aidial_count_add(ngx_uint_t event, ngx_uint_t told,
    const ngx_http_aidial_facts_t *facts);
void ngx_http_aidial_count_send(void);

/* the edge quits: what was counted is told now, or never */

void ngx_http_aidial_counts_due_locked(void);


#endif /* _NGX_HTTP_AIDIAL_LEDGER_H_INCLUDED_ */
