
/*
 * Setters of the directives that limit what one user takes of the edge, and
 * how long a response runs unwatched.
 */


#include "ngx_http_aidial.h"


static char *ngx_http_aidial_set_rate(ngx_conf_t *cf,
    ngx_http_aidial_rate_t *rate);
static int64_t ngx_http_aidial_rate_interval(const ngx_str_t *value);
static ngx_uint_t ngx_http_aidial_is_off(ngx_conf_t *cf);


#define NGX_HTTP_AIDIAL_RATE_MAX       1000
#define NGX_HTTP_AIDIAL_BURST_MAX      10000
#define NGX_HTTP_AIDIAL_STREAMS_MAX    10000
#define NGX_HTTP_AIDIAL_BANDWIDTH_MIN  1024      /* bytes a second */
#define NGX_HTTP_AIDIAL_BANDWIDTH_MAX  (1 << 30)
#define NGX_HTTP_AIDIAL_RECHECK_MIN    100       /* ms */
#define NGX_HTTP_AIDIAL_RECHECK_MAX    3600000


char *
ngx_http_aidial_set_grant_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_main_conf_t *mcf = conf;

    return ngx_http_aidial_set_rate(cf, &mcf->grant_rate);
}


char *
ngx_http_aidial_set_media_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    return ngx_http_aidial_set_rate(cf, &alcf->media_rate);
}


static char *
ngx_http_aidial_set_rate(ngx_conf_t *cf, ngx_http_aidial_rate_t *rate)
{
    ngx_int_t   burst;
    ngx_str_t  *value;

    if (rate->interval != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_aidial_is_off(cf)) {
        rate->interval = 0;
        return NGX_CONF_OK;
    }

    rate->interval = ngx_http_aidial_rate_interval(&value[1]);

    if (rate->interval == NGX_ERROR) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                        "\"off\", or \"rate=Nr/s\" or \"rate=Nr/m\" "
                        "with N of 1 to 1000");
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    burst = ngx_strncmp(value[2].data, "burst=", 6) == 0
            ? ngx_atoi(value[2].data + 6, value[2].len - 6) : NGX_ERROR;

    if (burst == NGX_ERROR || burst > NGX_HTTP_AIDIAL_BURST_MAX) {
        return ngx_http_aidial_conf_invalid(cf, &value[2],
                                            "\"burst=N\" with N of 0 to "
                                            "10000");
    }

    rate->burst = burst;

    return NGX_CONF_OK;
}


/* microseconds between two requests, rounded up, or NGX_ERROR */

static int64_t
ngx_http_aidial_rate_interval(const ngx_str_t *value)
{
    int64_t      unit;
    ngx_int_t    n;
    ngx_str_t    text;

    text = *value;

    if (text.len < 9 || ngx_strncmp(text.data, "rate=", 5) != 0) {
        return NGX_ERROR;
    }

    text.data += 5;
    text.len -= 5;

    unit = ngx_strncmp(text.data + text.len - 3, "r/s", 3) == 0 ? 1000000
           : ngx_strncmp(text.data + text.len - 3, "r/m", 3) == 0 ? 60000000
           : 0;

    n = ngx_atoi(text.data, text.len - 3);

    if (unit == 0 || n < 1 || n > NGX_HTTP_AIDIAL_RATE_MAX) {
        return NGX_ERROR;
    }

    return (unit + n - 1) / n;
}


char *
ngx_http_aidial_set_streams(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (alcf->streams != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_aidial_is_off(cf)) {
        alcf->streams = 0;
        return NGX_CONF_OK;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > NGX_HTTP_AIDIAL_STREAMS_MAX) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                            "\"off\", or 1 to 10000");
    }

    alcf->streams = n;

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_bandwidth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (alcf->bandwidth != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_aidial_is_off(cf)) {
        alcf->bandwidth = 0;
        return NGX_CONF_OK;
    }

    size = ngx_parse_size(&value[1]);

    if (size < NGX_HTTP_AIDIAL_BANDWIDTH_MIN
        || size > NGX_HTTP_AIDIAL_BANDWIDTH_MAX)
    {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                            "\"off\", or 1k to 1024m bytes "
                                            "a second");
    }

    alcf->bandwidth = size;

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_recheck(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_int_t   time;
    ngx_str_t  *value;

    if (alcf->recheck != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_aidial_is_off(cf)) {
        alcf->recheck = 0;
        return NGX_CONF_OK;
    }

    time = ngx_parse_time(&value[1], 0);

    if (time < NGX_HTTP_AIDIAL_RECHECK_MIN
        || time > NGX_HTTP_AIDIAL_RECHECK_MAX)
    {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                            "\"off\", or a time of 100ms to "
                                            "1h");
    }

    alcf->recheck = time;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_aidial_is_off(ngx_conf_t *cf)
{
    ngx_str_t  *value;

    static const ngx_str_t  off = ngx_string("off");

    value = cf->args->elts;

    return cf->args->nelts == 2 && ngx_aidial_same(&value[1], &off);
}
