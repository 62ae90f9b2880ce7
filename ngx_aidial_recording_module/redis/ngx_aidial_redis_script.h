
/*
 * The scripts, and the commands that run them.
 */


#ifndef _NGX_AIDIAL_REDIS_SCRIPT_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_SCRIPT_H_INCLUDED_


#include "ngx_aidial_redis_codec.h"


#define NGX_AIDIAL_REDIS_SCRIPT_ARGS_MAX  4


typedef enum {
    NGX_AIDIAL_REDIS_GRANT_ISSUE = 0,
    NGX_AIDIAL_REDIS_GRANT_REDEEM,
    NGX_AIDIAL_REDIS_SCRIPTS
} ngx_aidial_redis_script_e;


/* computes the digests by which Redis knows the scripts; once a worker */

void ngx_aidial_redis_script_init(void);

const ngx_str_t *ngx_aidial_redis_script_name(ngx_uint_t script);

/*
 * Appends the command that runs a script with one key: EVALSHA, or EVAL with
 * the text of it when "whole" is 1.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_aidial_redis_script_command(ngx_aidial_redis_buf_t *buf,
    ngx_uint_t script, ngx_uint_t whole, const ngx_str_t *key,
    const ngx_str_t *argv, ngx_uint_t argc);


#endif /* _NGX_AIDIAL_REDIS_SCRIPT_H_INCLUDED_ */
