
/*
 * A command is an array of strings:
 *
 *     *2 CRLF $3 CRLF GET CRLF $8 CRLF call:c_9 CRLF
 *
 * It is measured first, so that it goes into the buffer at once and leaves no
 * copy behind: AUTH has the password in it.
 */


#include "ngx_aidial_redis_codec.h"
#include "ngx_aidial_block.h"


#define NGX_AIDIAL_REDIS_BUF_MIN   512
#define NGX_AIDIAL_REDIS_HEAD_LEN  (sizeof("*" CRLF) - 1 + NGX_SIZE_T_LEN)


static u_char *ngx_aidial_redis_head(u_char *p, u_char type, size_t n);
static ngx_int_t ngx_aidial_redis_buf_reserve(ngx_aidial_redis_buf_t *buf,
    size_t len);


ngx_int_t
ngx_aidial_redis_command(ngx_aidial_redis_buf_t *buf, const ngx_str_t *argv,
    ngx_uint_t argc)
{
    size_t       size;
    u_char      *p;
    ngx_uint_t   i;

    if (argc > NGX_AIDIAL_REDIS_ARGS_MAX) {
        return NGX_ERROR;
    }

    size = NGX_AIDIAL_REDIS_HEAD_LEN;

    for (i = 0; i < argc; i++) {
        size += NGX_AIDIAL_REDIS_HEAD_LEN + argv[i].len + sizeof(CRLF) - 1;
    }

    if (ngx_aidial_redis_buf_reserve(buf, size) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_aidial_redis_head(buf->last, '*', argc);

    for (i = 0; i < argc; i++) {
        p = ngx_aidial_redis_head(p, '$', argv[i].len);

        if (argv[i].len) {
            p = ngx_cpymem(p, argv[i].data, argv[i].len);
        }

        *p++ = CR;
        *p++ = LF;
    }

    buf->last = p;

    return NGX_OK;
}


/* what is in front of an array or a string: its type and a number */

static u_char *
ngx_aidial_redis_head(u_char *p, u_char type, size_t n)
{
    u_char  *first, digits[NGX_SIZE_T_LEN];

    first = digits + sizeof(digits);

    do {
        *--first = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n);

    *p++ = type;

    while (first < digits + sizeof(digits)) {
        *p++ = *first++;
    }

    *p++ = CR;
    *p++ = LF;

    return p;
}


ngx_int_t
ngx_aidial_redis_buf_append(ngx_aidial_redis_buf_t *buf, const void *data,
    size_t len)
{
    if (ngx_aidial_redis_buf_reserve(buf, len) != NGX_OK) {
        return NGX_ERROR;
    }

    buf->last = ngx_cpymem(buf->last, data, len);

    return NGX_OK;
}


/* room for "len" bytes behind "last" */

static ngx_int_t
ngx_aidial_redis_buf_reserve(ngx_aidial_redis_buf_t *buf, size_t len)
{
    size_t   used, size;
    u_char  *p;

    if ((size_t) (buf->end - buf->last) >= len) {
        return NGX_OK;
    }

    used = ngx_aidial_redis_buf_len(buf);
    size = ngx_max(ngx_max(2 * used, used + len), NGX_AIDIAL_REDIS_BUF_MIN);

    p = ngx_aidial_block_alloc(size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (used) {
        ngx_memcpy(p, buf->pos, used);
    }

    ngx_aidial_redis_buf_free(buf);

    buf->start = p;
    buf->pos = p;
    buf->last = p + used;
    buf->end = p + size;

    return NGX_OK;
}


void
ngx_aidial_redis_buf_free(ngx_aidial_redis_buf_t *buf)
{
    ngx_aidial_block_free(buf->start);

    ngx_memzero(buf, sizeof(ngx_aidial_redis_buf_t));
}
