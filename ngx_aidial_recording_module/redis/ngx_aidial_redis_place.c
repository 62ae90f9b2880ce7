
/*
 * A place is an address that a Sentinel named.  It points into itself, so it
 * is copied by a function.  Names are not resolved: that would block.
 */


#include "ngx_aidial_redis_place.h"


static ngx_int_t ngx_aidial_redis_place_parse(ngx_aidial_redis_place_t *place,
    const ngx_str_t *host, in_port_t port);
static void ngx_aidial_redis_place_link(ngx_aidial_redis_place_t *place);


void
ngx_aidial_redis_place_init(ngx_aidial_redis_place_t *place,
    const ngx_str_t *name)
{
    ngx_memzero(place, sizeof(ngx_aidial_redis_place_t));

    if (name->len) {
        place->addr.name.len = ngx_min(name->len, NGX_SOCKADDR_STRLEN);
        ngx_memcpy(place->name, name->data, place->addr.name.len);
    }

    ngx_aidial_redis_place_link(place);
}


ngx_int_t
ngx_aidial_redis_place_set(ngx_aidial_redis_place_t *place,
    const ngx_str_t *host, const ngx_str_t *port)
{
    ngx_int_t  n;

    ngx_memzero(place, sizeof(ngx_aidial_redis_place_t));

    n = ngx_atoi(port->data, port->len);

    if (n < 1
        || n > 65535
        || host->len > NGX_SOCKADDR_STRLEN
        || ngx_aidial_redis_place_parse(place, host, (in_port_t) n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    place->addr.name.len = ngx_sock_ntop(&place->sockaddr.sockaddr,
                                         place->addr.socklen, place->name,
                                         NGX_SOCKADDR_STRLEN, 1);

    place->peer.host.len = host->len;
    ngx_memcpy(place->host, host->data, host->len);

    ngx_aidial_redis_place_link(place);

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_place_parse(ngx_aidial_redis_place_t *place,
    const ngx_str_t *host, in_port_t port)
{
    in_addr_t             addr;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    addr = ngx_inet_addr(host->data, host->len);

    if (addr != INADDR_NONE) {
        sin = &place->sockaddr.sockaddr_in;
        sin->sin_family = AF_INET;
        sin->sin_port = htons(port);
        sin->sin_addr.s_addr = addr;
        place->addr.socklen = sizeof(struct sockaddr_in);

        return NGX_OK;
    }

#if (NGX_HAVE_INET6)

    sin6 = &place->sockaddr.sockaddr_in6;

    if (ngx_inet6_addr(host->data, host->len, sin6->sin6_addr.s6_addr)
        == NGX_OK)
    {
        sin6->sin6_family = AF_INET6;
        sin6->sin6_port = htons(port);
        place->addr.socklen = sizeof(struct sockaddr_in6);

        return NGX_OK;
    }

#endif

    return NGX_ERROR;
}


void
ngx_aidial_redis_place_copy(ngx_aidial_redis_place_t *to,
    const ngx_aidial_redis_place_t *from)
{
    *to = *from;

    ngx_aidial_redis_place_link(to);
}


static void
ngx_aidial_redis_place_link(ngx_aidial_redis_place_t *place)
{
    place->addr.sockaddr = &place->sockaddr.sockaddr;
    place->addr.name.data = place->name;

    place->peer.addrs = &place->addr;
    place->peer.naddrs = 1;
    place->peer.host.data = place->host;
}


ngx_uint_t
ngx_aidial_redis_place_is(const ngx_aidial_redis_place_t *place,
    const ngx_aidial_redis_place_t *other)
{
    return ngx_cmp_sockaddr(place->addr.sockaddr, place->addr.socklen,
                            other->addr.sockaddr, other->addr.socklen, 1)
           == NGX_OK;
}
