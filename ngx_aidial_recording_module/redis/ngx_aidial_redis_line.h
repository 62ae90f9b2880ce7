
/*
 * The lines of a connection: how tasks leave them.
 */


#ifndef _NGX_AIDIAL_REDIS_LINE_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_LINE_H_INCLUDED_


#include "ngx_aidial_redis_conn.h"


/* takes a task out of its line, and its bytes from the count */

void ngx_aidial_redis_line_forget(ngx_aidial_redis_task_t *task);

/* completes those in "answered" */

void ngx_aidial_redis_line_settle(ngx_aidial_redis_conn_t *conn);

/* returns how many of them somebody waited for */

ngx_uint_t ngx_aidial_redis_line_fail(ngx_aidial_redis_conn_t *conn,
    ngx_queue_t *queue);

/*
 * At the end of a connection: what was sent goes back to those who wait, when
 * it may be sent once more; the rest stays.  Returns how many went.
 */

ngx_uint_t ngx_aidial_redis_line_recover(ngx_aidial_redis_conn_t *conn);

/*
 * After it, when "hopeful" is decided: those who wait go to another connection
 * that is READY; or stay, when there is hope; or go to one that has hope.  For
 * whom there is none of these stays as well, to fail.
 */

void ngx_aidial_redis_line_leave(ngx_aidial_redis_conn_t *conn);


#endif /* _NGX_AIDIAL_REDIS_LINE_H_INCLUDED_ */
