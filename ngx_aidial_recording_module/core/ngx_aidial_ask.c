
/*
 * What a grant request asks for.  A download has to be confirmed, so that a
 * client that sends less than a whole request never uses one up.
 */


#include "ngx_aidial_ask.h"
#include "ngx_aidial_json.h"


static ngx_uint_t ngx_aidial_ask_action(ngx_aidial_json_t *value);


static const ngx_str_t  ngx_aidial_action_words[NGX_AIDIAL_ACTIONS] = {
    ngx_null_string,
    ngx_string("playback"),
    ngx_string("download")
};


ngx_int_t
ngx_aidial_ask_parse(const ngx_str_t *body, ngx_uint_t *action,
    ngx_aidial_problem_e *problem)
{
    ngx_int_t           rc;
    const char         *why;
    ngx_uint_t          asked, confirmed;
    ngx_aidial_json_t  *root;

    *action = NGX_AIDIAL_ACTION_NONE;
    *problem = NGX_AIDIAL_INVALID_REQUEST;

    rc = ngx_aidial_json_parse(body, NGX_AIDIAL_BODY_MAX, &root, &why);
    if (rc != NGX_OK) {
        return rc;
    }

    asked = ngx_aidial_ask_action(ngx_aidial_json_member(root, "action"));
    confirmed = ngx_aidial_json_is_true(ngx_aidial_json_member(root,
                                                               "confirm"));
    ngx_aidial_json_free(root);

    if (asked == NGX_AIDIAL_ACTION_NONE) {
        return NGX_DECLINED;
    }

    if (asked == NGX_AIDIAL_ACTION_DOWNLOAD && !confirmed) {
        *problem = NGX_AIDIAL_CONFIRMATION_REQUIRED;
        return NGX_DECLINED;
    }

    *action = asked;
    *problem = NGX_AIDIAL_PROBLEM_NONE;

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_ask_action(ngx_aidial_json_t *value)
{
    ngx_uint_t  i;

    for (i = NGX_AIDIAL_ACTION_PLAYBACK; i < NGX_AIDIAL_ACTIONS; i++) {
        if (ngx_aidial_json_equal(value, &ngx_aidial_action_words[i])) {
            return i;
        }
    }

    return NGX_AIDIAL_ACTION_NONE;
}


const ngx_str_t *
ngx_aidial_action_word(ngx_uint_t action)
{
    ngx_aidial_assert(action < NGX_AIDIAL_ACTIONS);

    return &ngx_aidial_action_words[action];
}
