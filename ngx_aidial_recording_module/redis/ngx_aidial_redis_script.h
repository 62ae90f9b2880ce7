
/*
 * The scripts, and the commands that run them.
 */


#ifndef _NGX_AIDIAL_REDIS_SCRIPT_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_SCRIPT_H_INCLUDED_


#include "ngx_aidial_redis_codec.h"


#define NGX_AIDIAL_REDIS_SCRIPT_WORDS_MAX  36   /* keys and arguments */


typedef enum {
    NGX_AIDIAL_REDIS_GRANT_ISSUE = 0,
    NGX_AIDIAL_REDIS_GRANT_BEGIN,
    NGX_AIDIAL_REDIS_GRANT_REDEEM,
    NGX_AIDIAL_REDIS_GRANT_RENEW,
    NGX_AIDIAL_REDIS_GRANT_CLOSE,
    NGX_AIDIAL_REDIS_AUDIT_COUNT,
    NGX_AIDIAL_REDIS_SCRIPTS
} ngx_aidial_redis_script_e;


typedef struct {
    ngx_str_t    name;
    ngx_str_t    text;
    ngx_uint_t   nkeys;
    ngx_uint_t   epoch;       /* word that is the epoch; 0: none */
    int64_t      last_code;   /* it answers 0 to this */
    u_char       sha1[40];    /* lower-case hex */
} ngx_aidial_redis_script_t;


/* computes the digests by which Redis knows the scripts; once a worker */

void ngx_aidial_redis_script_init(void);

const ngx_aidial_redis_script_t *ngx_aidial_redis_script(ngx_uint_t script);

/*
 * Appends the command that runs a script: EVALSHA, or EVAL with the text of it
 * when "whole" is 1.  "words" are its keys and then its arguments.  *epoch_at
 * is where in "buf", from its "pos", the place of the epoch is, 0 when it has
 * none.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_aidial_redis_script_command(ngx_aidial_redis_buf_t *buf,
    ngx_uint_t script, ngx_uint_t whole, const ngx_str_t *words,
    ngx_uint_t nwords, size_t *epoch_at);


#endif /* _NGX_AIDIAL_REDIS_SCRIPT_H_INCLUDED_ */
