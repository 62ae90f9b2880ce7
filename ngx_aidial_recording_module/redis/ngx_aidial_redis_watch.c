
/*
 * The watch is a task like others, but for one thing: it was released before
 * it is sent, since the connection itself is who asks.  So it never holds a
 * quitting worker, nobody counts it among failed operations, and its deadline
 * finds out that Redis hangs even when no request does.
 *
 * The next question is asked two seconds after the answer to the last one.
 */


#include "ngx_aidial_redis_watch.h"
#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_info.h"


#define NGX_AIDIAL_REDIS_WATCH  2000   /* ms */


static void ngx_aidial_redis_watch_ask(ngx_event_t *ev);
static ngx_int_t ngx_aidial_redis_watch_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);
static ngx_uint_t ngx_aidial_redis_watch_answer(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_task_t *task);
static ngx_uint_t ngx_aidial_redis_watch_failure(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply);


void
ngx_aidial_redis_watch_init(ngx_aidial_redis_conn_t *conn)
{
    conn->watch.handler = ngx_aidial_redis_watch_ask;
    conn->watch.data = conn;
    conn->watch.log = &conn->transport.log;
    conn->watch.cancelable = 1;
}


void
ngx_aidial_redis_watch_start(ngx_aidial_redis_conn_t *conn)
{
    ngx_add_timer(&conn->watch, NGX_AIDIAL_REDIS_WATCH);
}


void
ngx_aidial_redis_watch_stop(ngx_aidial_redis_conn_t *conn)
{
    if (conn->watch.timer_set) {
        ngx_del_timer(&conn->watch);
    }
}


static void
ngx_aidial_redis_watch_ask(ngx_event_t *ev)
{
    ngx_aidial_redis_conn_t  *conn;
    ngx_aidial_redis_task_t  *task;

    conn = ev->data;

    task = ngx_aidial_redis_task_create(sizeof(ngx_aidial_redis_task_t));

    if (task == NULL) {
        ngx_aidial_redis_watch_start(conn);
        return;
    }

    task->judge = ngx_aidial_redis_watch_judge;
    task->commands = conn->conf->eviction ? 1 : 2;

    if (ngx_aidial_redis_info_ask_replication(&task->wire) != NGX_OK
        || (!conn->conf->eviction
            && ngx_aidial_redis_info_ask_memory(&task->wire) != NGX_OK))
    {
        ngx_aidial_redis_task_free(task);
        ngx_aidial_redis_watch_start(conn);
        return;
    }

    ngx_aidial_redis_conn_submit(conn, task);

    task->released = 1;
    task->timer.cancelable = 1;
}


static ngx_int_t
ngx_aidial_redis_watch_judge(ngx_aidial_redis_task_t *task, ngx_log_t *log)
{
    ngx_aidial_redis_conn_t  *conn;

    conn = task->conn;
    conn->verdict = ngx_aidial_redis_watch_answer(conn, task);

    if (conn->verdict != NGX_AIDIAL_REDIS_HOLDS) {
        return NGX_DECLINED;
    }

    ngx_aidial_redis_watch_start(conn);

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_redis_watch_answer(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_task_t *task)
{
    u_char      epoch[NGX_AIDIAL_REDIS_EPOCH_LEN];
    ngx_uint_t  i, end;

    for (i = 0; i < task->answers; i++) {

        if (task->replies[i]->type == NGX_AIDIAL_REDIS_FAILURE) {
            return ngx_aidial_redis_watch_failure(conn, task->replies[i]);
        }
    }

    end = ngx_aidial_redis_info_replication(conn, task->replies[0], epoch);

    if (end != NGX_AIDIAL_REDIS_HOLDS) {
        return end;
    }

    if (ngx_memcmp(epoch, conn->epoch, NGX_AIDIAL_REDIS_EPOCH_LEN) != 0) {
        ngx_aidial_redis_conn_why(conn, "its replication id has changed", 0,
                                  NULL);
        return NGX_AIDIAL_REDIS_LOST;
    }

    return task->answers > 1
           ? ngx_aidial_redis_info_memory(conn, task->replies[1])
           : NGX_AIDIAL_REDIS_HOLDS;
}


/* the error was logged, as any is */

static ngx_uint_t
ngx_aidial_redis_watch_failure(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply)
{
    ngx_aidial_redis_error_t  *error;

    ngx_aidial_redis_conn_why(conn, "INFO was answered with the error", 0,
                              &reply->text);

    error = ngx_aidial_redis_error_find(&reply->text);

    return ngx_aidial_redis_error_denies(error) ? NGX_AIDIAL_REDIS_DENIED
                                                : NGX_AIDIAL_REDIS_UNFIT;
}
