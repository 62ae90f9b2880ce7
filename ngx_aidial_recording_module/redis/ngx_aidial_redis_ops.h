
/*
 * What the rest of the module may ask of Redis: typed in, typed out.  One
 * operation is one round trip; several commands of it travel together.
 *
 * An operation is one heap object.  It is asked for by one of the functions
 * below, which return NULL when it cannot be sent now (no connection, too
 * many in flight, no memory): then "done" is never called and the request is
 * refused with service_unavailable.  Otherwise "done" is called exactly once,
 * from an event of its own, never from inside the call that asked - unless
 * the operation is released first: then never.
 *
 * The asker owns the operation until it releases it, exactly once, in "done"
 * or at any time before or after.  Strings of an answer live until then.
 */


#ifndef _NGX_AIDIAL_REDIS_OPS_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_OPS_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_token.h"


typedef struct ngx_aidial_redis_conf_s  ngx_aidial_redis_conf_t;
typedef struct ngx_aidial_redis_op_s    ngx_aidial_redis_op_t;

typedef void (*ngx_aidial_redis_done_pt)(void *data);


/* the records of one load, in the order they are asked for */

typedef enum {
    NGX_AIDIAL_RECORD_SESSION = 0,
    NGX_AIDIAL_RECORD_CALL,
    NGX_AIDIAL_RECORD_REVOKED_BEFORE,
    NGX_AIDIAL_RECORD_TENANT,
    NGX_AIDIAL_RECORD_GRANT,          /* a hash; the others are strings */
    NGX_AIDIAL_RECORD_COUNT
} ngx_aidial_record_e;


typedef enum {
    NGX_AIDIAL_RECORD_ABSENT = 0,
    NGX_AIDIAL_RECORD_PRESENT,        /* "text" holds it */
    NGX_AIDIAL_RECORD_UNUSABLE        /* of the wrong type, or over 64 KiB */
} ngx_aidial_record_state_e;


typedef struct {
    ngx_uint_t  state;                /* ngx_aidial_record_state_e */
    ngx_str_t   text;
} ngx_aidial_record_t;


/* what Redis knows of a grant, and what a redemption came to */

typedef enum {
    NGX_AIDIAL_GRANT_UNKNOWN = 0,     /* never registered, or lost */
    NGX_AIDIAL_GRANT_FRESH,           /* registered, not redeemed */
    NGX_AIDIAL_GRANT_SPENT,           /* redeemed by another attempt */
    NGX_AIDIAL_GRANT_REDEEMED         /* redeemed by this attempt, now */
} ngx_aidial_grant_state_e;


/*
 * Reads the records whose key is not empty: GET for the strings, HMGET for
 * the grant.  "keys" has NGX_AIDIAL_RECORD_COUNT elements and is copied.
 */

ngx_aidial_redis_op_t *ngx_aidial_redis_records_load(const ngx_str_t *keys,
    ngx_aidial_redis_done_pt done, void *data);

/*
 * Registers a grant under "key" for "ttl" seconds (script grant_issue.lua).
 * "action" is the wire word.
 */

ngx_aidial_redis_op_t *ngx_aidial_redis_grant_issue(const ngx_str_t *key,
    const ngx_str_t *action, time_t ttl, ngx_aidial_redis_done_pt done,
    void *data);

/*
 * Redeems a download grant for this attempt (script grant_redeem.lua).  The
 * same attempt asked again gets the same answer.
 */

ngx_aidial_redis_op_t *ngx_aidial_redis_grant_redeem(const ngx_str_t *key,
    const ngx_str_t *attempt, ngx_aidial_redis_done_pt done, void *data);

/*
 * NGX_OK: Redis answered every command as expected.  NGX_ERROR: it did not,
 * for whatever reason; the reason is in the error log, nothing is known.
 * Only after "done".
 */

ngx_int_t ngx_aidial_redis_op_status(const ngx_aidial_redis_op_t *op);

/* after status NGX_OK: a record of a load; the grant's text is its action */

const ngx_aidial_record_t *ngx_aidial_redis_op_record(
    const ngx_aidial_redis_op_t *op, ngx_uint_t record);

/* after status NGX_OK: ngx_aidial_grant_state_e of a load or a redemption */

ngx_uint_t ngx_aidial_redis_op_grant_state(const ngx_aidial_redis_op_t *op);

void ngx_aidial_redis_op_release(ngx_aidial_redis_op_t *op);


/*
 * The directive "aidial_recording_redis": cf->args holds its words.  *conf
 * must be NULL before (else "is duplicate").  NGX_CONF_OK or NGX_CONF_ERROR
 * after an [emerg] that names the directive, the value and what was expected.
 * Names are resolved here; files are read here.
 */

char *ngx_aidial_redis_conf(ngx_conf_t *cf, ngx_aidial_redis_conf_t **conf);

/*
 * Starts and ends the client of one worker.  "outage" is a word of shared
 * memory: 1 while some worker of this edge has said that Redis is away, so
 * that a change of state is said once an edge.
 */

ngx_int_t ngx_aidial_redis_init_worker(ngx_cycle_t *cycle,
    ngx_aidial_redis_conf_t *conf, ngx_atomic_t *outage);
void ngx_aidial_redis_exit_worker(void);


#endif /* _NGX_AIDIAL_REDIS_OPS_H_INCLUDED_ */
