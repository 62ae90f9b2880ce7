
/*
 * RESP2, the protocol of Redis: commands to bytes, bytes to bounded replies.
 * ngx_aidial_redis_codec.c is the only file that includes hiredis.
 */


#ifndef _NGX_AIDIAL_REDIS_CODEC_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_CODEC_H_INCLUDED_


#include "ngx_aidial_core.h"


#define NGX_AIDIAL_REDIS_ELEMENTS_MAX  16         /* of an array */
#define NGX_AIDIAL_REDIS_TEXT_MAX      65536      /* bytes of a reply kept */
#define NGX_AIDIAL_REDIS_BUFFER_MAX    (4 << 20)  /* bytes not yet a reply */
#define NGX_AIDIAL_REDIS_ROOM          48         /* bytes in a reply itself */
#define NGX_AIDIAL_REDIS_ARGS_MAX      40         /* words of a command */


typedef enum {
    NGX_AIDIAL_REDIS_NIL = 0,         /* "$-1": no string */
    NGX_AIDIAL_REDIS_NIL_ARRAY,       /* "*-1" */
    NGX_AIDIAL_REDIS_STRING,
    NGX_AIDIAL_REDIS_STATUS,
    NGX_AIDIAL_REDIS_FAILURE,
    NGX_AIDIAL_REDIS_INTEGER,
    NGX_AIDIAL_REDIS_ARRAY
} ngx_aidial_redis_type_e;


typedef struct ngx_aidial_redis_codec_s  ngx_aidial_redis_codec_t;
typedef struct ngx_aidial_redis_reply_s  ngx_aidial_redis_reply_t;

struct ngx_aidial_redis_reply_s {
    ngx_uint_t                 type;      /* ngx_aidial_redis_type_e */
    ngx_uint_t                 oversize;  /* 1: "text" was too long to keep */
    ngx_str_t                  text;      /* STRING, STATUS, FAILURE */
    int64_t                    integer;
    ngx_uint_t                 nelements;
    ngx_aidial_redis_reply_t  *elements;  /* none of them is an array */
    u_char                     room[NGX_AIDIAL_REDIS_ROOM];  /* short texts */
};


/* a growing run of bytes: appended at "last", consumed at "pos" */

typedef struct {
    u_char  *start;
    u_char  *pos;
    u_char  *last;
    u_char  *end;
} ngx_aidial_redis_buf_t;

#define ngx_aidial_redis_buf_len(b)  ((size_t) ((b)->last - (b)->pos))


/* ngx_aidial_redis_command.c */

/* NGX_OK, or NGX_ERROR without memory; the content may be a secret */

ngx_int_t ngx_aidial_redis_buf_append(ngx_aidial_redis_buf_t *buf,
    const void *data, size_t len);

/* wipes and frees; the buffer is empty then and may be used again */

void ngx_aidial_redis_buf_free(ngx_aidial_redis_buf_t *buf);

/* appends one command; arguments may hold any byte.  NGX_OK or NGX_ERROR */

ngx_int_t ngx_aidial_redis_command(ngx_aidial_redis_buf_t *buf,
    const ngx_str_t *argv, ngx_uint_t argc);


/* ngx_aidial_redis_codec.c */

ngx_aidial_redis_codec_t *ngx_aidial_redis_codec_create(void);
void ngx_aidial_redis_codec_free(ngx_aidial_redis_codec_t *codec);

/* hands over bytes as they came; NGX_OK, or NGX_ERROR without memory */

ngx_int_t ngx_aidial_redis_codec_feed(ngx_aidial_redis_codec_t *codec,
    const u_char *data, size_t len);

/*
 * NGX_OK: *reply is the next reply, the caller's to free.  NGX_AGAIN: it is
 * not complete.  NGX_ERROR: this is no RESP2, or it is beyond the bounds
 * above; no further byte of this connection can be understood.
 */

ngx_int_t ngx_aidial_redis_codec_next(ngx_aidial_redis_codec_t *codec,
    ngx_aidial_redis_reply_t **reply);

/* how many bytes were fed behind the last complete reply */

size_t ngx_aidial_redis_codec_rest(const ngx_aidial_redis_codec_t *codec);

/* after NGX_ERROR: what was wrong */

const char *ngx_aidial_redis_codec_why(const ngx_aidial_redis_codec_t *codec);

void ngx_aidial_redis_reply_free(ngx_aidial_redis_reply_t *reply);


#endif /* _NGX_AIDIAL_REDIS_CODEC_H_INCLUDED_ */
