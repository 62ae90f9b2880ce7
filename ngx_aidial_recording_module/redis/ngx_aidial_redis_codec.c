
/*
 * The codec: hiredis reads RESP2, and this file decides what may become of a
 * reply.  Commands are written by ngx_aidial_redis_command.c.
 *
 * hiredis' reader calls back for each value it has found.  Its own callbacks
 * allocate whatever the peer announces ("*2147483647" is eleven bytes); ours
 * look first:
 *
 *     *2                   an array of at most 16 elements, at the root only
 *     $5 fresh             a string of at most 64 KiB is copied;
 *     $300000 ...          a longer one is marked and not copied
 *     *1 *1 ...            an array in an array: refused
 *     %, ~, >, |, _, ,     RESP3, which nobody asked for: refused
 *
 * To refuse is to return NULL: hiredis takes it for a lack of memory, stops,
 * and frees what there is of the reply.  The reader keeps an unfinished reply
 * as bytes, so those are bounded as well.
 *
 * The functions used here are the same in hiredis 0.14 and in 1.x, but for
 * the type of an array's length and two callbacks that only RESP3 calls.
 */


#include "ngx_aidial_redis_codec.h"
#include "ngx_aidial_block.h"

#include <hiredis/hiredis.h>


#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_aidial_redis_elements_t;
#else
typedef int     ngx_aidial_redis_elements_t;
#endif


struct ngx_aidial_redis_codec_s {
    redisReader  *reader;
    size_t        rest;      /* bytes behind the last complete reply */
    const char   *why;
};


static void *ngx_aidial_redis_create_string(const redisReadTask *task,
    char *data, size_t len);
static void *ngx_aidial_redis_create_array(const redisReadTask *task,
    ngx_aidial_redis_elements_t n);
static void *ngx_aidial_redis_create_integer(const redisReadTask *task,
    long long integer);
#if (HIREDIS_MAJOR >= 1)
static void *ngx_aidial_redis_create_double(const redisReadTask *task,
    double value, char *data, size_t len);
static void *ngx_aidial_redis_create_bool(const redisReadTask *task,
    int value);
#endif
static void *ngx_aidial_redis_create_nil(const redisReadTask *task);
static void ngx_aidial_redis_free_object(void *object);
static u_char *ngx_aidial_redis_text(const redisReadTask *task,
    ngx_aidial_redis_reply_t *reply, size_t len);
static ngx_aidial_redis_reply_t *ngx_aidial_redis_place(
    const redisReadTask *task, size_t more);
static void *ngx_aidial_redis_refuse(const redisReadTask *task,
    const char *why);


static redisReplyObjectFunctions  ngx_aidial_redis_functions = {
    .createString = ngx_aidial_redis_create_string,
    .createArray = ngx_aidial_redis_create_array,
    .createInteger = ngx_aidial_redis_create_integer,
#if (HIREDIS_MAJOR >= 1)
    .createDouble = ngx_aidial_redis_create_double,
    .createBool = ngx_aidial_redis_create_bool,
#endif
    .createNil = ngx_aidial_redis_create_nil,
    .freeObject = ngx_aidial_redis_free_object
};


ngx_int_t
ngx_aidial_redis_codec_next(ngx_aidial_redis_codec_t *codec,
    ngx_aidial_redis_reply_t **reply)
{
    void  *object;

    object = NULL;

    if (redisReaderGetReply(codec->reader, &object) != REDIS_OK) {
        return NGX_ERROR;
    }

    if (object != NULL) {
        codec->rest = codec->reader->len - codec->reader->pos;
        *reply = object;
        return NGX_OK;
    }

    if (codec->rest > NGX_AIDIAL_REDIS_BUFFER_MAX) {
        codec->why = "a reply of more than 4 MiB";
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


ngx_aidial_redis_codec_t *
ngx_aidial_redis_codec_create(void)
{
    ngx_aidial_redis_codec_t  *codec;

    codec = ngx_alloc(sizeof(ngx_aidial_redis_codec_t), ngx_cycle->log);
    if (codec == NULL) {
        return NULL;
    }

    codec->rest = 0;
    codec->why = "bytes that are no RESP2 reply";
    codec->reader = redisReaderCreateWithFunctions(
                                                &ngx_aidial_redis_functions);

    if (codec->reader == NULL) {
        ngx_free(codec);
        return NULL;
    }

    codec->reader->privdata = codec;

    return codec;
}


void
ngx_aidial_redis_codec_free(ngx_aidial_redis_codec_t *codec)
{
    redisReaderFree(codec->reader);
    ngx_free(codec);
}


ngx_int_t
ngx_aidial_redis_codec_feed(ngx_aidial_redis_codec_t *codec,
    const u_char *data, size_t len)
{
    if (redisReaderFeed(codec->reader, (const char *) data, len) != REDIS_OK) {
        codec->why = "a reply there is no memory for";
        return NGX_ERROR;
    }

    /* the reader's own position moves within a reply, from its first byte */

    codec->rest += len;

    return NGX_OK;
}


size_t
ngx_aidial_redis_codec_rest(const ngx_aidial_redis_codec_t *codec)
{
    return codec->rest;
}


const char *
ngx_aidial_redis_codec_why(const ngx_aidial_redis_codec_t *codec)
{
    return codec->why;
}


void
ngx_aidial_redis_reply_free(ngx_aidial_redis_reply_t *reply)
{
    ngx_uint_t  i;

    for (i = 0; i < reply->nelements; i++) {
        if (reply->elements[i].text.data != reply->elements[i].room) {
            ngx_aidial_block_free(reply->elements[i].text.data);
        }
    }

    /* its own text and its elements are in the same block */

    ngx_aidial_block_free(reply);
}


static void *
ngx_aidial_redis_create_string(const redisReadTask *task, char *data,
    size_t len)
{
    ngx_uint_t                 type, oversize;
    ngx_aidial_redis_reply_t  *reply;

    switch (task->type) {

    case REDIS_REPLY_STRING:
        type = NGX_AIDIAL_REDIS_STRING;
        break;

    case REDIS_REPLY_STATUS:
        type = NGX_AIDIAL_REDIS_STATUS;
        break;

    case REDIS_REPLY_ERROR:
        type = NGX_AIDIAL_REDIS_FAILURE;
        break;

    default:
        return ngx_aidial_redis_refuse(task, "a RESP3 string");
    }

    oversize = (len > NGX_AIDIAL_REDIS_TEXT_MAX);

    if (oversize) {
        len = 0;
    }

    reply = ngx_aidial_redis_place(task, len);
    if (reply == NULL) {
        return NULL;
    }

    reply->type = type;
    reply->oversize = oversize;

    if (oversize) {
        return reply;
    }

    reply->text.data = ngx_aidial_redis_text(task, reply, len);
    if (reply->text.data == NULL) {
        return ngx_aidial_redis_refuse(task, "a reply there is no memory for");
    }

    ngx_memcpy(reply->text.data, data, len);
    reply->text.len = len;

    return reply;
}


/* a reply of its own has the place of its text behind it */

static u_char *
ngx_aidial_redis_text(const redisReadTask *task,
    ngx_aidial_redis_reply_t *reply, size_t len)
{
    if (len <= NGX_AIDIAL_REDIS_ROOM) {
        return reply->room;
    }

    return task->parent ? ngx_aidial_block_alloc(len) : (u_char *) (reply + 1);
}


static void *
ngx_aidial_redis_create_array(const redisReadTask *task,
    ngx_aidial_redis_elements_t n)
{
    ngx_aidial_redis_reply_t  *reply;

    if (task->type != REDIS_REPLY_ARRAY) {
        return ngx_aidial_redis_refuse(task, "a RESP3 aggregate");
    }

    if (task->parent != NULL) {
        return ngx_aidial_redis_refuse(task, "an array in an array");
    }

    if (n > NGX_AIDIAL_REDIS_ELEMENTS_MAX) {
        return ngx_aidial_redis_refuse(task, "an array of too many elements");
    }

    reply = ngx_aidial_redis_place(task,
                                   n * sizeof(ngx_aidial_redis_reply_t));
    if (reply == NULL) {
        return NULL;
    }

    reply->type = NGX_AIDIAL_REDIS_ARRAY;
    reply->nelements = n;
    reply->elements = reply + 1;

    return reply;
}


static void *
ngx_aidial_redis_create_integer(const redisReadTask *task, long long integer)
{
    ngx_aidial_redis_reply_t  *reply;

    reply = ngx_aidial_redis_place(task, 0);
    if (reply == NULL) {
        return NULL;
    }

    reply->type = NGX_AIDIAL_REDIS_INTEGER;
    reply->integer = integer;

    return reply;
}


#if (HIREDIS_MAJOR >= 1)

static void *
ngx_aidial_redis_create_double(const redisReadTask *task, double value,
    char *data, size_t len)
{
    return ngx_aidial_redis_refuse(task, "a RESP3 double");
}


static void *
ngx_aidial_redis_create_bool(const redisReadTask *task, int value)
{
    return ngx_aidial_redis_refuse(task, "a RESP3 boolean");
}

#endif


static void *
ngx_aidial_redis_create_nil(const redisReadTask *task)
{
    ngx_aidial_redis_reply_t  *reply;

    if (task->type == REDIS_REPLY_NIL) {
        return ngx_aidial_redis_refuse(task, "a RESP3 null");
    }

    reply = ngx_aidial_redis_place(task, 0);
    if (reply == NULL) {
        return NULL;
    }

    /* RESP2 writes nil as a string or an array of length -1 */

    reply->type = (task->type == REDIS_REPLY_ARRAY) ? NGX_AIDIAL_REDIS_NIL_ARRAY
                                                    : NGX_AIDIAL_REDIS_NIL;

    return reply;
}


static void
ngx_aidial_redis_free_object(void *object)
{
    ngx_aidial_redis_reply_free(object);
}


/*
 * An element's place in its array, or a reply of its own with "more" octets
 * behind it; all zero.
 */

static ngx_aidial_redis_reply_t *
ngx_aidial_redis_place(const redisReadTask *task, size_t more)
{
    ngx_aidial_redis_reply_t  *array, *reply;

    if (task->parent != NULL) {
        array = task->parent->obj;

        ngx_aidial_assert((ngx_uint_t) task->idx < array->nelements);

        return &array->elements[task->idx];
    }

    reply = ngx_aidial_block_alloc(sizeof(ngx_aidial_redis_reply_t) + more);
    if (reply == NULL) {
        return ngx_aidial_redis_refuse(task, "a reply there is no memory for");
    }

    return reply;
}


static void *
ngx_aidial_redis_refuse(const redisReadTask *task, const char *why)
{
    ngx_aidial_redis_codec_t  *codec;

    codec = task->privdata;
    codec->why = why;

    return NULL;
}
