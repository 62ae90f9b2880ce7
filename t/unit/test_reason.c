
#include "aidial_unit.h"
#include "ngx_aidial_reason.h"


void test_reason(ngx_aidial_unit_t *u);


static void test_reason_problems(ngx_aidial_unit_t *u);
static void test_reason_text(ngx_aidial_unit_t *u, ngx_aidial_reasons_t set,
    const char *quote, const char *expected);


typedef struct {
    ngx_aidial_problem_e   id;
    ngx_uint_t             status;
    const char            *code;
} test_reason_problem_t;


/* section 7 of the contract, copied by hand */

static const test_reason_problem_t  test_reason_table[] = {
    { NGX_AIDIAL_INVALID_REQUEST, 400, "invalid_request" },
    { NGX_AIDIAL_CONFIRMATION_REQUIRED, 400, "confirmation_required" },
    { NGX_AIDIAL_SESSION_REQUIRED, 401, "session_required" },
    { NGX_AIDIAL_CROSS_SITE_REQUEST, 403, "cross_site_request" },
    { NGX_AIDIAL_PLAYBACK_ONLY, 403, "playback_only" },
    { NGX_AIDIAL_RECORDING_BLOCKED, 403, "recording_blocked" },
    { NGX_AIDIAL_RECORDING_NOT_FOUND, 404, "recording_not_found" },
    { NGX_AIDIAL_METHOD_NOT_ALLOWED, 405, "method_not_allowed" },
    { NGX_AIDIAL_GRANT_EXPIRED, 410, "grant_expired" },
    { NGX_AIDIAL_GRANT_USED, 410, "grant_used" },
    { NGX_AIDIAL_REQUEST_TOO_LARGE, 413, "request_too_large" },
    { NGX_AIDIAL_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type" },
    { NGX_AIDIAL_RATE_LIMITED, 429, "rate_limited" },
    { NGX_AIDIAL_TOO_MANY_STREAMS, 429, "too_many_streams" },
    { NGX_AIDIAL_MEDIA_UNAVAILABLE, 502, "media_unavailable" },
    { NGX_AIDIAL_SERVICE_UNAVAILABLE, 503, "service_unavailable" },
    { NGX_AIDIAL_PREFETCH_REFUSED, 503, "prefetch_refused" },
    { NGX_AIDIAL_DELIVERY_RUNNING, 503, "delivery_running" }
};


#define TEST_REASON_ALL                                                       \
    "role_restriction,staff_playback_disabled,missing_entitlement,"           \
    "consent_denied,consent_missing,consent_unknown,"                         \
    "compliance_denied,compliance_missing_evidence,"                          \
    "compliance_policy_blocked,"                                              \
    "media_not_generated,media_unavailable,media_removed"


void
test_reason(ngx_aidial_unit_t *u)
{
    ngx_aidial_reasons_t  all, some;

    test_reason_problems(u);

    all = ngx_aidial_reason_bit(NGX_AIDIAL_REASON_COUNT) - 1;

    some = ngx_aidial_reason_bit(NGX_AIDIAL_REASON_MEDIA_REMOVED)
           | ngx_aidial_reason_bit(NGX_AIDIAL_REASON_ROLE_RESTRICTION);

    test_reason_text(u, 0, "", "");
    test_reason_text(u, 0, "\"", "");
    test_reason_text(u, all, "", TEST_REASON_ALL);
    test_reason_text(u, some, "", "role_restriction,media_removed");
    test_reason_text(u, some, "\"", "\"role_restriction\",\"media_removed\"");
    test_reason_text(u,
                     ngx_aidial_reason_bit(NGX_AIDIAL_REASON_CONSENT_UNKNOWN),
                     "\"", "\"consent_unknown\"");
}


static void
test_reason_problems(ngx_aidial_unit_t *u)
{
    ngx_uint_t                    i, n;
    const ngx_aidial_problem_t   *problem;
    const test_reason_problem_t  *row;

    n = sizeof(test_reason_table) / sizeof(test_reason_problem_t);

    ngx_aidial_unit_ok(u, n == NGX_AIDIAL_PROBLEM_COUNT - 1,
                       "%lu problems in the contract", (unsigned long) n);

    for (i = 0; i < n; i++) {
        row = &test_reason_table[i];
        problem = ngx_aidial_problem(row->id);

        ngx_aidial_unit_ok(u, problem->code.len == strlen(row->code)
                              && memcmp(problem->code.data, row->code,
                                        problem->code.len) == 0,
                           "code of %s", row->code);

        ngx_aidial_unit_ok(u, problem->status == row->status,
                           "status of %s", row->code);

        ngx_aidial_unit_ok(u, problem->title.len != 0, "title of %s",
                           row->code);
    }
}


static void
test_reason_text(ngx_aidial_unit_t *u, ngx_aidial_reasons_t set,
    const char *quote, const char *expected)
{
    size_t   len;
    u_char  *buf, *last;

    buf = ngx_pnalloc(u->pool, NGX_AIDIAL_REASONS_LEN);
    if (buf == NULL) {
        ngx_aidial_unit_ok(u, 0, "no memory");
        return;
    }

    last = ngx_aidial_reasons_text(buf, set, quote);
    len = last - buf;

    ngx_aidial_unit_ok(u, len == strlen(expected)
                          && memcmp(buf, expected, len) == 0,
                       "reasons %lx: \"%.*s\", expected \"%s\"",
                       (unsigned long) set, (int) len, buf, expected);
}
