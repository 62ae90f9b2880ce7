
/*
 * Each row of the table is one reason and the fact that brings it about; the
 * rows stand in the order of the contract.  A value no table knows counts as
 * the contract's "any other value", so that a damaged struct denies.
 */


#include "ngx_aidial_policy.h"


typedef struct {
    ngx_uint_t                  role;
    ngx_uint_t                  action;
    const ngx_aidial_tenant_t  *tenant;
    ngx_uint_t                  consent;
    ngx_uint_t                  compliance;
    ngx_uint_t                  media;
} ngx_aidial_policy_facts_t;


typedef struct {
    ngx_aidial_reason_e         reason;
    ngx_uint_t                (*applies)(const ngx_aidial_policy_facts_t *f,
                                    ngx_uint_t value);
    ngx_uint_t                  value;
} ngx_aidial_policy_row_t;


static ngx_uint_t ngx_aidial_policy_known(ngx_uint_t value, ngx_uint_t count,
    ngx_uint_t other);
static ngx_uint_t ngx_aidial_policy_restricted(
    const ngx_aidial_policy_facts_t *f, ngx_uint_t value);
static ngx_uint_t ngx_aidial_policy_staff_silent(
    const ngx_aidial_policy_facts_t *f, ngx_uint_t value);
static ngx_uint_t ngx_aidial_policy_not_entitled(
    const ngx_aidial_policy_facts_t *f, ngx_uint_t value);
static ngx_uint_t ngx_aidial_policy_consent(
    const ngx_aidial_policy_facts_t *f, ngx_uint_t value);
static ngx_uint_t ngx_aidial_policy_compliance(
    const ngx_aidial_policy_facts_t *f, ngx_uint_t value);
static ngx_uint_t ngx_aidial_policy_media(
    const ngx_aidial_policy_facts_t *f, ngx_uint_t value);


static const ngx_aidial_policy_row_t  ngx_aidial_policy_rows[] = {

    { NGX_AIDIAL_REASON_ROLE_RESTRICTION,
      ngx_aidial_policy_restricted, 0 },

    { NGX_AIDIAL_REASON_STAFF_PLAYBACK_DISABLED,
      ngx_aidial_policy_staff_silent, 0 },

    { NGX_AIDIAL_REASON_MISSING_ENTITLEMENT,
      ngx_aidial_policy_not_entitled, 0 },

    { NGX_AIDIAL_REASON_CONSENT_DENIED,
      ngx_aidial_policy_consent, NGX_AIDIAL_CONSENT_DENIED },

    { NGX_AIDIAL_REASON_CONSENT_MISSING,
      ngx_aidial_policy_consent, NGX_AIDIAL_CONSENT_MISSING },

    { NGX_AIDIAL_REASON_CONSENT_UNKNOWN,
      ngx_aidial_policy_consent, NGX_AIDIAL_CONSENT_UNKNOWN },

    { NGX_AIDIAL_REASON_COMPLIANCE_DENIED,
      ngx_aidial_policy_compliance, NGX_AIDIAL_COMPLIANCE_DENIED },

    { NGX_AIDIAL_REASON_COMPLIANCE_MISSING_EVIDENCE,
      ngx_aidial_policy_compliance, NGX_AIDIAL_COMPLIANCE_MISSING_EVIDENCE },

    { NGX_AIDIAL_REASON_COMPLIANCE_POLICY_BLOCKED,
      ngx_aidial_policy_compliance, NGX_AIDIAL_COMPLIANCE_POLICY_BLOCKED },

    { NGX_AIDIAL_REASON_MEDIA_NOT_GENERATED,
      ngx_aidial_policy_media, NGX_AIDIAL_MEDIA_NOT_GENERATED },

    { NGX_AIDIAL_REASON_MEDIA_UNAVAILABLE,
      ngx_aidial_policy_media, NGX_AIDIAL_MEDIA_STATUS_UNAVAILABLE },

    { NGX_AIDIAL_REASON_MEDIA_REMOVED,
      ngx_aidial_policy_media, NGX_AIDIAL_MEDIA_REMOVED }
};


#define NGX_AIDIAL_POLICY_ROWS                                                \
    (sizeof(ngx_aidial_policy_rows) / sizeof(ngx_aidial_policy_row_t))


ngx_aidial_reasons_t
ngx_aidial_policy(ngx_uint_t role, ngx_uint_t action,
    const ngx_aidial_tenant_t *tenant, const ngx_aidial_call_t *call)
{
    ngx_uint_t                      i;
    ngx_aidial_reasons_t            reasons;
    ngx_aidial_policy_facts_t       f;
    const ngx_aidial_policy_row_t  *row;

    f.role = role;
    f.action = action;
    f.tenant = tenant;

    f.consent = ngx_aidial_policy_known(call->consent, NGX_AIDIAL_CONSENTS,
                                        NGX_AIDIAL_CONSENT_UNKNOWN);
    f.compliance = ngx_aidial_policy_known(call->compliance,
                                        NGX_AIDIAL_COMPLIANCES,
                                        NGX_AIDIAL_COMPLIANCE_POLICY_BLOCKED);
    f.media = ngx_aidial_policy_known(call->media, NGX_AIDIAL_MEDIA_STATUSES,
                                      NGX_AIDIAL_MEDIA_STATUS_UNAVAILABLE);

    reasons = 0;

    for (i = 0; i < NGX_AIDIAL_POLICY_ROWS; i++) {
        row = &ngx_aidial_policy_rows[i];

        if (row->applies(&f, row->value)) {
            reasons |= ngx_aidial_reason_bit(row->reason);
        }
    }

    return reasons;
}


static ngx_uint_t
ngx_aidial_policy_known(ngx_uint_t value, ngx_uint_t count, ngx_uint_t other)
{
    return value < count ? value : other;
}


static ngx_uint_t
ngx_aidial_policy_restricted(const ngx_aidial_policy_facts_t *f,
    ngx_uint_t value)
{
    switch (f->role) {

    case NGX_AIDIAL_ROLE_ADMIN:
    case NGX_AIDIAL_ROLE_MANAGER:
        return f->action != NGX_AIDIAL_ACTION_PLAYBACK
               && f->action != NGX_AIDIAL_ACTION_DOWNLOAD;

    case NGX_AIDIAL_ROLE_STAFF:
        return f->action != NGX_AIDIAL_ACTION_PLAYBACK;

    default:
        return 1;
    }
}


static ngx_uint_t
ngx_aidial_policy_staff_silent(const ngx_aidial_policy_facts_t *f,
    ngx_uint_t value)
{
    return f->role == NGX_AIDIAL_ROLE_STAFF
           && f->action == NGX_AIDIAL_ACTION_PLAYBACK
           && !f->tenant->staff_playback;
}


static ngx_uint_t
ngx_aidial_policy_not_entitled(const ngx_aidial_policy_facts_t *f,
    ngx_uint_t value)
{
    return (f->role == NGX_AIDIAL_ROLE_ADMIN
            || f->role == NGX_AIDIAL_ROLE_MANAGER)
           && f->action == NGX_AIDIAL_ACTION_DOWNLOAD
           && !f->tenant->recording_download;
}


static ngx_uint_t
ngx_aidial_policy_consent(const ngx_aidial_policy_facts_t *f,
    ngx_uint_t value)
{
    return f->consent == value;
}


static ngx_uint_t
ngx_aidial_policy_compliance(const ngx_aidial_policy_facts_t *f,
    ngx_uint_t value)
{
    return f->compliance == value;
}


static ngx_uint_t
ngx_aidial_policy_media(const ngx_aidial_policy_facts_t *f, ngx_uint_t value)
{
    return f->media == value;
}
