
/*
 * A batch of keys in two round trips: what they hold, and what the records
 * make one look at besides.  A text is read up to one byte more than the
 * module takes, so memory is bounded whatever lies in Redis.
 */


#include "kit.h"


#define KIT_COMMANDS  3


static ngx_int_t kit_records_ask(kit_t *kit, const ngx_str_t *key);
static ngx_int_t kit_records_answer(kit_t *kit, ngx_pool_t *pool,
    ngx_str_t *type, int64_t *ttl, ngx_str_t *text);
static ngx_int_t kit_records_take(kit_t *kit, ngx_pool_t *pool,
    redisReply *reply, ngx_str_t *text);
static ngx_int_t kit_records_others(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record, ngx_uint_t n);
static ngx_uint_t kit_records_is_read(kit_record_t *record);


ngx_int_t
kit_records(kit_t *kit, ngx_pool_t *pool, const ngx_str_t *keys, ngx_uint_t n)
{
    ngx_uint_t     i;
    kit_record_t  *record;

    record = kit_alloc(pool, n * sizeof(kit_record_t) + 1);

    for (i = 0; i < n; i++) {
        record[i].key = keys[i];
        kit_key_classify(kit, pool, &record[i]);

        if (kit_records_is_read(&record[i])
            && kit_records_ask(kit, &keys[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < n; i++) {

        if (!kit_records_is_read(&record[i])) {
            continue;
        }

        if (kit_records_answer(kit, pool, &record[i].type, &record[i].ttl,
                               &record[i].text)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        kit_judge(kit, pool, &record[i]);
    }

    if (kit_records_others(kit, pool, record, n) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        /* a key that ended meanwhile is none */

        if (record[i].kind == KIT_ELSEWHERE
            || (record[i].type.len
                && ngx_strcmp(record[i].type.data, "none") == 0))
        {
            continue;
        }

        kit_report(kit, &record[i]);
    }

    return NGX_OK;
}


static ngx_uint_t
kit_records_is_read(kit_record_t *record)
{
    return record->kind < KIT_OWN;
}


static ngx_int_t
kit_records_ask(kit_t *kit, const ngx_str_t *key)
{
    char         last[NGX_INT64_LEN + 1];
    const char  *argv[4];
    size_t       len[4];

    snprintf(last, sizeof(last), "%d", NGX_AIDIAL_RECORD_MAX);

    argv[1] = (char *) key->data;
    len[1] = key->len;

    argv[0] = "TYPE";
    len[0] = 4;

    if (kit_redis_send(kit, 2, argv, len) != NGX_OK) {
        return NGX_ERROR;
    }

    argv[0] = "PTTL";

    if (kit_redis_send(kit, 2, argv, len) != NGX_OK) {
        return NGX_ERROR;
    }

    argv[0] = "GETRANGE";
    len[0] = 8;
    argv[2] = "0";
    len[2] = 1;
    argv[3] = last;
    len[3] = strlen(last);

    return kit_redis_send(kit, 4, argv, len);
}


/* the replies to TYPE, PTTL and GETRANGE; of another type there is no text */

static ngx_int_t
kit_records_answer(kit_t *kit, ngx_pool_t *pool, ngx_str_t *type,
    int64_t *ttl, ngx_str_t *text)
{
    ngx_int_t    rc;
    ngx_uint_t   i;
    redisReply  *reply;

    rc = NGX_OK;

    for (i = 0; i < KIT_COMMANDS && rc == NGX_OK; i++) {
        reply = kit_redis_reply(kit);

        if (reply == NULL) {
            return NGX_ERROR;
        }

        if (reply->type == REDIS_REPLY_ERROR
            && strncmp(reply->str, "WRONGTYPE", 9) != 0)
        {
            fprintf(stderr, "conformance: Redis: %s\n", reply->str);
            rc = NGX_ERROR;

        } else if (i == 0) {
            rc = kit_records_take(kit, pool, reply, type);

        } else if (i == 1) {
            *ttl = reply->integer;

        } else if (reply->type == REDIS_REPLY_STRING) {
            rc = kit_records_take(kit, pool, reply, text);
        }

        freeReplyObject(reply);
    }

    return rc;
}


/* with a NUL behind it, as hiredis had it */

static ngx_int_t
kit_records_take(kit_t *kit, ngx_pool_t *pool, redisReply *reply,
    ngx_str_t *text)
{
    if (reply->str == NULL) {
        fprintf(stderr, "conformance: a reply of another shape\n");
        return NGX_ERROR;
    }

    text->len = reply->len;
    text->data = kit_alloc(pool, reply->len + 1);
    ngx_memcpy(text->data, reply->str, reply->len);

    return NGX_OK;
}


static ngx_int_t
kit_records_others(kit_t *kit, ngx_pool_t *pool, kit_record_t *record,
    ngx_uint_t n)
{
    int64_t     ttl;
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (record[i].other.len
            && kit_records_ask(kit, &record[i].other) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < n; i++) {

        if (record[i].other.len == 0) {
            continue;
        }

        if (kit_records_answer(kit, pool, &record[i].other_type, &ttl,
                               &record[i].other_text)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        kit_judge_other(kit, pool, &record[i]);
    }

    return NGX_OK;
}
