
/*
 * What a tenant has switched on.
 */


#include "ngx_aidial_tenant.h"
#include "ngx_aidial_json.h"


typedef struct {
    const char  *name;
    size_t       offset;
} ngx_aidial_tenant_switch_t;


static const ngx_aidial_tenant_switch_t  ngx_aidial_tenant_switches[] = {
    { "staff_playback", offsetof(ngx_aidial_tenant_t, staff_playback) },
    { "recording_download",
      offsetof(ngx_aidial_tenant_t, recording_download) },
};


ngx_int_t
ngx_aidial_tenant_parse(const ngx_str_t *text, ngx_aidial_tenant_t *tenant,
    const char **why)
{
    size_t              i, n;
    u_char             *base;
    ngx_int_t           rc;
    ngx_aidial_json_t  *root, *value;

    ngx_memzero(tenant, sizeof(ngx_aidial_tenant_t));

    rc = ngx_aidial_json_parse(text, NGX_AIDIAL_RECORD_MAX, &root, why);
    if (rc != NGX_OK) {
        return rc;
    }

    base = (u_char *) tenant;
    n = sizeof(ngx_aidial_tenant_switches)
        / sizeof(ngx_aidial_tenant_switches[0]);

    for (i = 0; i < n; i++) {
        value = ngx_aidial_json_member(root,
                                       ngx_aidial_tenant_switches[i].name);

        *(ngx_uint_t *) (base + ngx_aidial_tenant_switches[i].offset) =
                                               ngx_aidial_json_is_true(value);
    }

    ngx_aidial_json_free(root);

    return NGX_OK;
}
