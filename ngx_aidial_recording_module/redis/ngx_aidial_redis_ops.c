
/*
 * The operations.  One is a task with a meaning; its "judge" is called when
 * all replies are there, and turns them into records and grant states.
 *
 *     records_load               ngx_aidial_redis_load.c     GET ... HMGET
 *     fetch_claim, fetch_keep    ngx_aidial_redis_fetched.c  GET SET DEL
 *     grant_..., audit_count     ngx_aidial_redis_grant.c    lua/<name>.lua
 *
 * Here is what they share.
 */


#include "ngx_aidial_redis_op.h"
#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_pool.h"


ngx_aidial_redis_op_t *
ngx_aidial_redis_op_ask(ngx_aidial_redis_op_t *op,
    ngx_aidial_redis_done_pt done, void *data)
{
    op->task.done = done;
    op->task.data = data;

    if (ngx_aidial_redis_pool_submit(&op->task) != NGX_OK) {
        ngx_aidial_redis_task_free(&op->task);
        return NULL;
    }

    return op;
}


ngx_int_t
ngx_aidial_redis_op_failure(const ngx_aidial_redis_reply_t *reply,
    ngx_log_t *log)
{
    ngx_aidial_redis_error_t  *error;

    error = ngx_aidial_redis_error_find(&reply->text);

    if (ngx_aidial_redis_error_action(error) == NGX_AIDIAL_REDIS_ASKER) {
        ngx_aidial_redis_error_log(error, &reply->text, log);
    }

    return NGX_ERROR;
}


ngx_int_t
ngx_aidial_redis_op_string(ngx_aidial_record_t *record,
    const ngx_aidial_redis_reply_t *reply)
{
    if (ngx_aidial_redis_op_is_error(reply, "WRONGTYPE ")) {
        record->state = NGX_AIDIAL_RECORD_UNUSABLE;
        return NGX_OK;
    }

    if (reply->type == NGX_AIDIAL_REDIS_NIL) {
        record->state = NGX_AIDIAL_RECORD_ABSENT;
        return NGX_OK;
    }

    if (reply->type != NGX_AIDIAL_REDIS_STRING) {
        return NGX_ABORT;
    }

    if (reply->oversize) {
        record->state = NGX_AIDIAL_RECORD_UNUSABLE;
        return NGX_OK;
    }

    record->state = NGX_AIDIAL_RECORD_PRESENT;
    record->text = reply->text;

    return NGX_OK;
}


ngx_uint_t
ngx_aidial_redis_op_is_error(const ngx_aidial_redis_reply_t *reply,
    const char *prefix)
{
    size_t  len;

    len = ngx_strlen(prefix);

    return reply->type == NGX_AIDIAL_REDIS_FAILURE
           && reply->text.len >= len
           && ngx_memcmp(reply->text.data, prefix, len) == 0;
}


ngx_uint_t
ngx_aidial_redis_op_claim(const ngx_aidial_redis_op_t *op)
{
    return op->claim;
}


ngx_int_t
ngx_aidial_redis_op_status(const ngx_aidial_redis_op_t *op)
{
    return op->task.status;
}


const ngx_aidial_record_t *
ngx_aidial_redis_op_record(const ngx_aidial_redis_op_t *op, ngx_uint_t record)
{
    ngx_aidial_assert(record < NGX_AIDIAL_RECORD_COUNT);

    return &op->records[record];
}


ngx_uint_t
ngx_aidial_redis_op_same(const ngx_aidial_redis_op_t *a,
    const ngx_aidial_redis_op_t *b)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_RECORD_COUNT; i++) {

        if (a->records[i].state != b->records[i].state
            || !ngx_aidial_same(&a->records[i].text, &b->records[i].text))
        {
            return 0;
        }
    }

    return a->grant == b->grant;
}


ngx_uint_t
ngx_aidial_redis_op_grant_state(const ngx_aidial_redis_op_t *op)
{
    return op->grant;
}


ngx_uint_t
ngx_aidial_redis_op_code(const ngx_aidial_redis_op_t *op)
{
    return (ngx_uint_t) op->task.replies[0]->elements[0].integer;
}


ngx_uint_t
ngx_aidial_redis_op_resent(const ngx_aidial_redis_op_t *op)
{
    return op->task.resent;
}


int64_t
ngx_aidial_redis_op_number(const ngx_aidial_redis_op_t *op)
{
    return op->task.replies[0]->elements[2].integer;
}


ngx_str_t
ngx_aidial_redis_op_text(const ngx_aidial_redis_op_t *op)
{
    return op->task.replies[0]->elements[3].text;
}


void
ngx_aidial_redis_op_release(ngx_aidial_redis_op_t *op)
{
    ngx_aidial_redis_conn_release(&op->task);
}


ngx_int_t
ngx_aidial_redis_init_worker(ngx_cycle_t *cycle, ngx_aidial_redis_conf_t *conf,
    ngx_atomic_t *outage, ngx_aidial_redis_counters_t *counters)
{
    ngx_aidial_redis_counters = counters;

    ngx_aidial_redis_script_init();

    return ngx_aidial_redis_pool_start(cycle, conf, outage);
}


void
ngx_aidial_redis_exit_worker(void)
{
    ngx_aidial_redis_pool_stop();
}
