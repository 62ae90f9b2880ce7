
/*
 * Tenant records: the folders of t/data/tenant, and what needs no file.
 */


#include "aidial_unit.h"
#include "ngx_aidial_core.h"
#include "ngx_aidial_tenant.h"


static void test_tenant_case(ngx_aidial_unit_t *u, const char *name);
static void test_tenant_size(ngx_aidial_unit_t *u);


void
test_tenant(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_each(u, "tenant", test_tenant_case);
    test_tenant_size(u);
}


static void
test_tenant_case(ngx_aidial_unit_t *u, const char *name)
{
    int                   n;
    char                  path[200], dump[200];
    ngx_int_t             rc;
    ngx_str_t             input, expect;
    const char           *why;
    ngx_aidial_tenant_t   tenant;

    snprintf(path, sizeof(path), "tenant/%s/input", name);
    input = ngx_aidial_unit_file(u, path);

    snprintf(path, sizeof(path), "tenant/%s/expect", name);
    expect = ngx_aidial_unit_file(u, path);

    /* what was there before must not shine through */

    memset(&tenant, 0xff, sizeof(tenant));

    why = "";
    rc = ngx_aidial_tenant_parse(&input, &tenant, &why);

    if (rc == NGX_OK) {
        n = snprintf(dump, sizeof(dump),
                     "staff_playback=%lu\nrecording_download=%lu\n",
                     (unsigned long) tenant.staff_playback,
                     (unsigned long) tenant.recording_download);

    } else {
        n = snprintf(dump, sizeof(dump), "declined: %s\n", why);

        ngx_aidial_unit_ok(u, rc == NGX_DECLINED
                              && !tenant.staff_playback
                              && !tenant.recording_download,
                           "%s: refused, and all is off", name);
    }

    ngx_aidial_unit_ok(u, expect.len == (size_t) n
                          && memcmp(expect.data, dump, n) == 0,
                       "%s: got\n%s", name, dump);
}


static void
test_tenant_size(ngx_aidial_unit_t *u)
{
    ngx_int_t             rc;
    ngx_str_t             text;
    const char           *why;
    ngx_aidial_tenant_t   tenant;

    static const ngx_str_t  head = ngx_string("{\"staff_playback\": true");

    text.len = NGX_AIDIAL_RECORD_MAX;
    text.data = ngx_pnalloc(u->pool, text.len + 1);

    memset(text.data, ' ', text.len + 1);
    memcpy(text.data, head.data, head.len);
    text.data[text.len - 1] = '}';

    rc = ngx_aidial_tenant_parse(&text, &tenant, &why);
    ngx_aidial_unit_ok(u, rc == NGX_OK && tenant.staff_playback, "64 KiB");

    text.len++;

    rc = ngx_aidial_tenant_parse(&text, &tenant, &why);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED && !tenant.staff_playback,
                       "64 KiB + 1");
}
