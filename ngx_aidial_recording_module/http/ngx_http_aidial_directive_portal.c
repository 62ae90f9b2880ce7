
/*
 * Setters of the directives about locations that the portal answers.
 */


#include "ngx_http_aidial.h"


static char *ngx_http_aidial_set_uri(ngx_conf_t *cf, ngx_str_t *uri);


char *
ngx_http_aidial_set_introspect(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    return ngx_http_aidial_set_uri(cf, &alcf->introspect);
}


char *
ngx_http_aidial_set_call_fetch(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    char       *rv;
    ngx_str_t  *value, ttl;

    value = cf->args->elts;

    rv = ngx_http_aidial_set_uri(cf, &alcf->call_fetch);
    alcf->call_fetch_ttl = NGX_HTTP_AIDIAL_FETCH_TTL;

    if (rv != NGX_CONF_OK || cf->args->nelts == 2) {
        return rv;
    }

    if (alcf->call_fetch.len && ngx_strncmp(value[2].data, "ttl=", 4) == 0) {

        ttl.data = value[2].data + 4;
        ttl.len = value[2].len - 4;

        alcf->call_fetch_ttl = ngx_parse_time(&ttl, 1);

        if (alcf->call_fetch_ttl >= 1
            && alcf->call_fetch_ttl <= NGX_HTTP_AIDIAL_FETCH_MAX)
        {
            return NGX_CONF_OK;
        }
    }

    return ngx_http_aidial_conf_invalid(cf, &value[2],
                              "\"ttl=\" with 1 second to 1 hour, after a URI");
}


/* "off" is the empty URI: what the level above says is not inherited */

static char *
ngx_http_aidial_set_uri(ngx_conf_t *cf, ngx_str_t *uri)
{
    ngx_str_t  *value;

    if (uri->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(uri, "");
        return NGX_CONF_OK;
    }

    if (value[1].data[0] != '/'
        || ngx_strlchr(value[1].data, value[1].data + value[1].len, '?')
        || ngx_strlchr(value[1].data, value[1].data + value[1].len, '$'))
    {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                     "the URI of an internal location, without arguments and "
                     "variables, or \"off\"");
    }

    *uri = value[1];

    return NGX_CONF_OK;
}
