
/*
 * aidial_recording_session_format jwt: which tokens are sessions.
 */


#include "ngx_http_aidial.h"


typedef struct {
    ngx_str_t     alg;
    ngx_str_t     secret_file;
    ngx_str_t     iss;
    ngx_str_t     aud;
    ngx_array_t   key_files;      /* of ngx_str_t */
} ngx_http_aidial_jwt_args_t;


static ngx_int_t ngx_http_aidial_jwt_arguments(ngx_conf_t *cf,
    ngx_http_aidial_jwt_args_t *args);
static ngx_int_t ngx_http_aidial_jwt_argument(ngx_conf_t *cf,
    ngx_str_t *argument, ngx_http_aidial_jwt_args_t *args);
static ngx_int_t ngx_http_aidial_jwt_key_file(ngx_conf_t *cf,
    ngx_str_t *argument, ngx_array_t *files);
static const char *ngx_http_aidial_jwt_missing(
    ngx_http_aidial_jwt_args_t *args, ngx_aidial_alg_e alg);
static ngx_int_t ngx_http_aidial_jwt_secrets(ngx_conf_t *cf, ngx_str_t *path,
    ngx_aidial_jwt_conf_t *jwt);
static ngx_int_t ngx_http_aidial_jwt_keys(ngx_conf_t *cf, ngx_str_t *path,
    ngx_aidial_jwt_conf_t *jwt);
static ngx_int_t ngx_http_aidial_jwt_loaded(ngx_conf_t *cf, ngx_int_t rc,
    ngx_str_t *path, const char *why);


char *
ngx_http_aidial_set_jwt(ngx_conf_t *cf, ngx_http_aidial_loc_conf_t *conf)
{
    ngx_str_t                   *value, *path;
    ngx_uint_t                   i;
    const char                  *missing;
    ngx_aidial_alg_e             alg;
    ngx_aidial_jwt_conf_t       *jwt;
    ngx_http_aidial_jwt_args_t   args;

    if (ngx_http_aidial_jwt_arguments(cf, &args) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    alg = ngx_aidial_alg_find(&args.alg);
    missing = ngx_http_aidial_jwt_missing(&args, alg);

    if (missing) {
        return ngx_http_aidial_conf_invalid(cf, &value[1], missing);
    }

    jwt = ngx_aidial_jwt_conf_create(cf->pool, alg);
    if (jwt == NULL) {
        return NGX_CONF_ERROR;
    }

    jwt->iss = args.iss;
    jwt->aud = args.aud;

    if (args.secret_file.data
        && ngx_http_aidial_jwt_secrets(cf, &args.secret_file, jwt) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    path = args.key_files.elts;

    for (i = 0; i < args.key_files.nelts; i++) {
        if (ngx_http_aidial_jwt_keys(cf, &path[i], jwt) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    conf->session_jwt = jwt;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_aidial_jwt_arguments(ngx_conf_t *cf, ngx_http_aidial_jwt_args_t *args)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    ngx_memzero(args, sizeof(ngx_http_aidial_jwt_args_t));

    if (ngx_array_init(&args->key_files, cf->temp_pool, 2, sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_aidial_jwt_argument(cf, &value[i], args) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_aidial_jwt_argument(ngx_conf_t *cf, ngx_str_t *argument,
    ngx_http_aidial_jwt_args_t *args)
{
    ngx_int_t   rc;
    ngx_str_t  *value;

    rc = ngx_http_aidial_conf_parameter(cf, argument, "alg=", &args->alg);

    if (rc == NGX_OK && ngx_aidial_alg_find(&args->alg)
                        == NGX_AIDIAL_ALG_COUNT)
    {
        (void) ngx_http_aidial_conf_invalid(cf, argument,
                "\"alg=\" HS256, RS256, ES256 or EdDSA, letter by letter");
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_aidial_jwt_key_file(cf, argument, &args->key_files);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    value = &args->secret_file;
    rc = ngx_http_aidial_conf_parameter(cf, argument, "secret_file=", value);

    if (rc == NGX_DECLINED) {
        value = &args->iss;
        rc = ngx_http_aidial_conf_parameter(cf, argument, "iss=", value);
    }

    if (rc == NGX_DECLINED) {
        value = &args->aud;
        rc = ngx_http_aidial_conf_parameter(cf, argument, "aud=", value);
    }

    if (rc == NGX_DECLINED) {
        (void) ngx_http_aidial_conf_invalid(cf, argument,
                     "\"alg=\", \"secret_file=\", \"key_file=\", \"iss=\" or "
                     "\"aud=\"");
        return NGX_ERROR;
    }

    if (rc == NGX_OK && value->len == 0) {
        (void) ngx_http_aidial_conf_invalid(cf, argument,
                                            "something behind the \"=\"");
        return NGX_ERROR;
    }

    return rc;
}


/* may be there several times, each with another file */

static ngx_int_t
ngx_http_aidial_jwt_key_file(ngx_conf_t *cf, ngx_str_t *argument,
    ngx_array_t *files)
{
    ngx_int_t    rc;
    ngx_str_t   *file, path;
    ngx_uint_t   i;

    ngx_str_null(&path);

    rc = ngx_http_aidial_conf_parameter(cf, argument, "key_file=", &path);
    if (rc != NGX_OK) {
        return rc;
    }

    file = files->elts;

    for (i = 0; i < files->nelts; i++) {
        if (ngx_aidial_same(&file[i], &path)) {
            (void) ngx_http_aidial_conf_invalid(cf, argument,
                                                "each file once");
            return NGX_ERROR;
        }
    }

    if (path.len == 0) {
        (void) ngx_http_aidial_conf_invalid(cf, argument,
                                            "something behind the \"=\"");
        return NGX_ERROR;
    }

    file = ngx_array_push(files);
    if (file == NULL) {
        return NGX_ERROR;
    }

    *file = path;

    return NGX_OK;
}


/* what was expected, or NULL */

static const char *
ngx_http_aidial_jwt_missing(ngx_http_aidial_jwt_args_t *args,
    ngx_aidial_alg_e alg)
{
    if (args->alg.data == NULL) {
        return "\"alg=\" after \"jwt\"";
    }

    if (alg != NGX_AIDIAL_ALG_HS256 && args->secret_file.data) {
        return "\"key_file=\" instead of \"secret_file=\" for an algorithm "
               "with public keys";
    }

    if (args->key_files.nelts || args->secret_file.data) {
        return NULL;
    }

    return alg == NGX_AIDIAL_ALG_HS256
           ? "\"secret_file=\" or \"key_file=\" for \"HS256\""
           : "\"key_file=\" with public keys";
}


static ngx_int_t
ngx_http_aidial_jwt_secrets(ngx_conf_t *cf, ngx_str_t *path,
    ngx_aidial_jwt_conf_t *jwt)
{
    ngx_int_t    rc;
    ngx_str_t    text;
    const char  *why;

    if (ngx_http_aidial_secret_read(cf, path, NGX_AIDIAL_SECRET_MAX, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_aidial_jwt_add_secrets(jwt, &text, &why);

    return ngx_http_aidial_jwt_loaded(cf, rc, path, why);
}


/* a set may hold secrets, hence it is read and wiped like them */

static ngx_int_t
ngx_http_aidial_jwt_keys(ngx_conf_t *cf, ngx_str_t *path,
    ngx_aidial_jwt_conf_t *jwt)
{
    ngx_int_t    rc;
    ngx_str_t   *directive, text;
    ngx_uint_t   skipped;
    const char  *why;

    if (ngx_http_aidial_secret_read(cf, path, NGX_AIDIAL_KEYS_MAX, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_aidial_jwt_add_keys(cf->pool, jwt, &text, &skipped, &why);

    if (rc == NGX_OK && skipped) {
        directive = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" skips %ui keys of \"%V\": they are not "
                           "for signatures of %V", directive, skipped, path,
                           ngx_aidial_alg_name(jwt->alg));
    }

    return ngx_http_aidial_jwt_loaded(cf, rc, path, why);
}


static ngx_int_t
ngx_http_aidial_jwt_loaded(ngx_conf_t *cf, ngx_int_t rc, ngx_str_t *path,
    const char *why)
{
    if (rc == NGX_DECLINED) {
        (void) ngx_http_aidial_conf_invalid(cf, path, why);
    }

    if (rc == NGX_ERROR) {
        (void) ngx_http_aidial_conf_invalid(cf, path,
                                        "memory, and an OpenSSL that works");
    }

    return rc;
}
