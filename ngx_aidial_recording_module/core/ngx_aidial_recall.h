
/*
 * Records that have just been read from Redis, and are parsed only when their
 * octets are not those that were parsed before.
 */


#ifndef _NGX_AIDIAL_RECALL_H_INCLUDED_
#define _NGX_AIDIAL_RECALL_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_call.h"
#include "ngx_aidial_session.h"
#include "ngx_aidial_tenant.h"


/*
 * Each does what the function with "parse" for "recall" in its name does, and
 * returns the same for the same arguments, at any time: nothing of it depends
 * on what was recalled before.  "id" names the record, so that one version of
 * it is kept and not two; for a call it is part of what is parsed.
 */

ngx_int_t ngx_aidial_session_recall(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_str_t *id,
    const ngx_str_t *text, time_t now, ngx_aidial_session_t *session,
    const char **why);
ngx_int_t ngx_aidial_call_recall(ngx_pool_t *pool, const ngx_str_t *text,
    const ngx_str_t *id, ngx_aidial_call_t *call, const char **why);
ngx_int_t ngx_aidial_tenant_recall(const ngx_str_t *id, const ngx_str_t *text,
    ngx_aidial_tenant_t *tenant, const char **why);

/*
 * Forgets all of it.  Before a configuration is read, since a map is known by
 * where its strings are; and at the end of a worker.
 */

void ngx_aidial_recall_clear(void);


#endif /* _NGX_AIDIAL_RECALL_H_INCLUDED_ */
