
/*
 * Grant requests: an action is named, or a problem, never both or neither.
 */


#include "ngx_aidial_ask.h"

#include <assert.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static ngx_uint_t fuzz_ask_has(const ngx_str_t *body, const char *word);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t             rc;
    ngx_str_t             body;
    ngx_uint_t            action;
    ngx_aidial_problem_e  problem;

    body.data = (u_char *) data;
    body.len = size;

    rc = ngx_aidial_ask_parse(&body, &action, &problem);

    if (rc != NGX_OK) {
        assert(rc == NGX_DECLINED && action == NGX_AIDIAL_ACTION_NONE);
        assert(problem == NGX_AIDIAL_INVALID_REQUEST
               || problem == NGX_AIDIAL_CONFIRMATION_REQUIRED);
        return 0;
    }

    assert(problem == NGX_AIDIAL_PROBLEM_NONE);
    assert(action == NGX_AIDIAL_ACTION_PLAYBACK
           || action == NGX_AIDIAL_ACTION_DOWNLOAD);
    assert(size <= NGX_AIDIAL_BODY_MAX);

    /* a literal has one spelling, so a confirmed body has it somewhere */

    assert(action == NGX_AIDIAL_ACTION_PLAYBACK
           || fuzz_ask_has(&body, "true"));

    return 0;
}


static ngx_uint_t
fuzz_ask_has(const ngx_str_t *body, const char *word)
{
    return memmem(body->data, body->len, word, strlen(word)) != NULL;
}
