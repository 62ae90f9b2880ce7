
/*
 * The operations: what is asked of Redis, and what its replies come to.  An
 * operation is a task with a meaning; "judge" is called when all replies of
 * the task are there, and turns them into records and grant states.
 *
 *     records_load    GET session, GET call, ...   HMGET grant state action
 *     grant_issue     script grant_issue.lua       {code, echo}
 *     grant_redeem    script grant_redeem.lua      {code, echo}
 *
 * The echo comes back as it was sent.  A reply with another one is the reply
 * to another script: then this connection is not believed any more.
 */


#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_pool.h"
#include "ngx_aidial_redis_script.h"


struct ngx_aidial_redis_op_s {
    ngx_aidial_redis_task_t  task;      /* the first member */

    /* a load */

    ngx_uint_t               asked[NGX_AIDIAL_RECORD_COUNT];
    ngx_aidial_record_t      records[NGX_AIDIAL_RECORD_COUNT];
    ngx_uint_t               grant;     /* ngx_aidial_grant_state_e */

    /* a script */

    ngx_uint_t               script;    /* ngx_aidial_redis_script_e */
    ngx_uint_t               whole;     /* 1: sent as EVAL */
    ngx_str_t                key;
    ngx_str_t                argv[NGX_AIDIAL_REDIS_SCRIPT_ARGS_MAX];
    ngx_uint_t               argc;      /* argv[0] is the echo */
    u_char                   text[1];   /* the bytes of key and argv */
};


/* the codes of the scripts, as their heads define them */

#define NGX_AIDIAL_REDIS_ISSUED    1
#define NGX_AIDIAL_REDIS_EXISTS    0

#define NGX_AIDIAL_REDIS_UNKNOWN   0
#define NGX_AIDIAL_REDIS_REDEEMED  1
#define NGX_AIDIAL_REDIS_SPENT     2


static ngx_int_t ngx_aidial_redis_load_command(ngx_aidial_redis_op_t *op,
    ngx_uint_t record, const ngx_str_t *key);
static ngx_int_t ngx_aidial_redis_load_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_load_string(ngx_aidial_record_t *record,
    const ngx_aidial_redis_reply_t *reply);
static ngx_int_t ngx_aidial_redis_load_grant(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply);
static ngx_int_t ngx_aidial_redis_load_failure(ngx_aidial_record_t *record,
    const ngx_aidial_redis_reply_t *reply, ngx_log_t *log);
static ngx_aidial_redis_op_t *ngx_aidial_redis_script_op(ngx_uint_t script,
    const ngx_str_t *key, const ngx_str_t *argv, ngx_uint_t argc,
    ngx_aidial_redis_done_pt done, void *data);
static ngx_int_t ngx_aidial_redis_script_send(ngx_aidial_redis_op_t *op);
static ngx_int_t ngx_aidial_redis_script_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_script_failure(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply, ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_issue_code(ngx_aidial_redis_op_t *op,
    int64_t code, ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_redeem_code(ngx_aidial_redis_op_t *op,
    int64_t code);
static ngx_aidial_redis_op_t *ngx_aidial_redis_op_ask(
    ngx_aidial_redis_op_t *op, ngx_aidial_redis_done_pt done, void *data);
static ngx_uint_t ngx_aidial_redis_is_error(
    const ngx_aidial_redis_reply_t *reply, const char *prefix, size_t len);
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
    ngx_str_t   argv[4];
    ngx_uint_t  argc;

    argv[1] = *key;

    if (record == NGX_AIDIAL_RECORD_GRANT) {
        ngx_str_set(&argv[0], "HMGET");
        ngx_str_set(&argv[2], "state");
        ngx_str_set(&argv[3], "action");
        argc = 4;

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

        if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
            rc = ngx_aidial_redis_load_failure(record, reply, log);

        } else if (op->asked[i] == NGX_AIDIAL_RECORD_GRANT) {
            rc = ngx_aidial_redis_load_grant(op, reply);

        } else {
            rc = ngx_aidial_redis_load_string(record, reply);
        }

        if (rc == NGX_ABORT) {
            return NGX_ABORT;
        }

        failed |= (rc != NGX_OK);
    }

    return failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_load_string(ngx_aidial_record_t *record,
    const ngx_aidial_redis_reply_t *reply)
{
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


/*
 * The record's text is the action.  A grant with fields that the scripts do
 * not write is one that nobody registered.
 */

static ngx_int_t
ngx_aidial_redis_load_grant(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply)
{
    ngx_uint_t                       i;
    ngx_aidial_record_t             *record;
    const ngx_aidial_redis_reply_t  *state, *action;

    if (reply->type != NGX_AIDIAL_REDIS_ARRAY || reply->nelements != 2) {
        return NGX_ABORT;
    }

    for (i = 0; i < 2; i++) {

        if (reply->elements[i].type != NGX_AIDIAL_REDIS_STRING
            && reply->elements[i].type != NGX_AIDIAL_REDIS_NIL)
        {
            return NGX_ABORT;
        }
    }

    state = &reply->elements[0];
    action = &reply->elements[1];
    record = &op->records[NGX_AIDIAL_RECORD_GRANT];

    if (state->type == NGX_AIDIAL_REDIS_NIL
        && action->type == NGX_AIDIAL_REDIS_NIL)
    {
        record->state = NGX_AIDIAL_RECORD_ABSENT;
        return NGX_OK;
    }

    record->state = NGX_AIDIAL_RECORD_UNUSABLE;

    if (!ngx_aidial_redis_is(action, "playback")
        && !ngx_aidial_redis_is(action, "download"))
    {
        return NGX_OK;
    }

    if (ngx_aidial_redis_is(state, "fresh")) {
        op->grant = NGX_AIDIAL_GRANT_FRESH;

    } else if (ngx_aidial_redis_is(state, "spent")) {
        op->grant = NGX_AIDIAL_GRANT_SPENT;

    } else {
        return NGX_OK;
    }

    record->state = NGX_AIDIAL_RECORD_PRESENT;
    record->text = action->text;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_load_failure(ngx_aidial_record_t *record,
    const ngx_aidial_redis_reply_t *reply, ngx_log_t *log)
{
    ngx_aidial_redis_error_t  *error;

    if (ngx_aidial_redis_is_error(reply, "WRONGTYPE ", 10)) {
        record->state = NGX_AIDIAL_RECORD_UNUSABLE;
        return NGX_OK;
    }

    error = ngx_aidial_redis_error_find(&reply->text);

    /* the connection has said all but what it leaves to the asker */

    if (ngx_aidial_redis_error_action(error) == NGX_AIDIAL_REDIS_ASKER) {
        ngx_aidial_redis_error_log(error, &reply->text, log);
    }

    return NGX_ERROR;
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_issue(const ngx_str_t *key, const ngx_str_t *action,
    time_t ttl, ngx_aidial_redis_done_pt done, void *data)
{
    u_char             echo[3 * NGX_INT64_LEN], life[NGX_TIME_T_LEN];
    ngx_str_t          argv[3];
    static ngx_uint_t  count;

    /* enough to tell one operation from another; nobody has to guess it */

    argv[0].data = echo;
    argv[0].len = ngx_sprintf(echo, "%P-%xi-%xi", ngx_pid,
                              (ngx_int_t) ngx_random(), (ngx_int_t) count++)
                  - echo;

    argv[1] = *action;

    argv[2].data = life;
    argv[2].len = ngx_sprintf(life, "%T", ttl) - life;

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_ISSUE, key, argv,
                                      3, done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_redeem(const ngx_str_t *key, const ngx_str_t *attempt,
    ngx_aidial_redis_done_pt done, void *data)
{
    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_REDEEM, key,
                                      attempt, 1, done, data);
}


/* key and arguments are copied: they may have to be sent twice */

static ngx_aidial_redis_op_t *
ngx_aidial_redis_script_op(ngx_uint_t script, const ngx_str_t *key,
    const ngx_str_t *argv, ngx_uint_t argc, ngx_aidial_redis_done_pt done,
    void *data)
{
    size_t                  size;
    u_char                 *p;
    ngx_uint_t              i;
    ngx_aidial_redis_op_t  *op;

    size = sizeof(ngx_aidial_redis_op_t) + key->len;

    for (i = 0; i < argc; i++) {
        size += argv[i].len;
    }

    op = ngx_aidial_redis_task_create(size);
    if (op == NULL) {
        return NULL;
    }

    op->task.judge = ngx_aidial_redis_script_judge;
    op->script = script;
    op->argc = argc;

    p = op->text;

    op->key.data = p;
    op->key.len = key->len;
    p = ngx_cpymem(p, key->data, key->len);

    for (i = 0; i < argc; i++) {
        op->argv[i].data = p;
        op->argv[i].len = argv[i].len;
        p = ngx_cpymem(p, argv[i].data, argv[i].len);
    }

    if (ngx_aidial_redis_script_send(op) != NGX_OK) {
        ngx_aidial_redis_task_free(&op->task);
        return NULL;
    }

    return ngx_aidial_redis_op_ask(op, done, data);
}


static ngx_int_t
ngx_aidial_redis_script_send(ngx_aidial_redis_op_t *op)
{
    op->task.commands = 1;

    return ngx_aidial_redis_script_command(&op->task.wire, op->script,
                                           op->whole, &op->key, op->argv,
                                           op->argc);
}


static ngx_int_t
ngx_aidial_redis_script_judge(ngx_aidial_redis_task_t *task, ngx_log_t *log)
{
    int64_t                          code;
    ngx_aidial_redis_op_t           *op;
    const ngx_aidial_redis_reply_t  *reply, *echo;

    op = (ngx_aidial_redis_op_t *) task;
    reply = task->replies[0];

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        return ngx_aidial_redis_script_failure(op, reply, log);
    }

    if (reply->type != NGX_AIDIAL_REDIS_ARRAY
        || reply->nelements != 2
        || reply->elements[0].type != NGX_AIDIAL_REDIS_INTEGER
        || reply->elements[1].type != NGX_AIDIAL_REDIS_STRING)
    {
        return NGX_ABORT;
    }

    code = reply->elements[0].integer;
    echo = &reply->elements[1];

    if (echo->text.len != op->argv[0].len
        || ngx_memcmp(echo->text.data, op->argv[0].data, echo->text.len) != 0)
    {
        return NGX_ABORT;
    }

    if (op->script == NGX_AIDIAL_REDIS_GRANT_ISSUE) {
        return ngx_aidial_redis_issue_code(op, code, log);
    }

    return ngx_aidial_redis_redeem_code(op, code);
}


static ngx_int_t
ngx_aidial_redis_script_failure(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply, ngx_log_t *log)
{
    ngx_aidial_redis_error_t  *error;

    if (ngx_aidial_redis_is_error(reply, "NOSCRIPT ", 9) && !op->whole) {
        op->whole = 1;

        return ngx_aidial_redis_script_send(op) == NGX_OK ? NGX_AGAIN
                                                          : NGX_ERROR;
    }

    error = ngx_aidial_redis_error_find(&reply->text);

    if (ngx_aidial_redis_error_action(error) == NGX_AIDIAL_REDIS_ASKER) {
        ngx_aidial_redis_error_log(error, &reply->text, log);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_aidial_redis_issue_code(ngx_aidial_redis_op_t *op, int64_t code,
    ngx_log_t *log)
{
    switch (code) {

    case NGX_AIDIAL_REDIS_ISSUED:
        op->grant = NGX_AIDIAL_GRANT_FRESH;
        return NGX_OK;

    case NGX_AIDIAL_REDIS_EXISTS:
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "aidial: a grant is not issued, Redis has a key of its "
                      "name already");
        return NGX_ERROR;

    default:
        return NGX_ABORT;
    }
}


static ngx_int_t
ngx_aidial_redis_redeem_code(ngx_aidial_redis_op_t *op, int64_t code)
{
    switch (code) {

    case NGX_AIDIAL_REDIS_UNKNOWN:
        op->grant = NGX_AIDIAL_GRANT_UNKNOWN;
        return NGX_OK;

    case NGX_AIDIAL_REDIS_REDEEMED:
        op->grant = NGX_AIDIAL_GRANT_REDEEMED;
        return NGX_OK;

    case NGX_AIDIAL_REDIS_SPENT:
        op->grant = NGX_AIDIAL_GRANT_SPENT;
        return NGX_OK;

    default:
        return NGX_ABORT;
    }
}


/* the operation, or NULL when it was freed because nobody takes it */

static ngx_aidial_redis_op_t *
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


static ngx_uint_t
ngx_aidial_redis_is_error(const ngx_aidial_redis_reply_t *reply,
    const char *prefix, size_t len)
{
    return reply->text.len >= len
           && ngx_memcmp(reply->text.data, prefix, len) == 0;
}


static ngx_uint_t
ngx_aidial_redis_is(const ngx_aidial_redis_reply_t *reply, const char *text)
{
    return reply->type == NGX_AIDIAL_REDIS_STRING
           && reply->text.len == ngx_strlen(text)
           && ngx_memcmp(reply->text.data, text, reply->text.len) == 0;
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
ngx_aidial_redis_op_grant_state(const ngx_aidial_redis_op_t *op)
{
    return op->grant;
}


void
ngx_aidial_redis_op_release(ngx_aidial_redis_op_t *op)
{
    ngx_aidial_redis_conn_release(&op->task);
}


ngx_int_t
ngx_aidial_redis_init_worker(ngx_cycle_t *cycle, ngx_aidial_redis_conf_t *conf,
    ngx_atomic_t *outage)
{
    ngx_aidial_redis_script_init();

    return ngx_aidial_redis_pool_start(cycle, conf, outage);
}


void
ngx_aidial_redis_exit_worker(void)
{
    ngx_aidial_redis_pool_stop();
}
