
/*
 * A script is a file in lua/, embedded by the build.  Redis keeps the scripts
 * it has run under their SHA-1, so a call is short: EVALSHA.  A Redis that
 * was restarted or flushed answers NOSCRIPT, and has done nothing: the same
 * call is sent once more as EVAL, which teaches it the script.
 */


#include "ngx_aidial_redis_script.h"
#include "ngx_aidial_redis_lua.h"

#include <ngx_sha1.h>


#define NGX_AIDIAL_REDIS_SHA1_LEN  20


typedef struct {
    ngx_str_t  name;
    ngx_str_t  text;
    u_char     sha1[2 * NGX_AIDIAL_REDIS_SHA1_LEN];   /* lower-case hex */
} ngx_aidial_redis_script_t;

/* a string constant ends in a NUL, which is not part of the script */

#define ngx_aidial_redis_script(name)                                         \
    { ngx_string(#name ".lua"),                                               \
      { sizeof(ngx_aidial_redis_lua_##name) - 1,                              \
        (u_char *) ngx_aidial_redis_lua_##name },                             \
      "" }


/* in the order of ngx_aidial_redis_script_e */

static ngx_aidial_redis_script_t
    ngx_aidial_redis_scripts[NGX_AIDIAL_REDIS_SCRIPTS] =
{
    ngx_aidial_redis_script(grant_issue),
    ngx_aidial_redis_script(grant_redeem)
};


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


const ngx_str_t *
ngx_aidial_redis_script_name(ngx_uint_t script)
{
    return &ngx_aidial_redis_scripts[script].name;
}


ngx_int_t
ngx_aidial_redis_script_command(ngx_aidial_redis_buf_t *buf,
    ngx_uint_t script, ngx_uint_t whole, const ngx_str_t *key,
    const ngx_str_t *argv, ngx_uint_t argc)
{
    ngx_str_t                   words[4 + NGX_AIDIAL_REDIS_SCRIPT_ARGS_MAX];
    ngx_uint_t                  i;
    ngx_aidial_redis_script_t  *s;

    if (argc > NGX_AIDIAL_REDIS_SCRIPT_ARGS_MAX) {
        return NGX_ERROR;
    }

    s = &ngx_aidial_redis_scripts[script];

    if (whole) {
        ngx_str_set(&words[0], "EVAL");
        words[1] = s->text;

    } else {
        ngx_str_set(&words[0], "EVALSHA");
        words[1].data = s->sha1;
        words[1].len = sizeof(s->sha1);
    }

    ngx_str_set(&words[2], "1");
    words[3] = *key;

    for (i = 0; i < argc; i++) {
        words[4 + i] = argv[i];
    }

    return ngx_aidial_redis_command(buf, words, 4 + argc);
}
