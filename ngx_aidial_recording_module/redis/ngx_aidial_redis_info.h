
/*
 * INFO: who the primary is, and whether it may forget keys.  Asked in the
 * handshake and again by the watch.
 */


#ifndef _NGX_AIDIAL_REDIS_INFO_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_INFO_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"


/*
 * Each appends its command: NGX_OK, or NGX_ERROR without memory.  The second
 * one is not to be asked where conf->eviction allows all.
 */

ngx_int_t ngx_aidial_redis_info_ask_replication(ngx_aidial_redis_buf_t *buf);
ngx_int_t ngx_aidial_redis_info_ask_memory(ngx_aidial_redis_buf_t *buf);

/*
 * Each judges a reply that is no error: ngx_aidial_redis_end_e, with "why"
 * set.  "epoch" has NGX_AIDIAL_REDIS_EPOCH_LEN bytes, which are written only
 * when the reply is from a primary.
 */

ngx_uint_t ngx_aidial_redis_info_replication(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply, u_char *epoch);
ngx_uint_t ngx_aidial_redis_info_memory(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply);


#endif /* _NGX_AIDIAL_REDIS_INFO_H_INCLUDED_ */
