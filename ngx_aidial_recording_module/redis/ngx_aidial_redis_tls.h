
/*
 * TLS on a connection of nginx: this file and nginx's own TLS are all that
 * redis/ knows of OpenSSL.
 */


#ifndef _NGX_AIDIAL_REDIS_TLS_H_INCLUDED_
#define _NGX_AIDIAL_REDIS_TLS_H_INCLUDED_


#include "ngx_aidial_core.h"

#include <ngx_event.h>


#define NGX_AIDIAL_REDIS_TLS_WHY  240   /* bytes, the NUL included */


typedef struct ngx_aidial_redis_tls_s  ngx_aidial_redis_tls_t;


/*
 * What is believed: the certificates in the file "ca", else those of the
 * system.  NULL, and it is said, when that cannot be.  It is freed with the
 * configuration.
 */

ngx_aidial_redis_tls_t *ngx_aidial_redis_tls_create(ngx_conf_t *cf,
    ngx_str_t *ca);

/*
 * For a connection that is established: the server must be "name", a host name
 * or an address, with a NUL behind it.  NGX_OK or NGX_ERROR; close it either
 * way in the end.
 */

ngx_int_t ngx_aidial_redis_tls_open(ngx_aidial_redis_tls_t *tls,
    ngx_connection_t *c, const ngx_str_t *name);

/*
 * NGX_OK: the server is who it has to be, c->recv() and c->send() are secure.
 * NGX_AGAIN: call it at the next event; the handlers of both events are
 * changed.  NGX_ERROR: "why" says it.
 */

ngx_int_t ngx_aidial_redis_tls_handshake(ngx_connection_t *c, char *why);

/* waits for nothing; the connection itself remains to be closed */

void ngx_aidial_redis_tls_close(ngx_connection_t *c);


#endif /* _NGX_AIDIAL_REDIS_TLS_H_INCLUDED_ */
