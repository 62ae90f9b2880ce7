
/*
 * A worker learns that it is to quit when nginx closes its idle connections:
 * a module has no other way but to look again and again.  So there is one that
 * is always idle, and of which nobody has the other end.
 */


#include "ngx_http_aidial_ledger.h"


static void ngx_http_aidial_quit_read(ngx_event_t *ev);
static void ngx_http_aidial_quit_write(ngx_event_t *ev);


static ngx_connection_t  *ngx_http_aidial_quit_connection;


ngx_int_t
ngx_http_aidial_quit_watch(ngx_log_t *log, void (*told)(void))
{
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    fd = ngx_socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_socket_errno,
                      ngx_socket_n " failed");
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, log);

    if (c == NULL) {
        (void) ngx_close_socket(fd);
        return NGX_ERROR;
    }

    c->log = log;
    c->read->log = log;
    c->write->log = log;
    c->read->handler = ngx_http_aidial_quit_read;
    c->write->handler = ngx_http_aidial_quit_write;
    c->data = (void *) told;
    c->idle = 1;

    ngx_http_aidial_quit_connection = c;

    return NGX_OK;
}


/* called by nginx: it is in no queue of events */

static void
ngx_http_aidial_quit_read(ngx_event_t *ev)
{
    void  (*told)(void);

    told = (void (*)(void)) ngx_http_aidial_quit_connection->data;

    ngx_http_aidial_quit_unwatch();

    told();
}


static void
ngx_http_aidial_quit_write(ngx_event_t *ev)
{
}


void
ngx_http_aidial_quit_unwatch(void)
{
    ngx_connection_t  *c;

    c = ngx_http_aidial_quit_connection;

    if (c == NULL) {
        return;
    }

    ngx_http_aidial_quit_connection = NULL;

    ngx_close_connection(c);
}
