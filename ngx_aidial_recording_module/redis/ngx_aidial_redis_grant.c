
/*
 * grant_issue and grant_redeem: a script each, one round trip.  A script
 * answers {code, echo}; the echo comes back as it was sent.  A reply with
 * another one is the reply to another script: then the connection is not
 * believed any more.
 */


#include "ngx_aidial_redis_op.h"


/* the codes of the scripts, as their heads define them */

#define NGX_AIDIAL_REDIS_ISSUED    1
#define NGX_AIDIAL_REDIS_EXISTS    0

#define NGX_AIDIAL_REDIS_UNKNOWN   0
#define NGX_AIDIAL_REDIS_REDEEMED  1
#define NGX_AIDIAL_REDIS_SPENT     2


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
    if (ngx_aidial_redis_op_is_error(reply, "NOSCRIPT ") && !op->whole) {
        op->whole = 1;

        return ngx_aidial_redis_script_send(op) == NGX_OK ? NGX_AGAIN
                                                          : NGX_ERROR;
    }

    return ngx_aidial_redis_op_failure(reply, log);
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
