
/*
 * The directive:
 *
 *     aidial_recording_redis URL [name=value ...];
 *
 * A parameter is a row of a table.  The URL has a file of its own.
 */


#include "ngx_aidial_redis_topology.h"


typedef struct ngx_aidial_redis_param_s  ngx_aidial_redis_param_t;

struct ngx_aidial_redis_param_s {
    ngx_str_t    name;
    const char  *expected;
    size_t       offset;                /* of its field in the configuration */
    ngx_int_t  (*set)(ngx_conf_t *cf, void *field, ngx_str_t *value);
};


static ngx_int_t ngx_aidial_redis_conf_params(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf);
static ngx_int_t ngx_aidial_redis_conf_msec(ngx_conf_t *cf, void *field,
    ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_connections(ngx_conf_t *cf,
    void *field, ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_text(ngx_conf_t *cf, void *field,
    ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_allowed(ngx_conf_t *cf, void *field,
    ngx_str_t *value);
static ngx_int_t ngx_aidial_redis_conf_tls(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf);


static ngx_aidial_redis_param_t  ngx_aidial_redis_params[] = {
    { ngx_string("timeout="), "a time of 10ms to 10s",
      offsetof(ngx_aidial_redis_conf_t, timeout), ngx_aidial_redis_conf_msec },
    { ngx_string("connect_timeout="), "a time of 10ms to 10s",
      offsetof(ngx_aidial_redis_conf_t, connect_timeout),
      ngx_aidial_redis_conf_msec },
    { ngx_string("connections="), "a number of 1 to 16",
      offsetof(ngx_aidial_redis_conf_t, connections),
      ngx_aidial_redis_conf_connections },
    { ngx_string("user="), "the name of a Redis user",
      offsetof(ngx_aidial_redis_conf_t, user), ngx_aidial_redis_conf_text },
    { ngx_string("password_file="),
      "a readable file with a password of 1 to 512 bytes in its first line",
      offsetof(ngx_aidial_redis_conf_t, password), ngx_aidial_redis_password },
    { ngx_string("eviction="), "eviction=allowed",
      offsetof(ngx_aidial_redis_conf_t, eviction),
      ngx_aidial_redis_conf_allowed },
    { ngx_string("tls_ca="), "the name of a file with certificates",
      offsetof(ngx_aidial_redis_conf_t, tls_ca), ngx_aidial_redis_conf_text },
    { ngx_string("tls_name="), "the name in the server's certificate",
      offsetof(ngx_aidial_redis_conf_t, tls_name),
      ngx_aidial_redis_conf_text },
    { ngx_null_string, NULL, 0, NULL }
};


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

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '@') != NULL
        && ngx_strncasecmp(value[1].data, (u_char *) "unix:", 5) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has a user in its URL "
                           "(not shown), expected \"user=\" and "
                           "\"password_file=\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_aidial_redis_conf_params(cf, conf) != NGX_OK
        || ngx_aidial_redis_url(cf, conf, &value[1]) != NGX_OK
        || ngx_aidial_redis_conf_tls(cf, conf) != NGX_OK)
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


static ngx_int_t
ngx_aidial_redis_conf_params(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf)
{
    void                      *field;
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
                               "is no parameter of it, expected timeout=, "
                               "connect_timeout=, connections=, user=, "
                               "password_file=, tls_ca=, tls_name= or "
                               "eviction=", &value[i]);
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

        field = (u_char *) conf + param->offset;

        if (param->set(cf, field, &text) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"aidial_recording_redis\" has \"%V\", "
                               "expected %s", &value[i], param->expected);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_msec(ngx_conf_t *cf, void *field, ngx_str_t *value)
{
    ngx_int_t    n;
    ngx_msec_t  *msec = field;

    n = ngx_parse_time(value, 0);

    if (n == NGX_ERROR || n < 10 || n > 10000) {
        return NGX_ERROR;
    }

    *msec = n;

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_conf_connections(ngx_conf_t *cf, void *field,
    ngx_str_t *value)
{
    ngx_int_t    n;
    ngx_uint_t  *connections = field;

    n = ngx_atoi(value->data, value->len);

    if (n < 1 || n > NGX_AIDIAL_REDIS_CONNECTIONS_MAX) {
        return NGX_ERROR;
    }

    *connections = n;

    return NGX_OK;
}


/* the words of a configuration have a NUL behind them */

static ngx_int_t
ngx_aidial_redis_conf_text(ngx_conf_t *cf, void *field, ngx_str_t *value)
{
    ngx_str_t  *text = field;

    *text = *value;

    return value->len ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_aidial_redis_conf_allowed(ngx_conf_t *cf, void *field, ngx_str_t *value)
{
    ngx_uint_t  *allowed = field;

    *allowed = 1;

    return (value->len == 7 && ngx_strncmp(value->data, "allowed", 7) == 0)
           ? NGX_OK : NGX_ERROR;
}


/* who believes to have TLS has it */

static ngx_int_t
ngx_aidial_redis_conf_tls(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf)
{
    if (conf->secure) {
        conf->tls = ngx_aidial_redis_tls_create(cf, &conf->tls_ca);

        return conf->tls != NULL ? NGX_OK : NGX_ERROR;
    }

    if (conf->tls_ca.len || conf->tls_name.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has \"%s%V\" without "
                           "TLS, expected \"rediss://\" or \"sentinels://\"",
                           conf->tls_ca.len ? "tls_ca=" : "tls_name=",
                           conf->tls_ca.len ? &conf->tls_ca
                                            : &conf->tls_name);
        return NGX_ERROR;
    }

    return NGX_OK;
}
