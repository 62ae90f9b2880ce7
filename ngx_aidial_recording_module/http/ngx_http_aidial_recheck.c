
/*
 * Running responses are judged again and again, so that what was withdrawn
 * ends them ("aidial_recording_recheck").
 *
 * A watch is one session and one call in one worker, with all their running
 * responses: its records are read once for all of them, in one round trip, at
 * three quarters of the interval, so that a withdrawal is found within the
 * whole.  Each watch has a timer of its own that begins at a random point, and
 * the questions of one turn of the event loop travel together.  Only so many
 * are under way at once, the others wait in line: requests need Redis as well.
 *
 *     the same records as last time   nothing is parsed, the responses run on
 *     other records                   every response is judged by them
 *     no answer                       asked again; after three intervals
 *                                     without one the responses are cut, since
 *                                     nobody knows that they may run
 *
 * The timers can be canceled: a worker that quits has its responses to wait
 * for, and looks after them until then.
 */


#include "ngx_http_aidial_watch.h"


#define NGX_HTTP_AIDIAL_WATCH_GRACE  3     /* intervals */
#define NGX_HTTP_AIDIAL_WATCH_MAX    256   /* questions under way */


static void ngx_http_aidial_watches_ask(void);
static ngx_msec_t ngx_http_aidial_watch_end(
    const ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_soon(ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_give_up(ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_answered(void *data);
static ngx_int_t ngx_http_aidial_watch_judge(ngx_http_aidial_watch_t *watch);
static ngx_int_t ngx_http_aidial_watch_judge_run(
    ngx_http_aidial_watch_t *watch, ngx_http_aidial_run_t *run,
    ngx_pool_t *pool);
static void ngx_http_aidial_watch_cut(ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_again(ngx_http_aidial_watch_t *watch,
    ngx_msec_t when);


void
ngx_http_aidial_watch_timer(ngx_event_t *ev)
{
    ngx_http_aidial_watch_t  *watch;

    watch = ev->data;

    if ((ngx_msec_int_t) (ngx_current_msec - ngx_http_aidial_watch_end(watch))
        >= 0)
    {
        ngx_http_aidial_watch_give_up(watch);
        return;
    }

    if (watch->op == NULL && !watch->waits) {
        watch->waits = 1;
        ngx_queue_insert_tail(&ngx_http_aidial_watches_line, &watch->queue);
    }

    ngx_http_aidial_watch_again(watch, ngx_http_aidial_watch_end(watch));
    ngx_http_aidial_watches_ask();
}


/* asks for those who are first in line */

static void
ngx_http_aidial_watches_ask(void)
{
    ngx_queue_t              *q;
    ngx_http_aidial_watch_t  *watch;

    while (ngx_http_aidial_watches_asking < NGX_HTTP_AIDIAL_WATCH_MAX
           && !ngx_queue_empty(&ngx_http_aidial_watches_line))
    {
        q = ngx_queue_head(&ngx_http_aidial_watches_line);
        watch = ngx_queue_data(q, ngx_http_aidial_watch_t, queue);

        ngx_queue_remove(q);
        watch->waits = 0;

        watch->asked = ngx_current_msec;
        watch->op = ngx_aidial_redis_records_load(watch->keys,
                                              ngx_http_aidial_watch_answered,
                                              watch);

        if (watch->op) {
            ngx_http_aidial_watches_asking++;

        } else {
            ngx_http_aidial_watch_soon(watch);
        }
    }
}


/* when its responses are cut if no answer comes */

static ngx_msec_t
ngx_http_aidial_watch_end(const ngx_http_aidial_watch_t *watch)
{
    return watch->verified
           + NGX_HTTP_AIDIAL_WATCH_GRACE * watch->conf->recheck;
}


/* after a question that was not answered */

static void
ngx_http_aidial_watch_soon(ngx_http_aidial_watch_t *watch)
{
    ngx_msec_t  soon, end;

    soon = ngx_current_msec + watch->conf->recheck / 4;
    end = ngx_http_aidial_watch_end(watch);

    if ((ngx_msec_int_t) (end - soon) < 0) {
        soon = end;
    }

    ngx_http_aidial_watch_again(watch, soon);
}


/* Redis was silent for too long */

static void
ngx_http_aidial_watch_give_up(ngx_http_aidial_watch_t *watch)
{
    ngx_queue_t            *q;
    ngx_http_aidial_run_t  *run;

    for (q = ngx_queue_head(&watch->runs);
         q != ngx_queue_sentinel(&watch->runs);
         q = ngx_queue_next(q))
    {
        run = ngx_queue_data(q, ngx_http_aidial_run_t, queue);
        run->cut.problem = NGX_AIDIAL_SERVICE_UNAVAILABLE;
    }

    ngx_http_aidial_watch_cut(watch);
}


static void
ngx_http_aidial_watch_answered(void *data)
{
    ngx_http_aidial_watch_t *watch = data;

    ngx_http_aidial_watches_asking--;

    if (ngx_aidial_redis_op_status(watch->op) != NGX_OK
        || ngx_http_aidial_watch_judge(watch) != NGX_OK)
    {
        ngx_http_aidial_watch_forget(&watch->op);
        ngx_http_aidial_watch_soon(watch);

    } else {
        watch->verified = watch->asked;

        ngx_http_aidial_watch_forget(&watch->seen);
        ngx_http_aidial_watch_again(watch, watch->asked
                                           + watch->conf->recheck * 3 / 4);

        if ((ngx_msec_int_t) (watch->asked - watch->joined) > 0) {
            watch->seen = watch->op;
            watch->op = NULL;
        }

        ngx_http_aidial_watch_forget(&watch->op);
    }

    ngx_http_aidial_watch_cut(watch);
    ngx_http_aidial_watches_ask();
}


/*
 * Marks the responses that may not run on.  One that joined after the question
 * was asked was judged by newer records.  NGX_OK, or NGX_ERROR: of some it
 * cannot be told.
 */

static ngx_int_t
ngx_http_aidial_watch_judge(ngx_http_aidial_watch_t *watch)
{
    ngx_int_t               rc;
    ngx_pool_t             *pool;
    ngx_queue_t            *q;
    ngx_http_aidial_run_t  *run;

    if (watch->seen && ngx_aidial_redis_op_same(watch->seen, watch->op)
        && (watch->ends == -1 || watch->ends > ngx_time()))
    {
        return NGX_OK;
    }

    pool = ngx_create_pool(NGX_MIN_POOL_SIZE * 8, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;
    watch->ends = -1;

    for (q = ngx_queue_head(&watch->runs);
         q != ngx_queue_sentinel(&watch->runs);
         q = ngx_queue_next(q))
    {
        run = ngx_queue_data(q, ngx_http_aidial_run_t, queue);

        if ((ngx_msec_int_t) (run->watched - watch->asked) >= 0) {
            continue;
        }

        if (ngx_http_aidial_watch_judge_run(watch, run, pool) != NGX_OK) {
            rc = NGX_ERROR;
        }
    }

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
ngx_http_aidial_watch_judge_run(ngx_http_aidial_watch_t *watch,
    ngx_http_aidial_run_t *run, ngx_pool_t *pool)
{
    int64_t                 ends;
    ngx_int_t               rc;
    ngx_http_aidial_ctx_t   again;

    again = *run->ctx;
    again.pool = pool;
    again.op = watch->op;

    rc = ngx_http_aidial_media_judge_again(&again);

    /* each session token has an end of its own: the first one counts */

    ends = again.session.expires_at;

    if (ends != -1 && (watch->ends == -1 || ends < watch->ends)) {
        watch->ends = ends;
    }

    if (rc == NGX_DECLINED) {
        run->cut.problem = again.problem;
        run->cut.reasons = again.reasons;

        return NGX_OK;
    }

    return rc;
}


/*
 * Cuts those that are marked.  The end of one may be the end of others, which
 * share its connection, and the end of the last one that of the watch.
 */

static void
ngx_http_aidial_watch_cut(ngx_http_aidial_watch_t *watch)
{
    ngx_queue_t            *q;
    ngx_http_aidial_run_t  *run;

    watch->busy = 1;

    q = ngx_queue_head(&watch->runs);

    while (q != ngx_queue_sentinel(&watch->runs)) {
        run = ngx_queue_data(q, ngx_http_aidial_run_t, queue);

        if (run->cut.problem == NGX_AIDIAL_PROBLEM_NONE) {
            q = ngx_queue_next(q);
            continue;
        }

        ngx_http_aidial_watch_leave(run);
        ngx_http_aidial_cut(run);

        q = ngx_queue_head(&watch->runs);
    }

    watch->busy = 0;

    if (ngx_queue_empty(&watch->runs)) {
        ngx_http_aidial_watch_free(watch);
    }
}


static void
ngx_http_aidial_watch_again(ngx_http_aidial_watch_t *watch, ngx_msec_t when)
{
    ngx_msec_int_t  delay;

    if (watch->timer.timer_set) {
        ngx_del_timer(&watch->timer);
    }

    delay = (ngx_msec_int_t) (when - ngx_current_msec);

    ngx_add_timer(&watch->timer, (ngx_msec_t) ngx_max(delay, 1));
}
