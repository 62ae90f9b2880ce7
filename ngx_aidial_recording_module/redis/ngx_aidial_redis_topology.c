
/*
 * The directive:
 *
 *     aidial_recording_redis URL [name=value ...];
 *
 *     redis://host[:port][/db]     IPv6 in brackets, port 6379, db 0
 *     unix:/path[:db]
 *
 * A parameter is a row of a table.  What a later version will know is refused
 * by name, so that nobody believes to have TLS who has not.  A URL with a
 * user in it is never printed: there may be a password behind the name.
 */


#include "ngx_aidial_redis_topology.h"


#define NGX_AIDIAL_REDIS_DB_MAX  65535


typedef struct ngx_aidial_redis_param_s  ngx_aidial_redis_param_t;

struct ngx_aidial_redis_param_s {
    ngx_str_t    name;
    const char  *expected;      /* NULL: not supported by this version */
    ngx_int_t  (*set)(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
                      ngx_str_t *value);
};


static ngx_int_t ngx_aidial_redis_conf_url(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *url);
static ngx_int_t ngx_aidial_redis_conf_known(ngx_conf_t *cf, ngx_str_t *url);
static ngx_int_t ngx_aidial_redis_conf_db(ngx_aidial_redis_conf_t *conf,
    ngx_str_t *place, u_char delimiter);
static ngx_int_t ngx_aidial_redis_conf_params(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf);
static ngx_int_t ngx_aidial_redis_conf_timeout(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_connect_timeout(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_msec(ngx_str_t *value,
    ngx_msec_t *msec);
static ngx_int_t ngx_aidial_redis_conf_connections(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_user(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_password_file(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_password(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, const u_char *text, size_t len);
static void ngx_aidial_redis_conf_wipe(void *data);
static ngx_int_t ngx_aidial_redis_conf_eviction(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value);


static ngx_aidial_redis_param_t  ngx_aidial_redis_params[] = {
    { ngx_string("timeout="), "a time of 10ms to 10s",
      ngx_aidial_redis_conf_timeout },
    { ngx_string("connect_timeout="), "a time of 10ms to 10s",
      ngx_aidial_redis_conf_connect_timeout },
    { ngx_string("connections="), "a number of 1 to 16",
      ngx_aidial_redis_conf_connections },
    { ngx_string("user="), "the name of a Redis user",
      ngx_aidial_redis_conf_user },
    { ngx_string("password_file="),
      "a readable file with a password of 1 to 512 bytes in its first line",
      ngx_aidial_redis_conf_password_file },
    { ngx_string("eviction="), "eviction=allowed",
      ngx_aidial_redis_conf_eviction },
    { ngx_string("tls_"), NULL, NULL },
    { ngx_null_string, NULL, NULL }
};


static const char  ngx_aidial_redis_expected[] =
    "redis://host[:port][/db] or unix:/path[:db]";


char *
ngx_aidial_redis_conf(ngx_conf_t *cf, ngx_aidial_redis_conf_t **confp)
{
    ngx_str_t                *value;
    ngx_aidial_redis_conf_t  *conf;

    if (*confp != NULL) {
        return "is duplicate";
    }

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_aidial_redis_conf_t));
    if (conf == NULL) {
        return NGX_CONF_ERROR;
    }

    conf->timeout = 500;
    conf->connect_timeout = 500;
    conf->connections = 1;

    value = cf->args->elts;

    if (ngx_aidial_redis_conf_known(cf, &value[1]) != NGX_OK
        || ngx_aidial_redis_conf_params(cf, conf) != NGX_OK
        || ngx_aidial_redis_conf_url(cf, conf, &value[1]) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->user.len && conf->password.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has \"user=%V\" "
                           "without \"password_file=\", expected both",
                           &conf->user);
        return NGX_CONF_ERROR;
    }

    *confp = conf;

    return NGX_CONF_OK;
}


/* refuses what this version does not know, before anything is resolved */

static ngx_int_t
ngx_aidial_redis_conf_known(ngx_conf_t *cf, ngx_str_t *url)
{
    ngx_uint_t         i;
    static ngx_str_t   later[] = {
        ngx_string("rediss://"),
        ngx_string("sentinel://"),
        ngx_string("sentinels://"),
        ngx_null_string
    };

    if (ngx_strlchr(url->data, url->data + url->len, '@') != NULL
        && ngx_strncasecmp(url->data, (u_char *) "unix:", 5) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has a user in its URL "
                           "(not shown), which is not supported by this "
                           "version, expected \"user=\" and "
                           "\"password_file=\"");
        return NGX_ERROR;
    }

    for (i = 0; later[i].len; i++) {

        if (url->len >= later[i].len
            && ngx_strncasecmp(url->data, later[i].data, later[i].len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"aidial_recording_redis\" has \"%V\", which "
                               "is not supported by this version, expected "
                               "%s", url, ngx_aidial_redis_expected);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_params(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf)
{
    ngx_str_t                  text, *value;
    ngx_uint_t                 i, bit, seen;
    ngx_aidial_redis_param_t  *param;

    value = cf->args->elts;
    seen = 0;

    for (i = 2; i < cf->args->nelts; i++) {

        param = ngx_aidial_redis_params;

        while (param->name.len
               && ngx_strncmp(value[i].data, param->name.data,
                              param->name.len) != 0)
        {
            param++;
        }

        if (param->set == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"aidial_recording_redis\" has \"%V\", which "
                               "is %s, expected timeout=, connect_timeout=, "
                               "connections=, user=, password_file= or "
                               "eviction=",
                               &value[i],
                               param->name.len ? "not supported by this version"
                                               : "no parameter of it");
            return NGX_ERROR;
        }

        bit = (ngx_uint_t) 1 << (param - ngx_aidial_redis_params);

        if (seen & bit) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"aidial_recording_redis\" has \"%V\" twice, "
                               "expected it once", &param->name);
            return NGX_ERROR;
        }

        seen |= bit;

        text.data = value[i].data + param->name.len;
        text.len = value[i].len - param->name.len;

        if (param->set(cf, conf, &text) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"aidial_recording_redis\" has \"%V\", "
                               "expected %s", &value[i], param->expected);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_url(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *url)
{
    ngx_int_t   rc;
    ngx_url_t   u;
    ngx_str_t   place;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.default_port = NGX_AIDIAL_REDIS_PORT;

    place = *url;
    rc = NGX_ERROR;

    if (place.len > 6 && ngx_strncmp(place.data, "unix:/", 6) == 0) {

        /* a colon behind the path; "unix:" is a part of nginx's own form */

        place.data += 5;
        place.len -= 5;

        rc = ngx_aidial_redis_conf_db(conf, &place, ':');

        place.data -= 5;
        place.len += 5;

    } else if (place.len > 8 && ngx_strncmp(place.data, "redis://", 8) == 0) {

        place.data += 8;
        place.len -= 8;

        rc = ngx_aidial_redis_conf_db(conf, &place, '/');
    }

    if (rc != NGX_OK
        || ngx_strlchr(place.data, place.data + place.len, '?') != NULL
        || ngx_strlchr(place.data, place.data + place.len, '#') != NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has \"%V\", expected "
                           "%s", url, ngx_aidial_redis_expected);
        return NGX_ERROR;
    }

    u.url = place;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has \"%V\", %s, "
                           "expected %s", url,
                           u.err ? u.err : "no address found",
                           ngx_aidial_redis_expected);
        return NGX_ERROR;
    }

    conf->addrs = u.addrs;
    conf->naddrs = u.naddrs;

    return NGX_OK;
}


/* cuts the number of the database off the place; without one it is 0 */

static ngx_int_t
ngx_aidial_redis_conf_db(ngx_aidial_redis_conf_t *conf, ngx_str_t *place,
    u_char delimiter)
{
    u_char     *p, *last;
    ngx_int_t   db;

    last = place->data + place->len;

    p = ngx_strlchr(place->data, last, delimiter);
    if (p == NULL) {
        return NGX_OK;
    }

    db = ngx_atoi(p + 1, last - (p + 1));

    if (db == NGX_ERROR || db > NGX_AIDIAL_REDIS_DB_MAX) {
        return NGX_ERROR;
    }

    place->len = p - place->data;
    conf->db = db;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_timeout(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *value)
{
    return ngx_aidial_redis_conf_msec(value, &conf->timeout);
}


static ngx_int_t
ngx_aidial_redis_conf_connect_timeout(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value)
{
    return ngx_aidial_redis_conf_msec(value, &conf->connect_timeout);
}


static ngx_int_t
ngx_aidial_redis_conf_msec(ngx_str_t *value, ngx_msec_t *msec)
{
    ngx_int_t  n;

    n = ngx_parse_time(value, 0);

    if (n == NGX_ERROR || n < 10 || n > 10000) {
        return NGX_ERROR;
    }

    *msec = n;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_connections(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n < 1 || n > NGX_AIDIAL_REDIS_CONNECTIONS_MAX) {
        return NGX_ERROR;
    }

    conf->connections = n;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_user(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *value)
{
    conf->user = *value;

    return value->len ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_aidial_redis_conf_password_file(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *value)
{
    ssize_t    n;
    u_char     buf[NGX_AIDIAL_REDIS_PASSWORD_MAX + 2];
    ngx_fd_t   fd;
    ngx_int_t  rc;
    ngx_str_t  name;

    name = *value;

    if (name.len == 0
        || ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK)
    {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_ERROR;
    }

    /* the two bytes more tell whether the line ends within the bound */

    n = ngx_read_fd(fd, buf, sizeof(buf));

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", &name);
        rc = NGX_ERROR;

    } else {
        rc = ngx_aidial_redis_conf_password(cf, conf, buf, n);
    }

    ngx_explicit_memzero(buf, sizeof(buf));

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rc;
}


static ngx_int_t
ngx_aidial_redis_conf_password(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    const u_char *text, size_t len)
{
    const u_char        *end;
    ngx_pool_cleanup_t  *cln;

    end = memchr(text, LF, len);
    if (end != NULL) {
        len = end - text;
    }

    if (len && text[len - 1] == CR) {
        len--;
    }

    if (len == 0 || len > NGX_AIDIAL_REDIS_PASSWORD_MAX) {
        return NGX_ERROR;
    }

    conf->password.data = ngx_pnalloc(cf->pool, len);
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (conf->password.data == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(conf->password.data, text, len);
    conf->password.len = len;

    cln->handler = ngx_aidial_redis_conf_wipe;
    cln->data = &conf->password;

    return NGX_OK;
}


static void
ngx_aidial_redis_conf_wipe(void *data)
{
    ngx_str_t  *secret = data;

    ngx_explicit_memzero(secret->data, secret->len);
}


static ngx_int_t
ngx_aidial_redis_conf_eviction(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *value)
{
    conf->eviction = 1;

    return (value->len == 7 && ngx_strncmp(value->data, "allowed", 7) == 0)
           ? NGX_OK : NGX_ERROR;
}
