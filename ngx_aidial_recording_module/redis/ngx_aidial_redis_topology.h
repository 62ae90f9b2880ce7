
/*
 * Where Redis is and how it is spoken to: the result of the directive
 * "aidial_recording_redis".  It lives as long as the configuration.
 */


#ifndef _NGX_AIDIAL_REDIS_TOPOLOGY_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_TOPOLOGY_H_INCLUDED_


#include "ngx_aidial_redis_ops.h"
#include "ngx_aidial_redis_transport.h"


#define NGX_AIDIAL_REDIS_PORT             6379
#define NGX_AIDIAL_REDIS_SENTINEL_PORT    26379
#define NGX_AIDIAL_REDIS_SENTINELS_MAX    16
#define NGX_AIDIAL_REDIS_CONNECTIONS_MAX  16
#define NGX_AIDIAL_REDIS_PASSWORD_MAX     512   /* bytes */


struct ngx_aidial_redis_conf_s {
    ngx_aidial_redis_peer_t  *peers;            /* Redis, or the Sentinels */
    ngx_uint_t                npeers;           /* Redis: 1 */
    ngx_str_t                 primary;          /* what the Sentinels call it;
                                                   empty: there are none */
    ngx_uint_t                db;
    ngx_str_t                 user;             /* empty: the default user */
    ngx_str_t                 password;         /* empty: no AUTH */
    ngx_msec_t                timeout;          /* of an operation */
    ngx_msec_t                connect_timeout;  /* and handshake, together */
    ngx_uint_t                connections;      /* of a worker */
    ngx_uint_t                eviction;         /* 1: Redis may evict keys */

    ngx_uint_t                secure;           /* 1: the URL asks for TLS */
    ngx_aidial_redis_tls_t   *tls;              /* NULL: none */
    ngx_str_t                 tls_ca;           /* empty: the system's */
    ngx_str_t                 tls_name;         /* empty: the peer's host */
};


/* for the files that read the directive; NGX_OK, or NGX_ERROR and it is said */

ngx_int_t ngx_aidial_redis_url(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *url);

/*
 * Sets "password", an ngx_str_t, to the first line of the file; its bytes are
 * wiped with the pool of the configuration.  NGX_OK, or NGX_ERROR: then the
 * parameter is not what it should be.
 */

ngx_int_t ngx_aidial_redis_password(ngx_conf_t *cf, void *password,
    ngx_str_t *file);


#endif /* _NGX_AIDIAL_REDIS_TOPOLOGY_H_INCLUDED_ */
