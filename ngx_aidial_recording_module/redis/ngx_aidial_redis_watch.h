
/*
 * What a READY connection asks every two seconds, so that a primary that was
 * replaced, demoted or told to evict behind its back is not believed for
 * longer.
 */


#ifndef _NGX_AIDIAL_REDIS_WATCH_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_WATCH_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"


/* once a connection, before the first start */

void ngx_aidial_redis_watch_init(ngx_aidial_redis_conn_t *conn);

/* from READY to its end */

void ngx_aidial_redis_watch_start(ngx_aidial_redis_conn_t *conn);
void ngx_aidial_redis_watch_stop(ngx_aidial_redis_conn_t *conn);


#endif /* _NGX_AIDIAL_REDIS_WATCH_H_INCLUDED_ */
