
/*
 * The end of a task.  "done" runs from the queue of posted events: who asked
 * may then finalize requests, ask for more or release other tasks, and no
 * loop over a connection's replies is on the stack below it.
 */


#include "ngx_aidial_redis_task.h"
#include "ngx_aidial_block.h"


static void ngx_aidial_redis_task_done(ngx_event_t *ev);


void
ngx_aidial_redis_task_finish(ngx_aidial_redis_task_t *task, ngx_int_t status)
{
    task->conn = NULL;

    if (task->timer.timer_set) {
        ngx_del_timer(&task->timer);
    }

    if (task->released) {
        ngx_aidial_redis_task_free(task);
        return;
    }

    ngx_aidial_assert(!task->finished);

    task->status = status;
    task->finished = 1;

    ngx_post_event(&task->event, &ngx_posted_events);
}


static void
ngx_aidial_redis_task_done(ngx_event_t *ev)
{
    ngx_aidial_redis_task_t  *task;

    task = ev->data;

    task->done(task->data);

    /* the task may be gone */
}


void *
ngx_aidial_redis_task_create(size_t size)
{
    ngx_aidial_redis_task_t  *task;

    task = ngx_aidial_block_alloc(size);
    if (task == NULL) {
        return NULL;
    }

    task->status = NGX_ERROR;

    task->event.handler = ngx_aidial_redis_task_done;
    task->event.data = task;
    task->event.log = ngx_cycle->log;

    task->timer.data = task;
    task->timer.log = ngx_cycle->log;

    return task;
}


void
ngx_aidial_redis_task_free(ngx_aidial_redis_task_t *task)
{
    if (task->event.posted) {
        ngx_delete_posted_event(&task->event);
    }

    if (task->timer.timer_set) {
        ngx_del_timer(&task->timer);
    }

    ngx_aidial_redis_task_reset(task);
    ngx_aidial_redis_buf_free(&task->wire);

    ngx_aidial_block_free(task);
}


void
ngx_aidial_redis_task_reset(ngx_aidial_redis_task_t *task)
{
    while (task->answers) {
        ngx_aidial_redis_reply_free(task->replies[--task->answers]);
    }
}
