
/*
 * A task: the bytes of some commands, and the replies to them.  What the
 * commands mean is the business of who made it, ngx_aidial_redis_ops.c.
 *
 * Life: made by the asker; waiting, sent and answered on a connection;
 * completed by an event of its own.  It is freed when it was released and no
 * reply to it can come any more.
 */


#ifndef _NGX_AIDIAL_REDIS_TASK_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_TASK_H_INCLUDED_


#include "ngx_aidial_redis_codec.h"

#include <ngx_event.h>


#define NGX_AIDIAL_REDIS_COMMANDS_MAX  8   /* of a task */
#define NGX_AIDIAL_REDIS_EPOCH_LEN     40  /* hex digits of a master_replid */


typedef struct ngx_aidial_redis_conn_s  ngx_aidial_redis_conn_t;
typedef struct ngx_aidial_redis_task_s  ngx_aidial_redis_task_t;


/*
 * Called when every reply is there.  NGX_OK: they are what was expected.
 * NGX_ERROR: they are not, and nothing is known.  NGX_AGAIN: "wire" holds
 * other commands, send them.  NGX_ABORT: no such replies can come to these
 * commands, the connection is out of step.  NGX_DECLINED: the connection has
 * to end, for the reason in conn->verdict.
 */

typedef ngx_int_t (*ngx_aidial_redis_judge_pt)(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);


/*
 * Writes the commands into "wire" anew, for a task whose answer was lost with
 * its connection and which does no harm when it is done twice.  NGX_OK or
 * NGX_ERROR.
 */

typedef ngx_int_t (*ngx_aidial_redis_resend_pt)(ngx_aidial_redis_task_t *task);


struct ngx_aidial_redis_task_s {
    ngx_queue_t                 queue;      /* of its connection */
    ngx_aidial_redis_conn_t    *conn;       /* NULL: with none */
    ngx_event_t                 timer;      /* holds a quitting worker */
    ngx_event_t                 event;      /* calls "done" */

    ngx_aidial_redis_buf_t      wire;
    ngx_uint_t                  commands;   /* in "wire" */
    size_t                      epoch_at;   /* of its place, 0: none */
    uint64_t                    sent_at;    /* ngx_aidial_redis_clock() */
    ngx_uint_t                  answers;    /* so far */
    ngx_aidial_redis_reply_t   *replies[NGX_AIDIAL_REDIS_COMMANDS_MAX];

    ngx_aidial_redis_judge_pt   judge;
    ngx_aidial_redis_resend_pt  resend;     /* NULL: never sent again */
    void                      (*done)(void *data);
    void                       *data;

    ngx_int_t                   status;     /* NGX_OK or NGX_ERROR at the end */
    unsigned                    sent:1;
    unsigned                    finished:1;
    unsigned                    released:1;
    unsigned                    resent:1;
};


/* zeroed memory of at least sizeof(ngx_aidial_redis_task_t), or NULL */

void *ngx_aidial_redis_task_create(size_t size);

/* frees the task, its bytes and its replies; it is in no queue */

void ngx_aidial_redis_task_free(ngx_aidial_redis_task_t *task);

/* forgets the replies, for commands that are sent anew */

void ngx_aidial_redis_task_reset(ngx_aidial_redis_task_t *task);

/*
 * The end of every task that a connection took: posts the event that calls
 * "done", or frees a task that was released.  It is in no queue.
 */

void ngx_aidial_redis_task_finish(ngx_aidial_redis_task_t *task,
    ngx_int_t status);


#endif /* _NGX_AIDIAL_REDIS_TASK_H_INCLUDED_ */
