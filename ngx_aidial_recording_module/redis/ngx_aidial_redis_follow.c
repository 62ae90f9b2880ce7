
/*
 * A primary that was cut off from its Sentinels does not know that there is
 * another one, and nor does who is connected to it.  So they are asked again
 * every ten seconds.  When they name another one, a probe goes there; only
 * when its handshake has shown a primary do the connections move, for a
 * Sentinel may be the one that is behind.
 */


#include "ngx_aidial_redis_follow.h"


#define NGX_AIDIAL_REDIS_FOLLOW  10000   /* ms */


static void ngx_aidial_redis_follow_ask(ngx_event_t *ev);
static void ngx_aidial_redis_follow_told(void *data,
    const ngx_aidial_redis_place_t *place);
static ngx_aidial_redis_conn_t *ngx_aidial_redis_follow_elsewhere(
    ngx_aidial_redis_follow_t *follow, const ngx_aidial_redis_place_t *place);
static void ngx_aidial_redis_follow_probe_up(ngx_aidial_redis_conn_t *conn);
static void ngx_aidial_redis_follow_probe_down(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end, ngx_uint_t ready);
static ngx_aidial_redis_conn_t *ngx_aidial_redis_follow_probe_other(
    size_t len);


static const ngx_aidial_redis_conn_handlers_t
    ngx_aidial_redis_follow_handlers =
{
    ngx_aidial_redis_follow_probe_up,
    ngx_aidial_redis_follow_probe_down,
    ngx_aidial_redis_follow_probe_other
};


void
ngx_aidial_redis_follow_start(ngx_aidial_redis_follow_t *follow,
    const ngx_aidial_redis_conf_t *conf, ngx_aidial_redis_conn_t *conns,
    ngx_log_t *log)
{
    ngx_uint_t  i;

    follow->conns = conns;
    follow->nconns = conf->connections;

    ngx_aidial_redis_sentinel_init(&follow->sentinel, conf, log);

    for (i = 0; i < follow->nconns; i++) {
        conns[i].sentinel = &follow->sentinel;
    }

    ngx_aidial_redis_conn_init(&follow->probe, conf,
                               &ngx_aidial_redis_follow_handlers, log);
    follow->probe.retry.data = follow;

    follow->asker.told = ngx_aidial_redis_follow_told;
    follow->asker.data = follow;

    follow->again.handler = ngx_aidial_redis_follow_ask;
    follow->again.data = follow;
    follow->again.log = &follow->sentinel.transport.log;
    follow->again.cancelable = 1;

    ngx_add_timer(&follow->again, NGX_AIDIAL_REDIS_FOLLOW);
}


static void
ngx_aidial_redis_follow_ask(ngx_event_t *ev)
{
    ngx_aidial_redis_follow_t  *follow;

    follow = ev->data;

    /* a worker that quits makes no connection without need */

    if (ngx_exiting) {
        return;
    }

    ngx_add_timer(&follow->again, NGX_AIDIAL_REDIS_FOLLOW);

    ngx_aidial_redis_sentinel_ask(&follow->sentinel, &follow->asker);
}


static void
ngx_aidial_redis_follow_told(void *data, const ngx_aidial_redis_place_t *place)
{
    ngx_aidial_redis_follow_t  *follow = data;

    ngx_aidial_redis_conn_t  *probe;

    probe = &follow->probe;

    if (place == NULL
        || probe->state != NGX_AIDIAL_REDIS_DOWN
        || ngx_aidial_redis_follow_elsewhere(follow, place) == NULL)
    {
        return;
    }

    ngx_aidial_redis_place_copy(&probe->place, place);
    ngx_aidial_redis_conn_open(probe);
}


/* a READY connection that is not to this place, or NULL */

static ngx_aidial_redis_conn_t *
ngx_aidial_redis_follow_elsewhere(ngx_aidial_redis_follow_t *follow,
    const ngx_aidial_redis_place_t *place)
{
    ngx_uint_t                i;
    ngx_aidial_redis_conn_t  *conn;

    for (i = 0; i < follow->nconns; i++) {
        conn = &follow->conns[i];

        if (conn->state == NGX_AIDIAL_REDIS_READY
            && !ngx_aidial_redis_place_is(&conn->place, place))
        {
            return conn;
        }
    }

    return NULL;
}


void
ngx_aidial_redis_follow_up(ngx_aidial_redis_follow_t *follow,
    const ngx_aidial_redis_place_t *place)
{
    ngx_aidial_redis_conn_t  *conn;

    conn = ngx_aidial_redis_follow_elsewhere(follow, place);

    if (conn == NULL) {
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, &follow->sentinel.transport.log, 0,
                  "aidial: the primary is %V now, not %V", &place->addr.name,
                  &conn->place.addr.name);

    while (conn != NULL) {
        ngx_aidial_redis_conn_leave(conn, "the Sentinels name another primary");

        conn = ngx_aidial_redis_follow_elsewhere(follow, place);
    }
}


static void
ngx_aidial_redis_follow_probe_up(ngx_aidial_redis_conn_t *conn)
{
    ngx_aidial_redis_follow_t  *follow;

    follow = conn->retry.data;

    ngx_aidial_redis_conn_close(conn);
    ngx_aidial_redis_follow_up(follow, &conn->place);
}


static void
ngx_aidial_redis_follow_probe_down(ngx_aidial_redis_conn_t *conn,
    ngx_uint_t end, ngx_uint_t ready)
{
    ngx_aidial_redis_follow_t  *follow;

    follow = conn->retry.data;

    ngx_aidial_redis_sentinel_doubt(&follow->sentinel);
}


/* a probe has no tasks */

static ngx_aidial_redis_conn_t *
ngx_aidial_redis_follow_probe_other(size_t len)
{
    return NULL;
}


void
ngx_aidial_redis_follow_stop(ngx_aidial_redis_follow_t *follow)
{
    if (follow->again.timer_set) {
        ngx_del_timer(&follow->again);
    }

    ngx_aidial_redis_conn_close(&follow->probe);
    ngx_aidial_redis_sentinel_close(&follow->sentinel);
}
