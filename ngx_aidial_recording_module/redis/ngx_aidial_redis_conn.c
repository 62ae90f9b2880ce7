
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


#include "ngx_aidial_redis_conn.h"
#include "ngx_aidial_redis_error.h"


#define NGX_AIDIAL_REDIS_READ   16384   /* bytes a read */
#define NGX_AIDIAL_REDIS_KEPT   65536   /* bytes an empty buffer may keep */


static void ngx_aidial_redis_conn_connected(void *data);
static ngx_int_t ngx_aidial_redis_conn_hello(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_conn_readable(void *data);
static ngx_uint_t ngx_aidial_redis_conn_read(ngx_aidial_redis_conn_t *conn);
static ngx_uint_t ngx_aidial_redis_conn_take(ngx_aidial_redis_conn_t *conn,
    const u_char *data, size_t len);
static ngx_uint_t ngx_aidial_redis_conn_greet(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply);
static ngx_uint_t ngx_aidial_redis_conn_answer(ngx_aidial_redis_conn_t *conn,
    ngx_aidial_redis_reply_t *reply);
static ngx_uint_t ngx_aidial_redis_conn_complaint(
    ngx_aidial_redis_conn_t *conn, const ngx_str_t *text);
static void ngx_aidial_redis_conn_settle(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_conn_ready(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_conn_flush(ngx_event_t *ev);
static void ngx_aidial_redis_conn_write(void *data);
static ngx_int_t ngx_aidial_redis_conn_send(ngx_aidial_redis_conn_t *conn);
static ngx_int_t ngx_aidial_redis_conn_load(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_conn_failed(void *data, const char *why,
    ngx_err_t err);
static void ngx_aidial_redis_conn_deadline(ngx_event_t *ev);
static void ngx_aidial_redis_conn_end(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end, ngx_uint_t failed);
static void ngx_aidial_redis_conn_reset(ngx_aidial_redis_conn_t *conn);
static ngx_uint_t ngx_aidial_redis_conn_fail(ngx_aidial_redis_conn_t *conn,
    ngx_queue_t *queue);
static void ngx_aidial_redis_conn_forget(ngx_aidial_redis_task_t *task);
static void ngx_aidial_redis_conn_why(ngx_aidial_redis_conn_t *conn,
    const char *why, ngx_err_t err, const ngx_str_t *text);


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

    conn->transport.addrs = conf->addrs;
    conn->transport.naddrs = conf->naddrs;
    conn->transport.timeout = conf->connect_timeout;
    conn->transport.handlers = &ngx_aidial_redis_conn_handlers;
    conn->transport.data = conn;

    ngx_aidial_redis_transport_init(&conn->transport, log);

    conn->flush.handler = ngx_aidial_redis_conn_flush;
    conn->flush.data = conn;
    conn->flush.log = &conn->transport.log;

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

    /* not cancelable: a worker that quits answers the request first */

    ngx_add_timer(&task->timer, conn->conf->timeout);

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
        ngx_aidial_redis_conn_forget(task);
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
    conn->state = NGX_AIDIAL_REDIS_CONNECTING;

    conn->codec = ngx_aidial_redis_codec_create();
    if (conn->codec == NULL) {
        ngx_aidial_redis_conn_failed(conn, "no memory", 0);
        return;
    }

    ngx_aidial_redis_transport_open(&conn->transport);
}


static void
ngx_aidial_redis_conn_connected(void *data)
{
    ngx_aidial_redis_conn_t  *conn = data;

    conn->state = NGX_AIDIAL_REDIS_HANDSHAKE;

    if (ngx_aidial_redis_conn_hello(conn) != NGX_OK) {
        ngx_aidial_redis_conn_failed(conn, "no memory", 0);
        return;
    }

    ngx_aidial_redis_conn_write(conn);
}


static ngx_int_t
ngx_aidial_redis_conn_hello(ngx_aidial_redis_conn_t *conn)
{
    u_char                          db[NGX_INT_T_LEN];
    ngx_uint_t                      n;
    ngx_str_t                       argv[3];
    const ngx_aidial_redis_conf_t  *conf;

    conf = conn->conf;

    conn->greetings = 0;
    conn->greeted = 0;

    if (conf->password.len) {
        n = 0;
        ngx_str_set(&argv[n], "AUTH");

        if (conf->user.len) {
            argv[++n] = conf->user;
        }

        argv[++n] = conf->password;

        if (ngx_aidial_redis_command(&conn->out, argv, n + 1) != NGX_OK) {
            return NGX_ERROR;
        }

        conn->greetings++;
    }

    if (conf->db) {
        ngx_str_set(&argv[0], "SELECT");
        argv[1].data = db;
        argv[1].len = ngx_sprintf(db, "%ui", conf->db) - db;

        if (ngx_aidial_redis_command(&conn->out, argv, 2) != NGX_OK) {
            return NGX_ERROR;
        }

        conn->greetings++;
    }

    ngx_str_set(&argv[0], "PING");
    conn->greetings++;

    return ngx_aidial_redis_command(&conn->out, argv, 1);
}


static void
ngx_aidial_redis_conn_readable(void *data)
{
    ngx_aidial_redis_conn_t  *conn = data;

    ngx_uint_t  end;

    end = ngx_aidial_redis_conn_read(conn);

    if (end != NGX_AIDIAL_REDIS_BROKEN) {
        ngx_aidial_redis_conn_settle(conn);
    }

    if (end != NGX_AIDIAL_REDIS_HOLDS) {
        ngx_aidial_redis_conn_end(conn, end, 0);
        return;
    }

    if (conn->state == NGX_AIDIAL_REDIS_HANDSHAKE
        && conn->greeted == conn->greetings)
    {
        ngx_aidial_redis_conn_ready(conn);
    }
}


/* reads all there is; returns ngx_aidial_redis_end_e, with "why" set */

static ngx_uint_t
ngx_aidial_redis_conn_read(ngx_aidial_redis_conn_t *conn)
{
    u_char      buf[NGX_AIDIAL_REDIS_READ];
    ssize_t     n;
    ngx_uint_t  end;

    for ( ;; ) {
        n = ngx_aidial_redis_transport_recv(&conn->transport, buf,
                                            sizeof(buf));

        if (n == NGX_AGAIN) {
            return NGX_AIDIAL_REDIS_HOLDS;
        }

        if (n == 0) {
            ngx_aidial_redis_conn_why(conn, "Redis closed the connection", 0,
                                      NULL);
            return NGX_AIDIAL_REDIS_LOST;
        }

        if (n < 0) {
            ngx_aidial_redis_conn_why(conn, "cannot read", ngx_socket_errno,
                                      NULL);
            return NGX_AIDIAL_REDIS_LOST;
        }

        end = ngx_aidial_redis_conn_take(conn, buf, (size_t) n);

        if (end != NGX_AIDIAL_REDIS_HOLDS) {
            return end;
        }
    }
}


static ngx_uint_t
ngx_aidial_redis_conn_take(ngx_aidial_redis_conn_t *conn, const u_char *data,
    size_t len)
{
    ngx_int_t                  rc;
    ngx_uint_t                 end, expected;
    ngx_aidial_redis_reply_t  *reply;

    rc = ngx_aidial_redis_codec_feed(conn->codec, data, len);

    while (rc == NGX_OK) {
        rc = ngx_aidial_redis_codec_next(conn->codec, &reply);

        if (rc != NGX_OK) {
            break;
        }

        if (conn->state == NGX_AIDIAL_REDIS_HANDSHAKE) {
            end = ngx_aidial_redis_conn_greet(conn, reply);
            ngx_aidial_redis_reply_free(reply);

        } else {
            end = ngx_aidial_redis_conn_answer(conn, reply);
        }

        if (end != NGX_AIDIAL_REDIS_HOLDS) {
            return end;
        }
    }

    if (rc == NGX_ERROR) {
        ngx_aidial_redis_conn_why(conn,
                                  ngx_aidial_redis_codec_why(conn->codec), 0,
                                  NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    /* rc == NGX_AGAIN: the rest must be the beginning of a reply to somebody */

    expected = (conn->state == NGX_AIDIAL_REDIS_HANDSHAKE)
               ? conn->greeted < conn->greetings
               : !ngx_queue_empty(&conn->sent);

    if (!expected && ngx_aidial_redis_codec_rest(conn->codec)) {
        ngx_aidial_redis_conn_why(conn, "bytes that nobody asked for", 0,
                                  NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    return NGX_AIDIAL_REDIS_HOLDS;
}


static ngx_uint_t
ngx_aidial_redis_conn_greet(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply)
{
    ngx_str_t                   *right;
    ngx_aidial_redis_error_t    *error;
    static ngx_str_t             ok = ngx_string("OK");
    static ngx_str_t             pong = ngx_string("PONG");

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        ngx_aidial_redis_conn_why(conn, "the handshake was answered with "
                                  "the error", 0, &reply->text);

        error = ngx_aidial_redis_error_find(&reply->text);

        return ngx_aidial_redis_error_denies(error) ? NGX_AIDIAL_REDIS_DENIED
                                                    : NGX_AIDIAL_REDIS_UNFIT;
    }

    /* PING is the last one; behind its reply nothing is right */

    right = (++conn->greeted == conn->greetings) ? &pong : &ok;

    if (conn->greeted > conn->greetings
        || reply->type != NGX_AIDIAL_REDIS_STATUS
        || reply->text.len != right->len
        || ngx_memcmp(reply->text.data, right->data, right->len) != 0)
    {
        ngx_aidial_redis_conn_why(conn, "an unexpected reply in the handshake",
                                  0, NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    return NGX_AIDIAL_REDIS_HOLDS;
}


/* takes the reply over */

static ngx_uint_t
ngx_aidial_redis_conn_answer(ngx_aidial_redis_conn_t *conn,
    ngx_aidial_redis_reply_t *reply)
{
    ngx_int_t                 rc;
    ngx_uint_t                end;
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    if (ngx_queue_empty(&conn->sent)) {
        ngx_aidial_redis_reply_free(reply);
        ngx_aidial_redis_conn_why(conn, "a reply that nobody asked for", 0,
                                  NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    q = ngx_queue_head(&conn->sent);
    task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

    task->replies[task->answers++] = reply;

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        end = ngx_aidial_redis_conn_complaint(conn, &reply->text);

        if (end != NGX_AIDIAL_REDIS_HOLDS) {
            return end;
        }
    }

    if (task->answers < task->commands) {
        return NGX_AIDIAL_REDIS_HOLDS;
    }

    rc = task->judge(task, &conn->transport.log);

    if (rc == NGX_ABORT) {
        ngx_aidial_redis_conn_why(conn, "a reply that does not fit its "
                                  "command", 0, NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    ngx_queue_remove(q);

    if (rc == NGX_AGAIN && !task->released) {
        task->sent = 0;
        ngx_aidial_redis_task_reset(task);

        ngx_queue_insert_tail(&conn->waiting, q);
        conn->unsent += ngx_aidial_redis_buf_len(&task->wire);
        ngx_post_event(&conn->flush, &ngx_posted_events);

        return NGX_AIDIAL_REDIS_HOLDS;
    }

    /* NGX_OK, NGX_ERROR, or nobody would hear of another round */

    task->status = rc;
    ngx_queue_insert_tail(&conn->answered, q);

    return NGX_AIDIAL_REDIS_HOLDS;
}


static ngx_uint_t
ngx_aidial_redis_conn_complaint(ngx_aidial_redis_conn_t *conn,
    const ngx_str_t *text)
{
    ngx_uint_t                 action;
    ngx_aidial_redis_error_t  *error;

    error = ngx_aidial_redis_error_find(text);
    action = ngx_aidial_redis_error_action(error);

    if (action == NGX_AIDIAL_REDIS_ASKER) {
        return NGX_AIDIAL_REDIS_HOLDS;
    }

    ngx_aidial_redis_error_log(error, text, &conn->transport.log);

    if (action == NGX_AIDIAL_REDIS_KEEP) {
        return NGX_AIDIAL_REDIS_HOLDS;
    }

    ngx_aidial_redis_conn_why(conn, "Redis answered with the error", 0, text);
    conn->said = 1;

    switch (action) {

    case NGX_AIDIAL_REDIS_DROP:
        return NGX_AIDIAL_REDIS_UNFIT;

    case NGX_AIDIAL_REDIS_DENY:
        return NGX_AIDIAL_REDIS_DENIED;

    default: /* NGX_AIDIAL_REDIS_DISTRUST */
        return NGX_AIDIAL_REDIS_BROKEN;
    }
}


static void
ngx_aidial_redis_conn_settle(ngx_aidial_redis_conn_t *conn)
{
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    while (!ngx_queue_empty(&conn->answered)) {
        q = ngx_queue_head(&conn->answered);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        ngx_aidial_redis_conn_forget(task);
        ngx_aidial_redis_task_finish(task, task->status);
    }
}


static void
ngx_aidial_redis_conn_ready(ngx_aidial_redis_conn_t *conn)
{
    conn->state = NGX_AIDIAL_REDIS_READY;
    conn->since = ngx_current_msec;

    ngx_aidial_redis_transport_settled(&conn->transport);

    conn->handlers->up(conn);

    ngx_post_event(&conn->flush, &ngx_posted_events);
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

    for ( ;; ) {
        if (ngx_aidial_redis_conn_send(conn) != NGX_OK) {
            return;
        }

        /* everything was written */

        if (conn->state != NGX_AIDIAL_REDIS_READY
            || ngx_queue_empty(&conn->waiting))
        {
            return;
        }

        if (ngx_aidial_redis_conn_load(conn) != NGX_OK) {
            ngx_aidial_redis_conn_failed(conn, "no memory", 0);
            return;
        }
    }
}


/* NGX_OK: "out" is empty; NGX_AGAIN: it is not; NGX_ERROR: it has ended */

static ngx_int_t
ngx_aidial_redis_conn_send(ngx_aidial_redis_conn_t *conn)
{
    ssize_t                  n;
    ngx_aidial_redis_buf_t  *out;

    out = &conn->out;

    while (ngx_aidial_redis_buf_len(out)) {
        n = ngx_aidial_redis_transport_send(&conn->transport, out->pos,
                                            ngx_aidial_redis_buf_len(out));

        if (n == NGX_AGAIN || n == 0) {
            return NGX_AGAIN;
        }

        if (n < 0) {
            ngx_aidial_redis_conn_failed(conn, "cannot write",
                                         ngx_socket_errno);
            return NGX_ERROR;
        }

        out->pos += n;
    }

    /* the handshake has a password in it */

    if (conn->state == NGX_AIDIAL_REDIS_HANDSHAKE
        || out->end - out->start > NGX_AIDIAL_REDIS_KEPT)
    {
        ngx_aidial_redis_buf_free(out);
        return NGX_OK;
    }

    out->pos = out->start;
    out->last = out->start;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conn_load(ngx_aidial_redis_conn_t *conn)
{
    size_t                    len;
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    while (!ngx_queue_empty(&conn->waiting)) {
        q = ngx_queue_head(&conn->waiting);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        len = ngx_aidial_redis_buf_len(&task->wire);

        if (ngx_aidial_redis_buf_append(&conn->out, task->wire.pos, len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_aidial_redis_buf_free(&task->wire);
        conn->unsent -= len;

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&conn->sent, q);
        task->sent = 1;
    }

    return NGX_OK;
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
    ngx_aidial_redis_conn_t  *conn;
    ngx_aidial_redis_task_t  *task;

    task = ev->data;
    conn = task->conn;

    ngx_aidial_redis_conn_forget(task);
    ngx_aidial_redis_task_finish(task, NGX_ERROR);

    if (conn->state == NGX_AIDIAL_REDIS_DOWN) {
        ngx_log_error(NGX_LOG_ERR, &conn->transport.log, 0,
                      "aidial: an operation fails, Redis did not come back "
                      "within %M ms", conn->conf->timeout);
        return;
    }

    ngx_aidial_redis_conn_why(conn, "an operation was not answered in time", 0,
                              NULL);
    ngx_aidial_redis_conn_end(conn, NGX_AIDIAL_REDIS_LATE, 1);
}


/* the one way down; "failed" tasks have failed already */

static void
ngx_aidial_redis_conn_end(ngx_aidial_redis_conn_t *conn, ngx_uint_t end,
    ngx_uint_t failed)
{
    ngx_uint_t  ready, level;

    ready = (conn->state == NGX_AIDIAL_REDIS_READY);

    if (!ready) {
        ngx_aidial_redis_transport_rotate(&conn->transport);
    }

    ngx_aidial_redis_conn_reset(conn);

    conn->handlers->down(conn, end, ready);

    failed += ngx_aidial_redis_conn_fail(conn, &conn->answered);
    failed += ngx_aidial_redis_conn_fail(conn, &conn->sent);

    if (!conn->hopeful) {
        failed += ngx_aidial_redis_conn_fail(conn, &conn->waiting);
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
                  "aidial: %s Redis ended: %*s; %ui operations fail",
                  ready ? "a connection to" : "an attempt to connect to",
                  conn->why_len, conn->why, failed);
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

            ngx_aidial_redis_conn_forget(task);

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
    ngx_aidial_redis_transport_close(&conn->transport);

    if (conn->flush.posted) {
        ngx_delete_posted_event(&conn->flush);
    }

    if (conn->codec != NULL) {
        ngx_aidial_redis_codec_free(conn->codec);
        conn->codec = NULL;
    }

    ngx_aidial_redis_buf_free(&conn->out);

    conn->state = NGX_AIDIAL_REDIS_DOWN;
}


/* returns how many of them somebody waited for */

static ngx_uint_t
ngx_aidial_redis_conn_fail(ngx_aidial_redis_conn_t *conn, ngx_queue_t *queue)
{
    ngx_uint_t                n;
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    n = 0;

    while (!ngx_queue_empty(queue)) {
        q = ngx_queue_head(queue);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        n += !task->released;

        ngx_aidial_redis_conn_forget(task);
        ngx_aidial_redis_task_finish(task, NGX_ERROR);
    }

    return n;
}


/* takes a task out of its queue, and its bytes from the count */

static void
ngx_aidial_redis_conn_forget(ngx_aidial_redis_task_t *task)
{
    ngx_aidial_redis_conn_t  *conn;

    conn = task->conn;

    ngx_queue_remove(&task->queue);
    conn->tasks--;

    if (!task->sent) {
        conn->unsent -= ngx_aidial_redis_buf_len(&task->wire);
    }

    task->conn = NULL;
}


static void
ngx_aidial_redis_conn_why(ngx_aidial_redis_conn_t *conn, const char *why,
    ngx_err_t err, const ngx_str_t *text)
{
    u_char     *p, *last;
    u_char      buf[NGX_AIDIAL_REDIS_ERROR_LEN];
    ngx_str_t   line;

    last = conn->why + sizeof(conn->why);
    p = ngx_slprintf(conn->why, last, "%s", why);

    if (err) {
        p = ngx_slprintf(p, last, " (%d: ", err);
        p = ngx_strerror(err, p, last - p);
        p = ngx_slprintf(p, last, ")");
    }

    if (text != NULL) {
        line.data = buf;
        line.len = ngx_aidial_redis_error_text(buf, text) - buf;
        p = ngx_slprintf(p, last, " \"%V\"", &line);
    }

    conn->why_len = p - conn->why;
}
