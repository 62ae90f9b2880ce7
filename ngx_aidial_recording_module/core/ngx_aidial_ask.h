
/*
 * The body of a grant request: {"action": "playback"} or
 * {"action": "download", "confirm": true}.
 */


#ifndef _NGX_AIDIAL_ASK_H_INCLUDED_
#define _NGX_AIDIAL_ASK_H_INCLUDED_


#include "ngx_aidial_reason.h"


/*
 * NGX_OK: *action is what was asked for.  NGX_DECLINED: *problem is
 * NGX_AIDIAL_INVALID_REQUEST or NGX_AIDIAL_CONFIRMATION_REQUIRED.
 * NGX_ERROR: no memory.  Unknown members are ignored.
 */

ngx_int_t ngx_aidial_ask_parse(const ngx_str_t *body, ngx_uint_t *action,
    ngx_aidial_problem_e *problem);

/* the wire word of an action, "" for none */

const ngx_str_t *ngx_aidial_action_word(ngx_uint_t action);


#endif /* _NGX_AIDIAL_ASK_H_INCLUDED_ */
