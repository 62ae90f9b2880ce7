
/*
 * The signed vectors were made by Express itself and by another HMAC.
 */


#include "aidial_unit.h"
#include "ngx_aidial_cookie.h"


void test_cookie(ngx_aidial_unit_t *u);


/* "value" NULL: the line has no such cookie; "declined": two values */

typedef struct {
    const char  *line;
    const char  *value;
} test_cookie_line_t;


/* "sid" NULL: no session */

typedef struct {
    const char  *name;
    const char  *secret;
    const char  *value;
    const char  *sid;
} test_cookie_signed_t;


static void test_cookie_lines(ngx_aidial_unit_t *u);
static void test_cookie_two_lines(ngx_aidial_unit_t *u);
static void test_cookie_opaque(ngx_aidial_unit_t *u);
static void test_cookie_signed(ngx_aidial_unit_t *u);
static void test_cookie_secrets(ngx_aidial_unit_t *u);
static void test_cookie_prefixes(ngx_aidial_unit_t *u);
static void test_cookie_mutations(ngx_aidial_unit_t *u);
static void test_cookie_size(ngx_aidial_unit_t *u);
static void test_cookie_names(ngx_aidial_unit_t *u);
static ngx_int_t test_cookie_verify(ngx_aidial_unit_t *u, const char *prefix,
    const char **secrets, const ngx_str_t *value, ngx_str_t *sid);
static ngx_uint_t test_cookie_is(const ngx_str_t *text, const char *expected);
static ngx_str_t test_cookie_text(ngx_aidial_unit_t *u, const char *text);


#define TEST_COOKIE_CAT  "keyboard cat"
#define TEST_COOKIE_SID  "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
#define TEST_COOKIE_MAC  "Rep3/Fvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6618"
#define TEST_COOKIE_RAW  "s:" TEST_COOKIE_SID "." TEST_COOKIE_MAC
#define TEST_COOKIE_PCT                                                       \
    "s%3A" TEST_COOKIE_SID ".Rep3%2FFvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6618"


/* the name is "__Host-a.sid" */

static const test_cookie_line_t  test_cookie_table[] = {
    { "", NULL },
    { "__Host-a.sid", NULL },
    { "__Host-a.sid;", NULL },
    { ";;=;==; ;", NULL },
    { "__Host-a.sid=v", "v" },
    { "__Host-a.sid=v;", "v" },
    { "a=1; __Host-a.sid=v; b=2", "v" },
    { "a=1;__Host-a.sid=v;b=2", "v" },
    { "\t __Host-a.sid \t=\t v \t; b=2", "v" },
    { "__Host-a.sid=", "" },
    { "__Host-a.sid= \t ", "" },
    { "a=1; __Host-a.sid=; b=2", "" },
    { "__Host-a.sid=a=b==", "a=b==" },
    { "__Host-a.sid=a b", "a b" },
    { "__Host-a.sid=\"v\"", "\"v\"" },
    { "__Host-a.sid=a,__Host-a.sid=b", "a,__Host-a.sid=b" },
    { "b=1, __Host-a.sid=v", NULL },
    { "__host-a.sid=v", NULL },
    { "__Host-A.sid=v", NULL },
    { "__Host-a.sid2=v; x__Host-a.sid=v; __Host-a.si=v", NULL },
    { "__Host-a=sid=v", NULL },
    { "=__Host-a.sid=v", NULL },
    { "__Host-a.sid=v; __Host-a.sid=v", "v" },
    { "__Host-a.sid=v; __Host-a.sid", "v" },
    { "__Host-a.sid=; __Host-a.sid=", "" },
    { "__Host-a.sid=v; __Host-a.sid=w", "declined" },
    { "__Host-a.sid=v; __Host-a.sid=vw", "declined" },
    { "__Host-a.sid=vw; __Host-a.sid=v", "declined" },
    { "__Host-a.sid=; __Host-a.sid=v", "declined" },
    { "__Host-a.sid=v; __Host-a.sid=", "declined" },
    { "__Host-a.sid=v; b=2; __Host-a.sid=v; __Host-a.sid=V", "declined" },
    { NULL, NULL }
};


static const test_cookie_signed_t  test_cookie_signed_table[] = {
    { "as Express writes it", TEST_COOKIE_CAT, TEST_COOKIE_PCT,
      TEST_COOKIE_SID },
    { "secret in UTF-8", "s3cr3t-\xc3\xa4\xc3\xb6",
      "s%3A" TEST_COOKIE_SID
      ".zTK7VF%2F6Drqs5agsk4mjG0Lv9ZqQ8g04iTUjdSEKJec", TEST_COOKIE_SID },
    { "raw", TEST_COOKIE_CAT, TEST_COOKIE_RAW, TEST_COOKIE_SID },
    { "lower-case hex", TEST_COOKIE_CAT,
      "s%3a" TEST_COOKIE_SID
      "%2eRep3%2fFvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6618",
      TEST_COOKIE_SID },
    { "needless escapes", TEST_COOKIE_CAT,
      "%73:%41" "bCdEfGhIjKlMnOpQrStUvWxYz012345." TEST_COOKIE_MAC,
      TEST_COOKIE_SID },
    { "a plus sign is a plus sign", TEST_COOKIE_CAT,
      "s:a.b.sKNesNyAbFAJ+fsoA7qNx4Tsyo+r5keVpJkZSzFMXZw", "a.b" },
    { "split at the last dot", TEST_COOKIE_CAT,
      "s%3Aa.b.sKNesNyAbFAJ%2BfsoA7qNx4Tsyo%2Br5keVpJkZSzFMXZw", "a.b" },
    { "the prefix is taken once", TEST_COOKIE_CAT,
      "s:s:a.b.0a+KnTmROjRn4YGg6A0N9bPvpkmzQBswZA62K7/aNbA", "s:a.b" },
    { "sid of one character", TEST_COOKIE_CAT,
      "s:x.QbtlXSTVNejzRVcfI9s8EX1VrPh6zJMbOtCoEMLgPmM", "x" },

    { "other secret", "keyboard dog", TEST_COOKIE_PCT, NULL },
    { "longer secret", TEST_COOKIE_CAT "s", TEST_COOKIE_PCT, NULL },
    { "empty", TEST_COOKIE_CAT, "", NULL },
    { "prefix only", TEST_COOKIE_CAT, "s:", NULL },
    { "unsigned", TEST_COOKIE_CAT, "s:" TEST_COOKIE_SID, NULL },
    { "empty signature", TEST_COOKIE_CAT, "s:" TEST_COOKIE_SID ".", NULL },
    { "no prefix", TEST_COOKIE_CAT, TEST_COOKIE_SID "." TEST_COOKIE_MAC,
      NULL },
    { "upper-case prefix", TEST_COOKIE_CAT,
      "S:" TEST_COOKIE_SID "." TEST_COOKIE_MAC, NULL },
    { "padded", TEST_COOKIE_CAT, TEST_COOKIE_RAW "=", NULL },
    { "padded, escaped", TEST_COOKIE_CAT, TEST_COOKIE_PCT "%3D", NULL },
    { "last character not canonical", TEST_COOKIE_CAT,
      "s:" TEST_COOKIE_SID ".Rep3/Fvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6619",
      NULL },
    { "URL-safe alphabet", TEST_COOKIE_CAT,
      "s:" TEST_COOKIE_SID ".Rep3_Fvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6618",
      NULL },
    { "escaped twice", TEST_COOKIE_CAT,
      "s%253A" TEST_COOKIE_SID "." TEST_COOKIE_MAC, NULL },
    { "quoted", TEST_COOKIE_CAT, "\"" TEST_COOKIE_RAW "\"", NULL },
    { "bad escape behind", TEST_COOKIE_CAT, TEST_COOKIE_RAW "%", NULL },
    { "half an escape behind", TEST_COOKIE_CAT, TEST_COOKIE_RAW "%4", NULL },
    { "bad first digit", TEST_COOKIE_CAT,
      "s%gA" TEST_COOKIE_SID "." TEST_COOKIE_MAC, NULL },
    { "bad second digit", TEST_COOKIE_CAT, "s%3G" TEST_COOKIE_SID, NULL },
    { "empty sid, rightly signed", TEST_COOKIE_CAT,
      "s:.aJcKKTu8Uv0mRiw7LTI435t+pOa+giU/WLAuLCKGEFc", NULL },
    { "sid with a blank, rightly signed", TEST_COOKIE_CAT,
      "s:a b.IHPOJ/Sprx0ZjjR0WDc5VmCLu0tNrzbRLu4FfoX4wIY", NULL },
    { "sid with a NUL, rightly signed", TEST_COOKIE_CAT,
      "s:a%00b.oTUd4z1Z9Kc4BOdT5U2tVPU4l5Ej09/1YMsocHEOABM", NULL },
    { "empty secret", "",
      "s:" TEST_COOKIE_SID ".tC2NEvR5B3IFFpjg3CJbrIxCjmQ3g9+CLe2L0k8bbC0",
      NULL },
    { NULL, NULL, NULL, NULL }
};


void
test_cookie(ngx_aidial_unit_t *u)
{
    test_cookie_lines(u);
    test_cookie_two_lines(u);
    test_cookie_opaque(u);
    test_cookie_signed(u);
    test_cookie_secrets(u);
    test_cookie_prefixes(u);
    test_cookie_mutations(u);
    test_cookie_size(u);
    test_cookie_names(u);
}


static void
test_cookie_lines(ngx_aidial_unit_t *u)
{
    ngx_int_t                  rc;
    ngx_str_t                  line, name, value;
    const test_cookie_line_t  *c;

    name = test_cookie_text(u, "__Host-a.sid");

    for (c = test_cookie_table; c->line; c++) {
        line = test_cookie_text(u, c->line);
        ngx_str_null(&value);

        rc = ngx_aidial_cookie_find(&line, &name, &value);

        if (c->value && strcmp(c->value, "declined") == 0) {
            ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "\"%s\": declined",
                               c->line);
            continue;
        }

        ngx_aidial_unit_ok(u, rc == NGX_OK && test_cookie_is(&value, c->value),
                           "\"%s\": \"%s\"", c->line,
                           c->value ? c->value : "no cookie");
    }
}


static void
test_cookie_two_lines(ngx_aidial_unit_t *u)
{
    ngx_int_t   rc;
    ngx_str_t   name, value, line;
    ngx_uint_t  i;

    static const char  *lines[] = { "e=f", "a=b; sid=v", "sid=v; c=d" };

    name = test_cookie_text(u, "sid");
    ngx_str_null(&value);

    for (i = 0; i < 3; i++) {
        line = test_cookie_text(u, lines[i]);
        rc = ngx_aidial_cookie_find(&line, &name, &value);

        ngx_aidial_unit_ok(u, rc == NGX_OK
                              && test_cookie_is(&value, i ? "v" : NULL),
                           "lines up to \"%s\"", lines[i]);
    }

    line = test_cookie_text(u, "sid=w");
    rc = ngx_aidial_cookie_find(&line, &name, &value);

    ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "the last line contradicts");
}


static void
test_cookie_opaque(ngx_aidial_unit_t *u)
{
    char        text[130];
    ngx_str_t   value, sid;
    ngx_uint_t  i;

    static const char  *bad[] = {
        "", "\"abc\"", "a b", "a%2Eb", "a/b", "a+b", "a=b", "\xc3\xa4", NULL
    };

    value = test_cookie_text(u, "Az09_.:-");
    ngx_aidial_unit_ok(u, ngx_aidial_cookie_opaque(&value, &sid) == NGX_OK
                          && test_cookie_is(&sid, "Az09_.:-"),
                       "opaque: an identifier");

    for (i = 0; bad[i]; i++) {
        value = test_cookie_text(u, bad[i]);
        ngx_aidial_unit_ok(u,
                           ngx_aidial_cookie_opaque(&value, &sid)
                           == NGX_DECLINED,
                           "opaque: \"%s\"", bad[i]);
    }

    ngx_memset(text, 'x', 129);
    text[129] = '\0';

    value = test_cookie_text(u, text);
    ngx_aidial_unit_ok(u,
                       ngx_aidial_cookie_opaque(&value, &sid) == NGX_DECLINED,
                       "opaque: 129 characters");

    value = test_cookie_text(u, text + 1);
    ngx_aidial_unit_ok(u, ngx_aidial_cookie_opaque(&value, &sid) == NGX_OK,
                       "opaque: 128 characters");

    ngx_str_null(&value);
    ngx_aidial_unit_ok(u,
                       ngx_aidial_cookie_opaque(&value, &sid) == NGX_DECLINED,
                       "opaque: no cookie");
}


static void
test_cookie_signed(ngx_aidial_unit_t *u)
{
    ngx_int_t                    rc;
    ngx_str_t                    value, sid;
    const char                  *secrets[2];
    const test_cookie_signed_t  *c;

    for (c = test_cookie_signed_table; c->name; c++) {
        value = test_cookie_text(u, c->value);

        secrets[0] = c->secret;
        secrets[1] = NULL;

        rc = test_cookie_verify(u, "s:", secrets, &value, &sid);

        if (c->sid == NULL) {
            ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "signed: %s", c->name);
            continue;
        }

        ngx_aidial_unit_ok(u, rc == NGX_OK && test_cookie_is(&sid, c->sid),
                           "signed: %s", c->name);
    }
}


static void
test_cookie_secrets(ngx_aidial_unit_t *u)
{
    ngx_str_t  value, sid;

    static const char  *none[] = { NULL };
    static const char  *last[] = { "new", "newer", TEST_COOKIE_CAT, NULL };
    static const char  *gone[] = { "new", "newer", NULL };

    value = test_cookie_text(u, TEST_COOKIE_PCT);

    ngx_aidial_unit_ok(u, test_cookie_verify(u, "s:", last, &value, &sid)
                          == NGX_OK, "signed with the oldest secret");
    ngx_aidial_unit_ok(u, test_cookie_verify(u, "s:", gone, &value, &sid)
                          == NGX_DECLINED, "signed with a removed secret");
    ngx_aidial_unit_ok(u, test_cookie_verify(u, "s:", none, &value, &sid)
                          == NGX_DECLINED, "no secret at all");
}


static void
test_cookie_prefixes(ngx_aidial_unit_t *u)
{
    ngx_str_t  value, sid;

    static const char  *cat[] = { TEST_COOKIE_CAT, NULL };

    value = test_cookie_text(u, TEST_COOKIE_SID "." TEST_COOKIE_MAC);

    ngx_aidial_unit_ok(u, test_cookie_verify(u, "", cat, &value, &sid)
                          == NGX_OK && test_cookie_is(&sid, TEST_COOKIE_SID),
                       "without prefix");
    ngx_aidial_unit_ok(u, test_cookie_verify(u, TEST_COOKIE_SID "."
                          TEST_COOKIE_MAC "and more", cat, &value, &sid)
                          == NGX_DECLINED, "prefix longer than the value");

    value = test_cookie_text(u, "sess-" TEST_COOKIE_SID "." TEST_COOKIE_MAC);

    ngx_aidial_unit_ok(u, test_cookie_verify(u, "sess-", cat, &value, &sid)
                          == NGX_OK && test_cookie_is(&sid, TEST_COOKIE_SID),
                       "another prefix");
}


/* one good value: each octet replaced by each other, each cut */

static void
test_cookie_mutations(ngx_aidial_unit_t *u)
{
    u_char      good;
    size_t      i;
    ngx_int_t   c;
    ngx_str_t   value, cut, sid;
    ngx_uint_t  accepted;

    static const char  *cat[] = { TEST_COOKIE_CAT, NULL };

    value = test_cookie_text(u, TEST_COOKIE_RAW);

    for (i = 0; i < value.len; i++) {
        good = value.data[i];
        accepted = 0;

        for (c = 0; c < 256; c++) {
            value.data[i] = (u_char) c;

            if (test_cookie_verify(u, "s:", cat, &value, &sid)
                != NGX_DECLINED)
            {
                accepted++;
            }
        }

        value.data[i] = good;

        ngx_aidial_unit_ok(u, accepted == 1, "signed: character %lu, %lu of "
                           "256 accepted", (unsigned long) i,
                           (unsigned long) accepted);

        cut.len = i;
        cut.data = ngx_pnalloc(u->pool, i);
        ngx_memcpy(cut.data, value.data, i);

        ngx_aidial_unit_ok(u, test_cookie_verify(u, "s:", cat, &cut, &sid)
                              == NGX_DECLINED,
                           "signed: cut to %lu characters", (unsigned long) i);
    }
}


/* a sound cookie whose escapes make it as long as allowed, and one longer */

static void
test_cookie_size(ngx_aidial_unit_t *u)
{
    char       *text;
    size_t      over;
    ngx_int_t   rc;
    ngx_str_t   value, sid;

    static const char  *cat[] = { TEST_COOKIE_CAT, NULL };

    text = ngx_pnalloc(u->pool, NGX_AIDIAL_COOKIE_MAX + 2);

    for (over = 0; over < 2; over++) {
        ngx_memset(text, 'p', NGX_AIDIAL_COOKIE_MAX + over);

        ngx_memcpy(text + NGX_AIDIAL_COOKIE_MAX + over
                   - (sizeof(TEST_COOKIE_RAW) - 1),
                   TEST_COOKIE_RAW, sizeof(TEST_COOKIE_RAW));

        value = test_cookie_text(u, text);

        /* all in front of the sid is the prefix */

        text[value.len - (sizeof(TEST_COOKIE_RAW) - 1) + 2] = '\0';

        rc = test_cookie_verify(u, text, cat, &value, &sid);

        ngx_aidial_unit_ok(u, rc == (over ? NGX_DECLINED : NGX_OK),
                           "signed: %lu bytes", (unsigned long) value.len);
    }
}


static void
test_cookie_names(ngx_aidial_unit_t *u)
{
    ngx_str_t   name;
    ngx_uint_t  i, good;

    static const char  token[] =
        "!#$%&'*+-.^_`|~0123456789"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    name = test_cookie_text(u, "__Host-connect.sid");
    ngx_aidial_unit_ok(u, ngx_aidial_cookie_is_name(&name) == 1,
                       "a name with a prefix and a dot");

    ngx_str_null(&name);
    ngx_aidial_unit_ok(u, ngx_aidial_cookie_is_name(&name) == 0,
                       "no name at all");

    name = test_cookie_text(u, "a-b");

    for (i = 0; i < 256; i++) {
        name.data[1] = (u_char) i;
        good = i != 0 && strchr(token, (int) i) != NULL;

        ngx_aidial_unit_ok(u, ngx_aidial_cookie_is_name(&name) == good,
                           "octet %lu in a name", (unsigned long) i);
    }
}


static ngx_int_t
test_cookie_verify(ngx_aidial_unit_t *u, const char *prefix,
    const char **secrets, const ngx_str_t *value, ngx_str_t *sid)
{
    ngx_str_t    *secret, start;
    ngx_uint_t    i;
    ngx_array_t   array;

    if (ngx_array_init(&array, u->pool, 4, sizeof(ngx_str_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; secrets[i]; i++) {
        secret = ngx_array_push(&array);
        *secret = test_cookie_text(u, secrets[i]);
    }

    start = test_cookie_text(u, prefix);

    return ngx_aidial_cookie_signed(u->pool, value, &start, &array, 0, sid);
}


static ngx_uint_t
test_cookie_is(const ngx_str_t *text, const char *expected)
{
    if (expected == NULL) {
        return text->data == NULL;
    }

    return text->data != NULL && text->len == strlen(expected)
           && memcmp(text->data, expected, text->len) == 0;
}


/* in a block of its own size */

static ngx_str_t
test_cookie_text(ngx_aidial_unit_t *u, const char *text)
{
    ngx_str_t  copy;

    copy.len = strlen(text);
    copy.data = ngx_pnalloc(u->pool, copy.len);
    ngx_memcpy(copy.data, text, copy.len);

    return copy;
}
