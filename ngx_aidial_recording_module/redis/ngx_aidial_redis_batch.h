
/*
 * What one read event brings, and what one turn of the event loop sends.
 */


#ifndef _NGX_AIDIAL_REDIS_BATCH_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_BATCH_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"


/*
 * Reads all there is and gives the replies to the tasks in "sent"; a task
 * with all of its replies goes to "answered", with its status.  Returns
 * ngx_aidial_redis_end_e, with "why" set.
 */

ngx_uint_t ngx_aidial_redis_batch_read(ngx_aidial_redis_conn_t *conn);

/*
 * Writes what is in "out", then, when READY, all the tasks that wait; they
 * go to "sent".  NGX_OK: all is written; NGX_AGAIN: call it when the socket
 * can be written to; NGX_ERROR: the connection must end, "why" is set.
 */

ngx_int_t ngx_aidial_redis_batch_write(ngx_aidial_redis_conn_t *conn);


#endif /* _NGX_AIDIAL_REDIS_BATCH_H_INCLUDED_ */
