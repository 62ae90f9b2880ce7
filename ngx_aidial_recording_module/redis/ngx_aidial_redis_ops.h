
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
#include "ngx_aidial_audit.h"
#include "ngx_aidial_redis_stats.h"


typedef struct ngx_aidial_redis_conf_s  ngx_aidial_redis_conf_t;
typedef struct ngx_aidial_redis_op_s    ngx_aidial_redis_op_t;

typedef void (*ngx_aidial_redis_done_pt)(void *data);


/* the records of one load, in the order they are asked for */

typedef enum {
    NGX_AIDIAL_RECORD_SESSION = 0,
    NGX_AIDIAL_RECORD_CALL,
    NGX_AIDIAL_RECORD_REVOKED_BEFORE,
    NGX_AIDIAL_RECORD_TENANT,
    NGX_AIDIAL_RECORD_FETCHED_CALL,   /* as the portal answered a while ago */
    NGX_AIDIAL_RECORD_FETCHED_NONE,   /* that it has none in this scope */
    NGX_AIDIAL_RECORD_FETCHED_TENANT,
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


/* what Redis knows of a grant */

typedef enum {
    NGX_AIDIAL_GRANT_UNKNOWN = 0,     /* never registered, lost, fenced off */
    NGX_AIDIAL_GRANT_FRESH,           /* registered, not used */
    NGX_AIDIAL_GRANT_BEGUN,           /* a playback that was entered */
    NGX_AIDIAL_GRANT_REDEEMED         /* a download that was redeemed */
} ngx_aidial_grant_state_e;


/* the codes of the scripts, as their heads define them */

typedef enum {
    NGX_AIDIAL_ISSUE_TAKEN = 0,       /* Redis has a key of that name */
    NGX_AIDIAL_ISSUE_ENTERED,
    NGX_AIDIAL_ISSUE_LIMITED          /* number: microseconds to wait */
} ngx_aidial_issue_code_e;

typedef enum {
    NGX_AIDIAL_BEGIN_UNKNOWN = 0,
    NGX_AIDIAL_BEGIN_BEGUN
} ngx_aidial_begin_code_e;

typedef enum {
    NGX_AIDIAL_REDEEM_UNKNOWN = 0,
    NGX_AIDIAL_REDEEM_STARTED,
    NGX_AIDIAL_REDEEM_USED,
    NGX_AIDIAL_REDEEM_RESUMED,        /* text: entity tag; number: size */
    NGX_AIDIAL_REDEEM_RUNNING
} ngx_aidial_redeem_code_e;


/* the keys of a script; "rate" or "grant" is empty where it needs none */

typedef struct {
    ngx_str_t                  grant;
    ngx_str_t                  rate;
    ngx_str_t                  audit;
} ngx_aidial_redis_keys_t;


typedef struct {
    ngx_str_t                  attempt;      /* names this request */
    ngx_uint_t                 allowed;      /* by scope and policy */
    ngx_uint_t                 action;       /* ngx_aidial_action_e */
    time_t                     life;         /* seconds, of the key */
    int64_t                    interval;     /* microseconds; 0: no limit */
    ngx_uint_t                 burst;
} ngx_aidial_redis_issue_t;


typedef struct {
    ngx_str_t                  attempt;      /* names this delivery */
    ngx_uint_t                 alive;        /* 0: may be resumed at most */
    ngx_msec_t                 lease;
    int64_t                    window;       /* ms */
    off_t                      from;         /* of a resume; -1: none */
    ngx_str_t                  if_range;     /* entity tag, or empty */
} ngx_aidial_redis_redeem_t;


typedef struct {
    ngx_str_t                  attempt;
    ngx_msec_t                 lease;
    ngx_str_t                  etag;         /* strong, or empty */
    off_t                      size;         /* with an entity tag */
} ngx_aidial_redis_renew_t;


typedef struct {
    ngx_str_t                  attempt;
    ngx_str_t                  event;        /* the word of the contract */
    ngx_uint_t                 known;        /* 1: Redis said it began */
    ngx_uint_t                 killed;       /* 1: its worker is gone */
    ngx_uint_t                 status;
    off_t                      bytes;
    off_t                      first;        /* -1: no byte */
    off_t                      last;         /* -1: no byte */
    int64_t                    duration;     /* ms */
    ngx_str_t                  ranges;       /* of a playback */
    off_t                      sent;         /* -1: cannot be resumed */
} ngx_aidial_redis_close_t;


/*
 * Reads the records whose key is not empty: GET for the strings, HMGET for
 * the grant.  "keys" has NGX_AIDIAL_RECORD_COUNT elements and is copied.
 */

ngx_aidial_redis_op_t *ngx_aidial_redis_records_load(const ngx_str_t *keys,
    ngx_aidial_redis_done_pt done, void *data);

/*
 * A record that the portal is asked for: one request at a time may ask.
 *
 * claim    GET record, GET none, GET claim, SET claim asking NX PX life: the
 *          record, or that there is none, if somebody has kept it by now
 *          (FETCHED_CALL, FETCHED_NONE of a load); whether the claim is the
 *          asker's, and whether the last one failed.  In ms.
 * keep     SET record text EX ttl, DEL claim.  "ttl" in seconds
 * fail     SET claim failed PX life, so that those who wait for an answer need
 *          not ask one after the other.  In ms.
 * give_up  DEL claim.  It is not waited for.
 *
 * A claim that is lost or lives on costs a question more or a wait, never a
 * wrong answer, so it is no script.
 */

ngx_aidial_redis_op_t *ngx_aidial_redis_fetch_claim(const ngx_str_t *record,
    const ngx_str_t *none, const ngx_str_t *claim, ngx_msec_t life,
    ngx_aidial_redis_done_pt done, void *data);
ngx_aidial_redis_op_t *ngx_aidial_redis_fetch_keep(const ngx_str_t *record,
    const ngx_str_t *claim, const ngx_str_t *text, time_t ttl,
    ngx_aidial_redis_done_pt done, void *data);

ngx_aidial_redis_op_t *ngx_aidial_redis_fetch_fail(const ngx_str_t *claim,
    ngx_msec_t life, ngx_aidial_redis_done_pt done, void *data);
void ngx_aidial_redis_fetch_give_up(const ngx_str_t *claim);

/* after status NGX_OK of a claim: whose it is */

typedef enum {
    NGX_AIDIAL_CLAIM_OTHERS = 0,
    NGX_AIDIAL_CLAIM_OWN,
    NGX_AIDIAL_CLAIM_FAILED           /* nobody's, the portal was asked */
} ngx_aidial_claim_e;

ngx_uint_t ngx_aidial_redis_op_claim(const ngx_aidial_redis_op_t *op);

/*
 * The scripts, lua/<name>.lua: there stands what they do.  All strings are
 * copied.  An answer that is lost with its connection is asked for once more,
 * which their attempt makes harmless; only "audit_count" may count twice, and
 * is not.
 */

ngx_aidial_redis_op_t *ngx_aidial_redis_grant_issue(
    const ngx_aidial_redis_keys_t *keys, const ngx_aidial_redis_issue_t *issue,
    const ngx_aidial_audit_t *audit, ngx_aidial_redis_done_pt done,
    void *data);
ngx_aidial_redis_op_t *ngx_aidial_redis_grant_begin(
    const ngx_aidial_redis_keys_t *keys, const ngx_str_t *attempt,
    const ngx_aidial_audit_t *audit, ngx_aidial_redis_done_pt done,
    void *data);
ngx_aidial_redis_op_t *ngx_aidial_redis_grant_redeem(
    const ngx_aidial_redis_keys_t *keys,
    const ngx_aidial_redis_redeem_t *redeem, const ngx_aidial_audit_t *audit,
    ngx_aidial_redis_done_pt done, void *data);
ngx_aidial_redis_op_t *ngx_aidial_redis_grant_renew(
    const ngx_aidial_redis_keys_t *keys, const ngx_aidial_redis_renew_t *renew,
    ngx_aidial_redis_done_pt done, void *data);
ngx_aidial_redis_op_t *ngx_aidial_redis_grant_close(
    const ngx_aidial_redis_keys_t *keys, const ngx_aidial_redis_close_t *end,
    const ngx_aidial_audit_t *audit, ngx_aidial_redis_done_pt done,
    void *data);
ngx_aidial_redis_op_t *ngx_aidial_redis_audit_count(
    const ngx_aidial_redis_keys_t *keys, const ngx_str_t *event, ngx_uint_t n,
    const ngx_aidial_audit_t *audit, ngx_aidial_redis_done_pt done,
    void *data);

/*
 * NGX_OK: Redis answered every command as expected.  NGX_ERROR: it did not,
 * for whatever reason; the reason is in the error log, nothing is known.
 * Only after "done".
 */

ngx_int_t ngx_aidial_redis_op_status(const ngx_aidial_redis_op_t *op);

/* after status NGX_OK: a record of a load; the grant's text is its action */

const ngx_aidial_record_t *ngx_aidial_redis_op_record(
    const ngx_aidial_redis_op_t *op, ngx_uint_t record);

/* 1 when two loads, both NGX_OK, have found the same records */

ngx_uint_t ngx_aidial_redis_op_same(const ngx_aidial_redis_op_t *a,
    const ngx_aidial_redis_op_t *b);

/* after status NGX_OK: ngx_aidial_grant_state_e of a load */

ngx_uint_t ngx_aidial_redis_op_grant_state(const ngx_aidial_redis_op_t *op);

/* after status NGX_OK of a script: its code, number and text */

ngx_uint_t ngx_aidial_redis_op_code(const ngx_aidial_redis_op_t *op);
int64_t ngx_aidial_redis_op_number(const ngx_aidial_redis_op_t *op);
ngx_str_t ngx_aidial_redis_op_text(const ngx_aidial_redis_op_t *op);

/*
 * 1 when it was sent twice: the answer is that of the second time, perhaps of
 * another primary than the one that did it the first time.
 */

ngx_uint_t ngx_aidial_redis_op_resent(const ngx_aidial_redis_op_t *op);

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
 * memory: not 0 while some worker of this edge has said that Redis is away, so
 * that a change of state is said once an edge.  "counters" is shared likewise.
 */

ngx_int_t ngx_aidial_redis_init_worker(ngx_cycle_t *cycle,
    ngx_aidial_redis_conf_t *conf, ngx_atomic_t *outage,
    ngx_aidial_redis_counters_t *counters);
void ngx_aidial_redis_exit_worker(void);


#endif /* _NGX_AIDIAL_REDIS_OPS_H_INCLUDED_ */
