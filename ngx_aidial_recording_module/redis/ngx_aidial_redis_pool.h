
/*
 * The connections of a worker.
 */


#ifndef _NGX_AIDIAL_REDIS_POOL_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_POOL_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"


/* see ngx_aidial_redis_init_worker() */

ngx_int_t ngx_aidial_redis_pool_start(ngx_cycle_t *cycle,
    const ngx_aidial_redis_conf_t *conf, ngx_atomic_t *outage);
void ngx_aidial_redis_pool_stop(void);

/*
 * NGX_OK: the task will be completed.  NGX_DECLINED: no connection can take
 * it now; it is still the caller's.
 */

ngx_int_t ngx_aidial_redis_pool_submit(ngx_aidial_redis_task_t *task);


#endif /* _NGX_AIDIAL_REDIS_POOL_H_INCLUDED_ */
