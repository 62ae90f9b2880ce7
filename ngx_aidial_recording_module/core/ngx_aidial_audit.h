
/*
 * An entry of the audit trail, before it has an event and a time: the fields
 * that come from the edge.
 */


#ifndef _NGX_AIDIAL_AUDIT_H_INCLUDED_
#define _NGX_AIDIAL_AUDIT_H_INCLUDED_


#include "ngx_aidial_core.h"


/* in the order of lua/lib/audit.lua, which knows their names */

typedef enum {
    NGX_AIDIAL_AUDIT_USER = 0,
    NGX_AIDIAL_AUDIT_ROLE,
    NGX_AIDIAL_AUDIT_TENANT,
    NGX_AIDIAL_AUDIT_CLIENT,
    NGX_AIDIAL_AUDIT_PROJECT,
    NGX_AIDIAL_AUDIT_CALL,
    NGX_AIDIAL_AUDIT_ACTION,
    NGX_AIDIAL_AUDIT_DECISION,
    NGX_AIDIAL_AUDIT_REASONS,
    NGX_AIDIAL_AUDIT_GRANT,
    NGX_AIDIAL_AUDIT_SESSION,
    NGX_AIDIAL_AUDIT_REMOTE_ADDR,
    NGX_AIDIAL_AUDIT_REQUEST_ID,
    NGX_AIDIAL_AUDIT_USER_AGENT,
    NGX_AIDIAL_AUDIT_EDGE,
    NGX_AIDIAL_AUDIT_FIELDS
} ngx_aidial_audit_field_e;


/* a field is empty when it is unknown */

typedef struct {
    ngx_str_t  fields[NGX_AIDIAL_AUDIT_FIELDS];
} ngx_aidial_audit_t;


/*
 * Text of a client, made fit for an entry: at most "max" bytes, valid UTF-8,
 * and what is no printable character is a "?".  Returns the length written to
 * "out", which has room for "max" bytes.
 */

size_t ngx_aidial_audit_text(u_char *out, size_t max, const ngx_str_t *text);

/*
 * The keyed digest that stands for a session: HMAC-SHA-256 of its id, of which
 * 32 lower-case hex digits are written to "out".  NGX_OK or NGX_ERROR.
 */

#define NGX_AIDIAL_AUDIT_SESSION_LEN  32

ngx_int_t ngx_aidial_audit_session(const ngx_str_t *secret,
    const ngx_str_t *sid, u_char out[NGX_AIDIAL_AUDIT_SESSION_LEN]);

/*
 * Strings in one run of bytes, and back: each is written behind its length, a
 * size_t.  The strings of "unpack" point into "data".
 */

size_t ngx_aidial_audit_packed(const ngx_str_t *strings, ngx_uint_t n);
u_char *ngx_aidial_audit_pack(u_char *data, const ngx_str_t *strings,
    ngx_uint_t n);
u_char *ngx_aidial_audit_unpack(u_char *data, ngx_str_t *strings,
    ngx_uint_t n);


#endif /* _NGX_AIDIAL_AUDIT_H_INCLUDED_ */
