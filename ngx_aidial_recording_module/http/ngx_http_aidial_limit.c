
/*
 * Limits on what one user takes of this edge: how often recordings are asked
 * about, how many are on their way at once, how fast they go.
 */


#include "ngx_http_aidial_delivery.h"


#define NGX_HTTP_AIDIAL_TURNS      8      /* a second, of a stream alone */
#define NGX_HTTP_AIDIAL_TURN_MIN   1024   /* bytes */
#define NGX_HTTP_AIDIAL_ROOM_WAIT  200    /* ms, for a stream to end */
#define NGX_HTTP_AIDIAL_ROOM_LOOK  20     /* ms */


struct ngx_http_aidial_room_s {
    ngx_event_t  timer;
    ngx_msec_t   until;
    ngx_int_t    rc;
};


static ngx_int_t ngx_http_aidial_stream_try(ngx_http_aidial_ctx_t *ctx);
static void ngx_http_aidial_room_look(ngx_event_t *ev);
static void ngx_http_aidial_pace_turn(ngx_event_t *ev);
static void ngx_http_aidial_taker(const ngx_http_aidial_ctx_t *ctx,
    ngx_http_aidial_taker_t *taker);


/* a step; of a forged token it is not known whose it is */

ngx_int_t
ngx_http_aidial_rate_check(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                      rc;
    ngx_msec_t                     wait;
    ngx_http_aidial_taker_t        taker;
    const ngx_http_aidial_rate_t  *rate;

    rate = &ctx->conf->media_rate;

    if (rate->interval == 0 || ctx->session.user.len == 0) {
        return NGX_OK;
    }

    ngx_http_aidial_taker(ctx, &taker);

    rc = ngx_http_aidial_user_count(&taker, rate->interval, rate->burst,
                                    &wait);

    if (rc == NGX_DECLINED) {
        ctx->retry_after = (wait + 999) / 1000;

        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_RATE_LIMITED);
    }

    return rc;
}


/*
 * A step: a GET takes one of the user's streams, and keeps it until the
 * delivery ends.  A player that seeks drops one response and asks for another,
 * and this edge may hear of the second first: so a user who has all streams is
 * not refused at once.
 */

ngx_int_t
ngx_http_aidial_stream_take(ngx_http_aidial_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_aidial_room_t  *room;

    rc = ngx_http_aidial_stream_try(ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    room = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_aidial_room_t));
    if (room == NULL) {
        return NGX_ERROR;
    }

    room->until = ngx_current_msec + NGX_HTTP_AIDIAL_ROOM_WAIT;
    room->timer.handler = ngx_http_aidial_room_look;
    room->timer.data = ctx;
    room->timer.log = ctx->request->connection->log;

    ngx_add_timer(&room->timer, NGX_HTTP_AIDIAL_ROOM_LOOK);

    ctx->room = room;

    return NGX_AGAIN;
}


static void
ngx_http_aidial_room_look(ngx_event_t *ev)
{
    ngx_http_aidial_ctx_t   *ctx;
    ngx_http_aidial_room_t  *room;
    ngx_http_aidial_taker_t  taker;

    ctx = ev->data;
    room = ctx->room;

    /* a delivery is made, with all that will be entered, when there is room */

    ngx_http_aidial_taker(ctx, &taker);

    room->rc = ngx_http_aidial_user_check(&taker);

    if (room->rc == NGX_OK) {
        room->rc = ngx_http_aidial_stream_try(ctx);
    }

    if (room->rc == NGX_DECLINED
        && (ngx_msec_int_t) (room->until - ngx_current_msec) > 0)
    {
        ngx_add_timer(ev, NGX_HTTP_AIDIAL_ROOM_LOOK);
        return;
    }

    ngx_http_aidial_flow_answered(ctx);
}


ngx_int_t
ngx_http_aidial_stream_taken(ngx_http_aidial_ctx_t *ctx)
{
    if (ctx->room->rc == NGX_DECLINED) {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_TOO_MANY_STREAMS);
    }

    return ctx->room->rc;
}


void
ngx_http_aidial_room_abandon(ngx_http_aidial_room_t *room)
{
    if (room->timer.timer_set) {
        ngx_del_timer(&room->timer);
    }
}


/* HEAD is told what GET would be, and takes none */

static ngx_int_t
ngx_http_aidial_stream_try(ngx_http_aidial_ctx_t *ctx)
{
    ngx_http_aidial_taker_t  taker;

    ngx_http_aidial_taker(ctx, &taker);

    if (ctx->request->method == NGX_HTTP_HEAD) {
        return ngx_http_aidial_user_check(&taker);
    }

    return ngx_http_aidial_delivery_open(ctx, &taker);
}


static void
ngx_http_aidial_taker(const ngx_http_aidial_ctx_t *ctx,
    ngx_http_aidial_taker_t *taker)
{
    taker->tenant = &ctx->session.tenant;
    taker->user = &ctx->session.user;
    taker->streams = ctx->conf->streams;
}


/* bytes of one turn: small enough to be fair, large enough to be cheap */

size_t
ngx_http_aidial_pace_step(size_t bandwidth)
{
    size_t  step;

    if (bandwidth == 0) {
        return NGX_HTTP_AIDIAL_CHUNK;
    }

    step = ngx_max(bandwidth / NGX_HTTP_AIDIAL_TURNS,
                   NGX_HTTP_AIDIAL_TURN_MIN);

    return ngx_min(step, NGX_HTTP_AIDIAL_CHUNK);
}


/*
 * Before a step of the body: a stream that has used up what it may send waits
 * for its next turn, in nginx' own way, as limit_rate does.
 */

void
ngx_http_aidial_pace(ngx_http_aidial_run_t *run)
{
    off_t              sent;
    size_t             step, bandwidth;
    ngx_event_t       *wev;
    ngx_msec_t         wait;
    ngx_connection_t  *c;

    c = run->ctx->request->connection;
    wev = c->write;
    sent = c->sent;
    bandwidth = run->ctx->conf->bandwidth;

    if (bandwidth == 0 || run->held) {
        return;
    }

    run->credit -= sent - run->paced;
    run->paced = sent;

    if (run->credit > 0) {
        return;
    }

    step = ngx_http_aidial_pace_step(bandwidth);

    if (run->turn == 0) {
        wait = ngx_http_aidial_user_turn(run->delivery->user, step, bandwidth);
        run->turn = ngx_current_msec + wait;
    }

    if ((ngx_msec_int_t) (ngx_current_msec - run->turn) >= 0) {
        run->turn = 0;
        run->credit += step;
        return;
    }

    /*
     * The timer is not that of the connection, which an upstream without
     * buffering deletes.
     */

    wev->delayed = 1;

    if (!run->pacer.timer_set) {
        run->pacer.handler = ngx_http_aidial_pace_turn;
        run->pacer.data = run;
        run->pacer.log = c->log;

        ngx_add_timer(&run->pacer, run->turn - ngx_current_msec);
    }
}


static void
ngx_http_aidial_pace_turn(ngx_event_t *ev)
{
    ngx_event_t            *wev;
    ngx_http_aidial_run_t  *run;

    run = ev->data;
    wev = run->ctx->request->connection->write;

    wev->delayed = 0;

    ngx_post_event(wev, &ngx_posted_events);
}


/* what was taken and not sent is left to the user's other streams */

void
ngx_http_aidial_pace_end(ngx_http_aidial_run_t *run)
{
    off_t   unsent;
    size_t  bandwidth;

    bandwidth = run->ctx->conf->bandwidth;

    if (bandwidth == 0) {
        return;
    }

    if (run->pacer.timer_set) {
        ngx_del_timer(&run->pacer);
        run->ctx->request->connection->write->delayed = 0;
    }

    unsent = run->credit - (run->ctx->request->connection->sent - run->paced);

    if (run->turn) {
        unsent += ngx_http_aidial_pace_step(bandwidth);
    }

    if (unsent > 0) {
        ngx_http_aidial_user_return(run->delivery->user, unsent, bandwidth);
    }
}
