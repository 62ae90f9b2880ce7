
/*
 * Where Redis is and how it is spoken to: the result of the directive
 * "aidial_recording_redis".  It lives as long as the configuration.
 */


#ifndef _NGX_AIDIAL_REDIS_TOPOLOGY_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_TOPOLOGY_H_INCLUDED_


#include "ngx_aidial_redis_ops.h"


#define NGX_AIDIAL_REDIS_PORT             6379
#define NGX_AIDIAL_REDIS_CONNECTIONS_MAX  16
#define NGX_AIDIAL_REDIS_PASSWORD_MAX     512   /* bytes */


struct ngx_aidial_redis_conf_s {
    ngx_addr_t  *addrs;             /* at least one */
    ngx_uint_t   naddrs;
    ngx_uint_t   db;
    ngx_str_t    user;              /* empty: the default user */
    ngx_str_t    password;          /* empty: no AUTH */
    ngx_msec_t   timeout;           /* of an operation */
    ngx_msec_t   connect_timeout;   /* of connect and handshake together */
    ngx_uint_t   connections;       /* of a worker */
    ngx_uint_t   eviction;          /* 1: Redis may evict keys */
};


#endif /* _NGX_AIDIAL_REDIS_TOPOLOGY_H_INCLUDED_ */
