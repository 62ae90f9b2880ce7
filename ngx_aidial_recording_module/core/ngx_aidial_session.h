
/*
 * A session record, section 4.1 of the Redis contract.
 */


#ifndef _NGX_AIDIAL_SESSION_H_INCLUDED_
#define _NGX_AIDIAL_SESSION_H_INCLUDED_


#include "ngx_aidial_core.h"
#include "ngx_aidial_call.h"


/* X(id, the directive's word, where the field stands unless configured) */

#define NGX_AIDIAL_SESSION_FIELDS(X)                                          \
    X(USER, "user", "/user_id")                                               \
    X(ROLE, "role", "/role")                                                  \
    X(TENANT, "tenant", "/tenant_id")                                         \
    X(CLIENT, "client", "/client_id")                                         \
    X(PROJECTS, "projects", "/project_ids")                                   \
    X(EXPIRES_AT, "expires_at", "/expires_at")                                \
    X(CREATED_AT, "created_at", "/created_at")


typedef enum {
#define X(id, word, pointer)  NGX_AIDIAL_FIELD_##id,
    NGX_AIDIAL_SESSION_FIELDS(X)
#undef X
    NGX_AIDIAL_FIELD_COUNT
} ngx_aidial_field_e;


typedef struct {
    ngx_str_t   pointer;   /* checked RFC 6901 pointer */
    ngx_uint_t  ms;        /* 1: a time in milliseconds */
} ngx_aidial_field_t;


/* how a portal writes its sessions */

typedef struct {
    ngx_aidial_field_t  fields[NGX_AIDIAL_FIELD_COUNT];
    ngx_array_t        *roles[NGX_AIDIAL_ROLES];  /* of ngx_str_t: words */
} ngx_aidial_session_map_t;


typedef struct {
    ngx_str_t     user;
    ngx_str_t     tenant;
    ngx_str_t     client;
    ngx_uint_t    role;           /* ngx_aidial_role_e */
    ngx_array_t   projects;       /* of ngx_str_t */
    ngx_uint_t    all_projects;   /* 1: "*" is in the list */
    int64_t       expires_at;     /* Unix seconds; -1: the record has none */
    int64_t       created_at;     /* Unix seconds; -1: the record has none */
} ngx_aidial_session_t;


/* the word of a directive to its field, NGX_AIDIAL_FIELD_COUNT: no such */

ngx_uint_t ngx_aidial_session_field(const ngx_str_t *word);

/* the default place of a field */

ngx_str_t ngx_aidial_session_pointer(ngx_uint_t field);

/* the default word of a role, as the contract spells it; ROLE_UNKNOWN: "" */

const ngx_str_t *ngx_aidial_role_word(ngx_uint_t role);

/* that word to its role, NGX_AIDIAL_ROLE_UNKNOWN: no such */

ngx_uint_t ngx_aidial_role_find(const ngx_str_t *word);

/*
 * The role that has the word in this portal, "except" left out (UNKNOWN: none
 * is left out); NGX_AIDIAL_ROLE_UNKNOWN when nobody has it.
 */

ngx_uint_t ngx_aidial_session_role(const ngx_aidial_session_map_t *map,
    const ngx_str_t *word, ngx_uint_t except);

/* the *why of a record that is sound, and of yesterday */

#define NGX_AIDIAL_SESSION_EXPIRED  "expired"


/*
 * NGX_OK: somebody is signed in as far as the record says.  NGX_DECLINED: the
 * record is unusable or "expires_at" is not after "now", *why says which,
 * without user data.  NGX_ERROR: no memory.
 */

ngx_int_t ngx_aidial_session_parse(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_str_t *text, time_t now,
    ngx_aidial_session_t *session, const char **why);

/* NGX_OK, or NGX_DECLINED and *why: "expires_at" is not after "now" */

ngx_int_t ngx_aidial_session_alive(const ngx_aidial_session_t *session,
    time_t now, const char **why);

/* the time of a revoked-before text: NGX_OK, or NGX_DECLINED: unusable */

ngx_int_t ngx_aidial_revoked_before(const ngx_str_t *text, int64_t *seconds);

/*
 * 1 when the session was revoked: "before" is the text of revoked-before.
 * A text that is no time, or a session without created_at, is revoked.
 */

ngx_uint_t ngx_aidial_session_revoked(const ngx_aidial_session_t *session,
    const ngx_str_t *before);

/* 1 when the call lies in the session's tenant, client and projects */

ngx_uint_t ngx_aidial_session_covers(const ngx_aidial_session_t *session,
    const ngx_aidial_call_t *call);


#endif /* _NGX_AIDIAL_SESSION_H_INCLUDED_ */
