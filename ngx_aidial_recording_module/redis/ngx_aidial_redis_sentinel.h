
/*
 * Asks the Sentinels where the primary is.  One of these serves all of a
 * worker's connections.
 */


#ifndef _NGX_AIDIAL_REDIS_SENTINEL_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_SENTINEL_H_INCLUDED_


#include "ngx_aidial_redis_codec.h"
#include "ngx_aidial_redis_place.h"
#include "ngx_aidial_redis_topology.h"


/* who asks; "told" gets NULL when no Sentinel knows */

typedef struct {
    ngx_queue_t   queue;
    ngx_uint_t    asks;      /* 1: it is in a queue */
    void        (*told)(void *data, const ngx_aidial_redis_place_t *place);
    void         *data;
} ngx_aidial_redis_asker_t;


typedef struct {
    const ngx_aidial_redis_conf_t  *conf;
    ngx_aidial_redis_transport_t    transport;
    ngx_aidial_redis_codec_t       *codec;
    ngx_aidial_redis_buf_t          out;
    ngx_queue_t                     askers;
    ngx_uint_t                      asking;   /* 1: somebody is being asked */
    ngx_uint_t                      first;    /* who is asked first */
    ngx_uint_t                      tried;    /* ... of this round */
    ngx_uint_t                      said;     /* 1: that nobody knows */
    u_char                          why[320];
    size_t                          why_len;
} ngx_aidial_redis_sentinel_t;


void ngx_aidial_redis_sentinel_init(ngx_aidial_redis_sentinel_t *s,
    const ngx_aidial_redis_conf_t *conf, ngx_log_t *log);
void ngx_aidial_redis_sentinel_close(ngx_aidial_redis_sentinel_t *s);

/* "told" is called once, perhaps before it returns, unless it is forgotten */

void ngx_aidial_redis_sentinel_ask(ngx_aidial_redis_sentinel_t *s,
    ngx_aidial_redis_asker_t *asker);
void ngx_aidial_redis_sentinel_forget(ngx_aidial_redis_asker_t *asker);

/* the answer was of no use: the next time another one is asked first */

void ngx_aidial_redis_sentinel_doubt(ngx_aidial_redis_sentinel_t *s);


#endif /* _NGX_AIDIAL_REDIS_SENTINEL_H_INCLUDED_ */
