
/*
 * Records that the portal was asked for: a claim, so that one request asks
 * while the others wait, and the answer, kept for all edges.
 */


#include "ngx_aidial_redis_op.h"


static void ngx_aidial_redis_fetched_given_up(void *data);
static ngx_aidial_redis_op_t *ngx_aidial_redis_fetched_op(
    ngx_aidial_redis_judge_pt judge);
static ngx_int_t ngx_aidial_redis_fetched_command(ngx_aidial_redis_op_t *op,
    const ngx_str_t *argv, ngx_uint_t argc);
static ngx_int_t ngx_aidial_redis_claim_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_keep_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);


static const ngx_str_t  ngx_aidial_redis_asking = ngx_string("asking");
static const ngx_str_t  ngx_aidial_redis_failed = ngx_string("failed");


ngx_aidial_redis_op_t *
ngx_aidial_redis_fetch_claim(const ngx_str_t *record, const ngx_str_t *none,
    const ngx_str_t *claim, ngx_msec_t life, ngx_aidial_redis_done_pt done,
    void *data)
{
    u_char                  ms[NGX_INT_T_LEN];
    ngx_str_t               kept[2], missed[2], state[2], set[6];
    ngx_aidial_redis_op_t  *op;

    op = ngx_aidial_redis_fetched_op(ngx_aidial_redis_claim_judge);
    if (op == NULL) {
        return NULL;
    }

    ngx_str_set(&kept[0], "GET");
    kept[1] = *record;

    ngx_str_set(&missed[0], "GET");
    missed[1] = *none;

    ngx_str_set(&state[0], "GET");
    state[1] = *claim;

    ngx_str_set(&set[0], "SET");
    set[1] = *claim;
    set[2] = ngx_aidial_redis_asking;
    ngx_str_set(&set[3], "NX");
    ngx_str_set(&set[4], "PX");
    set[5].data = ms;
    set[5].len = ngx_sprintf(ms, "%M", life) - ms;

    if (ngx_aidial_redis_fetched_command(op, kept, 2) != NGX_OK
        || ngx_aidial_redis_fetched_command(op, missed, 2) != NGX_OK
        || ngx_aidial_redis_fetched_command(op, state, 2) != NGX_OK
        || ngx_aidial_redis_fetched_command(op, set, 6) != NGX_OK)
    {
        ngx_aidial_redis_task_free(&op->task);
        return NULL;
    }

    return ngx_aidial_redis_op_ask(op, done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_fetch_keep(const ngx_str_t *record, const ngx_str_t *claim,
    const ngx_str_t *text, time_t ttl, ngx_aidial_redis_done_pt done,
    void *data)
{
    u_char                  seconds[NGX_TIME_T_LEN];
    ngx_str_t               del[2], set[5];
    ngx_aidial_redis_op_t  *op;

    op = ngx_aidial_redis_fetched_op(ngx_aidial_redis_keep_judge);
    if (op == NULL) {
        return NULL;
    }

    ngx_str_set(&set[0], "SET");
    set[1] = *record;
    set[2] = *text;
    ngx_str_set(&set[3], "EX");
    set[4].data = seconds;
    set[4].len = ngx_sprintf(seconds, "%T", ttl) - seconds;

    ngx_str_set(&del[0], "DEL");
    del[1] = *claim;

    if (ngx_aidial_redis_fetched_command(op, set, 5) != NGX_OK
        || ngx_aidial_redis_fetched_command(op, del, 2) != NGX_OK)
    {
        ngx_aidial_redis_task_free(&op->task);
        return NULL;
    }

    return ngx_aidial_redis_op_ask(op, done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_fetch_fail(const ngx_str_t *claim, ngx_msec_t life,
    ngx_aidial_redis_done_pt done, void *data)
{
    u_char                  ms[NGX_INT_T_LEN];
    ngx_str_t               set[5];
    ngx_aidial_redis_op_t  *op;

    op = ngx_aidial_redis_fetched_op(ngx_aidial_redis_keep_judge);
    if (op == NULL) {
        return NULL;
    }

    ngx_str_set(&set[0], "SET");
    set[1] = *claim;
    set[2] = ngx_aidial_redis_failed;
    ngx_str_set(&set[3], "PX");
    set[4].data = ms;
    set[4].len = ngx_sprintf(ms, "%M", life) - ms;

    if (ngx_aidial_redis_fetched_command(op, set, 5) != NGX_OK) {
        ngx_aidial_redis_task_free(&op->task);
        return NULL;
    }

    return ngx_aidial_redis_op_ask(op, done, data);
}


void
ngx_aidial_redis_fetch_give_up(const ngx_str_t *claim)
{
    ngx_str_t               del[2];
    ngx_aidial_redis_op_t  *op;

    op = ngx_aidial_redis_fetched_op(ngx_aidial_redis_keep_judge);
    if (op == NULL) {
        return;
    }

    ngx_str_set(&del[0], "DEL");
    del[1] = *claim;

    if (ngx_aidial_redis_fetched_command(op, del, 2) != NGX_OK) {
        ngx_aidial_redis_task_free(&op->task);
        return;
    }

    (void) ngx_aidial_redis_op_ask(op, ngx_aidial_redis_fetched_given_up, op);
}


static void
ngx_aidial_redis_fetched_given_up(void *data)
{
    ngx_aidial_redis_op_release(data);
}


static ngx_aidial_redis_op_t *
ngx_aidial_redis_fetched_op(ngx_aidial_redis_judge_pt judge)
{
    ngx_aidial_redis_op_t  *op;

    op = ngx_aidial_redis_task_create(sizeof(ngx_aidial_redis_op_t));

    if (op) {
        op->task.judge = judge;
    }

    return op;
}


static ngx_int_t
ngx_aidial_redis_fetched_command(ngx_aidial_redis_op_t *op,
    const ngx_str_t *argv, ngx_uint_t argc)
{
    op->task.commands++;

    return ngx_aidial_redis_command(&op->task.wire, argv, argc);
}


static ngx_int_t
ngx_aidial_redis_claim_judge(ngx_aidial_redis_task_t *task, ngx_log_t *log)
{
    ngx_uint_t                  i;
    ngx_aidial_record_t         state;
    ngx_aidial_redis_op_t      *op;
    ngx_aidial_redis_reply_t  **reply;

    op = (ngx_aidial_redis_op_t *) task;
    reply = task->replies;

    for (i = 0; i < task->answers; i++) {

        if (reply[i]->type == NGX_AIDIAL_REDIS_FAILURE
            && (i == 3 || !ngx_aidial_redis_op_is_error(reply[i],
                                                        "WRONGTYPE ")))
        {
            return ngx_aidial_redis_op_failure(reply[i], log);
        }
    }

    ngx_memzero(&state, sizeof(ngx_aidial_record_t));

    if (ngx_aidial_redis_op_string(
            &op->records[NGX_AIDIAL_RECORD_FETCHED_CALL], reply[0])
        != NGX_OK
        || ngx_aidial_redis_op_string(
               &op->records[NGX_AIDIAL_RECORD_FETCHED_NONE], reply[1])
           != NGX_OK
        || ngx_aidial_redis_op_string(&state, reply[2]) != NGX_OK)
    {
        return NGX_ABORT;
    }

    /* SET ... NX answers OK, or nil when the key is there */

    switch (reply[3]->type) {

    case NGX_AIDIAL_REDIS_STATUS:
        op->claim = NGX_AIDIAL_CLAIM_OWN;
        return NGX_OK;

    case NGX_AIDIAL_REDIS_NIL:
        op->claim = ngx_aidial_same(&state.text, &ngx_aidial_redis_failed)
                    ? NGX_AIDIAL_CLAIM_FAILED : NGX_AIDIAL_CLAIM_OTHERS;
        return NGX_OK;

    default:
        return NGX_ABORT;
    }
}


/* SET answers OK, DEL how many keys there were */

static ngx_int_t
ngx_aidial_redis_keep_judge(ngx_aidial_redis_task_t *task, ngx_log_t *log)
{
    ngx_uint_t                 i;
    ngx_aidial_redis_reply_t  *reply;

    for (i = 0; i < task->answers; i++) {
        reply = task->replies[i];

        if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
            return ngx_aidial_redis_op_failure(reply, log);
        }

        if (reply->type != NGX_AIDIAL_REDIS_STATUS
            && reply->type != NGX_AIDIAL_REDIS_INTEGER)
        {
            return NGX_ABORT;
        }
    }

    return NGX_OK;
}
