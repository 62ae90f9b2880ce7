
/*
 * The policy, section 6 of the contract, as one table.
 */


#ifndef _NGX_AIDIAL_POLICY_H_INCLUDED_
#define _NGX_AIDIAL_POLICY_H_INCLUDED_


#include "ngx_aidial_reason.h"
#include "ngx_aidial_call.h"
#include "ngx_aidial_tenant.h"


/*
 * Every reason that speaks against the action; 0 means allowed.  An action
 * other than playback or download is restricted for every role.
 */

ngx_aidial_reasons_t ngx_aidial_policy(ngx_uint_t role, ngx_uint_t action,
    const ngx_aidial_tenant_t *tenant, const ngx_aidial_call_t *call);


#endif /* _NGX_AIDIAL_POLICY_H_INCLUDED_ */
