
/*
 * Pointers into a JSON text, and what may be read there.
 */


#include "aidial_unit.h"
#include "ngx_aidial_json.h"

#include <jansson.h>
#include <math.h>


#define test_text(s)  { sizeof(s) - 1, (u_char *) s }


typedef struct {
    ngx_str_t   pointer;
    int64_t     found;       /* the integer there, -1: nothing */
} test_pointer_t;


typedef struct {
    const char  *json;       /* an element of an array */
    ngx_int_t    identifier;
    ngx_int_t    string;     /* of at most four bytes */
    ngx_int_t    integer;
    ngx_int_t    number;
    ngx_int_t    array;
    ngx_uint_t   kind;       /* TEST_... */
} test_value_t;


#define TEST_TRUE    0x01
#define TEST_OBJECT  0x02
#define TEST_WORD    0x04    /* the string "word" */


static void test_value_pointer_check(ngx_aidial_unit_t *u);
static void test_value_pointer(ngx_aidial_unit_t *u);
static void test_value_values(ngx_aidial_unit_t *u);
static void test_value_texts(ngx_aidial_unit_t *u);
static void test_value_identifiers(ngx_aidial_unit_t *u);


static const test_pointer_t  test_pointers[] = {
    { test_text("/one"), 1 },
    { test_text("/in/side"), 2 },
    { test_text("/a~1b"), 3 },
    { test_text("/m~0n"), 4 },
    { test_text("/"), 5 },
    { test_text("/in/"), 6 },
    { test_text("/~01"), 7 },
    { test_text("/list/0"), 10 },
    { test_text("/list/10"), 20 },
    { test_text("/list/1/x"), 11 },
    { test_text("/0"), 8 },
    { test_text("/-"), 9 },
    { test_text("/\xc3\xa9"), 12 },
    { test_text("/%6fne"), -1 },
    { test_text("/on"), -1 },
    { test_text("/onee"), -1 },
    { test_text("/ONE"), -1 },
    { test_text("/one/"), -1 },
    { test_text("/one/two"), -1 },
    { test_text("//one"), -1 },
    { test_text("/none/of/these"), -1 },
    { test_text("/list/-"), -1 },
    { test_text("/list/"), -1 },
    { test_text("/list/00"), -1 },
    { test_text("/list/01"), -1 },
    { test_text("/list/11"), -1 },
    { test_text("/list/+1"), -1 },
    { test_text("/list/99999999999999999999"), -1 },
    { test_text("/list/18446744073709551616"), -1 },
    { test_text("/in"), -1 },
    { test_text("/null"), -1 }
};


#define OK  NGX_OK
#define NO  NGX_DECLINED

static const test_value_t  test_values[] = {
    { "null", NO, NO, NO, NO, NO, 0 },
    { "true", NO, NO, NO, NO, NO, TEST_TRUE },
    { "false", NO, NO, NO, NO, NO, 0 },
    { "{}", NO, NO, NO, NO, NO, TEST_OBJECT },
    { "{\"word\":true}", NO, NO, NO, NO, NO, TEST_OBJECT },
    { "[]", NO, NO, NO, NO, OK, 0 },
    { "[\"word\"]", NO, NO, NO, NO, OK, 0 },
    { "\"\"", NO, OK, NO, NO, NO, 0 },
    { "\"word\"", OK, OK, NO, NO, NO, TEST_WORD },
    { "\"worD\"", OK, OK, NO, NO, NO, 0 },
    { "\"wor\"", OK, OK, NO, NO, NO, 0 },
    { "\"words\"", OK, NO, NO, NO, NO, 0 },
    { "\"true\"", OK, OK, NO, NO, NO, 0 },
    { "\"12\"", OK, OK, NO, NO, NO, 0 },
    { "\"a/b\"", NO, OK, NO, NO, NO, 0 },
    { "0", OK, NO, OK, OK, NO, 0 },
    { "-0", OK, NO, OK, OK, NO, 0 },
    { "1", OK, NO, OK, OK, NO, 0 },
    { "9007199254740991", OK, NO, OK, OK, NO, 0 },
    { "9007199254740992", NO, NO, NO, OK, NO, 0 },
    { "9223372036854775807", NO, NO, NO, OK, NO, 0 },
    { "-1", NO, NO, NO, NO, NO, 0 },
    { "-9223372036854775808", NO, NO, NO, NO, NO, 0 },
    { "1.0", NO, NO, NO, OK, NO, 0 },
    { "0.5", NO, NO, NO, OK, NO, 0 },
    { "1e3", NO, NO, NO, OK, NO, 0 },
    { "1e300", NO, NO, NO, OK, NO, 0 },
    { "-0.0", NO, NO, NO, OK, NO, 0 },
    { "-1e-300", NO, NO, NO, NO, NO, 0 }
};


void
test_value(ngx_aidial_unit_t *u)
{
    test_value_pointer_check(u);
    test_value_pointer(u);
    test_value_values(u);
    test_value_texts(u);
    test_value_identifiers(u);
}


static void
test_value_pointer_check(ngx_aidial_unit_t *u)
{
    size_t     i;
    ngx_int_t  rc;

    static ngx_str_t  good[] = {
        test_text(""), test_text("/"), test_text("//"), test_text("/a/b"),
        test_text("/~0"), test_text("/~1"), test_text("/~0~1~01"),
        { 0, NULL }
    };

    static ngx_str_t  bad[] = {
        test_text("a"), test_text("a/b"), test_text("#/a"), test_text("~0"),
        test_text("/~"), test_text("/~2"), test_text("/a~/b"),
        test_text("/a~~0"), test_text("/a\0b"), test_text("\0")
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        rc = ngx_aidial_json_pointer_check(&good[i]);
        ngx_aidial_unit_ok(u, rc == NGX_OK, "good pointer %lu",
                           (unsigned long) i);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        rc = ngx_aidial_json_pointer_check(&bad[i]);
        ngx_aidial_unit_ok(u, rc == NGX_ERROR, "bad pointer %lu",
                           (unsigned long) i);
    }
}


static void
test_value_pointer(ngx_aidial_unit_t *u)
{
    size_t              i;
    int64_t             found;
    ngx_str_t           whole;
    const char         *why;
    ngx_aidial_json_t  *root;

    static const ngx_str_t  text = ngx_string(
        "{\"one\": 1, \"in\": {\"side\": 2, \"\": 6}, \"a/b\": 3, \"m~n\": 4,"
        " \"\": 5, \"~1\": 7, \"0\": 8, \"-\": 9, \"\xc3\xa9\": 12,"
        " \"null\": null,"
        " \"list\": [10, {\"x\": 11}, 0, 0, 0, 0, 0, 0, 0, 0, 20]}");

    if (ngx_aidial_json_parse(&text, 1000, &root, &why) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "the pointers' object: %s", why);
        return;
    }

    for (i = 0; i < sizeof(test_pointers) / sizeof(test_pointers[0]); i++) {
        found = -1;
        ngx_aidial_json_integer(ngx_aidial_json_pointer(root,
                                                    &test_pointers[i].pointer),
                                &found);

        ngx_aidial_unit_ok(u, found == test_pointers[i].found, "%.*s: %ld",
                           (int) test_pointers[i].pointer.len,
                           test_pointers[i].pointer.data, (long) found);
    }

    ngx_str_set(&whole, "");
    ngx_aidial_unit_ok(u, ngx_aidial_json_pointer(root, &whole) == root,
                       "the empty pointer is the whole text");

    ngx_aidial_unit_ok(u, ngx_aidial_json_member(root, "one") != NULL
                          && ngx_aidial_json_member(root, "two") == NULL
                          && ngx_aidial_json_member(NULL, "one") == NULL,
                       "member by its name");

    ngx_aidial_json_free(root);
}


static void
test_value_values(ngx_aidial_unit_t *u)
{
    size_t               i, len;
    double               number;
    int64_t              integer;
    json_t              *value;
    ngx_str_t            s;
    ngx_uint_t           kind;
    const test_value_t  *test;

    static const ngx_str_t  word = ngx_string("word");

    for (i = 0; i <= sizeof(test_values) / sizeof(test_values[0]); i++) {
        test = &test_values[i];
        value = NULL;

        if (i == sizeof(test_values) / sizeof(test_values[0])) {

            /* the last is NULL, a member that is absent, like a null */

            test = &test_values[0];

        } else {
            value = json_loads(test->json, JSON_DECODE_ANY, NULL);
        }

        kind = 0;
        kind |= ngx_aidial_json_is_true(value) ? TEST_TRUE : 0;
        kind |= ngx_aidial_json_is_object(value) ? TEST_OBJECT : 0;
        kind |= ngx_aidial_json_equal(value, &word) ? TEST_WORD : 0;

        ngx_aidial_unit_ok(u,
            ngx_aidial_json_identifier(u->pool, value, &s) == test->identifier
            && ngx_aidial_json_string(u->pool, value, 4, &s) == test->string
            && ngx_aidial_json_integer(value, &integer) == test->integer
            && ngx_aidial_json_number(value, &number) == test->number
            && ngx_aidial_json_array(value, &len) == test->array
            && kind == test->kind,
            "reads of %s", value ? test->json : "nothing");

        json_decref(value);
    }
}


/* what the reads give, not only what they say */

static void
test_value_texts(ngx_aidial_unit_t *u)
{
    size_t              len;
    double              number;
    int64_t             integer;
    ngx_str_t           s, id;
    const char         *why;
    ngx_aidial_json_t  *root, *list;

    static const ngx_str_t  text = ngx_string(
        "{\"list\": [9007199254740991, \"\\u00e9\", -0.0, 183.4, 0]}");

    if (ngx_aidial_json_parse(&text, 1000, &root, &why) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "the list: %s", why);
        return;
    }

    list = ngx_aidial_json_member(root, "list");

    ngx_aidial_unit_ok(u, ngx_aidial_json_array(list, &len) == NGX_OK
                          && len == 5
                          && ngx_aidial_json_element(list, 4) != NULL
                          && ngx_aidial_json_element(list, 5) == NULL
                          && ngx_aidial_json_element(NULL, 0) == NULL,
                       "the length of an array");

    ngx_aidial_json_identifier(u->pool, ngx_aidial_json_element(list, 0), &id);
    ngx_aidial_unit_ok(u, id.len == 16
                          && strcmp((char *) id.data, "9007199254740991") == 0,
                       "an integer as identifier");

    ngx_aidial_json_integer(ngx_aidial_json_element(list, 0), &integer);
    ngx_aidial_unit_ok(u, integer == NGX_AIDIAL_INTEGER_MAX, "an integer");

    ngx_aidial_json_string(u->pool, ngx_aidial_json_element(list, 1), 2, &s);
    ngx_aidial_unit_ok(u, s.len == 2
                          && strcmp((char *) s.data, "\xc3\xa9") == 0,
                       "a string");

    ngx_aidial_json_number(ngx_aidial_json_element(list, 2), &number);
    ngx_aidial_unit_ok(u, number == 0 && !signbit(number),
                       "a zero has no sign");

    ngx_aidial_json_number(ngx_aidial_json_element(list, 3), &number);
    ngx_aidial_unit_ok(u, number == 183.4, "a number");

    ngx_aidial_json_free(root);

    ngx_aidial_unit_ok(u, id.data[0] == '9' && s.data[0] == 0xc3,
                       "strings outlive the JSON");
}


static void
test_value_identifiers(ngx_aidial_unit_t *u)
{
    u_char      ch, data[NGX_AIDIAL_ID_MAX + 1];
    ngx_str_t   text;
    ngx_uint_t  i, allowed;

    static const u_char  all[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";

    for (i = 0; i < 256; i++) {
        ch = (u_char) i;
        text.data = &ch;
        text.len = 1;
        allowed = memchr(all, ch, sizeof(all) - 1) != NULL;

        ngx_aidial_unit_ok(u, ngx_aidial_is_identifier(&text) == allowed,
                           "identifier of octet %lu", (unsigned long) i);
    }

    memset(data, 'a', sizeof(data));
    text.data = data;

    for (i = 0; i <= NGX_AIDIAL_ID_MAX + 1; i++) {
        text.len = i;
        allowed = i >= 1 && i <= NGX_AIDIAL_ID_MAX;

        ngx_aidial_unit_ok(u, ngx_aidial_is_identifier(&text) == allowed,
                           "identifier of %lu characters", (unsigned long) i);
    }
}
