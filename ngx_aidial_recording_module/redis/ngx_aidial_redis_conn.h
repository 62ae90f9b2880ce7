
/*
 * One connection to Redis: its states, and the first-in first-out line of
 * the tasks that wait for an answer.
 */


#ifndef _NGX_AIDIAL_REDIS_CONN_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_CONN_H_INCLUDED_


#include "ngx_aidial_redis_codec.h"
#include "ngx_aidial_redis_sentinel.h"
#include "ngx_aidial_redis_stats.h"
#include "ngx_aidial_redis_task.h"
#include "ngx_aidial_redis_topology.h"
#include "ngx_aidial_redis_transport.h"


#define NGX_AIDIAL_REDIS_TASKS_MAX   1024       /* in flight, a connection */
#define NGX_AIDIAL_REDIS_UNSENT_MAX  (1 << 20)  /* bytes, a connection */

#define NGX_AIDIAL_REDIS_GREETINGS_MAX  5   /* commands of a handshake */


typedef enum {
    NGX_AIDIAL_REDIS_DOWN = 0,
    NGX_AIDIAL_REDIS_CONNECTING,
    NGX_AIDIAL_REDIS_HANDSHAKE,
    NGX_AIDIAL_REDIS_READY
} ngx_aidial_redis_state_e;


/* why a connection ended, or an attempt at one */

typedef enum {
    NGX_AIDIAL_REDIS_HOLDS = 0,   /* it did not */
    NGX_AIDIAL_REDIS_LOST,        /* by the peer, the network or a timer */
    NGX_AIDIAL_REDIS_BROKEN,      /* the peer does not speak RESP2 with us */
    NGX_AIDIAL_REDIS_LATE,        /* an operation passed its deadline */
    NGX_AIDIAL_REDIS_UNFIT,       /* the server says that it cannot serve */
    NGX_AIDIAL_REDIS_EVICTS,      /* the server may forget keys */
    NGX_AIDIAL_REDIS_DENIED       /* the server does not let us in */
} ngx_aidial_redis_end_e;


/*
 * What the pool is told.  "ready" is 1 when it was READY, 0 when an attempt
 * failed.  "down" decides "hopeful": 1 when tasks may wait for the next
 * attempt; else they fail.  "other" names a connection for a task that has
 * lost its own, NULL when there is none.
 */

typedef struct {
    void  (*up)(ngx_aidial_redis_conn_t *conn);
    void  (*down)(ngx_aidial_redis_conn_t *conn, ngx_uint_t end,
                  ngx_uint_t ready);
    ngx_aidial_redis_conn_t  *(*other)(size_t len);
} ngx_aidial_redis_conn_handlers_t;


struct ngx_aidial_redis_conn_s {
    const ngx_aidial_redis_conf_t           *conf;
    const ngx_aidial_redis_conn_handlers_t  *handlers;

    ngx_uint_t                     state;      /* ngx_aidial_redis_state_e */
    ngx_uint_t                     counted;    /* 1: in the census */
    ngx_uint_t                     again;      /* 1: it was READY before */
    ngx_uint_t                     hopeful;
    ngx_msec_t                     tried;      /* when it was last opened */
    ngx_msec_t                     since;      /* when it became READY */
    uint64_t                       read_at;    /* ngx_aidial_redis_clock() */

    /* who the primary is: its master_replid, from the handshake on */

    u_char                         epoch[NGX_AIDIAL_REDIS_EPOCH_LEN];

    ngx_msec_t                     backoff;    /* the pool's */
    ngx_event_t                    retry;      /* the pool's */

    ngx_aidial_redis_sentinel_t   *sentinel;   /* NULL: "place" stands */
    ngx_aidial_redis_asker_t       asker;
    ngx_aidial_redis_place_t       place;      /* what the Sentinels named */

    ngx_aidial_redis_transport_t   transport;
    ngx_aidial_redis_codec_t      *codec;
    ngx_aidial_redis_buf_t         out;        /* bytes for the socket */
    ngx_event_t                    flush;
    ngx_event_t                    watch;      /* asks who it is again */
    u_char                         greeting[NGX_AIDIAL_REDIS_GREETINGS_MAX];
    ngx_uint_t                     greetings;  /* replies of the handshake */
    ngx_uint_t                     greeted;    /* ... that were right */
    ngx_uint_t                     verdict;    /* of a judge that declined */

    ngx_queue_t                    waiting;    /* no byte of it in "out" */
    ngx_queue_t                    sent;       /* in the order of answers */
    ngx_queue_t                    answered;   /* in this batch */
    ngx_uint_t                     tasks;      /* waiting and sent */
    size_t                         unsent;     /* bytes of those waiting */

    u_char                         why[320];   /* the end, for people */
    size_t                         why_len;
    ngx_uint_t                     said;       /* 1: it is in the log */
};


void ngx_aidial_redis_conn_init(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_conf_t *conf,
    const ngx_aidial_redis_conn_handlers_t *handlers, ngx_log_t *log);

/* from DOWN; "up" or "down" follows, "down" perhaps before it returns */

void ngx_aidial_redis_conn_open(ngx_aidial_redis_conn_t *conn);

/* ends it, as if it had been lost */

void ngx_aidial_redis_conn_leave(ngx_aidial_redis_conn_t *conn,
    const char *why);

/* puts a connection that is DOWN into the census */

void ngx_aidial_redis_conn_enroll(ngx_aidial_redis_conn_t *conn);

/* at the end of the worker: nobody is told, no task is completed */

void ngx_aidial_redis_conn_close(ngx_aidial_redis_conn_t *conn);

/* 1 when "submit" would take a task of "len" bytes */

ngx_uint_t ngx_aidial_redis_conn_takes(const ngx_aidial_redis_conn_t *conn,
    size_t len);

/*
 * The task is completed exactly once from here on, within conf->timeout of the
 * first time.
 */

void ngx_aidial_redis_conn_submit(ngx_aidial_redis_conn_t *conn,
    ngx_aidial_redis_task_t *task);

/* the asker wants no answer any more; the task is freed, now or later */

void ngx_aidial_redis_conn_release(ngx_aidial_redis_task_t *task);

/*
 * For the files that make up a connection: says in words why it is going to
 * end.  "err" may be 0, "text", of an error reply, may be NULL.
 */

void ngx_aidial_redis_conn_why(ngx_aidial_redis_conn_t *conn, const char *why,
    ngx_err_t err, const ngx_str_t *text);


#endif /* _NGX_AIDIAL_REDIS_CONN_H_INCLUDED_ */
