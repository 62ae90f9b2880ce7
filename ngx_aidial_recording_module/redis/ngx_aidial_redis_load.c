
/*
 * records_load: a GET for each string, HMGET for the grant, in one round
 * trip.  A key of the wrong type is an unusable record, not a failure: the
 * portal wrote it, and the request goes on without it.
 */


#include "ngx_aidial_redis_op.h"
#include "ngx_aidial_redis_conn.h"


static ngx_int_t ngx_aidial_redis_load_command(ngx_aidial_redis_op_t *op,
    ngx_uint_t record, const ngx_str_t *key);
static ngx_int_t ngx_aidial_redis_load_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_load_grant(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply);
static ngx_uint_t ngx_aidial_redis_load_state(
    const ngx_aidial_redis_reply_t *state,
    const ngx_aidial_redis_reply_t *action);
static ngx_uint_t ngx_aidial_redis_is(const ngx_aidial_redis_reply_t *reply,
    const char *text);


ngx_aidial_redis_op_t *
ngx_aidial_redis_records_load(const ngx_str_t *keys,
    ngx_aidial_redis_done_pt done, void *data)
{
    ngx_uint_t              i;
    ngx_aidial_redis_op_t  *op;

    op = ngx_aidial_redis_task_create(sizeof(ngx_aidial_redis_op_t));
    if (op == NULL) {
        return NULL;
    }

    op->task.judge = ngx_aidial_redis_load_judge;

    for (i = 0; i < NGX_AIDIAL_RECORD_COUNT; i++) {

        if (keys[i].len
            && ngx_aidial_redis_load_command(op, i, &keys[i]) != NGX_OK)
        {
            ngx_aidial_redis_task_free(&op->task);
            return NULL;
        }
    }

    ngx_aidial_assert(op->task.commands);

    return ngx_aidial_redis_op_ask(op, done, data);
}


static ngx_int_t
ngx_aidial_redis_load_command(ngx_aidial_redis_op_t *op, ngx_uint_t record,
    const ngx_str_t *key)
{
    ngx_str_t   argv[5];
    ngx_uint_t  argc;

    argv[1] = *key;

    if (record == NGX_AIDIAL_RECORD_GRANT) {
        ngx_str_set(&argv[0], "HMGET");
        ngx_str_set(&argv[2], "state");
        ngx_str_set(&argv[3], "action");
        ngx_str_set(&argv[4], "epoch");
        argc = 5;

    } else {
        ngx_str_set(&argv[0], "GET");
        argc = 2;
    }

    op->asked[op->task.commands++] = record;

    return ngx_aidial_redis_command(&op->task.wire, argv, argc);
}


static ngx_int_t
ngx_aidial_redis_load_judge(ngx_aidial_redis_task_t *task, ngx_log_t *log)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i, failed;
    ngx_aidial_record_t       *record;
    ngx_aidial_redis_op_t     *op;
    ngx_aidial_redis_reply_t  *reply;

    op = (ngx_aidial_redis_op_t *) task;
    failed = 0;

    for (i = 0; i < task->answers; i++) {
        reply = task->replies[i];
        record = &op->records[op->asked[i]];

        if (reply->type == NGX_AIDIAL_REDIS_FAILURE
            && !ngx_aidial_redis_op_is_error(reply, "WRONGTYPE "))
        {
            rc = ngx_aidial_redis_op_failure(reply, log);

        } else if (op->asked[i] == NGX_AIDIAL_RECORD_GRANT) {
            rc = ngx_aidial_redis_load_grant(op, reply);

        } else {
            rc = ngx_aidial_redis_op_string(record, reply);
        }

        if (rc == NGX_ABORT) {
            return NGX_ABORT;
        }

        failed |= (rc != NGX_OK);
    }

    return failed ? NGX_ERROR : NGX_OK;
}


/*
 * The record's text is the action.  A grant with fields that the scripts do
 * not write is one that nobody registered, and so is one that was registered
 * with another primary than the one that answers: what it knows of the grant
 * may be old.
 */

static ngx_int_t
ngx_aidial_redis_load_grant(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply)
{
    ngx_str_t                        epoch;
    ngx_uint_t                       i, absent;
    ngx_aidial_record_t             *record;
    const ngx_aidial_redis_reply_t  *element;

    record = &op->records[NGX_AIDIAL_RECORD_GRANT];

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        record->state = NGX_AIDIAL_RECORD_UNUSABLE;
        return NGX_OK;
    }

    if (reply->type != NGX_AIDIAL_REDIS_ARRAY || reply->nelements != 3) {
        return NGX_ABORT;
    }

    element = reply->elements;
    absent = 0;

    for (i = 0; i < 3; i++) {

        if (element[i].type == NGX_AIDIAL_REDIS_NIL) {
            absent++;

        } else if (element[i].type != NGX_AIDIAL_REDIS_STRING) {
            return NGX_ABORT;
        }
    }

    record->state = absent == 3 ? NGX_AIDIAL_RECORD_ABSENT
                                : NGX_AIDIAL_RECORD_UNUSABLE;

    epoch.data = op->task.conn->epoch;
    epoch.len = NGX_AIDIAL_REDIS_EPOCH_LEN;

    if (absent || !ngx_aidial_same(&element[2].text, &epoch)) {
        return NGX_OK;
    }

    op->grant = ngx_aidial_redis_load_state(&element[0], &element[1]);

    if (op->grant != NGX_AIDIAL_GRANT_UNKNOWN) {
        record->state = NGX_AIDIAL_RECORD_PRESENT;
        record->text = element[1].text;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_redis_load_state(const ngx_aidial_redis_reply_t *state,
    const ngx_aidial_redis_reply_t *action)
{
    ngx_uint_t  playback, download;

    playback = ngx_aidial_redis_is(action, "playback");
    download = ngx_aidial_redis_is(action, "download");

    if ((playback || download) && ngx_aidial_redis_is(state, "fresh")) {
        return NGX_AIDIAL_GRANT_FRESH;
    }

    if (playback && ngx_aidial_redis_is(state, "begun")) {
        return NGX_AIDIAL_GRANT_BEGUN;
    }

    if (download
        && (ngx_aidial_redis_is(state, "running")
            || ngx_aidial_redis_is(state, "ended")
            || ngx_aidial_redis_is(state, "closed")))
    {
        return NGX_AIDIAL_GRANT_REDEEMED;
    }

    return NGX_AIDIAL_GRANT_UNKNOWN;
}


static ngx_uint_t
ngx_aidial_redis_is(const ngx_aidial_redis_reply_t *reply, const char *text)
{
    return reply->type == NGX_AIDIAL_REDIS_STRING
           && reply->text.len == ngx_strlen(text)
           && ngx_memcmp(reply->text.data, text, reply->text.len) == 0;
}
