
/*
 * The password file: its first line is the password.  It is read with the
 * configuration and wiped with it, so a reload is all that a new password
 * needs.
 */


#include "ngx_aidial_redis_topology.h"


static ngx_int_t ngx_aidial_redis_password_line(ngx_conf_t *cf,
    ngx_str_t *password, const u_char *text, size_t len);
static void ngx_aidial_redis_password_wipe(void *data);


ngx_int_t
ngx_aidial_redis_password(ngx_conf_t *cf, void *password, ngx_str_t *file)
{
    ssize_t    n;
    u_char     buf[NGX_AIDIAL_REDIS_PASSWORD_MAX + 2];
    ngx_fd_t   fd;
    ngx_int_t  rc;
    ngx_str_t  name;

    name = *file;

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
        rc = ngx_aidial_redis_password_line(cf, password, buf, n);
    }

    ngx_explicit_memzero(buf, sizeof(buf));

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rc;
}


static ngx_int_t
ngx_aidial_redis_password_line(ngx_conf_t *cf, ngx_str_t *password,
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

    password->data = ngx_pnalloc(cf->pool, len);
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (password->data == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(password->data, text, len);
    password->len = len;

    cln->handler = ngx_aidial_redis_password_wipe;
    cln->data = password;

    return NGX_OK;
}


static void
ngx_aidial_redis_password_wipe(void *data)
{
    ngx_str_t  *secret = data;

    ngx_explicit_memzero(secret->data, secret->len);
}
