
/*
 * The pool picks a connection for a task, and decides when a connection that
 * went down tries again:
 *
 *     it was READY for a second     at once (within 25 ms), and tasks may
 *                                   wait for it: a restart of a proxy or a
 *                                   closed idle connection is not seen
 *     the server does not let us in 5 s
 *     all else                      25 ms, doubled up to 800 ms; tasks are
 *                                   refused meanwhile, they do not queue
 *
 * The upper half of a delay is random, so that workers and edges do not come
 * back in step.  It counts from the beginning of the attempt before, which may
 * have waited long for nothing: a second after Redis is back, so are we.  Only
 * a second of READY forgets the delay: a server that accepts and closes is not
 * hammered.
 *
 * Redis being away is said once an edge: who changes the shared word says it.
 * That another primary has taken over is said once a worker.
 */


#include "ngx_aidial_redis_pool.h"
#include "ngx_aidial_redis_follow.h"


#define NGX_AIDIAL_REDIS_HEALTHY   1000   /* ms */
#define NGX_AIDIAL_REDIS_AT_ONCE   25     /* ms, at most */
#define NGX_AIDIAL_REDIS_SOON      25     /* ms, the first delay */
#define NGX_AIDIAL_REDIS_LATER     800    /* ms, the last delay */
#define NGX_AIDIAL_REDIS_DENIAL    5000   /* ms */

/* what the edge's workers have said of an outage, in their shared word */

#define NGX_AIDIAL_REDIS_SAID_AWAY    1
#define NGX_AIDIAL_REDIS_SAID_EVICTS  2


typedef struct {
    ngx_log_t                *log;
    ngx_atomic_t             *outage;     /* shared by the edge's workers */
    ngx_uint_t                ready;      /* connections */
    ngx_uint_t                denied;     /* 1: it was said */
    ngx_uint_t                wanted;     /* 1: by a worker that quits */
    ngx_uint_t                full;       /* 1: it was said, at "full_when" */
    ngx_msec_t                full_when;
    ngx_uint_t                known;      /* 1: "epoch" is set */
    u_char                    epoch[NGX_AIDIAL_REDIS_EPOCH_LEN];
    ngx_uint_t                follows;    /* 1: "follow" is set */
    ngx_aidial_redis_follow_t follow;
    ngx_uint_t                nconns;
    ngx_aidial_redis_conn_t   conns[NGX_AIDIAL_REDIS_CONNECTIONS_MAX];
} ngx_aidial_redis_pool_t;


static ngx_aidial_redis_conn_t *ngx_aidial_redis_pool_pick(size_t len);
static void ngx_aidial_redis_pool_want(void);
static void ngx_aidial_redis_pool_full(void);
static void ngx_aidial_redis_pool_up(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_pool_epoch(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_pool_down(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end, ngx_uint_t ready);
static ngx_aidial_redis_conn_t *ngx_aidial_redis_pool_other(size_t len);
static void ngx_aidial_redis_pool_outage(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end);
static ngx_uint_t ngx_aidial_redis_pool_say(ngx_atomic_uint_t what);
static ngx_msec_t ngx_aidial_redis_pool_delay(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end);
static void ngx_aidial_redis_pool_retry(ngx_event_t *ev);


static const ngx_aidial_redis_conn_handlers_t
    ngx_aidial_redis_pool_handlers =
{
    ngx_aidial_redis_pool_up,
    ngx_aidial_redis_pool_down,
    ngx_aidial_redis_pool_other
};


static ngx_aidial_redis_pool_t  *ngx_aidial_redis_pool;


ngx_int_t
ngx_aidial_redis_pool_submit(ngx_aidial_redis_task_t *task)
{
    size_t                    len;
    ngx_aidial_redis_conn_t  *conn;

    if (ngx_aidial_redis_pool == NULL) {
        return NGX_DECLINED;
    }

    len = ngx_aidial_redis_buf_len(&task->wire);

    conn = ngx_aidial_redis_pool_pick(len);

    if (conn == NULL) {
        ngx_aidial_redis_pool_full();

        if (ngx_exiting) {
            ngx_aidial_redis_pool_want();
        }

        return NGX_DECLINED;
    }

    if (conn->state == NGX_AIDIAL_REDIS_DOWN && !conn->retry.timer_set) {

        /* a worker that quits reconnects for a task only */

        ngx_aidial_redis_conn_open(conn);

        if (!ngx_aidial_redis_conn_takes(conn, len)) {
            return NGX_DECLINED;
        }
    }

    ngx_aidial_redis_conn_submit(conn, task);

    return NGX_OK;
}


/* a READY one before a hopeful one, then the one with the fewest tasks */

static ngx_aidial_redis_conn_t *
ngx_aidial_redis_pool_pick(size_t len)
{
    ngx_uint_t                i, ready, best_ready;
    ngx_aidial_redis_conn_t  *conn, *best;

    best = NULL;
    best_ready = 0;

    for (i = 0; i < ngx_aidial_redis_pool->nconns; i++) {
        conn = &ngx_aidial_redis_pool->conns[i];

        if (!ngx_aidial_redis_conn_takes(conn, len)) {
            continue;
        }

        ready = (conn->state == NGX_AIDIAL_REDIS_READY);

        if (best == NULL
            || ready > best_ready
            || (ready == best_ready && conn->tasks < best->tasks))
        {
            best = conn;
            best_ready = ready;
        }
    }

    return best;
}


/*
 * A worker that quits does not reconnect for nothing.  But who asked will ask
 * again: the audit entries that are due.
 */

static void
ngx_aidial_redis_pool_want(void)
{
    ngx_uint_t                i;
    ngx_aidial_redis_conn_t  *conn;

    ngx_aidial_redis_pool->wanted = 1;

    for (i = 0; i < ngx_aidial_redis_pool->nconns; i++) {
        conn = &ngx_aidial_redis_pool->conns[i];

        if (conn->state == NGX_AIDIAL_REDIS_DOWN && !conn->retry.timer_set) {
            ngx_add_timer(&conn->retry, NGX_AIDIAL_REDIS_SOON);
        }
    }
}


/* when Redis is away the outage was said; this is another matter */

static void
ngx_aidial_redis_pool_full(void)
{
    ngx_aidial_redis_pool_t  *pool;

    pool = ngx_aidial_redis_pool;

    if (pool->ready == 0
        || (pool->full && ngx_current_msec - pool->full_when < 1000))
    {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, pool->log, 0,
                  "aidial: too many operations wait for Redis, more are "
                  "refused");

    pool->full = 1;
    pool->full_when = ngx_current_msec;
}


static void
ngx_aidial_redis_pool_up(ngx_aidial_redis_conn_t *conn)
{
    ngx_atomic_uint_t         said;
    ngx_aidial_redis_pool_t  *pool;

    pool = ngx_aidial_redis_pool;

    pool->ready++;
    pool->denied = 0;
    conn->hopeful = 1;

    if (conn->again) {
        ngx_aidial_redis_count(reconnects);
    }

    conn->again = 1;

    said = *pool->outage;

    if (!ngx_exiting && said && ngx_atomic_cmp_set(pool->outage, said, 0)) {
        ngx_log_error(NGX_LOG_NOTICE, &conn->transport.log, 0,
                      "aidial: Redis is available again");
    }

    ngx_aidial_redis_pool_epoch(conn);

    if (pool->follows) {
        ngx_aidial_redis_follow_up(&pool->follow, &conn->place);
    }
}


static void
ngx_aidial_redis_pool_epoch(ngx_aidial_redis_conn_t *conn)
{
    ngx_aidial_redis_pool_t  *pool;

    pool = ngx_aidial_redis_pool;

    if (pool->known
        && ngx_memcmp(pool->epoch, conn->epoch, NGX_AIDIAL_REDIS_EPOCH_LEN)
           == 0)
    {
        return;
    }

    if (pool->known) {
        ngx_log_error(NGX_LOG_WARN, &conn->transport.log, 0,
                      "aidial: the replication id of Redis has changed, "
                      "grants issued before are void");
    }

    ngx_memcpy(pool->epoch, conn->epoch, NGX_AIDIAL_REDIS_EPOCH_LEN);
    pool->known = 1;
}


static void
ngx_aidial_redis_pool_down(ngx_aidial_redis_conn_t *conn, ngx_uint_t end,
    ngx_uint_t ready)
{
    ngx_msec_t  delay;

    conn->hopeful = 0;

    if (ready) {
        ngx_aidial_redis_pool->ready--;

        if (ngx_current_msec - conn->since >= NGX_AIDIAL_REDIS_HEALTHY) {
            conn->backoff = 0;
            conn->hopeful = (end < NGX_AIDIAL_REDIS_UNFIT);
        }

    } else {
        ngx_aidial_redis_pool_outage(conn, end);
    }

    if (ngx_exiting
        && !ngx_aidial_redis_pool->wanted
        && (!conn->hopeful || ngx_queue_empty(&conn->waiting)))
    {
        return;
    }

    delay = ngx_aidial_redis_pool_delay(conn, end);

    ngx_add_timer(&conn->retry, delay);
}


static ngx_aidial_redis_conn_t *
ngx_aidial_redis_pool_other(size_t len)
{
    ngx_aidial_redis_conn_t  *conn;

    conn = ngx_aidial_redis_pool_pick(len);

    if (conn != NULL
        && conn->state == NGX_AIDIAL_REDIS_DOWN
        && !conn->retry.timer_set)
    {
        /* a worker that quits, and had no reason to reconnect until now */

        ngx_add_timer(&conn->retry, 1);
    }

    return conn;
}


static void
ngx_aidial_redis_pool_outage(ngx_aidial_redis_conn_t *conn, ngx_uint_t end)
{
    ngx_aidial_redis_pool_t  *pool;

    pool = ngx_aidial_redis_pool;

    if (ngx_exiting) {
        return;
    }

    if (end == NGX_AIDIAL_REDIS_DENIED && !pool->denied) {
        pool->denied = 1;

        ngx_log_error(NGX_LOG_CRIT, &conn->transport.log, 0,
                      "aidial: Redis does not let us in, check \"user=\" and "
                      "\"password_file=\": %*s", conn->why_len, conn->why);
    }

    if (pool->ready) {
        return;
    }

    if (end == NGX_AIDIAL_REDIS_EVICTS) {

        if (ngx_aidial_redis_pool_say(NGX_AIDIAL_REDIS_SAID_EVICTS)) {
            ngx_log_error(NGX_LOG_CRIT, &conn->transport.log, 0,
                          "aidial: Redis is unavailable, it may evict grants "
                          "and revocations, %*s; set it to \"noeviction\", or "
                          "configure \"eviction=allowed\"",
                          conn->why_len, conn->why);
        }

        return;
    }

    if (ngx_aidial_redis_pool_say(NGX_AIDIAL_REDIS_SAID_AWAY)) {
        ngx_log_error(NGX_LOG_ERR, &conn->transport.log, 0,
                      "aidial: Redis is unavailable, requests are refused: "
                      "%*s", conn->why_len, conn->why);
    }
}


/* 1: nobody of this edge has said it; it is this worker that does */

static ngx_uint_t
ngx_aidial_redis_pool_say(ngx_atomic_uint_t what)
{
    ngx_atomic_t       *outage;
    ngx_atomic_uint_t   said;

    outage = ngx_aidial_redis_pool->outage;
    said = *outage;

    return said < what && ngx_atomic_cmp_set(outage, said, what);
}


static ngx_msec_t
ngx_aidial_redis_pool_delay(ngx_aidial_redis_conn_t *conn, ngx_uint_t end)
{
    ngx_msec_t  half, delay, passed;

    if (end == NGX_AIDIAL_REDIS_DENIED) {
        return NGX_AIDIAL_REDIS_DENIAL;
    }

    if (conn->hopeful) {
        return 1 + ngx_random() % NGX_AIDIAL_REDIS_AT_ONCE;
    }

    conn->backoff = conn->backoff ? ngx_min(2 * conn->backoff,
                                            NGX_AIDIAL_REDIS_LATER)
                                  : NGX_AIDIAL_REDIS_SOON;
    half = conn->backoff / 2;
    delay = half + ngx_random() % (half + 1);
    passed = ngx_current_msec - conn->tried;

    return (delay > passed + NGX_AIDIAL_REDIS_SOON) ? delay - passed
                                                    : NGX_AIDIAL_REDIS_SOON;
}


static void
ngx_aidial_redis_pool_retry(ngx_event_t *ev)
{
    ngx_aidial_redis_conn_t  *conn;

    conn = ev->data;

    if (ngx_exiting
        && !ngx_aidial_redis_pool->wanted
        && ngx_queue_empty(&conn->waiting))
    {
        return;
    }

    ngx_aidial_redis_conn_open(conn);
}


ngx_int_t
ngx_aidial_redis_pool_start(ngx_cycle_t *cycle,
    const ngx_aidial_redis_conf_t *conf, ngx_atomic_t *outage)
{
    ngx_uint_t                i;
    ngx_aidial_redis_conn_t  *conn;
    ngx_aidial_redis_pool_t  *pool;

    pool = ngx_pcalloc(cycle->pool, sizeof(ngx_aidial_redis_pool_t));
    if (pool == NULL) {
        return NGX_ERROR;
    }

    pool->log = cycle->log;
    pool->outage = outage;
    pool->nconns = conf->connections;

    ngx_aidial_redis_pool = pool;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        ngx_aidial_redis_conn_init(conn, conf,
                                   &ngx_aidial_redis_pool_handlers,
                                   cycle->log);

        conn->retry.handler = ngx_aidial_redis_pool_retry;
        conn->retry.data = conn;
        conn->retry.log = &conn->transport.log;
        conn->retry.cancelable = 1;

        /* nothing speaks against it yet */

        conn->hopeful = 1;

        ngx_aidial_redis_conn_enroll(conn);
    }

    if (conf->primary.len) {
        pool->follows = 1;
        ngx_aidial_redis_follow_start(&pool->follow, conf, pool->conns,
                                      cycle->log);
    }

    for (i = 0; i < pool->nconns; i++) {
        ngx_aidial_redis_conn_open(&pool->conns[i]);
    }

    return NGX_OK;
}


void
ngx_aidial_redis_pool_stop(void)
{
    ngx_uint_t                i;
    ngx_aidial_redis_pool_t  *pool;

    pool = ngx_aidial_redis_pool;

    if (pool == NULL) {
        return;
    }

    ngx_aidial_redis_pool = NULL;

    for (i = 0; i < pool->nconns; i++) {
        ngx_aidial_redis_conn_close(&pool->conns[i]);
    }

    if (pool->follows) {
        ngx_aidial_redis_follow_stop(&pool->follow);
    }
}
