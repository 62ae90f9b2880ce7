
/*
 * SCAN, which never holds Redis up as KEYS does.  Only the names that begin
 * like the prefix or like a session's key are sent here.  A key that Redis
 * moves while it is scanned may come twice.
 */


#include "kit.h"


#define KIT_CURSOR_MAX  24


static ngx_int_t kit_scan_pattern(kit_t *kit, const ngx_str_t *pattern);
static ngx_int_t kit_scan_step(kit_t *kit, const ngx_str_t *pattern,
    char *cursor);
static ngx_int_t kit_scan_keys(kit_t *kit, redisReply *list);
static void kit_scan_glob(ngx_pool_t *pool, const ngx_str_t *head,
    ngx_str_t *pattern);
static void kit_scan_progress(ngx_uint_t n);


ngx_int_t
kit_scan(kit_t *kit)
{
    size_t       len;
    ngx_int_t    rc;
    ngx_str_t    pattern, *prefix, *head;
    ngx_pool_t  *pool;

    pool = kit_pool();
    prefix = &kit->options.prefix;
    head = &kit->session_key.head;
    len = ngx_min(prefix->len, head->len);

    /* the shorter one finds what the longer one finds when it begins so */

    if (ngx_memcmp(prefix->data, head->data, len) == 0) {
        kit_scan_glob(pool, prefix->len == len ? prefix : head, &pattern);
        rc = kit_scan_pattern(kit, &pattern);

    } else {
        kit_scan_glob(pool, prefix, &pattern);
        rc = kit_scan_pattern(kit, &pattern);

        if (rc == NGX_OK) {
            kit_scan_glob(pool, head, &pattern);
            rc = kit_scan_pattern(kit, &pattern);
        }
    }

    kit_scan_progress(0);
    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
kit_scan_pattern(kit_t *kit, const ngx_str_t *pattern)
{
    char       cursor[KIT_CURSOR_MAX + 1] = "0";
    ngx_int_t  rc;

    do {
        rc = kit_scan_step(kit, pattern, cursor);

        if (kit_interrupted) {
            return NGX_ABORT;
        }

    } while (rc == NGX_OK && strcmp(cursor, "0") != 0);

    return rc;
}


static ngx_int_t
kit_scan_step(kit_t *kit, const ngx_str_t *pattern, char *cursor)
{
    ngx_int_t     rc;
    redisReply   *reply;
    const size_t  len[] = { 4, strlen(cursor), 5, pattern->len, 5, 3 };
    const char   *argv[] = { "SCAN", cursor, "MATCH", (char *) pattern->data,
                             "COUNT", "500" };

    if (kit_redis_send(kit, 6, argv, len) != NGX_OK) {
        return NGX_ERROR;
    }

    reply = kit_redis_reply(kit);

    if (reply == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (reply->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "conformance: Redis: %s\n", reply->str);

    } else if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
               || reply->element[0]->type != REDIS_REPLY_STRING
               || reply->element[0]->len > KIT_CURSOR_MAX
               || reply->element[1]->type != REDIS_REPLY_ARRAY)
    {
        fprintf(stderr, "conformance: a reply that is none to SCAN\n");

    } else {
        strcpy(cursor, reply->element[0]->str);
        rc = kit_scan_keys(kit, reply->element[1]);
    }

    freeReplyObject(reply);

    return rc;
}


static ngx_int_t
kit_scan_keys(kit_t *kit, redisReply *list)
{
    size_t        i, n;
    ngx_int_t     rc;
    ngx_str_t     keys[KIT_BATCH];
    ngx_pool_t   *pool;
    redisReply   *key;

    rc = NGX_OK;
    i = 0;

    while (i < list->elements && rc == NGX_OK && !kit_interrupted) {

        for (n = 0; n < KIT_BATCH && i < list->elements; i++) {
            key = list->element[i];

            if (key->type == REDIS_REPLY_STRING) {
                keys[n].data = (u_char *) key->str;
                keys[n].len = key->len;
                n++;
            }
        }

        pool = kit_pool();
        rc = kit_records(kit, pool, keys, n);
        ngx_destroy_pool(pool);

        kit_scan_progress(n);
    }

    return rc;
}


/* what is a pattern's own character is escaped */

static void
kit_scan_glob(ngx_pool_t *pool, const ngx_str_t *head, ngx_str_t *pattern)
{
    u_char  *p;
    size_t   i;

    pattern->data = p = kit_alloc(pool, 2 * head->len + 2);

    for (i = 0; i < head->len; i++) {

        if (ngx_strlchr((u_char *) "*?[]^-\\", (u_char *) "*?[]^-\\" + 7,
                        head->data[i]))
        {
            *p++ = '\\';
        }

        *p++ = head->data[i];
    }

    *p++ = '*';
    pattern->len = p - pattern->data;
}


/* once a second, for somebody who looks; 0 clears the line */

static void
kit_scan_progress(ngx_uint_t n)
{
    time_t  now;

    static time_t      last;
    static ngx_uint_t  sum;

    if (!isatty(STDERR_FILENO)) {
        return;
    }

    now = time(NULL);
    sum += n;

    if (n == 0) {
        fprintf(stderr, "\r%40s\r", "");

    } else if (now != last) {
        last = now;
        fprintf(stderr, "\r%lu keys looked at ", sum);
    }
}
