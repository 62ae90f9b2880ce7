
/*
 * Follows the primary that the Sentinels name: a worker's connections all go
 * to the same one.
 */


#ifndef _NGX_AIDIAL_REDIS_FOLLOW_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_FOLLOW_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"
#include "ngx_aidial_redis_sentinel.h"


typedef struct {
    ngx_aidial_redis_sentinel_t   sentinel;
    ngx_aidial_redis_asker_t      asker;
    ngx_event_t                   again;      /* asks every 10 seconds */
    ngx_aidial_redis_conn_t       probe;      /* to who was named instead */
    ngx_aidial_redis_conn_t      *conns;      /* the pool's */
    ngx_uint_t                    nconns;
} ngx_aidial_redis_follow_t;


/* before the first connection is opened; it gives them their Sentinels */

void ngx_aidial_redis_follow_start(ngx_aidial_redis_follow_t *follow,
    const ngx_aidial_redis_conf_t *conf, ngx_aidial_redis_conn_t *conns,
    ngx_log_t *log);
void ngx_aidial_redis_follow_stop(ngx_aidial_redis_follow_t *follow);

/* a connection is READY, so this is the primary: the others follow it */

void ngx_aidial_redis_follow_up(ngx_aidial_redis_follow_t *follow,
    const ngx_aidial_redis_place_t *place);


#endif /* _NGX_AIDIAL_REDIS_FOLLOW_H_INCLUDED_ */
