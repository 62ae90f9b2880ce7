
/*
 * The bounded parse.
 */


#include "aidial_unit.h"
#include "ngx_aidial_json.h"

#include <jansson.h>


#define test_text(s)  { sizeof(s) - 1, (u_char *) s }


typedef struct {
    ngx_str_t    text;
    ngx_int_t    rc;
    const char  *why;
} test_parse_t;


static void test_json_parse(ngx_aidial_unit_t *u);
static void test_json_size(ngx_aidial_unit_t *u);
static void test_json_depth(ngx_aidial_unit_t *u);
static void test_json_memory(ngx_aidial_unit_t *u);
static ngx_int_t test_json_try(ngx_aidial_unit_t *u, const ngx_str_t *text,
    size_t max, const char **why);
static void *test_json_malloc(size_t size);


static const test_parse_t  test_parses[] = {
    { test_text("{}"), NGX_OK, "" },
    { test_text(" \t\r\n{\"a\": [1, {}]}\n"), NGX_OK, "" },
    { test_text("{\"\\ud83d\\ude00\": \"\xf0\x9f\x98\x80\"}"), NGX_OK, "" },
    { test_text("{\"a\": 1e300, \"b\": -0, \"c\": 1e-999}"), NGX_OK, "" },
    { test_text("{\"a\": {\"a\": 1}, \"A\": 1}"), NGX_OK, "" },
    { test_text(""), NGX_DECLINED, "it is empty" },
    { test_text("\0"), NGX_DECLINED,
      "it has a NUL character" },
    { test_text("{"), NGX_DECLINED, "it is not JSON" },
    { test_text("}"), NGX_DECLINED, "it is not JSON" },
    { test_text("]]]]{}"), NGX_DECLINED, "it is not JSON" },
    { test_text("\\"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\\"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\": 1\0}"), NGX_DECLINED,
      "it has a NUL character" },
    { test_text("{\"a\\x\": 1}"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\nb\": 1}"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\": \"\\ud83d\"}"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\": \"\\ude00\"}"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\": Infinity}"), NGX_DECLINED, "it is not JSON" },
    { test_text("\xef\xbb\xbf{}"), NGX_DECLINED, "it is not JSON" },
    { test_text("{\"a\": true\0}"), NGX_DECLINED,
      "it has a NUL character" },
    { test_text("\xff\xfe{\0}\0"), NGX_DECLINED,
      "it has a NUL character" },
    { test_text("{\"\xff\": 1}"), NGX_DECLINED, "it is not UTF-8" },
    { test_text("{\"\xed\xa0\x80\": 1}"), NGX_DECLINED, "it is not UTF-8" },
    { test_text("{\"\\u0000\": 1}"), NGX_DECLINED, "it has a NUL character" },
    { test_text("{\"a\": \"\\u0000\"}"), NGX_DECLINED,
      "it has a NUL character" },
    { test_text("{\"a\": 1e309}"), NGX_DECLINED,
      "it has a number out of range" },
    { test_text("{\"a\": -9223372036854775809}"), NGX_DECLINED,
      "it has a number out of range" },
    { test_text("{\"a\": 1, \"a\": 1}"), NGX_DECLINED,
      "it repeats a member" },
    { test_text("{\"a\": 1, \"\\u0061\": 1}"), NGX_DECLINED,
      "it repeats a member" },
    { test_text("{} {}"), NGX_DECLINED, "it has text behind the object" },
    { test_text("{}\0"), NGX_DECLINED,
      "it has a NUL character" },
    { test_text("[{}]"), NGX_DECLINED, "it is not an object" },
    { test_text("\"{}\""), NGX_DECLINED, "it is not an object" },
    { test_text("null"), NGX_DECLINED, "it is not an object" },
    { test_text("-1.5"), NGX_DECLINED, "it is not an object" }
};


/* how many allocations jansson gets before there is no memory */

static ngx_uint_t  test_allocations;
static ngx_uint_t  test_refused;


void
test_json(ngx_aidial_unit_t *u)
{
    test_json_parse(u);
    test_json_size(u);
    test_json_depth(u);
    test_json_memory(u);
}


static void
test_json_parse(ngx_aidial_unit_t *u)
{
    size_t               i;
    ngx_int_t            rc;
    ngx_str_t            none;
    const char          *why;
    const test_parse_t  *test;

    for (i = 0; i < sizeof(test_parses) / sizeof(test_parses[0]); i++) {
        test = &test_parses[i];
        rc = test_json_try(u, &test->text, 100, &why);

        ngx_aidial_unit_ok(u, rc == test->rc && strcmp(why, test->why) == 0,
                           "parse %lu: %ld %s", (unsigned long) i, (long) rc,
                           why);
    }

    ngx_str_null(&none);
    rc = test_json_try(u, &none, 100, &why);

    ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "parse of no text: %ld",
                       (long) rc);
}


/* the text in a block of exactly its size: a read behind its end is caught */

static ngx_int_t
test_json_try(ngx_aidial_unit_t *u, const ngx_str_t *text, size_t max,
    const char **why)
{
    ngx_int_t           rc;
    ngx_str_t           copy;
    ngx_aidial_json_t  *json;

    copy.len = text->len;
    copy.data = text->data ? malloc(text->len) : NULL;

    if (copy.data != NULL) {
        memcpy(copy.data, text->data, text->len);
    }

    *why = "";
    json = NULL;

    rc = ngx_aidial_json_parse(&copy, max, &json, why);

    free(copy.data);

    if (rc == NGX_OK) {
        ngx_aidial_json_free(json);
    }

    return rc;
}


static void
test_json_size(ngx_aidial_unit_t *u)
{
    ngx_int_t    rc;
    ngx_str_t    text;
    const char  *why;

    /* {"a":"xxx..."} */

    text.len = NGX_AIDIAL_RECORD_MAX;
    text.data = ngx_pnalloc(u->pool, text.len + 1);

    memset(text.data, 'x', text.len);
    memcpy(text.data, "{\"a\":\"", 6);
    memcpy(text.data + text.len - 2, "\"} ", 3);

    rc = test_json_try(u, &text, NGX_AIDIAL_RECORD_MAX, &why);
    ngx_aidial_unit_ok(u, rc == NGX_OK, "64 KiB: %s", why);

    text.len++;

    rc = test_json_try(u, &text, NGX_AIDIAL_RECORD_MAX, &why);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED
                          && strcmp(why, "it is too large") == 0,
                       "64 KiB + 1: %ld %s", (long) rc, why);
}


static void
test_json_depth(ngx_aidial_unit_t *u)
{
    ngx_int_t     rc;
    ngx_str_t     text;
    ngx_uint_t    n;
    const char   *why;

    /* {"a":[[[...]]]}, "n" deep in all */

    text.data = ngx_pnalloc(u->pool, NGX_AIDIAL_RECORD_MAX);

    for (n = 1; n < 30000; n = (n < 20) ? n + 1 : n * 2) {

        memcpy(text.data, "{\"a\":1", 6);
        text.len = 6;

        if (n > 1) {
            text.len = 5 + 2 * (n - 1);
            memset(text.data + 5, '[', n - 1);
            memset(text.data + 5 + n - 1, ']', n - 1);
        }

        text.data[text.len++] = '}';

        rc = test_json_try(u, &text, NGX_AIDIAL_RECORD_MAX, &why);

        ngx_aidial_unit_ok(u, rc == (n <= NGX_AIDIAL_DEPTH_MAX ? NGX_OK
                                                               : NGX_DECLINED),
                           "depth %lu: %ld", (unsigned long) n, (long) rc);
    }

    /* brackets nobody closes, and brackets in strings */

    memset(text.data, '[', NGX_AIDIAL_RECORD_MAX);
    text.len = NGX_AIDIAL_RECORD_MAX;

    rc = test_json_try(u, &text, NGX_AIDIAL_RECORD_MAX, &why);
    ngx_aidial_unit_ok(u, strcmp(why, "it nests too deep") == 0,
                       "open brackets: %s", why);

    memcpy(text.data, "{\"\\\\\":\"\\\"", 9);
    memcpy(text.data + text.len - 2, "\"}", 2);

    rc = test_json_try(u, &text, NGX_AIDIAL_RECORD_MAX, &why);
    ngx_aidial_unit_ok(u, rc == NGX_OK, "brackets in a string: %s", why);

    /* closing brackets in a string close nothing */

    ngx_str_set(&text,
                "{\"a\":[[[[[[[[\"]]]]]]]]\",[[[[[[[[1]]]]]]]]]]]]]]]]}");

    rc = test_json_try(u, &text, NGX_AIDIAL_RECORD_MAX, &why);
    ngx_aidial_unit_ok(u, strcmp(why, "it nests too deep") == 0,
                       "closing brackets in a string: %s", why);
}


static void
test_json_memory(ngx_aidial_unit_t *u)
{
    ngx_int_t      rc;
    ngx_uint_t     n;
    const char    *why;
    json_free_t    free_fn;
    json_malloc_t  malloc_fn;

    static const ngx_str_t  text = ngx_string("{\"a\": [\"b\", 1, {}]}");

    json_get_alloc_funcs(&malloc_fn, &free_fn);
    json_set_alloc_funcs(test_json_malloc, free);

    rc = NGX_ERROR;

    for (n = 0; n < 100 && rc != NGX_OK; n++) {
        test_allocations = n;
        test_refused = 0;

        rc = test_json_try(u, &text, 100, &why);

        ngx_aidial_unit_ok(u, (rc == NGX_OK) == !test_refused
                              && (n > 0 || rc == NGX_ERROR),
                           "memory for %lu allocations: %ld",
                           (unsigned long) n, (long) rc);
    }

    ngx_aidial_unit_ok(u, rc == NGX_OK && n > 5, "memory at last: %lu",
                       (unsigned long) n);

    json_set_alloc_funcs(malloc_fn, free_fn);
}


static void *
test_json_malloc(size_t size)
{
    if (test_allocations == 0) {
        test_refused = 1;
        return NULL;
    }

    test_allocations--;

    return malloc(size);
}
