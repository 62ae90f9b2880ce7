
/*
 * A tenant record, section 4.3 of the Redis contract.
 */


#ifndef _NGX_AIDIAL_TENANT_H_INCLUDED_
#define _NGX_AIDIAL_TENANT_H_INCLUDED_


#include "ngx_aidial_core.h"


typedef struct {
    ngx_uint_t  staff_playback;       /* 1 only for the literal true */
    ngx_uint_t  recording_download;   /* likewise */
} ngx_aidial_tenant_t;


/*
 * NGX_OK: read.  NGX_DECLINED: unusable, "tenant" is all off and *why says so.
 * NGX_ERROR: no memory.
 */

ngx_int_t ngx_aidial_tenant_parse(const ngx_str_t *text,
    ngx_aidial_tenant_t *tenant, const char **why);


#endif /* _NGX_AIDIAL_TENANT_H_INCLUDED_ */
