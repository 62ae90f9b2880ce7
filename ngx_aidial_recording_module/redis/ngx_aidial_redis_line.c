
/*
 * A connection that ends leaves tasks behind:
 *
 *     answered               fail: their replies are not believed
 *     sent, partly answered  fail
 *     sent, not answered     fail, or wait again when they may be sent once
 *                            more: nobody knows whether they were done
 *     waiting                no byte of them was sent: another connection may
 *                            have them
 *
 * Their timers are not touched: a task has one deadline, however often and
 * wherever it is sent.
 */


#include "ngx_aidial_redis_line.h"


static ngx_uint_t ngx_aidial_redis_line_again(ngx_aidial_redis_task_t *task);


void
ngx_aidial_redis_line_settle(ngx_aidial_redis_conn_t *conn)
{
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    while (!ngx_queue_empty(&conn->answered)) {
        q = ngx_queue_head(&conn->answered);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        ngx_aidial_redis_line_forget(task);
        ngx_aidial_redis_task_finish(task, task->status);
    }
}


ngx_uint_t
ngx_aidial_redis_line_fail(ngx_aidial_redis_conn_t *conn, ngx_queue_t *queue)
{
    ngx_uint_t                n;
    ngx_queue_t              *q;
    ngx_aidial_redis_task_t  *task;

    n = 0;

    while (!ngx_queue_empty(queue)) {
        q = ngx_queue_head(queue);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        n += !task->released;

        ngx_aidial_redis_line_forget(task);
        ngx_aidial_redis_task_finish(task, NGX_ERROR);
    }

    return n;
}


ngx_uint_t
ngx_aidial_redis_line_recover(ngx_aidial_redis_conn_t *conn)
{
    ngx_uint_t                n;
    ngx_queue_t              *q, *prev;
    ngx_aidial_redis_task_t  *task;

    n = 0;

    /* from the last to the first, so that they keep their order */

    for (q = ngx_queue_last(&conn->sent);
         q != ngx_queue_sentinel(&conn->sent);
         q = prev)
    {
        prev = ngx_queue_prev(q);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        if (!ngx_aidial_redis_line_again(task)) {
            continue;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_head(&conn->waiting, q);

        task->sent = 0;
        task->resent = 1;
        conn->unsent += ngx_aidial_redis_buf_len(&task->wire);
        n++;
    }

    return n;
}


/* 1 when its bytes are there once more */

static ngx_uint_t
ngx_aidial_redis_line_again(ngx_aidial_redis_task_t *task)
{
    if (task->resend == NULL
        || task->resent
        || task->released
        || task->answers
        || !task->timer.timer_set
        || (ngx_msec_int_t) (task->timer.timer.key - ngx_current_msec) <= 0)
    {
        return 0;
    }

    ngx_aidial_assert(ngx_aidial_redis_buf_len(&task->wire) == 0);

    return task->resend(task) == NGX_OK;
}


void
ngx_aidial_redis_line_leave(ngx_aidial_redis_conn_t *conn)
{
    ngx_queue_t              *q, *next;
    ngx_aidial_redis_conn_t  *other;
    ngx_aidial_redis_task_t  *task;

    for (q = ngx_queue_head(&conn->waiting);
         q != ngx_queue_sentinel(&conn->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        task = ngx_queue_data(q, ngx_aidial_redis_task_t, queue);

        /* the watch is its connection's own */

        if (task->released) {
            continue;
        }

        other = conn->handlers->other(ngx_aidial_redis_buf_len(&task->wire));

        if (other == NULL
            || other == conn
            || (conn->hopeful && other->state != NGX_AIDIAL_REDIS_READY))
        {
            continue;
        }

        ngx_aidial_redis_line_forget(task);
        ngx_aidial_redis_conn_submit(other, task);
    }
}


void
ngx_aidial_redis_line_forget(ngx_aidial_redis_task_t *task)
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
