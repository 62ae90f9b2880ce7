
/*
 * The socket.  Both handlers are set as soon as there is a connection: when
 * a shutdown times out, nginx calls the read handler of every connection with
 * c->close set, also of one that is still connecting.  All timers here are
 * cancelable: a worker that quits does not wait for Redis to come back.
 *
 * TLS stands between ngx_aidial_redis_transport_established() and the call of
 * "connected"; nobody else needs to know.  nginx's own handlers for it do not
 * look at c->close, so ours take their place again after each step.
 */


#include "ngx_aidial_redis_transport.h"


static void ngx_aidial_redis_transport_next(ngx_aidial_redis_transport_t *tr,
    ngx_err_t err);
static ngx_int_t ngx_aidial_redis_transport_connect(
    ngx_aidial_redis_transport_t *tr, ngx_err_t *err);
static void ngx_aidial_redis_transport_established(
    ngx_aidial_redis_transport_t *tr);
static void ngx_aidial_redis_transport_secure(
    ngx_aidial_redis_transport_t *tr);
static void ngx_aidial_redis_transport_event(ngx_event_t *ev);
static void ngx_aidial_redis_transport_timeout(ngx_event_t *ev);
static void ngx_aidial_redis_transport_drop(ngx_aidial_redis_transport_t *tr);
static ngx_err_t ngx_aidial_redis_transport_test(ngx_connection_t *c);
static u_char *ngx_aidial_redis_transport_log(ngx_log_t *log, u_char *buf,
    size_t len);


void
ngx_aidial_redis_transport_init(ngx_aidial_redis_transport_t *tr,
    ngx_log_t *log)
{
    tr->log = *log;
    tr->log.handler = ngx_aidial_redis_transport_log;
    tr->log.data = tr;
    tr->log.action = "talking to Redis";

    tr->timer.handler = ngx_aidial_redis_transport_timeout;
    tr->timer.data = tr;
    tr->timer.log = &tr->log;
    tr->timer.cancelable = 1;
}


void
ngx_aidial_redis_transport_open(ngx_aidial_redis_transport_t *tr)
{
    tr->tried = 0;

    ngx_add_timer(&tr->timer, tr->timeout);

    ngx_aidial_redis_transport_next(tr, 0);
}


/* "err" is the error of the address before */

static void
ngx_aidial_redis_transport_next(ngx_aidial_redis_transport_t *tr,
    ngx_err_t err)
{
    ngx_int_t  rc;

    while (tr->tried < tr->peer->naddrs) {

        if (tr->tried++) {
            ngx_aidial_redis_transport_rotate(tr);
        }

        rc = ngx_aidial_redis_transport_connect(tr, &err);

        if (rc == NGX_OK) {
            ngx_aidial_redis_transport_established(tr);
            return;
        }

        if (rc == NGX_AGAIN) {
            return;
        }
    }

    /* no address is left */

    tr->handlers->failed(tr->data, "cannot connect", err);
}


static ngx_int_t
ngx_aidial_redis_transport_connect(ngx_aidial_redis_transport_t *tr,
    ngx_err_t *err)
{
    ngx_int_t               rc;
    ngx_uint_t              level;
    const ngx_addr_t       *addr;
    ngx_connection_t       *c;
    ngx_peer_connection_t   pc;

    addr = &tr->peer->addrs[tr->current];

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

    pc.sockaddr = addr->sockaddr;
    pc.socklen = addr->socklen;
    pc.name = (ngx_str_t *) &addr->name;
    pc.get = ngx_event_get_peer;
    pc.log = &tr->log;
    pc.log_error = NGX_ERROR_INFO;
    pc.so_keepalive = 1;

    /*
     * A refused connect is for the owner to tell, once: nginx would say it
     * at each attempt.  What it says at [alert] is about this host.
     */

    level = tr->log.log_level;
    tr->log.log_level = ngx_min(level, NGX_LOG_ALERT);

    ngx_set_errno(0);
    rc = ngx_event_connect_peer(&pc);
    *err = ngx_socket_errno;

    tr->log.log_level = level;

    c = pc.connection;

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        if (c != NULL) {
            ngx_close_connection(c);
        }

        return NGX_DECLINED;
    }

    c->data = tr;
    c->log = &tr->log;
    c->read->handler = ngx_aidial_redis_transport_event;
    c->write->handler = ngx_aidial_redis_transport_event;

    tr->connection = c;
    tr->log.connection = c->number;

    return rc;
}


static void
ngx_aidial_redis_transport_established(ngx_aidial_redis_transport_t *tr)
{
    ngx_connection_t  *c;
    const ngx_str_t   *name;

    c = tr->connection;

    /* failing to set an option is logged and does no harm */

    (void) ngx_tcp_nodelay(c);

    if (tr->tls == NULL) {
        tr->connected = 1;
        tr->handlers->connected(tr->data);
        return;
    }

    name = tr->tls_name->len ? tr->tls_name : &tr->peer->host;

    if (ngx_aidial_redis_tls_open(tr->tls, c, name) != NGX_OK) {
        tr->handlers->failed(tr->data, "cannot prepare TLS", 0);
        return;
    }

    tr->securing = 1;
    ngx_aidial_redis_transport_secure(tr);
}


static void
ngx_aidial_redis_transport_secure(ngx_aidial_redis_transport_t *tr)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = tr->connection;

    rc = ngx_aidial_redis_tls_handshake(c, tr->why);

    c->read->handler = ngx_aidial_redis_transport_event;
    c->write->handler = ngx_aidial_redis_transport_event;

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        tr->handlers->failed(tr->data, tr->why[0] ? tr->why : "no TLS with it",
                             0);
        return;
    }

    tr->securing = 0;
    tr->connected = 1;
    tr->handlers->connected(tr->data);
}


static void
ngx_aidial_redis_transport_event(ngx_event_t *ev)
{
    ngx_err_t                      err;
    ngx_connection_t              *c;
    ngx_aidial_redis_transport_t  *tr;

    c = ev->data;
    tr = c->data;

    if (c->close) {
        tr->handlers->failed(tr->data, "the worker is shutting down", 0);
        return;
    }

    if (tr->connected) {
        if (ev->write) {
            tr->handlers->writable(tr->data);
            return;
        }

        tr->handlers->readable(tr->data);
        return;
    }

    if (tr->securing) {
        ngx_aidial_redis_transport_secure(tr);
        return;
    }

    err = ngx_aidial_redis_transport_test(c);

    if (err) {
        ngx_aidial_redis_transport_drop(tr);
        ngx_aidial_redis_transport_next(tr, err);
        return;
    }

    /* a read event without an error may come before the connection is there */

    if (ev->write) {
        ngx_aidial_redis_transport_established(tr);
    }
}


static void
ngx_aidial_redis_transport_timeout(ngx_event_t *ev)
{
    const char                    *why;
    ngx_aidial_redis_transport_t  *tr;

    tr = ev->data;

    why = tr->connected ? "no answer to the handshake"
          : tr->securing ? "no answer to the TLS handshake"
                         : "cannot connect in time";

    tr->handlers->failed(tr->data, why, 0);
}


void
ngx_aidial_redis_transport_settled(ngx_aidial_redis_transport_t *tr)
{
    if (tr->timer.timer_set) {
        ngx_del_timer(&tr->timer);
    }
}


void
ngx_aidial_redis_transport_close(ngx_aidial_redis_transport_t *tr)
{
    ngx_aidial_redis_transport_settled(tr);
    ngx_aidial_redis_transport_drop(tr);
}


static void
ngx_aidial_redis_transport_drop(ngx_aidial_redis_transport_t *tr)
{
    tr->connected = 0;
    tr->securing = 0;

    if (tr->connection != NULL) {
        ngx_aidial_redis_tls_close(tr->connection);
        ngx_close_connection(tr->connection);
        tr->connection = NULL;
        tr->log.connection = 0;
    }
}


void
ngx_aidial_redis_transport_rotate(ngx_aidial_redis_transport_t *tr)
{
    tr->current = (tr->current + 1) % tr->peer->naddrs;
}


ssize_t
ngx_aidial_redis_transport_recv(ngx_aidial_redis_transport_t *tr, u_char *buf,
    size_t size)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = tr->connection;

    n = c->read->ready ? c->recv(c, buf, size) : NGX_AGAIN;

    if (n == NGX_AGAIN && ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    return n;
}


ssize_t
ngx_aidial_redis_transport_send(ngx_aidial_redis_transport_t *tr, u_char *buf,
    size_t size)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = tr->connection;

    n = c->write->ready ? c->send(c, buf, size) : NGX_AGAIN;

    if (n != NGX_ERROR && ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    return n;
}


static ngx_err_t
ngx_aidial_redis_transport_test(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    /* BSDs and Linux return 0 and set the error, Solaris returns -1 */

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        return ngx_socket_errno;
    }

    return err;
}


static u_char *
ngx_aidial_redis_transport_log(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                        *p;
    ngx_aidial_redis_transport_t  *tr;

    tr = log->data;

    p = ngx_snprintf(buf, len, " while %s", log->action);

    return ngx_snprintf(p, len - (p - buf), ", server: %V",
                        &tr->peer->addrs[tr->current].name);
}
