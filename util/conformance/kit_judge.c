
/*
 * What is the same for all kinds, and the two kinds about which there is
 * little to say: tenants and revocations.
 */


#include "kit.h"


#define KIT_MILLISECONDS_LEN  13     /* digits, until the year 2286 */


static ngx_uint_t kit_judge_type(ngx_pool_t *pool, kit_record_t *record);
static void kit_tenant(ngx_pool_t *pool, kit_record_t *record);
static void kit_tenant_switches(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *root, ngx_aidial_tenant_t *tenant);
static void kit_tenant_switch(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *root, const char *name, ngx_uint_t on);
static void kit_revoked_before(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);


void
kit_judge(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    /* any value of any type revokes: the module asks whether it is there */

    if (record->kind == KIT_REVOKED || !kit_judge_type(pool, record)) {
        return;
    }

    switch (record->kind) {

    case KIT_SESSION:
        kit_session(kit, pool, record);
        break;

    case KIT_CALL:
        kit_call(kit, pool, record);
        break;

    case KIT_TENANT:
        kit_tenant(pool, record);
        break;

    case KIT_REVOKED_BEFORE:
        kit_revoked_before(kit, pool, record);
        break;
    }
}


void
kit_judge_other(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    if (record->kind == KIT_SESSION) {
        kit_session_other(kit, pool, record);

    } else {
        kit_call_other(kit, pool, record);
    }
}


/* 1: there is a text to be read; Redis has it as a string or not at all */

static ngx_uint_t
kit_judge_type(ngx_pool_t *pool, kit_record_t *record)
{
    if (ngx_strcmp(record->type.data, "none") == 0) {
        return 0;
    }

    if (ngx_strcmp(record->type.data, "string") == 0) {
        return 1;
    }

    kit_fault(pool, record, "it is of the wrong type: a %s, not a string",
              kit_show(pool, &record->type));

    return 0;
}


static void
kit_tenant(ngx_pool_t *pool, kit_record_t *record)
{
    ngx_int_t             rc;
    const char           *why;
    ngx_aidial_json_t    *root;
    ngx_aidial_tenant_t   tenant;

    rc = ngx_aidial_tenant_parse(&record->text, &tenant, &why);

    if (rc != NGX_OK) {
        kit_fault(pool, record, "%s%s: everything is off", why,
                  kit_json_where(pool, &record->text));
        return;
    }

    if (ngx_aidial_json_parse(&record->text, NGX_AIDIAL_RECORD_MAX, &root,
                              &why)
        == NGX_OK)
    {
        kit_tenant_switches(pool, record, root, &tenant);
        ngx_aidial_json_free(root);
    }
}


static void
kit_tenant_switches(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *root, ngx_aidial_tenant_t *tenant)
{
    kit_tenant_switch(pool, record, root, "staff_playback",
                      tenant->staff_playback);
    kit_tenant_switch(pool, record, root, "recording_download",
                      tenant->recording_download);
}


static void
kit_tenant_switch(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *root, const char *name, ngx_uint_t on)
{
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(root, name);

    if (!on && !kit_json_is_false(value)) {
        kit_warn(pool, record, "%s %s: counts as false", name,
                 kit_json_what(pool, value));
    }
}


static void
kit_revoked_before(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    int64_t     seconds;
    size_t      i;
    const char  *hint;

    if (ngx_aidial_revoked_before(&record->text, &seconds) == NGX_OK) {

        if (seconds > kit->now) {
            kit_warn(pool, record, "it lies in the future: sessions that are "
                     "made until then are dead as well");
        }

        return;
    }

    for (i = 0; i < record->text.len; i++) {
        if (record->text.data[i] < '0' || record->text.data[i] > '9') {
            break;
        }
    }

    hint = (i == KIT_MILLISECONDS_LEN && i == record->text.len)
           ? " (it looks like milliseconds)" : "";

    kit_fault(pool, record, "it is no time in seconds%s: every session of "
              "this user is dead", hint);
}
