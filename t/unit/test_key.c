
#include "aidial_unit.h"
#include "ngx_aidial_key.h"


void test_key(ngx_aidial_unit_t *u);


static void test_key_templates(ngx_aidial_unit_t *u);
static void test_key_sessions(ngx_aidial_unit_t *u);
static void test_key_families(ngx_aidial_unit_t *u);
static void test_key_is(ngx_aidial_unit_t *u, ngx_int_t rc,
    const ngx_str_t *key, const char *expected);
static ngx_str_t test_key_text(ngx_aidial_unit_t *u, const char *text);


static const char  *test_key_sound[] = {
    "{prefix}session:{sid}", "{sid}", "{sha256}", "sess:{sid}",
    "{prefix}{sid}{sha256}", "{prefix}{prefix}{sha256}", "2::{sha256}", NULL
};


static const char  *test_key_unsound[] = {
    "", "{prefix}", "{prefix}session", "session:sid", "{SID}", "{ sid}",
    "{sid", "sid}", "{sid}}", "{{sid}", "{{sid}}", "{sid}{", "}{sid}",
    "{}{sid}", "{user}:{sid}", "{sid}{sha25", "{sha256", "{prefix}{", NULL
};


/* template, key; the prefix is "aidial:" and the session "s.1:A_b-9" */

static const char  *test_key_expanded[][2] = {
    { "{prefix}session:{sid}", "aidial:session:s.1:A_b-9" },
    { "{sid}", "s.1:A_b-9" },
    { "sess:{sid}", "sess:s.1:A_b-9" },
    { "2::{sha256}",
      "2::aed4841768ceb3bc94b6bb9f1a08162e25de8937bebbebac4d262ae401ac3ba9" },
    { "{sid}{prefix}{sid}.", "s.1:A_b-9aidial:s.1:A_b-9." },
    { NULL, NULL }
};


void
test_key(ngx_aidial_unit_t *u)
{
    test_key_templates(u);
    test_key_sessions(u);
    test_key_families(u);
}


static void
test_key_templates(ngx_aidial_unit_t *u)
{
    ngx_str_t   text;
    ngx_uint_t  i;

    for (i = 0; test_key_sound[i]; i++) {
        text = test_key_text(u, test_key_sound[i]);

        ngx_aidial_unit_ok(u, ngx_aidial_key_template_check(&text) == NGX_OK,
                           "template \"%s\" is sound", test_key_sound[i]);
    }

    for (i = 0; test_key_unsound[i]; i++) {
        text = test_key_text(u, test_key_unsound[i]);

        ngx_aidial_unit_ok(u,
                           ngx_aidial_key_template_check(&text) == NGX_ERROR,
                           "template \"%s\" is unsound", test_key_unsound[i]);
    }
}


static void
test_key_sessions(ngx_aidial_unit_t *u)
{
    ngx_int_t   rc;
    ngx_str_t   template, prefix, sid, key;
    ngx_uint_t  i;

    prefix = test_key_text(u, "aidial:");
    sid = test_key_text(u, "s.1:A_b-9");

    for (i = 0; test_key_expanded[i][0]; i++) {
        template = test_key_text(u, test_key_expanded[i][0]);

        rc = ngx_aidial_key_session(u->pool, &template, &prefix, &sid, &key);

        test_key_is(u, rc, &key, test_key_expanded[i][1]);
    }

    /* what stands in a value is text, not a template */

    prefix = test_key_text(u, "{sid}:");
    template = test_key_text(u, "{prefix}{sid}");

    rc = ngx_aidial_key_session(u->pool, &template, &prefix, &sid, &key);

    test_key_is(u, rc, &key, "{sid}:s.1:A_b-9");
}


static void
test_key_families(ngx_aidial_unit_t *u)
{
    ngx_int_t   rc;
    ngx_str_t   prefix, none, tenant, other, key;

    static const u_char  id[NGX_AIDIAL_GRANT_ID_LEN] = {
        0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0xab, 0xcd,
        0xef, 0xff, 0xa0, 0x0a, 0x25, 0x7b, 0x7d, 0x3a
    };

    prefix = test_key_text(u, "aidial:");
    none = test_key_text(u, "");
    tenant = test_key_text(u, "t_1");
    other = test_key_text(u, "u_81");

    rc = ngx_aidial_key_revoked(u->pool, &prefix, &other, &key);
    test_key_is(u, rc, &key, "aidial:revoked:u_81");

    rc = ngx_aidial_key_revoked_before(u->pool, &prefix, &tenant, &other,
                                       &key);
    test_key_is(u, rc, &key, "aidial:revoked-before:t_1:u_81");

    rc = ngx_aidial_key_call(u->pool, &prefix, &other, &key);
    test_key_is(u, rc, &key, "aidial:call:u_81");

    rc = ngx_aidial_key_call(u->pool, &none, &other, &key);
    test_key_is(u, rc, &key, "call:u_81");

    rc = ngx_aidial_key_tenant(u->pool, &prefix, &tenant, &key);
    test_key_is(u, rc, &key, "aidial:tenant:t_1");

    rc = ngx_aidial_key_grant(u->pool, &prefix, &tenant, id, &key);
    test_key_is(u, rc, &key,
                "aidial:{t_1}:grant:00010f107f80abcdefffa00a257b7d3a");

    rc = ngx_aidial_key_rate(u->pool, &prefix, &tenant, &other, &key);
    test_key_is(u, rc, &key, "aidial:{t_1}:rate:u_81");

    rc = ngx_aidial_key_rate(u->pool, &prefix, &other, &tenant, &key);
    test_key_is(u, rc, &key, "aidial:{u_81}:rate:t_1");

    rc = ngx_aidial_key_audit(u->pool, &prefix, &tenant, &key);
    test_key_is(u, rc, &key, "aidial:{t_1}:audit");

    rc = ngx_aidial_key_fetched(u->pool, &prefix, &tenant, &other, 0, &key);
    test_key_is(u, rc, &key, "aidial:{t_1}:call:u_81");

    rc = ngx_aidial_key_fetched(u->pool, &prefix, &tenant, &other, 1, &key);
    test_key_is(u, rc, &key, "aidial:{t_1}:fetch-call:u_81");

    rc = ngx_aidial_key_fetched(u->pool, &prefix, &tenant, NULL, 0, &key);
    test_key_is(u, rc, &key, "aidial:{t_1}:tenant");

    rc = ngx_aidial_key_fetched(u->pool, &prefix, &tenant, NULL, 1, &key);
    test_key_is(u, rc, &key, "aidial:{t_1}:fetch-tenant");

    rc = ngx_aidial_key_audit(u->pool, &none, &tenant, &key);
    test_key_is(u, rc, &key, "{t_1}:audit");

    /* a prefix may look like a format */

    prefix = test_key_text(u, "%V%s:");

    rc = ngx_aidial_key_grant(u->pool, &prefix, &tenant, id, &key);
    test_key_is(u, rc, &key,
                "%V%s:{t_1}:grant:00010f107f80abcdefffa00a257b7d3a");

    rc = ngx_aidial_key_rate(u->pool, &prefix, &tenant, &other, &key);
    test_key_is(u, rc, &key, "%V%s:{t_1}:rate:u_81");

    rc = ngx_aidial_key_audit(u->pool, &prefix, &tenant, &key);
    test_key_is(u, rc, &key, "%V%s:{t_1}:audit");
}


static void
test_key_is(ngx_aidial_unit_t *u, ngx_int_t rc, const ngx_str_t *key,
    const char *expected)
{
    ngx_aidial_unit_ok(u, rc == NGX_OK && key->len == strlen(expected)
                          && memcmp(key->data, expected, key->len) == 0,
                       "key \"%.*s\", expected \"%s\"",
                       rc == NGX_OK ? (int) key->len : 0, key->data,
                       expected);
}


/* in a block of its own size */

static ngx_str_t
test_key_text(ngx_aidial_unit_t *u, const char *text)
{
    ngx_str_t  copy;

    copy.len = strlen(text);
    copy.data = ngx_pnalloc(u->pool, copy.len);
    ngx_memcpy(copy.data, text, copy.len);

    return copy;
}
