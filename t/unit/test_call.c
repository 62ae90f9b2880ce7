
/*
 * Call records: the folders of t/data/call are read as the call "c:9_2";
 * words, sizes and Content-Disposition are tested here.
 */


#include "aidial_unit.h"
#include "ngx_aidial_call.h"


static void test_call_case(ngx_aidial_unit_t *u, const char *name);
static u_char *test_call_dump(u_char *p, u_char *last,
    ngx_aidial_call_t *call);
static void test_call_size(ngx_aidial_unit_t *u);
static void test_call_words(ngx_aidial_unit_t *u);
static void test_call_filename(ngx_aidial_unit_t *u);
static void test_call_disposition(ngx_aidial_unit_t *u);
static ngx_uint_t test_call_same(const ngx_str_t *text, const char *expect);


static const ngx_str_t  test_call_id = ngx_string("c:9_2");


void
test_call(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_each(u, "call", test_call_case);

    test_call_size(u);
    test_call_words(u);
    test_call_filename(u);
    test_call_disposition(u);
}


static void
test_call_case(ngx_aidial_unit_t *u, const char *name)
{
    char                path[200];
    u_char             *p, dump[4096];
    ngx_int_t           rc;
    ngx_str_t           input, expect;
    const char         *why;
    ngx_aidial_call_t   call;

    snprintf(path, sizeof(path), "call/%s/input", name);
    input = ngx_aidial_unit_file(u, path);

    snprintf(path, sizeof(path), "call/%s/expect", name);
    expect = ngx_aidial_unit_file(u, path);

    memset(&call, 0xff, sizeof(call));

    why = "";
    rc = ngx_aidial_call_parse(u->pool, &input, &test_call_id, &call, &why);

    if (rc == NGX_OK) {
        p = test_call_dump(dump, dump + sizeof(dump) - 1, &call);

    } else {
        p = ngx_slprintf(dump, dump + sizeof(dump) - 1, "declined: %s\n", why);

        ngx_aidial_unit_ok(u, rc == NGX_DECLINED && call.object.len == 0
                              && call.media != NGX_AIDIAL_MEDIA_AVAILABLE,
                           "%s: refused, and nothing is there: %ld", name,
                           (long) rc);
    }

    *p = '\0';

    ngx_aidial_unit_ok(u, expect.len == (size_t) (p - dump)
                          && memcmp(expect.data, dump, expect.len) == 0,
                       "%s: got\n%s", name, dump);
}


static u_char *
test_call_dump(u_char *p, u_char *last, ngx_aidial_call_t *call)
{
    char  duration[64];

    snprintf(duration, sizeof(duration), "%.10g", call->duration_seconds);

    return ngx_slprintf(p, last,
                        "tenant=%V\nclient=%V\nproject=%V\nconsent=%V\n"
                        "compliance=%V\nmedia=%V\nobject=%V\n"
                        "content_type=%V\nfilename=%V\nsize_bytes=%L\n"
                        "duration_seconds=%s\n",
                        &call->tenant, &call->client, &call->project,
                        ngx_aidial_consent_word(call->consent),
                        ngx_aidial_compliance_word(call->compliance),
                        ngx_aidial_media_word(call->media),
                        &call->object, &call->content_type, &call->filename,
                        call->size_bytes, duration);
}


static void
test_call_size(ngx_aidial_unit_t *u)
{
    ngx_int_t           rc;
    ngx_str_t           input, text;
    const char         *why;
    ngx_aidial_call_t   call;

    input = ngx_aidial_unit_file(u, "call/contract/input");
    text.len = NGX_AIDIAL_RECORD_MAX;
    text.data = ngx_pnalloc(u->pool, text.len + 1);

    memset(text.data, ' ', text.len + 1);
    memcpy(text.data, input.data, input.len);

    rc = ngx_aidial_call_parse(u->pool, &text, &test_call_id, &call, &why);
    ngx_aidial_unit_ok(u, rc == NGX_OK, "64 KiB");

    text.len++;

    rc = ngx_aidial_call_parse(u->pool, &text, &test_call_id, &call, &why);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "64 KiB + 1");
}


static void
test_call_words(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_ok(u,
        test_call_same(ngx_aidial_consent_word(NGX_AIDIAL_CONSENT_GRANTED),
                       "granted")
        && test_call_same(
               ngx_aidial_compliance_word(NGX_AIDIAL_COMPLIANCE_PERMITTED),
               "permitted")
        && test_call_same(ngx_aidial_media_word(NGX_AIDIAL_MEDIA_AVAILABLE),
                          "available"),
        "the words that play");
}


/* UTF-8 that no JSON brings here, and the longest name that is made */

static void
test_call_filename(ngx_aidial_unit_t *u)
{
    size_t      i;
    u_char      id[NGX_AIDIAL_ID_MAX];
    ngx_int_t   rc;
    ngx_str_t   text, type, name;
    ngx_uint_t  fit;

    static const char  *broken[] = {
        "a\xff", "a\x80", "a\xc3", "a\xe2\x82", "a\xf0\x9f\x98", "a\xc0\xaf",
        "a\xf4\x90\x80\x80", "a\xf8\x88\x80\x80\x80"
    };

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        text.len = strlen(broken[i]);
        text.data = ngx_pnalloc(u->pool, text.len);
        memcpy(text.data, broken[i], text.len);

        fit = ngx_aidial_filename_check(&text);
        ngx_aidial_unit_ok(u, !fit, "broken name %lu", (unsigned long) i);
    }

    memset(id, ':', sizeof(id));
    text.data = id;
    text.len = sizeof(id);
    ngx_str_set(&type, "audio/opus");

    rc = ngx_aidial_filename_make(u->pool, &text, &type, &name);

    ngx_aidial_unit_ok(u, rc == NGX_OK
                          && name.len == 5 + NGX_AIDIAL_ID_MAX + 5
                          && memcmp(name.data, "call-_", 6) == 0
                          && memcmp(name.data + name.len - 6, "_.opus", 6) == 0,
                       "made of the longest id: %.*s", (int) name.len,
                       name.data);
}


static void
test_call_disposition(ngx_aidial_unit_t *u)
{
    size_t      i;
    u_char      expect[512];
    ngx_str_t   name, value;

    static const struct {
        const char  *name;
        const char  *ascii;
        const char  *whole;
    } tests[] = {
        { "call-c_9.mp3", "call-c_9.mp3", "call-c_9.mp3" },
        { "a b.mp3", "a b.mp3", "a%20b.mp3" },
        { "a\"b\\c%d", "a_b_c_d", "a%22b%5Cc%25d" },
        { "100%25.mp3", "100_25.mp3", "100%2525.mp3" },
        { "\"; filename=x", "_; filename=x", "%22%3B%20filename%3Dx" },
        { "a\r\nX: y\x7f", "a__X: y_", "a%0D%0AX%3A%20y%7F" },
        { "a'b*c(d)e@f", "a'b*c(d)e@f", "a%27b%2Ac%28d%29e%40f" },
        { "!#$&+-.^_`|~", "!#$&+-.^_`|~", "!#$&+-.^_`|~" },
        { "azAZ09/", "azAZ09/", "azAZ09%2F" },
        { "\xc3\xa9.mp3", "_.mp3", "%C3%A9.mp3" },
        { "\xe5\xbd\x95\xe9\x9f\xb3", "__", "%E5%BD%95%E9%9F%B3" },
        { "\xf0\x9f\x98\x80!", "_!", "%F0%9F%98%80!" },
        { "a\xc2\x85" "b", "a_b", "a%C2%85b" },
        { "\xe2\x80\xae" "3pm", "_3pm", "%E2%80%AE3pm" },
        { "\xff\xfe", "__", "%FF%FE" },
        { "a\xf0\x9f", "a__", "a%F0%9F" },
        { "\xf0" "a\"", "_a_", "%F0a%22" },
        { "", "", "" }
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        name.len = strlen(tests[i].name);
        name.data = ngx_pnalloc(u->pool, name.len);
        memcpy(name.data, tests[i].name, name.len);

        *ngx_snprintf(expect, sizeof(expect) - 1,
                      "attachment; filename=\"%s\"; filename*=UTF-8''%s",
                      tests[i].ascii, tests[i].whole) = '\0';

        ngx_str_null(&value);
        ngx_aidial_call_disposition(u->pool, &name, &value);

        ngx_aidial_unit_ok(u, test_call_same(&value, (char *) expect),
                           "disposition %lu: %.*s", (unsigned long) i,
                           (int) value.len, value.data);
    }
}


static ngx_uint_t
test_call_same(const ngx_str_t *text, const char *expect)
{
    return text->len == strlen(expect)
           && memcmp(text->data, expect, text->len) == 0;
}
