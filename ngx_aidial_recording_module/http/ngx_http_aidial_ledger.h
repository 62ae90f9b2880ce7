
/*
 * The ledger: what this edge still owes the audit trail, in shared memory, so
 * that a worker that is killed takes nothing with it.
 *
 *     delivery    a media response that runs, and the worker it runs in
 *     account     what will be one closing entry: a download's delivery, or
 *                 all deliveries of one playback grant
 *     count       refusals of one user that are entered once a minute
 *     user        what one user takes of this edge, for its limits
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
#include "ngx_aidial_reason.h"
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

    ngx_uint_t                   cut;        /* problem it was cut for, or 0 */
    ngx_aidial_reasons_t         reasons;    /* with a cut */

    ngx_msec_t                   later;      /* due: not before this */
    ngx_uint_t                   claim;      /* worker that sends it, or 0 */

    unsigned                     known:1;    /* Redis said that it began */
    unsigned                     killed:1;   /* its worker was */
    unsigned                     complete:1;
    unsigned                     due:1;

    u_char                       facts[1];   /* packed */
} ngx_http_aidial_account_t;


/* a user's name follows: tenant, then user */

typedef struct {
    ngx_rbtree_node_t            node;
    ngx_queue_t                  queue;      /* of "idle", without streams */
    int64_t                      paid_until; /* us: requests so far */
    int64_t                      turn_at;    /* us: bytes so far */
    ngx_uint_t                   streams;    /* media responses in flight */
    uint16_t                     tenant_len;
    uint16_t                     user_len;
    u_char                       name[1];
} ngx_http_aidial_user_t;


/* who a limit is for: one user, and how many streams at most (0: any) */

typedef struct {
    const ngx_str_t             *tenant;
    const ngx_str_t             *user;
    ngx_uint_t                   streams;
} ngx_http_aidial_taker_t;


/* why a response was cut, and a name for its entry */

typedef struct {
    ngx_uint_t                   problem;
    ngx_aidial_reasons_t         reasons;
    u_char                       attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN];
} ngx_http_aidial_cut_t;


typedef struct {
    ngx_queue_t                  queue;
    ngx_uint_t                   owner;      /* worker */
    ngx_http_aidial_account_t   *account;
    ngx_http_aidial_user_t      *user;
    ngx_msec_t                   begun;
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
    ngx_rbtree_t                 counted;        /* counts by user */
    ngx_rbtree_node_t            counted_end;
    ngx_rbtree_t                 users;
    ngx_rbtree_node_t            users_end;
    ngx_queue_t                  idle;           /* users, last used first */

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


/* ngx_http_aidial_running.c; "locked": the caller holds the slab's mutex */

/*
 * A delivery that begins, in an account of its own or in that of its playback
 * grant.  NGX_OK, NGX_DECLINED: the taker has all its streams; NGX_ERROR: the
 * zone is full.
 */

ngx_int_t ngx_http_aidial_delivery_begin(ngx_uint_t action,
    const u_char grant[NGX_AIDIAL_GRANT_ID_LEN],
    const u_char attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN],
    const ngx_http_aidial_facts_t *facts,
    const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_delivery_t **delivery);

/*
 * One more delivery of a playback grant that has an account and is known to
 * have begun.  *delivery is NULL with NGX_OK when it has none.
 */

ngx_int_t ngx_http_aidial_delivery_join(
    const u_char grant[NGX_AIDIAL_GRANT_ID_LEN],
    const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_delivery_t **delivery);

/* Redis has said that it began; 1: it is the first of its account */

ngx_uint_t ngx_http_aidial_delivery_known(ngx_http_aidial_delivery_t *delivery);

/* it never began, and nothing is owed */

void ngx_http_aidial_delivery_forget(ngx_http_aidial_delivery_t *delivery);

/* its end: "sent" is -1 when it cannot be resumed, "cut" NULL if it was not */

void ngx_http_aidial_delivery_settle(ngx_http_aidial_delivery_t *delivery,
    ngx_uint_t complete, off_t sent, const ngx_http_aidial_cut_t *cut);
void ngx_http_aidial_delivery_killed_locked(
    ngx_http_aidial_delivery_t *delivery);


/* ngx_http_aidial_account.c */

/* the open account of a playback's grant, or NULL */

ngx_http_aidial_account_t *ngx_http_aidial_account_find_locked(
    const u_char *grant);

/* an account that is open; NULL: the zone is full */

ngx_http_aidial_account_t *ngx_http_aidial_account_open_locked(
    ngx_uint_t action, const u_char *grant, const u_char *attempt,
    const ngx_http_aidial_facts_t *facts);

/*
 * The delivery was cut, and its playback goes on, or may: the one response
 * gets an account of its own, which is due.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_aidial_account_cut_locked(
    const ngx_http_aidial_delivery_t *delivery,
    const ngx_http_aidial_cut_t *cut);

/* a delivery of the account has ended */

void ngx_http_aidial_account_left_locked(ngx_http_aidial_account_t *account,
    const ngx_http_aidial_delivery_t *delivery);

/* playbacks without a response for "idle" ms are due */

void ngx_http_aidial_accounts_idle_locked(ngx_msec_t idle);

/* nothing will be added to an open account: it is owed */

void ngx_http_aidial_account_due_locked(ngx_http_aidial_account_t *account);
void ngx_http_aidial_account_free_locked(ngx_http_aidial_account_t *account);


/* ngx_http_aidial_user.c */

/*
 * One more request.  NGX_OK; NGX_DECLINED: too many, *wait says how many ms
 * until the next one passes; NGX_ERROR: the zone is full.
 */

ngx_int_t ngx_http_aidial_user_count(const ngx_http_aidial_taker_t *taker,
    int64_t interval, ngx_uint_t burst, ngx_msec_t *wait);

/* NGX_OK: the taker may begin a stream; NGX_DECLINED: it has all */

ngx_int_t ngx_http_aidial_user_check(const ngx_http_aidial_taker_t *taker);

/* a stream begins, as for a delivery, and ends */

ngx_int_t ngx_http_aidial_user_take_locked(
    const ngx_http_aidial_taker_t *taker, ngx_http_aidial_user_t **user);
void ngx_http_aidial_user_give_locked(ngx_http_aidial_user_t *user);

/*
 * A stream of the user has the next turn to send "bytes" at "bandwidth" bytes
 * a second: how many ms from now.  0: it may send now.
 */

ngx_msec_t ngx_http_aidial_user_turn(ngx_http_aidial_user_t *user,
    size_t bytes, size_t bandwidth);

/* of a turn that was taken, so many bytes will not be sent */

void ngx_http_aidial_user_return(ngx_http_aidial_user_t *user, size_t bytes,
    size_t bandwidth);

/* says, at most once a second, that the zone is full */

void ngx_http_aidial_zone_full(void);


/* ngx_http_aidial_closing.c */

/* sends the entries that are due */

void ngx_http_aidial_closing_send(void);

/*
 * Why a response was cut, for people and for the audit trail: the reasons of
 * the policy, "unverifiable", or the problem's code.  "buf" has room for
 * NGX_AIDIAL_REASONS_LEN bytes.
 */

ngx_str_t ngx_http_aidial_cut_reasons(ngx_uint_t problem,
    ngx_aidial_reasons_t reasons, u_char *buf);

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
