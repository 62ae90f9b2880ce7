
/*
 * The request layer: configuration, flows and replies.
 */


#ifndef _NGX_HTTP_AIDIAL_H_INCLUDED_
#define _NGX_HTTP_AIDIAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_aidial_conf.h"


typedef struct ngx_http_aidial_ctx_s  ngx_http_aidial_ctx_t;
typedef struct ngx_http_aidial_run_s  ngx_http_aidial_run_t;
typedef struct ngx_http_aidial_fetch_s  ngx_http_aidial_fetch_t;
typedef struct ngx_http_aidial_room_s  ngx_http_aidial_room_t;

typedef void (*ngx_http_aidial_portal_pt)(ngx_http_aidial_ctx_t *ctx);


/* a question to the portal; its answer */

typedef struct {
    ngx_http_request_t        *subrequest;
    ngx_http_aidial_portal_pt  answered;
    ngx_uint_t                 status;     /* 0: there is no whole answer */
    ngx_str_t                  text;       /* the body */
    size_t                     room;       /* for it */
    unsigned                   asking:1;
    unsigned                   ended:1;
    unsigned                   complete:1; /* the body's end was seen */
    unsigned                   oversize:1; /* the body is over 64 KiB */
} ngx_http_aidial_portal_t;


/*
 * A step asks ("start") and, where it had to wait, judges the answer
 * ("finish").  NGX_OK: go on with the next row.  NGX_AGAIN (start only): asked,
 * not answered.  NGX_DECLINED: refused, ctx->problem is set.  NGX_ERROR:
 * cannot tell; refused as ctx->problem says, or as service_unavailable.
 */

typedef ngx_int_t (*ngx_http_aidial_step_pt)(ngx_http_aidial_ctx_t *ctx);

typedef struct {
    ngx_str_t                  name;
    ngx_http_aidial_step_pt    start;
    ngx_http_aidial_step_pt    finish;
} ngx_http_aidial_step_t;


typedef enum {
    NGX_HTTP_AIDIAL_UNDECIDED = 0,
    NGX_HTTP_AIDIAL_ALLOWED,
    NGX_HTTP_AIDIAL_REFUSED
} ngx_http_aidial_decision_e;


struct ngx_http_aidial_ctx_s {
    ngx_http_request_t                *request;   /* always the main one */
    ngx_pool_t                        *pool;      /* of what is parsed */
    const ngx_http_aidial_loc_conf_t  *conf;

    const ngx_http_aidial_step_t      *step;
    ngx_aidial_redis_op_t             *op;        /* what is waited for */
    ngx_http_aidial_portal_t           portal;    /* likewise */
    ngx_http_aidial_fetch_t           *fetch;     /* likewise, or the last */
    ngx_http_aidial_room_t            *room;      /* likewise */

    ngx_http_aidial_decision_e         decision;
    ngx_aidial_problem_e               problem;
    ngx_aidial_reasons_t               reasons;

    ngx_str_t                          sid;
    ngx_str_t                          claims;     /* of a token, or empty */
    int64_t                            issued_at;  /* of a token, or -1 */
    int64_t                            claims_end; /* likewise */
    ngx_str_t                          token_text;
    ngx_aidial_token_t                 token;
    ngx_str_t                          call_id;
    ngx_str_t                          call_asked; /* as the client put it */
    ngx_aidial_session_t               session;
    ngx_aidial_call_t                  call;
    ngx_aidial_tenant_t                tenant;
    ngx_uint_t                         action;
    ngx_uint_t                         grant_state;
    ngx_msec_t                         asked_at;   /* 0: not waited */
    ngx_uint_t                         retry_after;  /* seconds */
    uint64_t                           began;      /* 0: it is counted */
    ngx_uint_t                         status;     /* before a post_action */
    ngx_http_aidial_run_t             *run;        /* of a GET for media */

    ngx_str_t                          keys[NGX_AIDIAL_RECORD_COUNT];
    ngx_str_t                          grant_id;   /* hex, for people */
    ngx_str_t                          grant_url;
    ngx_str_t                          object;     /* percent-encoded */

    ngx_chain_t                       *substitute; /* sent for the origin's */
    void                             **own_conf;   /* r->loc_conf, or NULL */

    unsigned                           waiting:1;
    unsigned                           answered:1;
    unsigned                           starting:1;  /* inside step->start */
    unsigned                           content:1;   /* content phase */
    unsigned                           reading:1;   /* the request's body */
    unsigned                           stale:1;     /* the records are */
    unsigned                           token_valid:1;
    unsigned                           call_known:1;  /* and in scope */
    unsigned                           call_answered:1;    /* by the portal */
    unsigned                           tenant_known:1;
    unsigned                           tenant_answered:1;  /* likewise */
    unsigned                           serving:1;   /* media may flow */
    unsigned                           replied:1;   /* an answer of ours */
    unsigned                           swallow:1;   /* drop the body */
};


/* ngx_aidial_recording_module.c */

extern ngx_module_t  ngx_aidial_recording_module;
extern ngx_module_t  ngx_aidial_recording_header_module;


/* ngx_http_aidial_flow.c */

/*
 * The request's context: one a main request, found again after an internal
 * redirect has wiped the modules' contexts.  NULL: this module has not seen
 * the request.
 */

ngx_http_aidial_ctx_t *ngx_http_aidial_ctx(ngx_http_request_t *r);

/* the same, as new: nothing of an earlier flow is left; NULL: no memory */

ngx_http_aidial_ctx_t *ngx_http_aidial_ctx_create(ngx_http_request_t *r,
    const ngx_http_aidial_step_t *steps);

/*
 * Zeroed memory that lives as long as the request, or NULL.  Not in its pool:
 * that grows by 4 KiB at a time, and with what proxy_pass needs it has room
 * for little more.
 */

void *ngx_http_aidial_alloc(ngx_http_request_t *r, size_t size);

/*
 * Runs the rows of the flow.  NGX_OK: the last row is done.  NGX_AGAIN: a row
 * waits; the request comes back by itself to the phase it left.  NGX_DECLINED:
 * refused, ctx->problem says why; a failure is a refusal too.
 */

ngx_int_t ngx_http_aidial_flow_run(ngx_http_aidial_ctx_t *ctx);

/* begins a flow of the content phase, for a main request only */

ngx_int_t ngx_http_aidial_content_begin(ngx_http_request_t *r,
    const ngx_http_aidial_step_t *steps);

/* what a step's start returns: NGX_AGAIN, or NGX_ERROR when "op" is NULL */

ngx_int_t ngx_http_aidial_flow_wait(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_redis_op_t *op);

/* the "done" of every operation; "data" is the context */

void ngx_http_aidial_flow_answered(void *data);

/* resumes the request that waits for something else than Redis */

void ngx_http_aidial_flow_resume(ngx_http_aidial_ctx_t *ctx);

/* gives up the wait: its answer will resume nothing */

void ngx_http_aidial_flow_abandon(ngx_http_aidial_ctx_t *ctx);

/* sets the problem and returns NGX_DECLINED, so that a step can return it */

ngx_int_t ngx_http_aidial_refuse(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_problem_e problem);


/* ngx_http_aidial_judge.c: steps that several flows share */

ngx_int_t ngx_http_aidial_method_read(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_identity_load(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_identity_loaded(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_standing_load(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_standing_loaded(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_session_again(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_identity_again(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_standing_again(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_scope_check(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_policy_check(ngx_http_aidial_ctx_t *ctx);

/*
 * The answers to a load, judged.  A call or tenant that is unusable counts as
 * absent, a call out of the session's scope as well.
 */

ngx_int_t ngx_http_aidial_call_judge(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_tenant_judge(ngx_http_aidial_ctx_t *ctx);

/* the same for the text of a record */

ngx_int_t ngx_http_aidial_call_read(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *text);
ngx_int_t ngx_http_aidial_tenant_read(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *text);

/* asks for the records whose keys are set, and waits */

ngx_int_t ngx_http_aidial_records_wait(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *keys);

/* says which record cannot be used and why, and returns NGX_OK */

ngx_int_t ngx_http_aidial_unusable(ngx_http_aidial_ctx_t *ctx,
    const char *record, const ngx_str_t *id, const char *why);


/* ngx_http_aidial_identity.c: whose session it is, and whether it stands */

/* a step: the cookie, and its signature, before anything is asked */

ngx_int_t ngx_http_aidial_cookie_check(ngx_http_aidial_ctx_t *ctx);

/*
 * The key that Redis is asked for about the session: its record, or what ends
 * a token.  Empty when the portal was asked.
 */

ngx_int_t ngx_http_aidial_session_key(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *key);

/* the answers to a load, judged: NGX_OK, or refused with session_required */

ngx_int_t ngx_http_aidial_session_judge(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_revoked_judge(ngx_http_aidial_ctx_t *ctx);

/* the same for the text of a session */

ngx_int_t ngx_http_aidial_session_read(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *text);

/* NGX_OK, or refused: the time of the session that was read has come */

ngx_int_t ngx_http_aidial_session_ended(ngx_http_aidial_ctx_t *ctx);

/* says that the session cannot be used and why */

void ngx_http_aidial_session_unusable(ngx_http_aidial_ctx_t *ctx,
    const char *why);


/* ngx_http_aidial_introspect.c: a step, for sessions the edge cannot read */

ngx_int_t ngx_http_aidial_introspect(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_introspected(ngx_http_aidial_ctx_t *ctx);


/* ngx_http_aidial_fetched.c: steps, for records that are not in Redis */

ngx_int_t ngx_http_aidial_call_fetch(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_call_fetched(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_tenant_fetch(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_tenant_fetched(ngx_http_aidial_ctx_t *ctx);

/* the keys of what was kept of earlier answers, and what a load found there */

ngx_int_t ngx_http_aidial_fetched_keys(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *tenant, ngx_str_t *keys);
ngx_int_t ngx_http_aidial_fetched_judge(ngx_http_aidial_ctx_t *ctx);

/*
 * The call's name for what holds in the session's scope only, and the key that
 * says that the portal has no such call there; empty without call_fetch.
 */

ngx_int_t ngx_http_aidial_fetched_scope(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *name);
ngx_int_t ngx_http_aidial_fetched_none(ngx_http_aidial_ctx_t *ctx,
    ngx_str_t *key);


/* ngx_http_aidial_fetch.c */

/*
 * Asks the portal for the record of the call, or of the session's tenant when
 * "call" is 0.  NGX_AGAIN: the flow is resumed, or NGX_ERROR.
 */

ngx_int_t ngx_http_aidial_fetch_begin(ngx_http_aidial_ctx_t *ctx,
    ngx_uint_t call);

/* NGX_OK: the text of the record, empty when there is none; or NGX_ERROR */

ngx_int_t ngx_http_aidial_fetch_result(const ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t **text);

/* gives up what is waited for */

void ngx_http_aidial_fetch_abandon(ngx_http_aidial_fetch_t *fetch);


/* ngx_http_aidial_portal.c */

/*
 * Asks an internal location: GET, with or without the client's cookies.
 * NGX_AGAIN: "answered" is called, in ctx->portal is the answer, or NGX_ERROR.
 * Whoever calls it outside a phase handler runs the posted requests.
 */

ngx_int_t ngx_http_aidial_portal_ask(ngx_http_aidial_ctx_t *ctx,
    const ngx_str_t *uri, ngx_str_t *args, ngx_uint_t cookies,
    ngx_http_aidial_portal_pt answered);

/* in the filters: what a subrequest says while the portal is asked */

void ngx_http_aidial_portal_header(ngx_http_aidial_ctx_t *ctx,
    ngx_http_request_t *sr);
ngx_int_t ngx_http_aidial_portal_body(ngx_http_aidial_ctx_t *ctx,
    ngx_http_request_t *sr, ngx_chain_t *in);


/* ngx_http_aidial_limit.c: a step, for status and media */

ngx_int_t ngx_http_aidial_rate_check(ngx_http_aidial_ctx_t *ctx);

/* gives up the wait for a stream */

void ngx_http_aidial_room_abandon(ngx_http_aidial_room_t *room);


/* ngx_http_aidial_site.c: where the request comes from */

ngx_int_t ngx_http_aidial_site_of_grant(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_site_of_media(ngx_http_aidial_ctx_t *ctx);

/* how many lines of the request's header have that name, in lower case */

ngx_uint_t ngx_http_aidial_header_lines(ngx_http_request_t *r,
    const char *name);

/* 1 when the browser would show or save the answer as a page or frame */

ngx_uint_t ngx_http_aidial_is_navigation(ngx_http_request_t *r);


/* ngx_http_aidial_status.c, ngx_http_aidial_grant.c */

ngx_int_t ngx_http_aidial_status_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_aidial_grant_handler(ngx_http_request_t *r);

/* ngx_http_aidial_issue.c: the step of a grant request that asks Redis */

ngx_int_t ngx_http_aidial_grant_issue(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_grant_issued(ngx_http_aidial_ctx_t *ctx);

/* the id of the token's grant in hex, for people; NGX_OK or NGX_ERROR */

ngx_int_t ngx_http_aidial_grant_id(ngx_http_aidial_ctx_t *ctx);

/* the problem for a status with which nginx refuses a body */

ngx_aidial_problem_e ngx_http_aidial_body_problem(ngx_uint_t status);


/* ngx_http_aidial_media.c */

/* the context of a media request whose flow begins; NULL: no memory */

ngx_http_aidial_ctx_t *ngx_http_aidial_media_begin(ngx_http_request_t *r);
ngx_int_t ngx_http_aidial_media_access(ngx_http_request_t *r);

/*
 * Judges a running response by records that were just read: "again" is a copy
 * of its context with an operation and a pool of its own.  NGX_OK,
 * NGX_DECLINED: it would be refused now, again->problem says why; NGX_ERROR:
 * cannot tell.
 */

ngx_int_t ngx_http_aidial_media_judge_again(ngx_http_aidial_ctx_t *again);


/* ngx_http_aidial_guard.c: nothing enters or leaves a media location unseen */

ngx_int_t ngx_http_aidial_reentry_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_aidial_capture_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_aidial_serving_handler(ngx_http_request_t *r);


/* ngx_http_aidial_open.c */

/*
 * Makes the judged request one for the media object: URI, arguments, headers
 * and body.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_aidial_media_open(ngx_http_aidial_ctx_t *ctx);

/* moves a list by value */

void ngx_http_aidial_list_move(ngx_list_t *to, ngx_list_t *from);


/* ngx_http_aidial_reply.c */

/*
 * Sends the problem and returns what ngx_http_finalize_request() wants.  The
 * body of the request is discarded.
 */

ngx_int_t ngx_http_aidial_reply_problem(ngx_http_aidial_ctx_t *ctx);

/* the same for a phase handler: finalizes and returns NGX_DONE */

ngx_int_t ngx_http_aidial_refuse_request(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_problem_e problem);

/* headers of a problem in r->headers_out, its body in *out */

ngx_int_t ngx_http_aidial_problem_prepare(ngx_http_aidial_ctx_t *ctx,
    ngx_chain_t **out);

ngx_int_t ngx_http_aidial_reply_status(ngx_http_aidial_ctx_t *ctx);
ngx_int_t ngx_http_aidial_reply_grant(ngx_http_aidial_ctx_t *ctx);


/* ngx_http_aidial_filter.c, ngx_http_aidial_header.c */

ngx_int_t ngx_http_aidial_filter_init(ngx_conf_t *cf);
ngx_int_t ngx_http_aidial_header_init(ngx_conf_t *cf);

/*
 * In a header filter: whatever this answer was, a problem goes out instead.
 * NGX_OK: the headers are those of the problem; or NGX_ERROR.
 */

ngx_int_t ngx_http_aidial_answer_replace(ngx_http_aidial_ctx_t *ctx,
    ngx_aidial_problem_e problem);

/* 1 when a header has that name, which is usually spelt like this */

static ngx_inline ngx_uint_t
ngx_http_aidial_is_name(const ngx_str_t *header, const ngx_str_t *name)
{
    return header->len == name->len
           && (ngx_memcmp(header->data, name->data, name->len) == 0
               || ngx_strncasecmp(header->data, name->data, name->len) == 0);
}


/* adds a header line; "name" is a literal */

ngx_int_t ngx_http_aidial_header_add(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value);


/* ngx_http_aidial_rewriter.c */

/* finds the modules that rewrite bodies; at the end of configuration */

ngx_int_t ngx_http_aidial_rewriters_find(ngx_conf_t *cf);

/* gives the request a list of location configurations of its own, once */

ngx_int_t ngx_http_aidial_loc_conf_copy(ngx_http_aidial_ctx_t *ctx);

/* gives them their untouched configuration for this request */

ngx_int_t ngx_http_aidial_rewriters_off(ngx_http_aidial_ctx_t *ctx);


/* ngx_http_aidial_variables.c */

ngx_int_t ngx_http_aidial_variables_add(ngx_conf_t *cf);


#endif /* _NGX_HTTP_AIDIAL_H_INCLUDED_ */
