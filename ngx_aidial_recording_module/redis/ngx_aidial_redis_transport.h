
/*
 * A stream of bytes to one of several addresses, on nginx's events.  nginx
 * owns the socket.
 */


#ifndef _NGX_AIDIAL_REDIS_TRANSPORT_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_TRANSPORT_H_INCLUDED_


#include "ngx_aidial_redis_tls.h"

#include <ngx_event.h>
#include <ngx_event_connect.h>


typedef struct ngx_aidial_redis_transport_s  ngx_aidial_redis_transport_t;


/* a host, and the addresses it has; "host" has a NUL behind it */

typedef struct {
    ngx_addr_t  *addrs;      /* at least one */
    ngx_uint_t   naddrs;
    ngx_str_t    host;       /* empty: a unix socket */
} ngx_aidial_redis_peer_t;


/*
 * What the owner is told.  It may close the transport in any of them; it must
 * in "failed", which is the last one until the transport is opened again.
 */

typedef struct {
    void  (*connected)(void *data);
    void  (*readable)(void *data);
    void  (*writable)(void *data);
    void  (*failed)(void *data, const char *why, ngx_err_t err);
} ngx_aidial_redis_transport_handlers_t;


struct ngx_aidial_redis_transport_s {
    /* set by the owner before the first open */

    const ngx_aidial_redis_peer_t                *peer;
    ngx_aidial_redis_tls_t                       *tls;       /* NULL: none */
    const ngx_str_t                              *tls_name;  /* empty: host */
    ngx_msec_t                                    timeout;
    const ngx_aidial_redis_transport_handlers_t  *handlers;
    void                                         *data;

    /* private */

    ngx_connection_t                             *connection;
    ngx_uint_t                                    current;   /* address */
    ngx_uint_t                                    tried;
    ngx_event_t                                   timer;
    ngx_log_t                                     log;
    ngx_uint_t                                    securing;  /* handshake */
    ngx_uint_t                                    connected;
    char                                          why[
                                                  NGX_AIDIAL_REDIS_TLS_WHY];
};


/* prepares the log and the timer; nothing is opened */

void ngx_aidial_redis_transport_init(ngx_aidial_redis_transport_t *tr,
    ngx_log_t *log);

/*
 * Tries the addresses in turn, beginning with the one that served last; to
 * be connected includes that TLS is established, when there is any.
 * "connected" or "failed" may be called before it returns.  The owner has
 * "timeout" milliseconds from here until it says that it is settled: connect
 * and handshake together.
 */

void ngx_aidial_redis_transport_open(ngx_aidial_redis_transport_t *tr);
void ngx_aidial_redis_transport_settled(ngx_aidial_redis_transport_t *tr);

/* may be called in any state; nothing is called back */

void ngx_aidial_redis_transport_close(ngx_aidial_redis_transport_t *tr);

/* the next time another address is tried first */

void ngx_aidial_redis_transport_rotate(ngx_aidial_redis_transport_t *tr);

/*
 * As c->recv() and c->send(): a count, 0 (recv only: the peer closed),
 * NGX_AGAIN or NGX_ERROR.  The event is armed when it has to be.
 */

ssize_t ngx_aidial_redis_transport_recv(ngx_aidial_redis_transport_t *tr,
    u_char *buf, size_t size);
ssize_t ngx_aidial_redis_transport_send(ngx_aidial_redis_transport_t *tr,
    u_char *buf, size_t size);


#endif /* _NGX_AIDIAL_REDIS_TRANSPORT_H_INCLUDED_ */
