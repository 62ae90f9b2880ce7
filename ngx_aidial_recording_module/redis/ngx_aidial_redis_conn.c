
/*
 * A connection to Redis:
 *
 *     DOWN -> CONNECTING -> HANDSHAKE -> READY
 *       ^         |             |          |
 *       +---------+-------------+----------+   one way: conn_end()
 *
 * Tasks are asked for at any time and wait.  A posted event moves all of them
 * at once into the buffer of the socket, but only when READY, and from then
 * on they stand in "sent", where replies meet them in order.
 *
 * What one read event brings is a batch.  A task whose replies are all there
 * is judged, and completed only when the batch has ended without a breach of
 * protocol: a reply too many behind a good one shows that the good one may
 * have been another's.  So a task is in one of three queues until its end.
 */


#include "ngx_aidial_redis_batch.h"
#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_handshake.h"
#include "ngx_aidial_redis_line.h"
#include "ngx_aidial_redis_watch.h"


static void ngx_aidial_redis_conn_told(void *data,
    const ngx_aidial_redis_place_t *place);
static void ngx_aidial_redis_conn_connected(void *data);
static void ngx_aidial_redis_conn_readable(void *data);
static void ngx_aidial_redis_conn_ready(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_conn_flush(ngx_event_t *ev);
static void ngx_aidial_redis_conn_write(void *data);
static void ngx_aidial_redis_conn_failed(void *data, const char *why,
    ngx_err_t err);
static void ngx_aidial_redis_conn_deadline(ngx_event_t *ev);
static void ngx_aidial_redis_conn_end(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end, ngx_uint_t failed);
static void ngx_aidial_redis_conn_enter(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t state);
static void ngx_aidial_redis_conn_reset(ngx_aidial_redis_conn_t *conn);


static const ngx_aidial_redis_transport_handlers_t
    ngx_aidial_redis_conn_handlers =
{
    ngx_aidial_redis_conn_connected,
    ngx_aidial_redis_conn_readable,
    ngx_aidial_redis_conn_write,
    ngx_aidial_redis_conn_failed
};


void
ngx_aidial_redis_conn_init(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_conf_t *conf,
    const ngx_aidial_redis_conn_handlers_t *handlers, ngx_log_t *log)
{
    conn->conf = conf;
    conn->handlers = handlers;

    ngx_aidial_redis_place_init(&conn->place, &conf->primary);

    conn->asker.told = ngx_aidial_redis_conn_told;
    conn->asker.data = conn;

    conn->transport.peer = conf->primary.len ? &conn->place.peer : conf->peers;
    conn->transport.tls = conf->tls;
    conn->transport.tls_name = &conf->tls_name;
    conn->transport.timeout = conf->connect_timeout;
    conn->transport.handlers = &ngx_aidial_redis_conn_handlers;
    conn->transport.data = conn;

    ngx_aidial_redis_transport_init(&conn->transport, log);

    conn->flush.handler = ngx_aidial_redis_conn_flush;
    conn->flush.data = conn;
    conn->flush.log = &conn->transport.log;

    ngx_aidial_redis_watch_init(conn);

    ngx_queue_init(&conn->waiting);
    ngx_queue_init(&conn->sent);
    ngx_queue_init(&conn->answered);
}


ngx_uint_t
ngx_aidial_redis_conn_takes(const ngx_aidial_redis_conn_t *conn, size_t len)
{
    size_t  unsent;

    if (conn->state != NGX_AIDIAL_REDIS_READY && !conn->hopeful) {
        return 0;
    }

    unsent = conn->unsent + ngx_aidial_redis_buf_len(&conn->out);

    return conn->tasks < NGX_AIDIAL_REDIS_TASKS_MAX
           && len <= NGX_AIDIAL_REDIS_UNSENT_MAX
           && unsent <= NGX_AIDIAL_REDIS_UNSENT_MAX - len;
}


void
ngx_aidial_redis_conn_submit(ngx_aidial_redis_conn_t *conn,
    ngx_aidial_redis_task_t *task)
{
    task->conn = conn;
    task->timer.handler = ngx_aidial_redis_conn_deadline;

    ngx_queue_insert_tail(&conn->waiting, &task->queue);
    conn->tasks++;
    conn->unsent += ngx_aidial_redis_buf_len(&task->wire);

    /*
     * Not cancelable: a worker that quits answers the request first.  A task
     * that another connection had before has its deadline already.
     */

    if (!task->timer.timer_set) {
        ngx_add_timer(&task->timer, conn->conf->timeout);
    }

    if (conn->state == NGX_AIDIAL_REDIS_READY) {
        ngx_post_event(&conn->flush, &ngx_posted_events);
    }
}


void
ngx_aidial_redis_conn_release(ngx_aidial_redis_task_t *task)
{
    if (task->conn == NULL) {
        ngx_aidial_redis_task_free(task);
        return;
    }

    if (!task->sent) {
        ngx_aidial_redis_line_forget(task);
        ngx_aidial_redis_task_free(task);
        return;
    }

    /*
     * A dead slot: its replies have to be swallowed.  Its deadline still
     * finds out that Redis hangs, but nobody waits for it.
     */

    task->released = 1;
    task->timer.cancelable = 1;
}


void
ngx_aidial_redis_conn_open(ngx_aidial_redis_conn_t *conn)
{
    ngx_aidial_redis_conn_enter(conn, NGX_AIDIAL_REDIS_CONNECTING);
    conn->tried = ngx_current_msec;

    conn->codec = ngx_aidial_redis_codec_create();
    if (conn->codec == NULL) {
        ngx_aidial_redis_conn_failed(conn, "no memory", 0);
        return;
    }

    if (conn->sentinel != NULL) {
        ngx_aidial_redis_sentinel_ask(conn->sentinel, &conn->asker);
        return;
    }

    ngx_aidial_redis_transport_open(&conn->transport);
}


static void
ngx_aidial_redis_conn_told(void *data, const ngx_aidial_redis_place_t *place)
{
    ngx_aidial_redis_conn_t  *conn = data;

    if (place == NULL) {
        ngx_aidial_redis_conn_failed(conn, "no Sentinel tells where the "
                                     "primary is", 0);
        return;
    }

    ngx_aidial_redis_place_copy(&conn->place, place);
    ngx_aidial_redis_transport_open(&conn->transport);
}


static void
ngx_aidial_redis_conn_connected(void *data)
{
    ngx_aidial_redis_conn_t  *conn = data;

    ngx_aidial_redis_conn_enter(conn, NGX_AIDIAL_REDIS_HANDSHAKE);

    if (ngx_aidial_redis_handshake_ask(conn) != NGX_OK) {
        ngx_aidial_redis_conn_failed(conn, "no memory", 0);
        return;
    }

    ngx_aidial_redis_conn_write(conn);
}


static void
ngx_aidial_redis_conn_readable(void *data)
{
    ngx_aidial_redis_conn_t  *conn = data;

    ngx_uint_t  end;

    end = ngx_aidial_redis_batch_read(conn);

    if (end != NGX_AIDIAL_REDIS_BROKEN) {
        ngx_aidial_redis_line_settle(conn);
    }

    if (end != NGX_AIDIAL_REDIS_HOLDS) {
        ngx_aidial_redis_conn_end(conn, end, 0);
        return;
    }

    if (conn->state == NGX_AIDIAL_REDIS_HANDSHAKE
        && ngx_aidial_redis_handshake_done(conn))
    {
        ngx_aidial_redis_conn_ready(conn);
    }
}


static void
ngx_aidial_redis_conn_ready(ngx_aidial_redis_conn_t *conn)
{
    ngx_aidial_redis_conn_enter(conn, NGX_AIDIAL_REDIS_READY);
    conn->since = ngx_current_msec;

    ngx_aidial_redis_transport_settled(&conn->transport);
    ngx_aidial_redis_watch_start(conn);
    ngx_post_event(&conn->flush, &ngx_posted_events);

    /* who is told may close it */

    conn->handlers->up(conn);
}


static void
ngx_aidial_redis_conn_flush(ngx_event_t *ev)
{
    ngx_aidial_redis_conn_write(ev->data);
}


static void
ngx_aidial_redis_conn_write(void *data)
{
    ngx_aidial_redis_conn_t  *conn = data;

    if (ngx_aidial_redis_batch_write(conn) == NGX_ERROR) {
        ngx_aidial_redis_conn_end(conn, NGX_AIDIAL_REDIS_LOST, 0);
    }
}


static void
ngx_aidial_redis_conn_failed(void *data, const char *why, ngx_err_t err)
{
    ngx_aidial_redis_conn_t  *conn = data;

    ngx_aidial_redis_conn_why(conn, why, err, NULL);
    ngx_aidial_redis_conn_end(conn, NGX_AIDIAL_REDIS_LOST, 0);
}


static void
ngx_aidial_redis_conn_deadline(ngx_event_t *ev)
{
    ngx_uint_t                failed;
    ngx_aidial_redis_conn_t  *conn;
    ngx_aidial_redis_task_t  *task;

    task = ev->data;
    conn = task->conn;
    failed = !task->released;

    ngx_aidial_redis_count(misses);

    ngx_aidial_redis_line_forget(task);
    ngx_aidial_redis_task_finish(task, NGX_ERROR);

    if (conn->state == NGX_AIDIAL_REDIS_DOWN) {
        ngx_log_error(NGX_LOG_ERR, &conn->transport.log, 0,
                      "aidial: an operation fails, Redis did not come back "
                      "within %M ms", conn->conf->timeout);
        return;
    }

    ngx_aidial_redis_conn_why(conn, "an operation was not answered in time", 0,
                              NULL);
    ngx_aidial_redis_conn_end(conn, NGX_AIDIAL_REDIS_LATE, failed);
}


void
ngx_aidial_redis_conn_leave(ngx_aidial_redis_conn_t *conn, const char *why)
{
    ngx_aidial_redis_conn_failed(conn, why, 0);
}


/* the one way down; "failed" tasks have failed already */

static void
ngx_aidial_redis_conn_end(ngx_aidial_redis_conn_t *conn, ngx_uint_t end,
    ngx_uint_t failed)
{
    ngx_uint_t  ready, level, again;

    static ngx_str_t  attempt = ngx_string("an attempt to connect to");
    static ngx_str_t  connection = ngx_string("a connection to");

    ready = (conn->state == NGX_AIDIAL_REDIS_READY);

    ngx_aidial_redis_count(ends[end - 1]);

    if (!ready) {
        ngx_aidial_redis_transport_rotate(&conn->transport);

        if (conn->sentinel != NULL) {
            ngx_aidial_redis_sentinel_doubt(conn->sentinel);
        }
    }

    ngx_aidial_redis_conn_reset(conn);

    again = ngx_aidial_redis_line_recover(conn);

    conn->handlers->down(conn, end, ready);

    ngx_aidial_redis_line_leave(conn);

    failed += ngx_aidial_redis_line_fail(conn, &conn->answered);
    failed += ngx_aidial_redis_line_fail(conn, &conn->sent);

    if (!conn->hopeful) {
        failed += ngx_aidial_redis_line_fail(conn, &conn->waiting);
    }

    level = NGX_LOG_INFO;

    if (failed || (ready && end == NGX_AIDIAL_REDIS_BROKEN)) {
        level = NGX_LOG_ERR;
    }

    if (conn->said) {
        conn->said = 0;
        level = NGX_LOG_INFO;
    }

    ngx_log_error(level, &conn->transport.log, 0,
                  "aidial: %V Redis ended: %*s; %ui operations fail, "
                  "%ui may be sent again", ready ? &connection : &attempt,
                  conn->why_len, conn->why, failed, again);
}


void
ngx_aidial_redis_conn_close(ngx_aidial_redis_conn_t *conn)
{
    ngx_uint_t                i;
    ngx_queue_t              *q;
    ngx_queue_t              *queues[2];
    ngx_aidial_redis_task_t  *task;

    if (conn->retry.timer_set) {
        ngx_del_timer(&conn->retry);
    }

    ngx_aidial_redis_conn_reset(conn);
    conn->hopeful = 0;

    queues[0] = &conn->sent;
    queues[1] = &conn->waiting;

    for (i = 0; i < 2; i++) {

        while (!ngx_queue_empty(queues[i])) {
            q = ngx_queue_head(queues[i]);
            task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

            ngx_aidial_redis_line_forget(task);

            if (task->timer.timer_set) {
                ngx_del_timer(&task->timer);
            }

            if (task->released) {
                ngx_aidial_redis_task_free(task);
            }
        }
    }
}


static void
ngx_aidial_redis_conn_reset(ngx_aidial_redis_conn_t *conn)
{
    ngx_aidial_redis_sentinel_forget(&conn->asker);
    ngx_aidial_redis_transport_close(&conn->transport);
    ngx_aidial_redis_watch_stop(conn);

    if (conn->flush.posted) {
        ngx_delete_posted_event(&conn->flush);
    }

    if (conn->codec != NULL) {
        ngx_aidial_redis_codec_free(conn->codec);
        conn->codec = NULL;
    }

    ngx_aidial_redis_buf_free(&conn->out);

    ngx_aidial_redis_conn_enter(conn, NGX_AIDIAL_REDIS_DOWN);
}


void
ngx_aidial_redis_conn_enroll(ngx_aidial_redis_conn_t *conn)
{
    conn->counted = 1;
    ngx_aidial_redis_census->n[conn->state]++;
}


static void
ngx_aidial_redis_conn_enter(ngx_aidial_redis_conn_t *conn, ngx_uint_t state)
{
    if (conn->counted) {
        ngx_aidial_redis_census->n[conn->state]--;
        ngx_aidial_redis_census->n[state]++;
    }

    conn->state = state;
}


void
ngx_aidial_redis_conn_why(ngx_aidial_redis_conn_t *conn, const char *why,
    ngx_err_t err, const ngx_str_t *text)
{
    conn->why_len = ngx_aidial_redis_error_why(conn->why, sizeof(conn->why),
                                               why, err, text);
}
