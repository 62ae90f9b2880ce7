
/*
 * What an error reply of Redis means, from one table, and how it is logged.
 */


#ifndef _NGX_AIDIAL_REDIS_ERROR_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_ERROR_H_INCLUDED_


#include "ngx_aidial_core.h"


/* what becomes of the connection that brought it */

typedef enum {
    NGX_AIDIAL_REDIS_KEEP = 0,    /* the operation fails, no more */
    NGX_AIDIAL_REDIS_ASKER,       /* as KEEP; who asked may know better */
    NGX_AIDIAL_REDIS_RENEW,       /* connect anew, at once */
    NGX_AIDIAL_REDIS_DROP,        /* this server cannot serve now: back off */
    NGX_AIDIAL_REDIS_DENY,        /* nor later, unless somebody acts */
    NGX_AIDIAL_REDIS_DISTRUST     /* nobody knows this error: out of step? */
} ngx_aidial_redis_error_action_e;


#define NGX_AIDIAL_REDIS_ERROR_LEN  200   /* bytes of a text that are logged */


typedef struct ngx_aidial_redis_error_s  ngx_aidial_redis_error_t;


/* the row of an error text; never NULL */

ngx_aidial_redis_error_t *ngx_aidial_redis_error_find(const ngx_str_t *text);

ngx_uint_t ngx_aidial_redis_error_action(const ngx_aidial_redis_error_t *error);

void ngx_aidial_redis_error_count(const ngx_aidial_redis_error_t *error);

/* 1 when the error, in a handshake, says that this user may not come in */

ngx_uint_t ngx_aidial_redis_error_denies(const ngx_aidial_redis_error_t *error);

/* says it, unless the same class was said within the last second */

void ngx_aidial_redis_error_log(ngx_aidial_redis_error_t *error,
    const ngx_str_t *text, ngx_log_t *log);

/*
 * Says in words why something ended: "err" may be 0, "text", of an error reply
 * or the like, may be NULL.  Returns the length; there is no NUL.
 */

size_t ngx_aidial_redis_error_why(u_char *buf, size_t size, const char *why,
    ngx_err_t err, const ngx_str_t *text);

/*
 * Copies what may be logged of a text: printable, at most
 * NGX_AIDIAL_REDIS_ERROR_LEN bytes, without arguments.  Returns the end.
 */

u_char *ngx_aidial_redis_error_text(u_char *buf, const ngx_str_t *text);


#endif /* _NGX_AIDIAL_REDIS_ERROR_H_INCLUDED_ */
