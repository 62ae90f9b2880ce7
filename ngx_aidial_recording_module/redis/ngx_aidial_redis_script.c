
/*
 * A script is a file in lua/, embedded by the build.  Redis keeps the scripts
 * it has run under their SHA-1, so a call is short: EVALSHA.  A Redis that
 * was restarted or flushed answers NOSCRIPT, and has done nothing: the same
 * call is sent once more as EVAL, which teaches it the script.
 */


#include "ngx_aidial_redis_script.h"
#include "ngx_aidial_redis_lua.h"
#include "ngx_aidial_redis_ops.h"

#include <ngx_sha1.h>


#define NGX_AIDIAL_REDIS_SHA1_LEN  20


/* a string constant ends in a NUL, which is not part of the script */

#define ngx_aidial_redis_script_row(name, nkeys, epoch, last_code)            \
    { ngx_string(#name ".lua"),                                               \
      { sizeof(ngx_aidial_redis_lua_##name) - 1,                              \
        (u_char *) ngx_aidial_redis_lua_##name },                             \
      nkeys, epoch, last_code, "" }


/* in the order of ngx_aidial_redis_script_e */

static ngx_aidial_redis_script_t
    ngx_aidial_redis_scripts[NGX_AIDIAL_REDIS_SCRIPTS] =
{
    ngx_aidial_redis_script_row(grant_issue, 3, 4, NGX_AIDIAL_ISSUE_LIMITED),
    ngx_aidial_redis_script_row(grant_begin, 2, 3, NGX_AIDIAL_BEGIN_BEGUN),
    ngx_aidial_redis_script_row(grant_redeem, 2, 3, NGX_AIDIAL_REDEEM_RUNNING),
    ngx_aidial_redis_script_row(grant_renew, 1, 0, 1),
    ngx_aidial_redis_script_row(grant_close, 2, 0, 1),
    ngx_aidial_redis_script_row(audit_count, 2, 0, 1)
};


static size_t ngx_aidial_redis_script_tail(const ngx_str_t *words,
    ngx_uint_t nwords);


void
ngx_aidial_redis_script_init(void)
{
    u_char                      digest[NGX_AIDIAL_REDIS_SHA1_LEN];
    ngx_uint_t                  i;
    ngx_sha1_t                  sha1;
    ngx_aidial_redis_script_t  *script;

    for (i = 0; i < NGX_AIDIAL_REDIS_SCRIPTS; i++) {
        script = &ngx_aidial_redis_scripts[i];

        ngx_sha1_init(&sha1);
        ngx_sha1_update(&sha1, script->text.data, script->text.len);
        ngx_sha1_final(digest, &sha1);

        (void) ngx_hex_dump(script->sha1, digest, sizeof(digest));
    }
}


const ngx_aidial_redis_script_t *
ngx_aidial_redis_script(ngx_uint_t script)
{
    return &ngx_aidial_redis_scripts[script];
}


ngx_int_t
ngx_aidial_redis_script_command(ngx_aidial_redis_buf_t *buf,
    ngx_uint_t script, ngx_uint_t whole, const ngx_str_t *words,
    ngx_uint_t nwords, size_t *epoch_at)
{
    u_char                            nkeys[NGX_INT_T_LEN];
    ngx_str_t                         argv[3
                                           + NGX_AIDIAL_REDIS_SCRIPT_WORDS_MAX];
    const ngx_aidial_redis_script_t  *s;

    if (nwords > NGX_AIDIAL_REDIS_SCRIPT_WORDS_MAX) {
        return NGX_ERROR;
    }

    s = ngx_aidial_redis_script(script);

    if (whole) {
        ngx_str_set(&argv[0], "EVAL");
        argv[1] = s->text;

    } else {
        ngx_str_set(&argv[0], "EVALSHA");
        argv[1].data = (u_char *) s->sha1;
        argv[1].len = sizeof(s->sha1);
    }

    argv[2].data = nkeys;
    argv[2].len = ngx_sprintf(nkeys, "%ui", s->nkeys) - nkeys;

    ngx_memcpy(&argv[3], words, nwords * sizeof(ngx_str_t));

    if (ngx_aidial_redis_command(buf, argv, 3 + nwords) != NGX_OK) {
        return NGX_ERROR;
    }

    *epoch_at = 0;

    if (s->epoch) {
        *epoch_at = ngx_aidial_redis_buf_len(buf)
                    - ngx_aidial_redis_script_tail(words + s->epoch,
                                                   nwords - s->epoch)
                    - words[s->epoch].len - (sizeof(CRLF) - 1);
    }

    return NGX_OK;
}


/* how many bytes of a command the words behind the first of these are */

static size_t
ngx_aidial_redis_script_tail(const ngx_str_t *words, ngx_uint_t nwords)
{
    u_char      number[NGX_SIZE_T_LEN];
    size_t      len;
    ngx_uint_t  i;

    len = 0;

    for (i = 1; i < nwords; i++) {
        len += sizeof("$" CRLF CRLF) - 1 + words[i].len
               + (ngx_sprintf(number, "%uz", words[i].len) - number);
    }

    return len;
}
