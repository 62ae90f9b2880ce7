
/*
 * An address that a Sentinel named, with all that it points to.
 */


#ifndef _NGX_AIDIAL_REDIS_PLACE_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_PLACE_H_INCLUDED_


#include "ngx_aidial_redis_transport.h"


typedef struct {
    ngx_aidial_redis_peer_t  peer;     /* of the one address */
    ngx_addr_t               addr;
    ngx_sockaddr_t           sockaddr;
    u_char                   name[NGX_SOCKADDR_STRLEN + 1];
    u_char                   host[NGX_SOCKADDR_STRLEN + 1];
} ngx_aidial_redis_place_t;


/* one that has a name for the log and is nowhere yet */

void ngx_aidial_redis_place_init(ngx_aidial_redis_place_t *place,
    const ngx_str_t *name);

/* NGX_OK, or NGX_ERROR: "host" is no numeric address or "port" is no port */

ngx_int_t ngx_aidial_redis_place_set(ngx_aidial_redis_place_t *place,
    const ngx_str_t *host, const ngx_str_t *port);

void ngx_aidial_redis_place_copy(ngx_aidial_redis_place_t *to,
    const ngx_aidial_redis_place_t *from);

/* 1 when they are the same address and port */

ngx_uint_t ngx_aidial_redis_place_is(const ngx_aidial_redis_place_t *place,
    const ngx_aidial_redis_place_t *other);


#endif /* _NGX_AIDIAL_REDIS_PLACE_H_INCLUDED_ */
