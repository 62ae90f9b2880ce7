
/*
 * What is said before the first operation: AUTH, SELECT, INFO, PING.
 */


#ifndef _NGX_AIDIAL_REDIS_HANDSHAKE_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_HANDSHAKE_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"


/* puts the commands into "out"; NGX_OK, or NGX_ERROR without memory */

ngx_int_t ngx_aidial_redis_handshake_ask(ngx_aidial_redis_conn_t *conn);

/* judges the next reply; ngx_aidial_redis_end_e, with "why" set */

ngx_uint_t ngx_aidial_redis_handshake_answer(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply);

/* 1 when every reply was right */

#define ngx_aidial_redis_handshake_done(conn)                                 \
    ((conn)->greeted == (conn)->greetings)


#endif /* _NGX_AIDIAL_REDIS_HANDSHAKE_H_INCLUDED_ */
