
/*
 * The delivery of a recording, and what the audit trail is told of requests.
 */


#ifndef _NGX_HTTP_AIDIAL_DELIVERY_H_INCLUDED_
#define _NGX_HTTP_AIDIAL_DELIVERY_H_INCLUDED_


#include "ngx_http_aidial.h"
#include "ngx_http_aidial_ledger.h"


/* ms that an edge may be silent about a delivery before it counts as lost */

#define NGX_HTTP_AIDIAL_LEASE  30000

/* bytes of an entity tag that a resume can be matched with */

#define NGX_HTTP_AIDIAL_ETAG_MAX  256

/*
 * Bytes: the most that one step puts into the socket, and twice what is asked
 * for as the socket's buffer, since Linux doubles that.
 */

#define NGX_HTTP_AIDIAL_CHUNK  262144


typedef struct ngx_http_aidial_watch_s  ngx_http_aidial_watch_t;


/* a GET for media on its way: from before it is asked for to its end */

struct ngx_http_aidial_run_s {
    ngx_http_aidial_ctx_t       *ctx;
    ngx_http_aidial_delivery_t  *delivery;   /* NULL when it has ended */
    ngx_aidial_redis_op_t       *op;         /* renews the lease */
    ngx_event_t                  timer;
    ngx_http_aidial_facts_t      facts;      /* of an account that it opens */
    ngx_str_t                    etag;       /* that a resume must match */
    off_t                        from;       /* of a resume, or 0 */
    off_t                        size;       /* of the object */
    off_t                        length;     /* of the body; -1: unknown */
    off_t                        passed;     /* of it, to the next filter */
    off_t                        credit;     /* bytes that it may send now */
    off_t                        paced;      /* c->sent, when last looked at */
    ngx_msec_t                   turn;       /* to send again, or 0 */
    ngx_event_t                  pacer;      /* then */
    ngx_msec_t                   watched;    /* since when */
    ngx_queue_t                  queue;      /* of "watch" */
    ngx_http_aidial_watch_t     *watch;      /* NULL: nobody looks again */
    ngx_http_aidial_cut_t        cut;        /* problem 0: it was not */
    u_char                       attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN];

    unsigned                     asked:1;    /* Redis was asked for it */
    unsigned                     known:1;    /* Redis said that it began */
    unsigned                     resumable:1;
    unsigned                     held:1;     /* until Redis has the tag */
    unsigned                     last:1;     /* its last buffer was seen */
};


/* ngx_http_aidial_audit.c */

/*
 * Fills in what is known of the request; decision and grant are left empty.
 * Strings live as long as the request.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_aidial_facts(ngx_http_aidial_ctx_t *ctx,
    ngx_http_aidial_facts_t *facts);

/* NGX_AIDIAL_PROBLEM_NONE: it was allowed */

ngx_int_t ngx_http_aidial_facts_decision(ngx_http_aidial_ctx_t *ctx,
    ngx_http_aidial_facts_t *facts, ngx_aidial_problem_e problem);

void ngx_http_aidial_audit_refused(ngx_http_aidial_ctx_t *ctx);


/*
 * ngx_http_aidial_delivery.c: but for "open" all need ctx->run.  "open" is
 * NGX_DECLINED when the taker has all its streams.
 */

ngx_int_t ngx_http_aidial_delivery_open(ngx_http_aidial_ctx_t *ctx,
    const ngx_http_aidial_taker_t *taker);
ngx_int_t ngx_http_aidial_attempt(
    u_char attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN]);
ngx_int_t ngx_http_aidial_delivery_start(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_delivery_answer(ngx_http_aidial_ctx_t *ctx);
void ngx_http_aidial_delivery_end(ngx_http_aidial_ctx_t *ctx);


/* ngx_http_aidial_bytes.c */

void ngx_http_aidial_delivery_before(ngx_http_aidial_ctx_t *ctx,
    ngx_chain_t *in);
void ngx_http_aidial_delivery_after(ngx_http_aidial_ctx_t *ctx);

/* bytes of the body that nginx has counted, and what may have left uncounted */

off_t ngx_http_aidial_delivery_sent(const ngx_http_aidial_run_t *run);
off_t ngx_http_aidial_delivery_most(const ngx_http_aidial_run_t *run,
    off_t sent);
ngx_uint_t ngx_http_aidial_delivery_complete(ngx_http_aidial_ctx_t *ctx,
    off_t sent);


/* ngx_http_aidial_limit.c */

ngx_int_t ngx_http_aidial_stream_take(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_stream_taken(ngx_http_aidial_ctx_t *ctx);
void ngx_http_aidial_pace(ngx_http_aidial_run_t *run);
void ngx_http_aidial_pace_end(ngx_http_aidial_run_t *run);

/* bytes that one step may put into the socket; 0 is no limit of bandwidth */

size_t ngx_http_aidial_pace_step(size_t bandwidth);


/* ngx_http_aidial_watch.c: running responses are judged again and again */

/* the response is looked after from now on; NGX_OK or NGX_ERROR */

ngx_int_t ngx_http_aidial_watch_join(ngx_http_aidial_run_t *run);
void ngx_http_aidial_watch_leave(ngx_http_aidial_run_t *run);


/* ngx_http_aidial_cut.c */

/*
 * run->cut says why: no further byte of the response enters the socket, and
 * the client sees that it did not end well.  The request is gone afterwards.
 */

void ngx_http_aidial_cut(ngx_http_aidial_run_t *run);


/* ngx_http_aidial_redeem.c: the last step of a media request */

ngx_int_t ngx_http_aidial_redeem(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_redeemed(ngx_http_aidial_ctx_t *ctx);

/* 1 when the request asks for the rest of a download: Range and If-Range */

ngx_uint_t ngx_http_aidial_is_resume(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AIDIAL_DELIVERY_H_INCLUDED_ */
