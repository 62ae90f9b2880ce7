
#include "ngx_aidial_reason.h"


/* the widest call, every reason with a quote of one character, must fit */

#define X(id, code)  + sizeof(code) - 1 + 3

typedef char  ngx_aidial_reasons_fit_t[
    (0 NGX_AIDIAL_REASONS(X) <= NGX_AIDIAL_REASONS_LEN) ? 1 : -1];

#undef X


static const ngx_aidial_problem_t  ngx_aidial_problems[] = {
    { ngx_null_string, 0, ngx_null_string },
#define X(id, code, status, title)                                            \
    { ngx_string(code), status, ngx_string(title) },
    NGX_AIDIAL_PROBLEMS(X)
#undef X
};


static const ngx_str_t  ngx_aidial_reason_codes[] = {
#define X(id, code)  ngx_string(code),
    NGX_AIDIAL_REASONS(X)
#undef X
};


const ngx_aidial_problem_t *
ngx_aidial_problem(ngx_aidial_problem_e id)
{
    ngx_aidial_assert(id > NGX_AIDIAL_PROBLEM_NONE
                      && id < NGX_AIDIAL_PROBLEM_COUNT);

    return &ngx_aidial_problems[id];
}


const ngx_str_t *
ngx_aidial_reason_code(ngx_aidial_reason_e id)
{
    ngx_aidial_assert(id < NGX_AIDIAL_REASON_COUNT);

    return &ngx_aidial_reason_codes[id];
}


u_char *
ngx_aidial_reasons_text(u_char *buf, ngx_aidial_reasons_t set,
    const char *quote)
{
    u_char      *p;
    ngx_uint_t   i;

    p = buf;

    for (i = 0; i < NGX_AIDIAL_REASON_COUNT; i++) {

        if (!(set & ngx_aidial_reason_bit(i))) {
            continue;
        }

        if (p != buf) {
            *p++ = ',';
        }

        p = ngx_sprintf(p, "%s%V%s", quote, &ngx_aidial_reason_codes[i],
                        quote);
    }

    return p;
}
