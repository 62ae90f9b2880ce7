
/*
 * The scripts: one round trip each.  A script answers {code, echo, number,
 * text}; the echo is its first argument, and comes back as it was sent.  A
 * reply with another one is the reply to another script: then the connection
 * is not believed any more.
 */


#include "ngx_aidial_redis_op.h"
#include "ngx_aidial_ask.h"


/* the words of a script while they are collected: keys, then arguments */

typedef struct {
    ngx_uint_t  n;
    u_char     *p;
    ngx_str_t   words[NGX_AIDIAL_REDIS_SCRIPT_WORDS_MAX];
    u_char      numbers[12 * NGX_INT64_LEN];
} ngx_aidial_redis_words_t;


static void ngx_aidial_redis_words_init(ngx_aidial_redis_words_t *words,
    const ngx_str_t *grant, const ngx_str_t *rate, const ngx_str_t *audit);
static void ngx_aidial_redis_word(ngx_aidial_redis_words_t *words,
    const ngx_str_t *text);
static void ngx_aidial_redis_word_number(ngx_aidial_redis_words_t *words,
    int64_t number);
static void ngx_aidial_redis_word_offset(ngx_aidial_redis_words_t *words,
    off_t offset);
static void ngx_aidial_redis_words_audit(ngx_aidial_redis_words_t *words,
    const ngx_aidial_audit_t *audit);
static ngx_aidial_redis_op_t *ngx_aidial_redis_script_op(ngx_uint_t script,
    const ngx_aidial_redis_words_t *words, ngx_aidial_redis_done_pt done,
    void *data);
static ngx_int_t ngx_aidial_redis_script_send(ngx_aidial_redis_task_t *task);
static ngx_int_t ngx_aidial_redis_script_judge(ngx_aidial_redis_task_t *task,
    ngx_log_t *log);
static ngx_int_t ngx_aidial_redis_script_failure(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply, ngx_log_t *log);


/* the connection writes its own over it */

static const ngx_str_t  ngx_aidial_redis_epoch =
    ngx_string("????????????????????????????????????????");


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_issue(const ngx_aidial_redis_keys_t *keys,
    const ngx_aidial_redis_issue_t *issue, const ngx_aidial_audit_t *audit,
    ngx_aidial_redis_done_pt done, void *data)
{
    ngx_aidial_redis_words_t  words;

    static const ngx_str_t    allowed = ngx_string("allowed");
    static const ngx_str_t    refused = ngx_string("refused");

    ngx_aidial_redis_words_init(&words, &keys->grant, &keys->rate,
                                &keys->audit);

    ngx_aidial_redis_word(&words, &issue->attempt);
    ngx_aidial_redis_word(&words, &ngx_aidial_redis_epoch);
    ngx_aidial_redis_word(&words, issue->allowed ? &allowed : &refused);
    ngx_aidial_redis_word(&words, ngx_aidial_action_word(issue->action));
    ngx_aidial_redis_word_number(&words, issue->life);
    ngx_aidial_redis_word_number(&words, issue->interval);
    ngx_aidial_redis_word_number(&words, issue->burst);
    ngx_aidial_redis_words_audit(&words, audit);

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_ISSUE, &words,
                                      done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_begin(const ngx_aidial_redis_keys_t *keys,
    const ngx_str_t *attempt, const ngx_aidial_audit_t *audit,
    ngx_aidial_redis_done_pt done, void *data)
{
    ngx_aidial_redis_words_t  words;

    ngx_aidial_redis_words_init(&words, &keys->grant, NULL, &keys->audit);

    ngx_aidial_redis_word(&words, attempt);
    ngx_aidial_redis_word(&words, &ngx_aidial_redis_epoch);
    ngx_aidial_redis_words_audit(&words, audit);

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_BEGIN, &words,
                                      done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_redeem(const ngx_aidial_redis_keys_t *keys,
    const ngx_aidial_redis_redeem_t *redeem, const ngx_aidial_audit_t *audit,
    ngx_aidial_redis_done_pt done, void *data)
{
    ngx_aidial_redis_words_t  words;

    ngx_aidial_redis_words_init(&words, &keys->grant, NULL, &keys->audit);

    ngx_aidial_redis_word(&words, &redeem->attempt);
    ngx_aidial_redis_word(&words, &ngx_aidial_redis_epoch);
    ngx_aidial_redis_word_number(&words, redeem->alive);
    ngx_aidial_redis_word_number(&words, redeem->lease);
    ngx_aidial_redis_word_number(&words, redeem->window);
    ngx_aidial_redis_word_offset(&words, redeem->from);
    ngx_aidial_redis_word(&words, &redeem->if_range);
    ngx_aidial_redis_words_audit(&words, audit);

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_REDEEM, &words,
                                      done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_renew(const ngx_aidial_redis_keys_t *keys,
    const ngx_aidial_redis_renew_t *renew, ngx_aidial_redis_done_pt done,
    void *data)
{
    ngx_aidial_redis_words_t  words;

    ngx_aidial_redis_words_init(&words, &keys->grant, NULL, NULL);

    ngx_aidial_redis_word(&words, &renew->attempt);
    ngx_aidial_redis_word_number(&words, renew->lease);
    ngx_aidial_redis_word(&words, &renew->etag);
    ngx_aidial_redis_word_number(&words, renew->size);

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_RENEW, &words,
                                      done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_grant_close(const ngx_aidial_redis_keys_t *keys,
    const ngx_aidial_redis_close_t *end, const ngx_aidial_audit_t *audit,
    ngx_aidial_redis_done_pt done, void *data)
{
    ngx_aidial_redis_words_t  words;

    ngx_aidial_redis_words_init(&words, &keys->grant, NULL, &keys->audit);

    ngx_aidial_redis_word(&words, &end->attempt);
    ngx_aidial_redis_word(&words, &end->event);
    ngx_aidial_redis_word_number(&words, end->known);
    ngx_aidial_redis_word_number(&words, end->killed);
    ngx_aidial_redis_word_number(&words, end->status);
    ngx_aidial_redis_word_number(&words, end->bytes);
    ngx_aidial_redis_word_offset(&words, end->first);
    ngx_aidial_redis_word_offset(&words, end->last);
    ngx_aidial_redis_word_number(&words, end->duration);
    ngx_aidial_redis_word(&words, &end->ranges);
    ngx_aidial_redis_word_offset(&words, end->sent);
    ngx_aidial_redis_words_audit(&words, audit);

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_GRANT_CLOSE, &words,
                                      done, data);
}


ngx_aidial_redis_op_t *
ngx_aidial_redis_audit_count(const ngx_aidial_redis_keys_t *keys,
    const ngx_str_t *event, ngx_uint_t n, const ngx_aidial_audit_t *audit,
    ngx_aidial_redis_done_pt done, void *data)
{
    u_char                    echo[3 * NGX_INT64_LEN];
    ngx_str_t                 text;
    static ngx_uint_t         serial;
    ngx_aidial_redis_words_t  words;

    /* enough to tell one call from another; nobody has to guess it */

    text.data = echo;
    text.len = ngx_sprintf(echo, "%P-%xi-%xi", ngx_pid,
                           (ngx_int_t) ngx_random(), (ngx_int_t) serial++)
               - echo;

    ngx_aidial_redis_words_init(&words, NULL, &keys->rate, &keys->audit);

    ngx_aidial_redis_word(&words, &text);
    ngx_aidial_redis_word(&words, event);
    ngx_aidial_redis_word_number(&words, n);
    ngx_aidial_redis_words_audit(&words, audit);

    return ngx_aidial_redis_script_op(NGX_AIDIAL_REDIS_AUDIT_COUNT, &words,
                                      done, data);
}


static void
ngx_aidial_redis_words_init(ngx_aidial_redis_words_t *words,
    const ngx_str_t *grant, const ngx_str_t *rate, const ngx_str_t *audit)
{
    words->n = 0;
    words->p = words->numbers;

    if (grant) {
        ngx_aidial_redis_word(words, grant);
    }

    if (rate) {
        ngx_aidial_redis_word(words, rate);
    }

    if (audit) {
        ngx_aidial_redis_word(words, audit);
    }
}


static void
ngx_aidial_redis_word(ngx_aidial_redis_words_t *words, const ngx_str_t *text)
{
    ngx_aidial_assert(words->n < NGX_AIDIAL_REDIS_SCRIPT_WORDS_MAX);

    words->words[words->n++] = *text;
}


static void
ngx_aidial_redis_word_number(ngx_aidial_redis_words_t *words, int64_t number)
{
    ngx_str_t  text;

    text.data = words->p;
    words->p = ngx_sprintf(words->p, "%L", number);
    text.len = words->p - text.data;

    ngx_aidial_redis_word(words, &text);
}


/* -1 is the empty word */

static void
ngx_aidial_redis_word_offset(ngx_aidial_redis_words_t *words, off_t offset)
{
    static const ngx_str_t  none = ngx_string("");

    if (offset < 0) {
        ngx_aidial_redis_word(words, &none);
        return;
    }

    ngx_aidial_redis_word_number(words, offset);
}


static void
ngx_aidial_redis_words_audit(ngx_aidial_redis_words_t *words,
    const ngx_aidial_audit_t *audit)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_AUDIT_FIELDS; i++) {
        ngx_aidial_redis_word(words, &audit->fields[i]);
    }
}


/* the words are copied behind the operation: they may have to go out twice */

static ngx_aidial_redis_op_t *
ngx_aidial_redis_script_op(ngx_uint_t script,
    const ngx_aidial_redis_words_t *words, ngx_aidial_redis_done_pt done,
    void *data)
{
    size_t                  size;
    u_char                 *p;
    ngx_uint_t              i;
    ngx_aidial_redis_op_t  *op;

    size = sizeof(ngx_aidial_redis_op_t) + words->n * sizeof(ngx_str_t);

    for (i = 0; i < words->n; i++) {
        size += words->words[i].len;
    }

    op = ngx_aidial_redis_task_create(size);
    if (op == NULL) {
        return NULL;
    }

    op->task.judge = ngx_aidial_redis_script_judge;
    op->script = script;
    op->words = (ngx_str_t *) (op + 1);
    op->nwords = words->n;

    p = (u_char *) (op->words + op->nwords);

    for (i = 0; i < op->nwords; i++) {
        op->words[i].data = p;
        op->words[i].len = words->words[i].len;

        if (op->words[i].len) {
            p = ngx_cpymem(p, words->words[i].data, op->words[i].len);
        }
    }

    if (script != NGX_AIDIAL_REDIS_AUDIT_COUNT) {
        op->task.resend = ngx_aidial_redis_script_send;
    }

    if (ngx_aidial_redis_script_send(&op->task) != NGX_OK) {
        ngx_aidial_redis_task_free(&op->task);
        return NULL;
    }

    return ngx_aidial_redis_op_ask(op, done, data);
}


static ngx_int_t
ngx_aidial_redis_script_send(ngx_aidial_redis_task_t *task)
{
    ngx_aidial_redis_op_t  *op;

    op = (ngx_aidial_redis_op_t *) task;

    ngx_aidial_redis_buf_free(&task->wire);

    task->commands = 1;

    return ngx_aidial_redis_script_command(&task->wire, op->script, op->whole,
                                           op->words, op->nwords,
                                           &task->epoch_at);
}


static ngx_int_t
ngx_aidial_redis_script_judge(ngx_aidial_redis_task_t *task, ngx_log_t *log)
{
    ngx_aidial_redis_op_t            *op;
    const ngx_aidial_redis_reply_t   *reply, *element;
    const ngx_aidial_redis_script_t  *script;

    op = (ngx_aidial_redis_op_t *) task;
    reply = task->replies[0];

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        return ngx_aidial_redis_script_failure(op, reply, log);
    }

    element = reply->elements;

    if (reply->type != NGX_AIDIAL_REDIS_ARRAY
        || reply->nelements != 4
        || element[0].type != NGX_AIDIAL_REDIS_INTEGER
        || element[1].type != NGX_AIDIAL_REDIS_STRING
        || element[2].type != NGX_AIDIAL_REDIS_INTEGER
        || element[3].type != NGX_AIDIAL_REDIS_STRING)
    {
        return NGX_ABORT;
    }

    script = ngx_aidial_redis_script(op->script);

    if (!ngx_aidial_same(&element[1].text, &op->words[script->nkeys])
        || element[0].integer < 0
        || element[0].integer > script->last_code
        || element[2].integer < 0)
    {
        return NGX_ABORT;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_script_failure(ngx_aidial_redis_op_t *op,
    const ngx_aidial_redis_reply_t *reply, ngx_log_t *log)
{
    if (ngx_aidial_redis_op_is_error(reply, "NOSCRIPT ") && !op->whole) {
        op->whole = 1;

        return ngx_aidial_redis_script_send(&op->task) == NGX_OK ? NGX_AGAIN
                                                                 : NGX_ERROR;
    }

    return ngx_aidial_redis_op_failure(reply, log);
}
