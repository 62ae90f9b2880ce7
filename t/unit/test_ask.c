
/*
 * Grant requests: the folders of t/data/ask, and what needs no file.
 */


#include "aidial_unit.h"
#include "ngx_aidial_ask.h"


static void test_ask_case(ngx_aidial_unit_t *u, const char *name);
static void test_ask_size(ngx_aidial_unit_t *u);
static void test_ask_words(ngx_aidial_unit_t *u);


void
test_ask(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_each(u, "ask", test_ask_case);
    test_ask_size(u);
    test_ask_words(u);
}


static void
test_ask_case(ngx_aidial_unit_t *u, const char *name)
{
    int                    n;
    char                   path[200], dump[200];
    ngx_int_t              rc;
    ngx_str_t              input, expect;
    ngx_uint_t             action;
    const ngx_str_t       *word;
    ngx_aidial_problem_e   problem;

    snprintf(path, sizeof(path), "ask/%s/input", name);
    input = ngx_aidial_unit_file(u, path);

    snprintf(path, sizeof(path), "ask/%s/expect", name);
    expect = ngx_aidial_unit_file(u, path);

    action = NGX_AIDIAL_ACTIONS;
    problem = NGX_AIDIAL_PROBLEM_COUNT;

    rc = ngx_aidial_ask_parse(&input, &action, &problem);

    if (rc == NGX_OK) {
        word = ngx_aidial_action_word(action);
        n = snprintf(dump, sizeof(dump), "action=%.*s\n", (int) word->len,
                     word->data);

        ngx_aidial_unit_ok(u, problem == NGX_AIDIAL_PROBLEM_NONE,
                           "%s: no problem is named", name);

    } else {
        word = &ngx_aidial_problem(problem)->code;
        n = snprintf(dump, sizeof(dump), "declined: %.*s\n", (int) word->len,
                     word->data);

        ngx_aidial_unit_ok(u, rc == NGX_DECLINED
                              && action == NGX_AIDIAL_ACTION_NONE,
                           "%s: refused, and no action is named", name);
    }

    ngx_aidial_unit_ok(u, expect.len == (size_t) n
                          && memcmp(expect.data, dump, n) == 0,
                       "%s: got\n%s", name, dump);
}


static void
test_ask_size(ngx_aidial_unit_t *u)
{
    ngx_int_t             rc;
    ngx_str_t             body;
    ngx_uint_t            action;
    ngx_aidial_problem_e  problem;

    static const ngx_str_t  head = ngx_string("{\"action\": \"playback\"}");

    body.len = NGX_AIDIAL_BODY_MAX;
    body.data = ngx_pnalloc(u->pool, body.len + 1);

    memset(body.data, ' ', body.len + 1);
    memcpy(body.data, head.data, head.len);

    rc = ngx_aidial_ask_parse(&body, &action, &problem);
    ngx_aidial_unit_ok(u, rc == NGX_OK
                          && action == NGX_AIDIAL_ACTION_PLAYBACK, "4 KiB");

    body.len++;

    rc = ngx_aidial_ask_parse(&body, &action, &problem);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED
                          && problem == NGX_AIDIAL_INVALID_REQUEST,
                       "4 KiB + 1");

    ngx_str_null(&body);

    rc = ngx_aidial_ask_parse(&body, &action, &problem);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED
                          && problem == NGX_AIDIAL_INVALID_REQUEST,
                       "no body");
}


static void
test_ask_words(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_ok(u,
                       ngx_aidial_action_word(NGX_AIDIAL_ACTION_NONE)->len == 0,
                       "no action has no word");
}
