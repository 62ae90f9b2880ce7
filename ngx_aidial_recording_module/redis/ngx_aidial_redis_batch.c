
/*
 * The reader of a connection.  Replies meet the tasks in the order in which
 * they were sent: that order is all that says whose a reply is.  So whatever
 * throws doubt on it ends the batch as broken: bytes that are no RESP2, a
 * reply or a part of one that nobody asked for, a reply that cannot come to
 * its command, an error that nobody knows.
 */


#include "ngx_aidial_redis_batch.h"
#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_handshake.h"


#define NGX_AIDIAL_REDIS_READ  16384   /* bytes a read */
#define NGX_AIDIAL_REDIS_PIECE 2048    /* ... that are looked at together */
#define NGX_AIDIAL_REDIS_KEPT  65536   /* bytes an empty buffer may keep */


static ngx_uint_t ngx_aidial_redis_batch_take(ngx_aidial_redis_conn_t *conn,
    const u_char *data, size_t len);
static ngx_uint_t ngx_aidial_redis_batch_answer(
    ngx_aidial_redis_conn_t *conn, ngx_aidial_redis_reply_t *reply);
static ngx_uint_t ngx_aidial_redis_batch_complaint(
    ngx_aidial_redis_conn_t *conn, const ngx_str_t *text);
static ngx_int_t ngx_aidial_redis_batch_send(ngx_aidial_redis_conn_t *conn);
static ngx_int_t ngx_aidial_redis_batch_load(ngx_aidial_redis_conn_t *conn);


ngx_uint_t
ngx_aidial_redis_batch_read(ngx_aidial_redis_conn_t *conn)
{
    u_char      buf[NGX_AIDIAL_REDIS_READ];
    size_t      len, pos;
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

        conn->read_at = ngx_aidial_redis_clock();

        /* hiredis moves what it has not yet looked at whenever it can */

        for (pos = 0; pos < (size_t) n; pos += len) {
            len = ngx_min((size_t) n - pos, NGX_AIDIAL_REDIS_PIECE);

            end = ngx_aidial_redis_batch_take(conn, buf + pos, len);

            if (end != NGX_AIDIAL_REDIS_HOLDS) {
                return end;
            }
        }
    }
}


static ngx_uint_t
ngx_aidial_redis_batch_take(ngx_aidial_redis_conn_t *conn, const u_char *data,
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
            end = ngx_aidial_redis_handshake_answer(conn, reply);
            ngx_aidial_redis_reply_free(reply);

        } else {
            end = ngx_aidial_redis_batch_answer(conn, reply);
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
               ? !ngx_aidial_redis_handshake_done(conn)
               : !ngx_queue_empty(&conn->sent);

    if (!expected && ngx_aidial_redis_codec_rest(conn->codec)) {
        ngx_aidial_redis_conn_why(conn, "bytes that nobody asked for", 0,
                                  NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    return NGX_AIDIAL_REDIS_HOLDS;
}


/* takes the reply over */

static ngx_uint_t
ngx_aidial_redis_batch_answer(ngx_aidial_redis_conn_t *conn,
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
        end = ngx_aidial_redis_batch_complaint(conn, &reply->text);

        if (end != NGX_AIDIAL_REDIS_HOLDS) {
            return end;
        }
    }

    if (task->answers < task->commands) {
        return NGX_AIDIAL_REDIS_HOLDS;
    }

    ngx_aidial_histogram_add(&ngx_aidial_redis_counters->round_trip,
                             conn->read_at - task->sent_at);

    rc = task->judge(task, &conn->transport.log);

    if (rc == NGX_ABORT) {
        ngx_aidial_redis_conn_why(conn, "a reply that does not fit its "
                                  "command", 0, NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    if (rc == NGX_DECLINED) {
        return conn->verdict;
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
ngx_aidial_redis_batch_complaint(ngx_aidial_redis_conn_t *conn,
    const ngx_str_t *text)
{
    ngx_uint_t                 action;
    ngx_aidial_redis_error_t  *error;

    error = ngx_aidial_redis_error_find(text);
    action = ngx_aidial_redis_error_action(error);

    ngx_aidial_redis_error_count(error);

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

    case NGX_AIDIAL_REDIS_RENEW:
        return NGX_AIDIAL_REDIS_LOST;

    case NGX_AIDIAL_REDIS_DROP:
        return NGX_AIDIAL_REDIS_UNFIT;

    case NGX_AIDIAL_REDIS_DENY:
        return NGX_AIDIAL_REDIS_DENIED;

    default: /* NGX_AIDIAL_REDIS_DISTRUST */
        return NGX_AIDIAL_REDIS_BROKEN;
    }
}


ngx_int_t
ngx_aidial_redis_batch_write(ngx_aidial_redis_conn_t *conn)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_aidial_redis_batch_send(conn);

        if (rc != NGX_OK) {
            return rc;
        }

        /* everything was written; tasks go out on a READY connection only */

        if (conn->state != NGX_AIDIAL_REDIS_READY
            || ngx_queue_empty(&conn->waiting))
        {
            return NGX_OK;
        }

        if (ngx_aidial_redis_batch_load(conn) != NGX_OK) {
            ngx_aidial_redis_conn_why(conn, "no memory", 0, NULL);
            return NGX_ERROR;
        }
    }
}


/* NGX_OK: "out" is empty; NGX_AGAIN: the socket takes no more */

static ngx_int_t
ngx_aidial_redis_batch_send(ngx_aidial_redis_conn_t *conn)
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
            ngx_aidial_redis_conn_why(conn, "cannot write", ngx_socket_errno,
                                      NULL);
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
ngx_aidial_redis_batch_load(ngx_aidial_redis_conn_t *conn)
{
    size_t                    len;
    u_char                   *p;
    uint64_t                  now;
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    now = ngx_aidial_redis_clock();

    while (!ngx_queue_empty(&conn->waiting)) {
        q = ngx_queue_head(&conn->waiting);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        len = ngx_aidial_redis_buf_len(&task->wire);

        if (ngx_aidial_redis_buf_append(&conn->out, task->wire.pos, len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* the fence: a script names the primary that this connection has */

        if (task->epoch_at) {
            ngx_aidial_assert(task->epoch_at + NGX_AIDIAL_REDIS_EPOCH_LEN
                              <= len);

            p = conn->out.last - len + task->epoch_at;
            ngx_memcpy(p, conn->epoch, NGX_AIDIAL_REDIS_EPOCH_LEN);
        }

        ngx_aidial_redis_buf_free(&task->wire);
        conn->unsent -= len;

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&conn->sent, q);
        task->sent = 1;
        task->sent_at = now;

        (void) ngx_atomic_fetch_add(&ngx_aidial_redis_counters->commands,
                                    task->commands);
    }

    return NGX_OK;
}
