
/*
 * The policy table against an oracle that is written the other way round: it
 * spells the list of reasons straight from the contract, in its order, for
 * every combination, the impossible ones included.
 */


#include "aidial_unit.h"
#include "ngx_aidial_policy.h"


void test_policy(ngx_aidial_unit_t *u);


static void test_policy_all(ngx_aidial_unit_t *u);
static void test_policy_tenants(ngx_aidial_unit_t *u, ngx_uint_t role,
    ngx_uint_t action, ngx_aidial_call_t *call);
static void test_policy_oracle(char *list, ngx_uint_t role, ngx_uint_t action,
    ngx_uint_t staff_playback, ngx_uint_t recording_download,
    ngx_aidial_call_t *call);
static void test_policy_add(char *list, const char *reason);
static void test_policy_spot(ngx_aidial_unit_t *u, ngx_uint_t role,
    ngx_uint_t action, ngx_uint_t staff_playback,
    ngx_uint_t recording_download, const char *expected);


/* one past the end of each list stands for a damaged value */

static const char  *test_policy_consents[] = {
    "", "consent_denied", "consent_missing", "consent_unknown",
    "consent_unknown"
};

static const char  *test_policy_compliances[] = {
    "", "compliance_denied", "compliance_missing_evidence",
    "compliance_policy_blocked", "compliance_policy_blocked"
};

static const char  *test_policy_medias[] = {
    "", "media_not_generated", "media_unavailable", "media_removed",
    "media_unavailable"
};


void
test_policy(ngx_aidial_unit_t *u)
{
    test_policy_all(u);

    test_policy_spot(u, NGX_AIDIAL_ROLE_ADMIN, NGX_AIDIAL_ACTION_PLAYBACK,
                     0, 0, "");
    test_policy_spot(u, NGX_AIDIAL_ROLE_ADMIN, NGX_AIDIAL_ACTION_DOWNLOAD,
                     0, 1, "");
    test_policy_spot(u, NGX_AIDIAL_ROLE_ADMIN, NGX_AIDIAL_ACTION_DOWNLOAD,
                     1, 0, "missing_entitlement");
    test_policy_spot(u, NGX_AIDIAL_ROLE_MANAGER, NGX_AIDIAL_ACTION_DOWNLOAD,
                     0, 1, "");
    test_policy_spot(u, NGX_AIDIAL_ROLE_STAFF, NGX_AIDIAL_ACTION_PLAYBACK,
                     1, 0, "");
    test_policy_spot(u, NGX_AIDIAL_ROLE_STAFF, NGX_AIDIAL_ACTION_PLAYBACK,
                     0, 1, "staff_playback_disabled");
    test_policy_spot(u, NGX_AIDIAL_ROLE_STAFF, NGX_AIDIAL_ACTION_DOWNLOAD,
                     1, 1, "role_restriction");
    test_policy_spot(u, NGX_AIDIAL_ROLE_STAFF, NGX_AIDIAL_ACTION_DOWNLOAD,
                     0, 0, "role_restriction");
    test_policy_spot(u, NGX_AIDIAL_ROLE_UNKNOWN, NGX_AIDIAL_ACTION_PLAYBACK,
                     1, 1, "role_restriction");
    test_policy_spot(u, NGX_AIDIAL_ROLE_ADMIN, NGX_AIDIAL_ACTION_NONE,
                     1, 1, "role_restriction");
}


static void
test_policy_all(ngx_aidial_unit_t *u)
{
    ngx_uint_t         role, action, n;
    ngx_aidial_call_t  call;

    ngx_memzero(&call, sizeof(ngx_aidial_call_t));

    for (n = 0; n < 5 * 5 * 5; n++) {
        call.consent = n % 5;
        call.compliance = n / 5 % 5;
        call.media = n / 25;

        for (role = 0; role <= NGX_AIDIAL_ROLES; role++) {

            for (action = 0; action <= NGX_AIDIAL_ACTIONS; action++) {
                test_policy_tenants(u, role, action, &call);
            }
        }
    }
}


static void
test_policy_tenants(ngx_aidial_unit_t *u, ngx_uint_t role, ngx_uint_t action,
    ngx_aidial_call_t *call)
{
    char                  expected[NGX_AIDIAL_REASONS_LEN];
    u_char                text[NGX_AIDIAL_REASONS_LEN], *last;
    ngx_uint_t            flags;
    ngx_aidial_tenant_t   tenant;
    ngx_aidial_reasons_t  reasons;

    for (flags = 0; flags < 4; flags++) {
        tenant.staff_playback = flags & 1;
        tenant.recording_download = flags >> 1;

        reasons = ngx_aidial_policy(role, action, &tenant, call);

        last = ngx_aidial_reasons_text(text, reasons, "");
        *last = '\0';

        test_policy_oracle(expected, role, action, tenant.staff_playback,
                           tenant.recording_download, call);

        ngx_aidial_unit_ok(u, strcmp((char *) text, expected) == 0,
            "role %lu action %lu flags %lu consent %lu compliance %lu "
            "media %lu: \"%s\", expected \"%s\"",
            (unsigned long) role, (unsigned long) action,
            (unsigned long) flags, (unsigned long) call->consent,
            (unsigned long) call->compliance, (unsigned long) call->media,
            (char *) text, expected);

        if (role == NGX_AIDIAL_ROLE_STAFF
            && action == NGX_AIDIAL_ACTION_DOWNLOAD)
        {
            ngx_aidial_unit_ok(u, reasons != 0, "client_staff downloads");
        }
    }
}


static void
test_policy_oracle(char *list, ngx_uint_t role, ngx_uint_t action,
    ngx_uint_t staff_playback, ngx_uint_t recording_download,
    ngx_aidial_call_t *call)
{
    static const char  *rights[] = { "??", "pd", "pd", "p?", "??" };

    char  letter;

    list[0] = '\0';

    letter = (action == NGX_AIDIAL_ACTION_PLAYBACK) ? 'p'
             : (action == NGX_AIDIAL_ACTION_DOWNLOAD) ? 'd' : '-';

    if (strchr(rights[role], letter) == NULL) {
        test_policy_add(list, "role_restriction");
    }

    if (role == 3 && letter == 'p' && staff_playback == 0) {
        test_policy_add(list, "staff_playback_disabled");
    }

    if ((role == 1 || role == 2) && letter == 'd' && recording_download == 0) {
        test_policy_add(list, "missing_entitlement");
    }

    test_policy_add(list, test_policy_consents[call->consent]);
    test_policy_add(list, test_policy_compliances[call->compliance]);
    test_policy_add(list, test_policy_medias[call->media]);
}


static void
test_policy_add(char *list, const char *reason)
{
    if (reason[0] == '\0') {
        return;
    }

    if (list[0] != '\0') {
        strcat(list, ",");
    }

    strcat(list, reason);
}


static void
test_policy_spot(ngx_aidial_unit_t *u, ngx_uint_t role, ngx_uint_t action,
    ngx_uint_t staff_playback, ngx_uint_t recording_download,
    const char *expected)
{
    u_char               text[NGX_AIDIAL_REASONS_LEN], *last;
    ngx_aidial_call_t    call;
    ngx_aidial_tenant_t  tenant;

    ngx_memzero(&call, sizeof(ngx_aidial_call_t));

    call.consent = NGX_AIDIAL_CONSENT_GRANTED;
    call.compliance = NGX_AIDIAL_COMPLIANCE_PERMITTED;
    call.media = NGX_AIDIAL_MEDIA_AVAILABLE;

    tenant.staff_playback = staff_playback;
    tenant.recording_download = recording_download;

    last = ngx_aidial_reasons_text(text, ngx_aidial_policy(role, action,
                                                           &tenant, &call),
                                   "");
    *last = '\0';

    ngx_aidial_unit_ok(u, strcmp((char *) text, expected) == 0,
                       "spot role %lu action %lu: \"%s\", expected \"%s\"",
                       (unsigned long) role, (unsigned long) action,
                       (char *) text, expected);
}
