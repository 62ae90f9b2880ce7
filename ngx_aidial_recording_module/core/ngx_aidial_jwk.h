
/*
 * What the files that read keys share.
 */


#ifndef _NGX_AIDIAL_JWK_H_INCLUDED_
#define _NGX_AIDIAL_JWK_H_INCLUDED_


#include "ngx_aidial_jwt.h"


/* ngx_aidial_jwt_key.c: a key that is all zeros; NULL: *rc says why not */

ngx_aidial_jwt_key_t *ngx_aidial_jwt_key_push(ngx_aidial_jwt_conf_t *conf,
    const char **why, ngx_int_t *rc);


/* ngx_aidial_jwk.c: ngx_aidial_jwt_add_keys() for a text that is JSON */

ngx_int_t ngx_aidial_jwk_add_set(ngx_pool_t *pool,
    ngx_aidial_jwt_conf_t *conf, const ngx_str_t *text, ngx_uint_t *skipped,
    const char **why);


#endif /* _NGX_AIDIAL_JWK_H_INCLUDED_ */
