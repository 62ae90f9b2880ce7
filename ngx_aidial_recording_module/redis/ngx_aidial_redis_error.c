
/*
 * Redis begins an error with a word in capitals.  The row whose prefix fits
 * first is the error's; the last row fits always.  A row counts what it did
 * not say, so that a broken Redis costs one line a second, not one a request.
 */


#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_stats.h"


struct ngx_aidial_redis_error_s {
    ngx_str_t   prefix;
    ngx_uint_t  class;         /* ngx_aidial_redis_class_e */
    ngx_uint_t  action;        /* ngx_aidial_redis_error_action_e */
    ngx_uint_t  denies;
    ngx_uint_t  level;
    ngx_uint_t  said;          /* 1: at least once, "when" is set */
    ngx_msec_t  when;
    ngx_uint_t  suppressed;
};

#define ngx_aidial_redis_error(prefix, class, action, denies, level)          \
    { ngx_string(prefix), NGX_AIDIAL_REDIS_CLASS_##class,                     \
      NGX_AIDIAL_REDIS_##action, denies, NGX_LOG_##level, 0, 0, 0 }


static ngx_aidial_redis_error_t  ngx_aidial_redis_errors[] = {
    ngx_aidial_redis_error("NOSCRIPT ", NOSCRIPT, ASKER, 0, ERR),
    ngx_aidial_redis_error("WRONGTYPE ", WRONGTYPE, ASKER, 0, ERR),

    /* our scripts': it is not the primary that the connection believes */
    ngx_aidial_redis_error("OTHERPRIMARY ", OTHERPRIMARY, RENEW, 0, WARN),

    ngx_aidial_redis_error("LOADING ", LOADING, DROP, 0, ERR),
    ngx_aidial_redis_error("READONLY ", READONLY, DROP, 0, ERR),
    ngx_aidial_redis_error("MASTERDOWN ", MASTERDOWN, DROP, 0, ERR),

    ngx_aidial_redis_error("NOAUTH ", AUTH, DENY, 1, CRIT),
    ngx_aidial_redis_error("WRONGPASS ", AUTH, DENY, 1, CRIT),
    ngx_aidial_redis_error("NOPERM ", NOPERM, KEEP, 1, CRIT),

    /* AUTH's own errors, before Redis 6 had words for them */
    ngx_aidial_redis_error("ERR invalid password", AUTH, KEEP, 1, CRIT),
    ngx_aidial_redis_error("ERR Client sent AUTH", AUTH, KEEP, 1, CRIT),
    ngx_aidial_redis_error("ERR AUTH ", AUTH, KEEP, 1, CRIT),

    ngx_aidial_redis_error("OOM ", OOM, KEEP, 0, ERR),
    ngx_aidial_redis_error("MISCONF ", MISCONF, KEEP, 0, ERR),
    ngx_aidial_redis_error("NOREPLICAS ", NOREPLICAS, KEEP, 0, ERR),
    ngx_aidial_redis_error("BUSY ", BUSY, KEEP, 0, ERR),
    ngx_aidial_redis_error("TRYAGAIN ", CLUSTER, KEEP, 0, ERR),
    ngx_aidial_redis_error("CLUSTERDOWN ", CLUSTER, KEEP, 0, ERR),
    ngx_aidial_redis_error("MOVED ", CLUSTER, KEEP, 0, ERR),
    ngx_aidial_redis_error("ASK ", CLUSTER, KEEP, 0, ERR),
    ngx_aidial_redis_error("EXECABORT ", EXECABORT, KEEP, 0, ERR),
    ngx_aidial_redis_error("ERR ", ERR, KEEP, 0, ERR),

    ngx_aidial_redis_error("", UNKNOWN, DISTRUST, 0, ERR)
};


ngx_aidial_redis_error_t *
ngx_aidial_redis_error_find(const ngx_str_t *text)
{
    ngx_aidial_redis_error_t  *error;

    error = ngx_aidial_redis_errors;

    while (text->len < error->prefix.len
           || ngx_memcmp(text->data, error->prefix.data, error->prefix.len)
              != 0)
    {
        error++;
    }

    return error;
}


ngx_uint_t
ngx_aidial_redis_error_action(const ngx_aidial_redis_error_t *error)
{
    return error->action;
}


void
ngx_aidial_redis_error_count(const ngx_aidial_redis_error_t *error)
{
    ngx_aidial_redis_count(errors[error->class]);
}


ngx_uint_t
ngx_aidial_redis_error_denies(const ngx_aidial_redis_error_t *error)
{
    return error->denies;
}


void
ngx_aidial_redis_error_log(ngx_aidial_redis_error_t *error,
    const ngx_str_t *text, ngx_log_t *log)
{
    u_char     buf[NGX_AIDIAL_REDIS_ERROR_LEN];
    ngx_str_t  line;

    if (error->said && ngx_current_msec - error->when < 1000) {
        error->suppressed++;
        return;
    }

    line.data = buf;
    line.len = ngx_aidial_redis_error_text(buf, text) - buf;

    if (error->suppressed) {
        ngx_log_error(error->level, log, 0,
                      "aidial: Redis answered with the error \"%V\", "
                      "%ui like it were not logged", &line, error->suppressed);

    } else {
        ngx_log_error(error->level, log, 0,
                      "aidial: Redis answered with the error \"%V\"", &line);
    }

    error->said = 1;
    error->when = ngx_current_msec;
    error->suppressed = 0;
}


u_char *
ngx_aidial_redis_error_text(u_char *buf, const ngx_str_t *text)
{
    u_char            ch, *p;
    ngx_uint_t        i, len;
    static ngx_str_t  args = ngx_string(", with args");

    p = buf;
    len = ngx_min(text->len, NGX_AIDIAL_REDIS_ERROR_LEN);

    for (i = 0; i < len; i++) {

        /* "unknown command" quotes the arguments, among them a key */

        if (text->len - i >= args.len
            && ngx_memcmp(text->data + i, args.data, args.len) == 0)
        {
            break;
        }

        ch = text->data[i];
        *p++ = (ch < 0x20 || ch > 0x7e || ch == '"') ? '?' : ch;
    }

    return p;
}


size_t
ngx_aidial_redis_error_why(u_char *buf, size_t size, const char *why,
    ngx_err_t err, const ngx_str_t *text)
{
    u_char     *p, *last;
    u_char      said[NGX_AIDIAL_REDIS_ERROR_LEN];
    ngx_str_t   line;

    last = buf + size;
    p = ngx_slprintf(buf, last, "%s", why);

    if (err) {
        p = ngx_slprintf(p, last, " (%d: ", err);
        p = ngx_strerror(err, p, last - p);
        p = ngx_slprintf(p, last, ")");
    }

    if (text != NULL) {
        line.data = said;
        line.len = ngx_aidial_redis_error_text(said, text) - said;
        p = ngx_slprintf(p, last, " \"%V\"", &line);
    }

    return p - buf;
}
