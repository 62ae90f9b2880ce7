
/*
 * Problems and reasons, one row each.  A row is the only place where its wire
 * code is spelt; util/check-reasons compares the rows with the documents and
 * with the tests.
 */


#ifndef _NGX_AIDIAL_REASON_H_INCLUDED_
#define _NGX_AIDIAL_REASON_H_INCLUDED_


#include "ngx_aidial_core.h"


/* X(id, wire code, HTTP status, title), in the order of the HTTP contract */

#define NGX_AIDIAL_PROBLEMS(X)                                                \
    X(INVALID_REQUEST, "invalid_request", 400,                                \
      "The request is not valid")                                             \
    X(CONFIRMATION_REQUIRED, "confirmation_required", 400,                    \
      "The download must be confirmed")                                       \
    X(SESSION_REQUIRED, "session_required", 401,                              \
      "Sign in to the portal")                                                \
    X(CROSS_SITE_REQUEST, "cross_site_request", 403,                          \
      "The request came from another site")                                   \
    X(PLAYBACK_ONLY, "playback_only", 403,                                    \
      "This link plays the recording only")                                   \
    X(RECORDING_BLOCKED, "recording_blocked", 403,                            \
      "The recording is blocked")                                             \
    X(RECORDING_NOT_FOUND, "recording_not_found", 404,                        \
      "The recording was not found")                                          \
    X(METHOD_NOT_ALLOWED, "method_not_allowed", 405,                          \
      "The method is not allowed")                                            \
    X(GRANT_EXPIRED, "grant_expired", 410,                                    \
      "The link has expired")                                                 \
    X(GRANT_USED, "grant_used", 410,                                          \
      "The link has been used")                                               \
    X(REQUEST_TOO_LARGE, "request_too_large", 413,                            \
      "The request is too large")                                             \
    X(UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", 415,                  \
      "The request is not JSON")                                              \
    X(RATE_LIMITED, "rate_limited", 429,                                      \
      "Too many requests")                                                    \
    X(TOO_MANY_STREAMS, "too_many_streams", 429,                              \
      "Too many recordings at once")                                          \
    X(MEDIA_UNAVAILABLE, "media_unavailable", 502,                            \
      "The recording could not be retrieved")                                 \
    X(SERVICE_UNAVAILABLE, "service_unavailable", 503,                        \
      "The service is unavailable")                                           \
    X(PREFETCH_REFUSED, "prefetch_refused", 503,                              \
      "The recording is not served in advance")                               \
    X(DELIVERY_RUNNING, "delivery_running", 503,                              \
      "The download is still running")


typedef enum {
    NGX_AIDIAL_PROBLEM_NONE = 0,
#define X(id, code, status, title)  NGX_AIDIAL_##id,
    NGX_AIDIAL_PROBLEMS(X)
#undef X
    NGX_AIDIAL_PROBLEM_COUNT
} ngx_aidial_problem_e;


typedef struct {
    ngx_str_t   code;
    ngx_uint_t  status;
    ngx_str_t   title;
} ngx_aidial_problem_t;


/* X(id, wire code): why the policy says no, in the order they are listed */

#define NGX_AIDIAL_REASONS(X)                                                 \
    X(ROLE_RESTRICTION, "role_restriction")                                   \
    X(STAFF_PLAYBACK_DISABLED, "staff_playback_disabled")                     \
    X(MISSING_ENTITLEMENT, "missing_entitlement")                             \
    X(CONSENT_DENIED, "consent_denied")                                       \
    X(CONSENT_MISSING, "consent_missing")                                     \
    X(CONSENT_UNKNOWN, "consent_unknown")                                     \
    X(COMPLIANCE_DENIED, "compliance_denied")                                 \
    X(COMPLIANCE_MISSING_EVIDENCE, "compliance_missing_evidence")             \
    X(COMPLIANCE_POLICY_BLOCKED, "compliance_policy_blocked")                 \
    X(MEDIA_NOT_GENERATED, "media_not_generated")                             \
    X(MEDIA_UNAVAILABLE, "media_unavailable")                                 \
    X(MEDIA_REMOVED, "media_removed")


typedef enum {
#define X(id, code)  NGX_AIDIAL_REASON_##id,
    NGX_AIDIAL_REASONS(X)
#undef X
    NGX_AIDIAL_REASON_COUNT
} ngx_aidial_reason_e;


/* a set of reasons: bit N is reason N; no bit means allowed */

typedef ngx_uint_t  ngx_aidial_reasons_t;

#define ngx_aidial_reason_bit(r)  ((ngx_aidial_reasons_t) 1 << (r))


/* the row of a problem; never called with NGX_AIDIAL_PROBLEM_NONE */

const ngx_aidial_problem_t *ngx_aidial_problem(ngx_aidial_problem_e id);


/* the code of a reason */

const ngx_str_t *ngx_aidial_reason_code(ngx_aidial_reason_e id);


/*
 * Writes the codes of the set in table order, each wrapped in "quote" (may be
 * empty) and separated by commas.  Returns the end of what was written; "buf"
 * has room for NGX_AIDIAL_REASONS_LEN bytes.  Needs no escaping anywhere: the
 * codes are lower-case letters and underscores.
 */

#define NGX_AIDIAL_REASONS_LEN  512

u_char *ngx_aidial_reasons_text(u_char *buf, ngx_aidial_reasons_t set,
    const char *quote);


#endif /* _NGX_AIDIAL_REASON_H_INCLUDED_ */
