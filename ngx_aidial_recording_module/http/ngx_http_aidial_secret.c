
/*
 * Files of secrets.
 */


#include "ngx_http_aidial.h"


static ngx_int_t ngx_http_aidial_secret_fill(ngx_conf_t *cf, ngx_file_t *file,
    size_t max, ngx_str_t *secret);
static void ngx_http_aidial_secret_wipe(void *data);


ngx_int_t
ngx_http_aidial_secret_read(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_str_t *secret)
{
    ngx_int_t            rc;
    ngx_str_t           *directive;
    ngx_file_t           file;
    ngx_pool_cleanup_t  *cln;

    directive = cf->args->elts;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;

    if (ngx_conf_full_name(cf->cycle, &file.name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" cannot read \"%V\", expected a readable "
                           "file", directive, &file.name);
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_str_t));

    if (cln == NULL) {
        rc = NGX_ERROR;

    } else {
        rc = ngx_http_aidial_secret_fill(cf, &file, max, secret);
    }

    if (rc == NGX_OK) {
        *(ngx_str_t *) cln->data = *secret;
        cln->handler = ngx_http_aidial_secret_wipe;
    }

    (void) ngx_close_file(file.fd);

    return rc;
}


static ngx_int_t
ngx_http_aidial_secret_fill(ngx_conf_t *cf, ngx_file_t *file, size_t max,
    ngx_str_t *secret)
{
    ssize_t     n;
    ngx_str_t  *directive;

    directive = cf->args->elts;

    secret->data = ngx_pnalloc(cf->pool, max + 1);
    if (secret->data == NULL) {
        return NGX_ERROR;
    }

    n = ngx_read_file(file, secret->data, max + 1, 0);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot read \"%V\", expected a readable "
                           "file", directive, &file->name);
        return NGX_ERROR;
    }

    if (n == 0 || (size_t) n > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": \"%V\" is %s, expected 1 to %uz bytes",
                           directive, &file->name,
                           n ? "too large" : "empty",
                           max);
        return NGX_ERROR;
    }

    secret->len = (size_t) n;

    return NGX_OK;
}


static void
ngx_http_aidial_secret_wipe(void *data)
{
    ngx_str_t *secret = data;

    ngx_aidial_wipe(secret->data, secret->len);
}
