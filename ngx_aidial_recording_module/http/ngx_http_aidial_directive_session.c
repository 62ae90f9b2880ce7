
/*
 * Setters of the directives about the portal's sessions.
 */


#include "ngx_http_aidial.h"


static char *ngx_http_aidial_set_signed(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf);
static char *ngx_http_aidial_set_padding(ngx_conf_t *cf, ngx_str_t *argument,
    ngx_str_t *padding, ngx_http_aidial_loc_conf_t *conf);
static char *ngx_http_aidial_read_secrets(ngx_conf_t *cf, ngx_str_t *path,
    ngx_http_aidial_loc_conf_t *conf);


char *
ngx_http_aidial_set_session_cookie(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->session_cookie.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_aidial_cookie_is_name(&value[1])) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                        "the name of a cookie");
    }

    alcf->session_cookie = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_session_format(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->session_format != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "opaque") == 0) {
        alcf->session_format = NGX_HTTP_AIDIAL_OPAQUE;

        if (cf->args->nelts > 2) {
            return ngx_http_aidial_conf_invalid(cf, &value[2],
                                           "no parameter after \"opaque\"");
        }

        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "signed") == 0) {
        alcf->session_format = NGX_HTTP_AIDIAL_SIGNED;

        return ngx_http_aidial_set_signed(cf, alcf);
    }

    if (ngx_strcmp(value[1].data, "jwt") == 0) {
        alcf->session_format = NGX_HTTP_AIDIAL_JWT;

        return ngx_http_aidial_set_jwt(cf, alcf);
    }

    return ngx_http_aidial_conf_invalid(cf, &value[1],
                                    "\"opaque\", \"signed\" or \"jwt\"");
}


static char *
ngx_http_aidial_set_signed(ngx_conf_t *cf, ngx_http_aidial_loc_conf_t *conf)
{
    ngx_int_t    rc;
    ngx_str_t   *value, path, prefix, padding;
    ngx_uint_t   i;

    value = cf->args->elts;

    ngx_str_null(&path);
    ngx_str_null(&prefix);
    ngx_str_null(&padding);

    for (i = 2; i < cf->args->nelts; i++) {

        rc = ngx_http_aidial_conf_parameter(cf, &value[i], "secret_file=",
                                            &path);

        if (rc == NGX_DECLINED) {
            rc = ngx_http_aidial_conf_parameter(cf, &value[i], "prefix=",
                                                &prefix);
        }

        if (rc == NGX_DECLINED) {
            rc = ngx_http_aidial_conf_parameter(cf, &value[i], "padding=",
                                                &padding);
        }

        if (rc == NGX_DECLINED) {
            return ngx_http_aidial_conf_invalid(cf, &value[i],
                            "\"secret_file=\", \"prefix=\" or \"padding=\"");
        }

        if (rc != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        if (padding.data
            && ngx_http_aidial_set_padding(cf, &value[i], &padding, conf)
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (path.len == 0) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                                       "\"secret_file=\" after \"signed\"");
    }

    if (prefix.data == NULL) {
        ngx_str_set(&prefix, "s:");
    }

    conf->session_prefix = prefix;

    return ngx_http_aidial_read_secrets(cf, &path, conf);
}


static char *
ngx_http_aidial_set_padding(ngx_conf_t *cf, ngx_str_t *argument,
    ngx_str_t *padding, ngx_http_aidial_loc_conf_t *conf)
{
    conf->session_padded = ngx_strcmp(padding->data, "keep") == 0;

    if (!conf->session_padded && ngx_strcmp(padding->data, "strip") != 0) {
        return ngx_http_aidial_conf_invalid(cf, argument,
                                    "\"padding=strip\" or \"padding=keep\"");
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_aidial_conf_parameter(ngx_conf_t *cf, ngx_str_t *argument,
    const char *name, ngx_str_t *value)
{
    size_t  len;

    len = ngx_strlen(name);

    if (argument->len < len || ngx_memcmp(argument->data, name, len) != 0) {
        return NGX_DECLINED;
    }

    if (value->data) {
        (void) ngx_http_aidial_conf_invalid(cf, argument,
                                            "each parameter once");
        return NGX_ERROR;
    }

    /* an argument ends in a NUL: what is left of it has an address */

    value->data = argument->data + len;
    value->len = argument->len - len;

    return NGX_OK;
}


/* one secret a line, newest first; empty lines do not count */

static char *
ngx_http_aidial_read_secrets(ngx_conf_t *cf, ngx_str_t *path,
    ngx_http_aidial_loc_conf_t *conf)
{
    u_char     *p, *last, *end;
    ngx_str_t   text, *secret;

    if (ngx_http_aidial_secret_read(cf, path, NGX_AIDIAL_SECRET_MAX, &text)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    conf->session_secrets = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (conf->session_secrets == NULL) {
        return NGX_CONF_ERROR;
    }

    last = text.data + text.len;

    for (p = text.data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            end = last;
        }

        if (end == p || (end - p == 1 && *p == '\r')) {
            continue;
        }

        secret = ngx_array_push(conf->session_secrets);
        if (secret == NULL) {
            return NGX_CONF_ERROR;
        }

        secret->data = p;
        secret->len = end - p - (end[-1] == '\r');
    }

    if (conf->session_secrets->nelts == 0) {
        return ngx_http_aidial_conf_invalid(cf, path,
                                       "a file with a secret on each line");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_session_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->session_key.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_aidial_key_template_check(&value[1]) != NGX_OK) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                          "a template with {sid} or {sha256}, and {prefix}");
    }

    alcf->session_key = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_aidial_set_session_field(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t           *value;
    ngx_uint_t           field;
    ngx_aidial_field_t  *f;

    value = cf->args->elts;
    field = ngx_aidial_session_field(&value[1]);

    if (field == NGX_AIDIAL_FIELD_COUNT) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                            "\"user\", \"role\", \"tenant\", \"client\", "
                            "\"projects\", \"expires_at\" or \"created_at\"");
    }

    f = &alcf->session_map.fields[field];

    if (f->pointer.data) {
        return "is duplicate";
    }

    if (ngx_aidial_json_pointer_check(&value[2]) != NGX_OK) {
        return ngx_http_aidial_conf_invalid(cf, &value[2],
                                       "a JSON pointer (RFC 6901)");
    }

    f->pointer = value[2];

    if (cf->args->nelts == 3) {
        return NGX_CONF_OK;
    }

    if (field != NGX_AIDIAL_FIELD_EXPIRES_AT
        && field != NGX_AIDIAL_FIELD_CREATED_AT)
    {
        return ngx_http_aidial_conf_invalid(cf, &value[3],
                                       "no unit: the field is not a time");
    }

    if (ngx_strcmp(value[3].data, "unit=ms") == 0) {
        f->ms = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[3].data, "unit=s") == 0) {
        return NGX_CONF_OK;
    }

    return ngx_http_aidial_conf_invalid(cf, &value[3],
                                        "\"unit=s\" or \"unit=ms\"");
}


char *
ngx_http_aidial_set_role_words(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_aidial_loc_conf_t *alcf = conf;

    ngx_str_t    *value, *word;
    ngx_uint_t    i, role;
    ngx_array_t  *words;

    value = cf->args->elts;
    role = ngx_aidial_role_find(&value[1]);

    if (role == NGX_AIDIAL_ROLE_UNKNOWN) {
        return ngx_http_aidial_conf_invalid(cf, &value[1],
                "\"client_admin\", \"client_manager\" or \"client_staff\"");
    }

    if (alcf->session_map.roles[role]) {
        return "is duplicate";
    }

    words = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (words == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (value[i].len == 0 || value[i].len > NGX_AIDIAL_ID_MAX) {
            return ngx_http_aidial_conf_invalid(cf, &value[i],
                                           "a word of 1 to 128 bytes");
        }

        word = ngx_array_push(words);
        if (word == NULL) {
            return NGX_CONF_ERROR;
        }

        *word = value[i];
    }

    alcf->session_map.roles[role] = words;

    return NGX_CONF_OK;
}
