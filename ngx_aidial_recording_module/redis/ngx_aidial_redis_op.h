
/*
 * An operation, as the files behind ngx_aidial_redis_ops.h see it.
 */


#ifndef _NGX_AIDIAL_REDIS_OP_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_OP_H_INCLUDED_


#include "ngx_aidial_redis_ops.h"
#include "ngx_aidial_redis_script.h"
#include "ngx_aidial_redis_task.h"


struct ngx_aidial_redis_op_s {
    ngx_aidial_redis_task_t  task;      /* the first member */

    /* a load */

    ngx_uint_t               asked[NGX_AIDIAL_RECORD_COUNT];
    ngx_aidial_record_t      records[NGX_AIDIAL_RECORD_COUNT];
    ngx_uint_t               grant;     /* ngx_aidial_grant_state_e */

    /* a claim */

    ngx_uint_t               claimed;

    /* a script */

    ngx_uint_t               script;    /* ngx_aidial_redis_script_e */
    ngx_uint_t               whole;     /* 1: sent as EVAL */
    ngx_str_t               *words;     /* its keys, then its arguments */
    ngx_uint_t               nwords;
};


/* the operation, or NULL when it was freed because nobody takes it */

ngx_aidial_redis_op_t *ngx_aidial_redis_op_ask(ngx_aidial_redis_op_t *op,
    ngx_aidial_redis_done_pt done, void *data);

/*
 * What "judge" makes of an error reply that it has no use for: NGX_ERROR.
 * The connection has said all errors but those that it leaves to the asker.
 */

ngx_int_t ngx_aidial_redis_op_failure(const ngx_aidial_redis_reply_t *reply,
    ngx_log_t *log);

/*
 * What a reply to GET says of the record: NGX_OK, or NGX_ABORT when it is no
 * such reply.  A key of the wrong type is an unusable record.
 */

ngx_int_t ngx_aidial_redis_op_string(ngx_aidial_record_t *record,
    const ngx_aidial_redis_reply_t *reply);

/* 1 when the reply is an error that begins with "prefix" */

ngx_uint_t ngx_aidial_redis_op_is_error(const ngx_aidial_redis_reply_t *reply,
    const char *prefix);


#endif /* _NGX_AIDIAL_REDIS_OP_H_INCLUDED_ */
