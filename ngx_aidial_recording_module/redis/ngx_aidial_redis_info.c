
/*
 * A reply to INFO is a bulk string of lines:
 *
 *     # Replication\r\n
 *     role:master\r\n
 *     master_replid:8b0b...\r\n
 *
 * A field that is missing, stands there twice or has a value of the wrong
 * form says that this is no reply to INFO, and the connection is not believed.
 */


#include "ngx_aidial_redis_info.h"


static ngx_int_t ngx_aidial_redis_info_ask(ngx_aidial_redis_buf_t *buf,
    const char *section);
static ngx_int_t ngx_aidial_redis_info_field(
    const ngx_aidial_redis_reply_t *reply, const char *name, ngx_str_t *value);
static ngx_uint_t ngx_aidial_redis_info_is(const ngx_str_t *value,
    const char *text);
static ngx_uint_t ngx_aidial_redis_info_is_replid(const ngx_str_t *value);
static ngx_uint_t ngx_aidial_redis_info_garbage(ngx_aidial_redis_conn_t *conn);


ngx_int_t
ngx_aidial_redis_info_ask_replication(ngx_aidial_redis_buf_t *buf)
{
    return ngx_aidial_redis_info_ask(buf, "replication");
}


ngx_int_t
ngx_aidial_redis_info_ask_memory(ngx_aidial_redis_buf_t *buf)
{
    return ngx_aidial_redis_info_ask(buf, "memory");
}


static ngx_int_t
ngx_aidial_redis_info_ask(ngx_aidial_redis_buf_t *buf, const char *section)
{
    ngx_str_t  argv[2];

    ngx_str_set(&argv[0], "INFO");
    argv[1].data = (u_char *) section;
    argv[1].len = ngx_strlen(section);

    return ngx_aidial_redis_command(buf, argv, 2);
}


ngx_uint_t
ngx_aidial_redis_info_replication(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply, u_char *epoch)
{
    ngx_str_t  role, replid;

    if (ngx_aidial_redis_info_field(reply, "role:", &role) != NGX_OK
        || ngx_aidial_redis_info_field(reply, "master_replid:", &replid)
           != NGX_OK
        || !ngx_aidial_redis_info_is_replid(&replid))
    {
        return ngx_aidial_redis_info_garbage(conn);
    }

    if (!ngx_aidial_redis_info_is(&role, "master")) {
        ngx_aidial_redis_conn_why(conn, "this Redis is no primary, its role "
                                  "is", 0, &role);
        return NGX_AIDIAL_REDIS_UNFIT;
    }

    ngx_memcpy(epoch, replid.data, NGX_AIDIAL_REDIS_EPOCH_LEN);

    return NGX_AIDIAL_REDIS_HOLDS;
}


ngx_uint_t
ngx_aidial_redis_info_memory(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply)
{
    ngx_str_t  policy;

    if (ngx_aidial_redis_info_field(reply, "maxmemory_policy:", &policy)
        != NGX_OK)
    {
        return ngx_aidial_redis_info_garbage(conn);
    }

    if (!ngx_aidial_redis_info_is(&policy, "noeviction")) {
        ngx_aidial_redis_conn_why(conn, "its maxmemory-policy is", 0, &policy);
        return NGX_AIDIAL_REDIS_EVICTS;
    }

    return NGX_AIDIAL_REDIS_HOLDS;
}


/* NGX_OK when exactly one line of the reply begins with "name" */

static ngx_int_t
ngx_aidial_redis_info_field(const ngx_aidial_redis_reply_t *reply,
    const char *name, ngx_str_t *value)
{
    size_t      len;
    u_char     *p, *end, *last;
    ngx_uint_t  found;

    if (reply->type != NGX_AIDIAL_REDIS_STRING || reply->oversize) {
        return NGX_ERROR;
    }

    len = ngx_strlen(name);
    last = reply->text.data + reply->text.len;
    found = 0;

    for (p = reply->text.data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, LF);
        if (end == NULL) {
            break;
        }

        if ((size_t) (end - p) < len + 2
            || end[-1] != CR
            || ngx_memcmp(p, name, len) != 0)
        {
            continue;
        }

        value->data = p + len;
        value->len = end - 1 - value->data;
        found++;
    }

    return found == 1 ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_aidial_redis_info_is(const ngx_str_t *value, const char *text)
{
    return value->len == ngx_strlen(text)
           && ngx_memcmp(value->data, text, value->len) == 0;
}


static ngx_uint_t
ngx_aidial_redis_info_is_replid(const ngx_str_t *value)
{
    u_char  ch;
    size_t  i;

    if (value->len != NGX_AIDIAL_REDIS_EPOCH_LEN) {
        return 0;
    }

    for (i = 0; i < value->len; i++) {
        ch = value->data[i];

        if (!(ch >= '0' && ch <= '9') && !(ch >= 'a' && ch <= 'f')) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_aidial_redis_info_garbage(ngx_aidial_redis_conn_t *conn)
{
    ngx_aidial_redis_conn_why(conn, "a reply that is none to INFO", 0, NULL);

    return NGX_AIDIAL_REDIS_BROKEN;
}
