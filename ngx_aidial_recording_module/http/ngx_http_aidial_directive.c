
/*
 * Setters of directives that a stock slot cannot read.
 */


#include "ngx_http_aidial.h"
#include "ngx_http_aidial_ledger.h"


static char *ngx_http_aidial_set_media_prefix(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf);
static ngx_uint_t ngx_http_aidial_is_prefix(const ngx_str_t *uri);
static ngx_uint_t ngx_http_aidial_is_origin(const ngx_str_t *url);


#define NGX_HTTP_AIDIAL_PREFIX                                                \
    "begins and ends in \"/\", of plain segments of letters, digits, \"-._~\""


static const ngx_str_t  ngx_http_aidial_roles[] = {
    ngx_null_string,
    ngx_string("status"),
    ngx_string("grant"),
    ngx_string("media")
};


char *
ngx_http_aidial_set_role(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         role;
    ngx_http_aidial_main_conf_t       *mcf;
    ngx_http_compile_complex_value_t   ccv;

    if (alcf->role != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (role = NGX_HTTP_AIDIAL_MEDIA; role; role--) {
        if (ngx_aidial_same(&value[1], &ngx_http_aidial_roles[role])) {
            break;
        }
    }

    if (role == NGX_HTTP_AIDIAL_NONE) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                    "\"status\", \"grant\" or \"media\"");
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);

    mcf->used = 1;
    alcf->role = role;

    if (role == NGX_HTTP_AIDIAL_MEDIA) {
        return ngx_http_aidial_set_media_prefix(cf, alcf);
    }

    if (cf->args->nelts != 3) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                       "a call id after the role");
    }

    alcf->call_id = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (alcf->call_id == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = alcf->call_id;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* the token is what follows the prefix, so there must be one */

static char *
ngx_http_aidial_set_media_prefix(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf)
{
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (cf->args->nelts != 2) {
        return ngx_http_aidial_conf_invalid(cf, &value[2],
                       "no call id in a media location: the grant carries it");
    }

#if (NGX_PCRE)
    if (clcf->regex) {
        return ngx_http_aidial_conf_invalid(cf, &clcf->name,
                            "a prefix location, not a regular expression");
    }
#endif

    if (clcf->exact_match || clcf->named || clcf->noname
        || !ngx_http_aidial_is_prefix(&clcf->name))
    {
        return ngx_http_aidial_conf_invalid(cf, &clcf->name,
                                            "a prefix location that "
                                            NGX_HTTP_AIDIAL_PREFIX);
    }

    conf->prefix = clcf->name;

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_main_conf_t *mcf = conf;

    return ngx_aidial_redis_conf(cf, &mcf->redis);
}


char *
ngx_http_aidial_set_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_main_conf_t *mcf = conf;

    u_char     *colon;
    ssize_t     size;
    ngx_str_t  *value, name, text;

    if (mcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;

    colon = (u_char *) ngx_strchr(value[1].data, ':');

    if (colon == NULL || colon == value[1].data) {
        return ngx_http_aidial_conf_invalid(cf, &value[1], "\"name:size\"");
    }

    name.data = value[1].data;
    name.len = colon - name.data;

    text.data = colon + 1;
    text.len = value[1].data + value[1].len - text.data;

    size = ngx_parse_size(&text);

    if (size == NGX_ERROR) {
        return ngx_http_aidial_conf_invalid(cf, &value[1], "\"name:size\"");
    }

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                       "a size of at least eight pages (32k)");
    }

    mcf->zone = ngx_shared_memory_add(cf, &name, size,
                                      &ngx_aidial_recording_module);
    if (mcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    mcf->zone->init = ngx_http_aidial_zone_init;

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_grant_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_main_conf_t *mcf = conf;

    ngx_str_t         *value;
    ngx_aidial_key_t  *key;

    value = cf->args->elts;

    if (value[1].len > NGX_AIDIAL_KEY_ID_MAX
        || !ngx_aidial_is_identifier(&value[1]))
    {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                            "an id of 1 to 32 letters, digits, \"_.:-\"");
    }

    if (mcf->grant_keys == NULL) {
        mcf->grant_keys = ngx_array_create(cf->pool, 2,
                                           sizeof(ngx_aidial_key_t));
        if (mcf->grant_keys == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_aidial_key_find(mcf->grant_keys, &value[1])) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                       "an id that is not used twice");
    }

    key = ngx_array_push(mcf->grant_keys);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    key->id = value[1];

    if (ngx_http_aidial_secret_read(cf, &value[2], NGX_AIDIAL_SECRET_MAX,
                                    &key->secret)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (key->secret.len < NGX_AIDIAL_SECRET_MIN) {
        return ngx_http_aidial_conf_invalid(cf, &value[2],
                                       "a file of at least 32 bytes");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_media_uri(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->media_uri.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_http_aidial_is_prefix(&value[1])) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                            "a prefix that "
                                            NGX_HTTP_AIDIAL_PREFIX);
    }

    alcf->media_uri = value[1];

    return NGX_CONF_OK;
}


/*
 * What stands raw before the token, in a location and in a grant's URL: a
 * browser and nginx must both leave it as it is, and "//" would name a host.
 */

static ngx_uint_t
ngx_http_aidial_is_prefix(const ngx_str_t *uri)
{
    size_t      i;
    u_char      ch;
    ngx_uint_t  name;

    if (uri->len == 0 || uri->data[0] != '/'
        || uri->data[uri->len - 1] != '/')
    {
        return 0;
    }

    /* a segment is a name when it is neither empty nor all dots */

    name = 1;

    for (i = 0; i < uri->len; i++) {
        ch = uri->data[i];

        if (ch == '/') {

            if (!name) {
                return 0;
            }

            name = 0;

        } else if (ch != '.') {
            name = 1;

            if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                  || (ch >= '0' && ch <= '9') || ngx_strchr("-_~", ch)))
            {
                return 0;
            }
        }
    }

    return 1;
}


char *
ngx_http_aidial_set_origin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t   *value, *origin;
    ngx_uint_t   i;

    if (alcf->origins) {
        return "is duplicate";
    }

    value = cf->args->elts;

    alcf->origins = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                     sizeof(ngx_str_t));
    if (alcf->origins == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (!ngx_http_aidial_is_origin(&value[i])) {
            return ngx_http_aidial_conf_invalid(cf, &value[i],
                     "an origin like https://portal.example.com, no path");
        }

        origin = ngx_array_push(alcf->origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        *origin = value[i];
    }

    return NGX_CONF_OK;
}


/* scheme, host and maybe a port; anything else would never match */

static ngx_uint_t
ngx_http_aidial_is_origin(const ngx_str_t *url)
{
    size_t   skip;
    u_char  *p, *last;

    skip = (ngx_strncasecmp(url->data, (u_char *) "https://", 8) == 0) ? 8
           : (ngx_strncasecmp(url->data, (u_char *) "http://", 7) == 0) ? 7
           : 0;

    if (skip == 0 || url->len == skip) {
        return 0;
    }

    last = url->data + url->len;

    for (p = url->data + skip; p < last; p++) {
        if (*p <= ' ' || *p >= 0x7f || ngx_strchr("/?#@\\,\"", *p)) {
            return 0;
        }
    }

    return 1;
}


char *
ngx_http_aidial_conf_invalid(ngx_conf_t *cf, ngx_str_t *value,
    const char *expected)
{
    ngx_str_t  *directive;

    directive = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" does not take \"%V\", expected %s",
                       directive, value, expected);

    return NGX_CONF_ERROR;
}
