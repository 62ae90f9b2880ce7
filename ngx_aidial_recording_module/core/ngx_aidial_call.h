
/*
 * A call record, section 4.2 of the Redis contract.
 */


#ifndef _NGX_AIDIAL_CALL_H_INCLUDED_
#define _NGX_AIDIAL_CALL_H_INCLUDED_


#include "ngx_aidial_core.h"


/* the wire word of each value stands in a table of ngx_aidial_call.c */

typedef enum {
    NGX_AIDIAL_CONSENT_GRANTED = 0,
    NGX_AIDIAL_CONSENT_DENIED,
    NGX_AIDIAL_CONSENT_MISSING,
    NGX_AIDIAL_CONSENT_UNKNOWN,
    NGX_AIDIAL_CONSENTS
} ngx_aidial_consent_e;


typedef enum {
    NGX_AIDIAL_COMPLIANCE_PERMITTED = 0,
    NGX_AIDIAL_COMPLIANCE_DENIED,
    NGX_AIDIAL_COMPLIANCE_MISSING_EVIDENCE,
    NGX_AIDIAL_COMPLIANCE_POLICY_BLOCKED,
    NGX_AIDIAL_COMPLIANCES
} ngx_aidial_compliance_e;


typedef enum {
    NGX_AIDIAL_MEDIA_AVAILABLE = 0,
    NGX_AIDIAL_MEDIA_NOT_GENERATED,
    NGX_AIDIAL_MEDIA_STATUS_UNAVAILABLE,
    NGX_AIDIAL_MEDIA_REMOVED,
    NGX_AIDIAL_MEDIA_STATUSES
} ngx_aidial_media_e;


typedef struct {
    ngx_str_t   tenant;
    ngx_str_t   client;
    ngx_str_t   project;
    ngx_uint_t  consent;            /* ngx_aidial_consent_e */
    ngx_uint_t  compliance;         /* ngx_aidial_compliance_e */
    ngx_uint_t  media;              /* ngx_aidial_media_e */
    ngx_str_t   object;             /* decoded path; empty: none */
    ngx_str_t   content_type;       /* as served; empty: not in the record */
    ngx_str_t   filename;           /* UTF-8, fit to be shown; never empty */
    int64_t     size_bytes;         /* -1: not in the record */
    double      duration_seconds;   /* -1: not in the record */
} ngx_aidial_call_t;


/* ngx_aidial_call.c */

/*
 * NGX_OK: "call" is filled, strings in memory of "pool".  NGX_DECLINED: the
 * record is unusable, *why says so without user data.  NGX_ERROR: no memory.
 * "id" is the call's id, from which a missing file name is made.
 */

ngx_int_t ngx_aidial_call_parse(ngx_pool_t *pool, const ngx_str_t *text,
    const ngx_str_t *id, ngx_aidial_call_t *call, const char **why);

const ngx_str_t *ngx_aidial_consent_word(ngx_uint_t consent);
const ngx_str_t *ngx_aidial_compliance_word(ngx_uint_t compliance);
const ngx_str_t *ngx_aidial_media_word(ngx_uint_t media);


/* ngx_aidial_filename.c */

/*
 * The value of a Content-Disposition header for an attachment (RFC 6266):
 * attachment; filename="<ASCII>"; filename*=UTF-8''<percent-encoded>.
 * NGX_OK, or NGX_ERROR when there is no memory.
 */

ngx_int_t ngx_aidial_call_disposition(ngx_pool_t *pool,
    const ngx_str_t *filename, ngx_str_t *value);

/* 1 when UTF-8 from a record is fit to name a file */

ngx_uint_t ngx_aidial_filename_check(const ngx_str_t *name);

/*
 * The name of a call whose record has none: "id" is an identifier, "type" the
 * content type that gives the extension.  NGX_OK, or NGX_ERROR: no memory.
 */

ngx_int_t ngx_aidial_filename_make(ngx_pool_t *pool, const ngx_str_t *id,
    const ngx_str_t *type, ngx_str_t *name);


#endif /* _NGX_AIDIAL_CALL_H_INCLUDED_ */
