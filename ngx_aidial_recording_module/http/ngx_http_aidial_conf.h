
/*
 * The configuration of the request layer, and who reads it.
 */


#ifndef _NGX_HTTP_AIDIAL_CONF_H_INCLUDED_
#define _NGX_HTTP_AIDIAL_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_aidial_core.h"
#include "ngx_aidial_ask.h"
#include "ngx_aidial_block.h"
#include "ngx_aidial_call.h"
#include "ngx_aidial_cookie.h"
#include "ngx_aidial_hmac.h"
#include "ngx_aidial_json.h"
#include "ngx_aidial_jwt.h"
#include "ngx_aidial_key.h"
#include "ngx_aidial_policy.h"
#include "ngx_aidial_reason.h"
#include "ngx_aidial_recall.h"
#include "ngx_aidial_redis_ops.h"
#include "ngx_aidial_session.h"
#include "ngx_aidial_tenant.h"
#include "ngx_aidial_token.h"


/* what a location is */

#define NGX_HTTP_AIDIAL_NONE    0
#define NGX_HTTP_AIDIAL_STATUS  1
#define NGX_HTTP_AIDIAL_GRANT   2
#define NGX_HTTP_AIDIAL_MEDIA   3


#define NGX_HTTP_AIDIAL_OPAQUE  0
#define NGX_HTTP_AIDIAL_SIGNED  1
#define NGX_HTTP_AIDIAL_JWT     2


/* seconds that Redis remembers a grant longer than its life */

#define NGX_HTTP_AIDIAL_GRANT_MARGIN  60

/* ms after which records are read again before a grant is issued */

#define NGX_HTTP_AIDIAL_RECORDS_LIFE  1000

/* seconds a grant may live: 364 days */

#define NGX_HTTP_AIDIAL_TTL_MAX  31449600

/* seconds a client is asked to wait when the service is unavailable */

#define NGX_HTTP_AIDIAL_RETRY_AFTER  1

/* seconds after its redemption in which a download may be resumed: a year */

#define NGX_HTTP_AIDIAL_WINDOW_MAX  31449600


/* why a record that is no text cannot be used */

#define NGX_HTTP_AIDIAL_WRONG_TYPE  "it is of the wrong type or over 64 KiB"

/* ms: how long one request may ask the portal for a record, how often the
   others look for its answer, and how long; how long a failure holds */

#define NGX_HTTP_AIDIAL_FETCH_LIFE  10000
#define NGX_HTTP_AIDIAL_FETCH_LOOK  50
#define NGX_HTTP_AIDIAL_FETCH_WAIT  15000
#define NGX_HTTP_AIDIAL_FETCH_FAILED  1000

/* seconds for which it is remembered that the portal has no such record */

#define NGX_HTTP_AIDIAL_FETCH_ABSENT  5

/* hex digits that stand for a session's scope */

#define NGX_HTTP_AIDIAL_SCOPE_LEN  32

/* seconds for which a record that the portal gave is kept */

#define NGX_HTTP_AIDIAL_FETCH_TTL  30
#define NGX_HTTP_AIDIAL_FETCH_MAX  3600


/* as limit_req ... nodelay: burst + 1 at once, then one each interval */

typedef struct {
    int64_t                    interval;     /* microseconds; 0: off */
    ngx_uint_t                 burst;
} ngx_http_aidial_rate_t;


/* a module that rewrites bodies, and its configuration when left alone */

typedef struct {
    ngx_uint_t                 index;
    void                      *conf;
} ngx_http_aidial_rewriter_t;


typedef struct {
    ngx_aidial_redis_conf_t   *redis;
    ngx_shm_zone_t            *zone;
    ngx_array_t               *grant_keys;   /* of ngx_aidial_key_t */
    ngx_str_t                  key_prefix;
    ngx_http_aidial_rate_t     grant_rate;
    ngx_int_t                  request_id;      /* index of the variable */

    ngx_array_t                rewriters;    /* ngx_http_aidial_rewriter_t */
    ngx_uint_t                 used;         /* 1: some location has a role */
    ngx_uint_t                 metrics;      /* 1: some location shows them */
} ngx_http_aidial_main_conf_t;


typedef struct {
    ngx_uint_t                 role;         /* what the location is */
    ngx_http_complex_value_t  *call_id;      /* of status and grant */
    ngx_str_t                  prefix;       /* of the media location */

    ngx_str_t                  media_uri;
    ngx_str_t                  session_cookie;
    ngx_uint_t                 session_format;
    ngx_str_t                  session_prefix;    /* of signed */
    ngx_array_t               *session_secrets;   /* of ngx_str_t, signed */
    ngx_uint_t                 session_padded;    /* 1: padding=keep */
    ngx_aidial_jwt_conf_t     *session_jwt;
    ngx_str_t                  session_key;
    ngx_aidial_session_map_t   session_map;
    ngx_str_t                  introspect;        /* a URI; len 0: off */
    ngx_str_t                  call_fetch;        /* likewise */
    time_t                     call_fetch_ttl;    /* seconds */
    time_t                     playback_ttl;      /* seconds */
    time_t                     download_ttl;      /* seconds */
    time_t                     resume_window;     /* seconds */
    ngx_http_aidial_rate_t     media_rate;
    ngx_uint_t                 streams;           /* of a user; 0: off */
    size_t                     bandwidth;         /* bytes a second; 0: off */
    ngx_msec_t                 recheck;           /* 0: off */
    ngx_array_t               *origins;           /* of ngx_str_t */
    ngx_http_core_loc_conf_t  *grant_core;        /* never inherited */
} ngx_http_aidial_loc_conf_t;


/* ngx_http_aidial_conf.c */

void *ngx_http_aidial_create_main_conf(ngx_conf_t *cf);
char *ngx_http_aidial_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_http_aidial_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_aidial_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

/* NGX_OK when every location of the module has what it needs */

ngx_int_t ngx_http_aidial_conf_complete(ngx_conf_t *cf);


/* ngx_http_aidial_directive.c: setters for what a stock slot cannot say */

char *ngx_http_aidial_set_role(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_aidial_set_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_aidial_set_grant_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_media_uri(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/*
 * The [emerg] of a setter: it names the directive (cf->args[0]), the value and
 * what was expected.  Returns NGX_CONF_ERROR.
 */

char *ngx_http_aidial_conf_invalid(ngx_conf_t *cf, ngx_str_t *value,
    const char *expected);


/* ngx_http_aidial_directive_session.c */

char *ngx_http_aidial_set_session_cookie(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_session_format(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_session_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_session_field(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_role_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Takes "name=value" from an argument.  NGX_OK: "value" is what stands behind
 * "name", which has the "=".  NGX_DECLINED: another argument.  NGX_ERROR: it
 * was there before, the [emerg] is written.
 */

ngx_int_t ngx_http_aidial_conf_parameter(ngx_conf_t *cf, ngx_str_t *argument,
    const char *name, ngx_str_t *value);


/* ngx_http_aidial_directive_jwt.c: the parameters behind "jwt" */

char *ngx_http_aidial_set_jwt(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf);


/* ngx_http_aidial_directive_limit.c */

char *ngx_http_aidial_set_grant_rate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_media_rate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_streams(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_bandwidth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_recheck(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_aidial_directive_portal.c */

char *ngx_http_aidial_set_introspect(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_aidial_set_call_fetch(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_aidial_secret.c */

/*
 * Reads a file of secrets, at most "max" bytes, into memory of cf->pool that
 * is wiped when the configuration is freed.  NGX_OK, or NGX_ERROR after an
 * [emerg] that names the directive (cf->args[0]) and the file.
 */

ngx_int_t ngx_http_aidial_secret_read(ngx_conf_t *cf, ngx_str_t *path,
    size_t max, ngx_str_t *secret);


#endif /* _NGX_HTTP_AIDIAL_CONF_H_INCLUDED_ */
