
/*
 * Running responses are judged again and again, so that what was withdrawn
 * ends them ("aidial_recording_recheck").
 *
 * A watch is one session and one call in one worker, with all their running
 * responses: its records are read once for all of them, in one round trip, at
 * three quarters of the interval, so that a withdrawal is found within the
 * whole.  Each watch has a timer of its own that begins at a random point, and
 * the questions of one turn of the event loop travel together.  No more than
 * some are under way at once: requests need Redis as well, and come first.
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


#include "ngx_http_aidial_delivery.h"


#define NGX_HTTP_AIDIAL_WATCH_GRACE  3     /* intervals */

/* questions under way in a worker, and ms until there may be room for more */

#define NGX_HTTP_AIDIAL_WATCH_MAX    256
#define NGX_HTTP_AIDIAL_WATCH_ROOM   5


struct ngx_http_aidial_watch_s {
    ngx_rbtree_node_t                  node;
    ngx_queue_t                        runs;
    ngx_event_t                        timer;
    const ngx_http_aidial_loc_conf_t  *conf;
    ngx_str_t                          keys[NGX_AIDIAL_RECORD_COUNT];

    ngx_aidial_redis_op_t             *op;        /* asked, not answered */
    ngx_aidial_redis_op_t             *seen;      /* what all were judged by */
    ngx_msec_t                         asked;
    ngx_msec_t                         verified;  /* asked then, and answered */
    int64_t                            ends;      /* the session; -1: open */

    unsigned                           busy:1;    /* its responses are cut */
};


static ngx_http_aidial_watch_t *ngx_http_aidial_watch_find(
    ngx_rbtree_key_t key, const ngx_http_aidial_ctx_t *ctx);
static ngx_rbtree_key_t ngx_http_aidial_watch_key(
    const ngx_http_aidial_ctx_t *ctx);
static ngx_http_aidial_watch_t *ngx_http_aidial_watch_create(
    ngx_rbtree_key_t key, const ngx_http_aidial_ctx_t *ctx);
static void ngx_http_aidial_watch_free(ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_forget(ngx_aidial_redis_op_t **op);
static void ngx_http_aidial_watch_timer(ngx_event_t *ev);
static void ngx_http_aidial_watch_give_up(ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_answered(void *data);
static ngx_int_t ngx_http_aidial_watch_judge(ngx_http_aidial_watch_t *watch);
static ngx_int_t ngx_http_aidial_watch_judge_run(
    ngx_http_aidial_watch_t *watch, ngx_http_aidial_run_t *run,
    ngx_pool_t *pool);
static void ngx_http_aidial_watch_cut(ngx_http_aidial_watch_t *watch);
static void ngx_http_aidial_watch_again(ngx_http_aidial_watch_t *watch,
    ngx_msec_t when);


static ngx_rbtree_t       ngx_http_aidial_watches;
static ngx_rbtree_node_t  ngx_http_aidial_watches_end;
static ngx_uint_t         ngx_http_aidial_watches_asking;


ngx_int_t
ngx_http_aidial_watch_join(ngx_http_aidial_run_t *run)
{
    ngx_rbtree_key_t          key;
    ngx_http_aidial_ctx_t    *ctx;
    ngx_http_aidial_watch_t  *watch;

    ctx = run->ctx;

    if (ctx->conf->recheck == 0) {
        return NGX_OK;
    }

    key = ngx_http_aidial_watch_key(ctx);
    watch = ngx_http_aidial_watch_find(key, ctx);

    if (watch == NULL) {
        watch = ngx_http_aidial_watch_create(key, ctx);
        if (watch == NULL) {
            return NGX_ERROR;
        }
    }

    /* this one was judged by other records, perhaps, than the others were */

    ngx_http_aidial_watch_forget(&watch->seen);

    ngx_queue_insert_tail(&watch->runs, &run->queue);
    run->watch = watch;

    return NGX_OK;
}


void
ngx_http_aidial_watch_leave(ngx_http_aidial_run_t *run)
{
    ngx_http_aidial_watch_t  *watch;

    watch = run->watch;

    if (watch == NULL) {
        return;
    }

    ngx_queue_remove(&run->queue);
    run->watch = NULL;

    if (ngx_queue_empty(&watch->runs) && !watch->busy) {
        ngx_http_aidial_watch_free(watch);
    }
}


static void
ngx_http_aidial_watch_timer(ngx_event_t *ev)
{
    ngx_msec_t                soon, end;
    ngx_http_aidial_watch_t  *watch;

    watch = ev->data;
    soon = ngx_current_msec + watch->conf->recheck / 4;
    end = watch->verified
          + NGX_HTTP_AIDIAL_WATCH_GRACE * watch->conf->recheck;

    if ((ngx_msec_int_t) (ngx_current_msec - end) >= 0) {
        ngx_http_aidial_watch_give_up(watch);
        return;
    }

    if (watch->op == NULL
        && ngx_http_aidial_watches_asking >= NGX_HTTP_AIDIAL_WATCH_MAX)
    {
        ngx_http_aidial_watch_again(watch, ngx_current_msec
                                           + NGX_HTTP_AIDIAL_WATCH_ROOM);
        return;
    }

    if (watch->op == NULL) {
        watch->asked = ngx_current_msec;
        watch->op = ngx_aidial_redis_records_load(watch->keys,
                                              ngx_http_aidial_watch_answered,
                                              watch);
        ngx_http_aidial_watches_asking += (watch->op != NULL);
    }

    /* an answer brings its own time, and no answer comes by itself */

    if (watch->op == NULL && (ngx_msec_int_t) (end - soon) > 0) {
        end = soon;
    }

    ngx_http_aidial_watch_again(watch, end);
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

    ngx_msec_t  when;

    ngx_http_aidial_watches_asking--;

    when = watch->asked + watch->conf->recheck * 3 / 4;

    if (ngx_aidial_redis_op_status(watch->op) != NGX_OK
        || ngx_http_aidial_watch_judge(watch) != NGX_OK)
    {
        ngx_http_aidial_watch_forget(&watch->op);
        when = ngx_current_msec + watch->conf->recheck / 4;

    } else {
        ngx_http_aidial_watch_forget(&watch->seen);
        watch->seen = watch->op;
        watch->op = NULL;
        watch->verified = watch->asked;
    }

    ngx_http_aidial_watch_again(watch, when);
    ngx_http_aidial_watch_cut(watch);
}


/*
 * Marks the responses that may not run on.  NGX_OK, or NGX_ERROR: of some it
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

    for (q = ngx_queue_head(&watch->runs);
         q != ngx_queue_sentinel(&watch->runs);
         q = ngx_queue_next(q))
    {
        run = ngx_queue_data(q, ngx_http_aidial_run_t, queue);

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
    ngx_int_t               rc;
    ngx_http_aidial_ctx_t   again;

    again = *run->ctx;
    again.pool = pool;
    again.op = watch->op;

    rc = ngx_http_aidial_media_judge_again(&again);

    watch->ends = again.session.expires_at;

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


static ngx_http_aidial_watch_t *
ngx_http_aidial_watch_find(ngx_rbtree_key_t key,
    const ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t                i;
    ngx_rbtree_node_t        *node, *end;
    ngx_http_aidial_watch_t  *watch;

    end = &ngx_http_aidial_watches_end;

    if (ngx_http_aidial_watches.root == NULL) {
        ngx_rbtree_init(&ngx_http_aidial_watches, end,
                        ngx_rbtree_insert_value);
    }

    node = ngx_http_aidial_watches.root;

    while (node != end) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        watch = (ngx_http_aidial_watch_t *)
                    ((u_char *) node - offsetof(ngx_http_aidial_watch_t, node));

        for (i = 0; i < NGX_AIDIAL_RECORD_GRANT; i++) {
            if (!ngx_aidial_same(&watch->keys[i], &ctx->keys[i])) {
                break;
            }
        }

        if (i == NGX_AIDIAL_RECORD_GRANT && watch->conf == ctx->conf) {
            return watch;
        }

        /* equal keys stand to the right */

        node = node->right;
    }

    return NULL;
}


static ngx_rbtree_key_t
ngx_http_aidial_watch_key(const ngx_http_aidial_ctx_t *ctx)
{
    uint32_t          key;
    const ngx_str_t  *session, *call;

    session = &ctx->keys[NGX_AIDIAL_RECORD_SESSION];
    call = &ctx->keys[NGX_AIDIAL_RECORD_CALL];

    ngx_crc32_init(key);

    if (session->len) {
        ngx_crc32_update(&key, session->data, session->len);
    }

    ngx_crc32_update(&key, call->data, call->len);
    ngx_crc32_final(key);

    return key;
}


static ngx_http_aidial_watch_t *
ngx_http_aidial_watch_create(ngx_rbtree_key_t key,
    const ngx_http_aidial_ctx_t *ctx)
{
    size_t                    size;
    u_char                   *p;
    ngx_uint_t                i;
    ngx_msec_t                quarter;
    ngx_http_aidial_watch_t  *watch;

    size = sizeof(ngx_http_aidial_watch_t);

    for (i = 0; i < NGX_AIDIAL_RECORD_GRANT; i++) {
        size += ctx->keys[i].len;
    }

    watch = ngx_calloc(size, ngx_cycle->log);
    if (watch == NULL) {
        return NULL;
    }

    p = (u_char *) (watch + 1);

    /* a grant bounds when a response may begin, not how long it runs */

    for (i = 0; i < NGX_AIDIAL_RECORD_GRANT; i++) {

        if (ctx->keys[i].len) {
            watch->keys[i].data = p;
            watch->keys[i].len = ctx->keys[i].len;
            p = ngx_cpymem(p, ctx->keys[i].data, ctx->keys[i].len);
        }
    }

    ngx_queue_init(&watch->runs);

    watch->conf = ctx->conf;
    watch->verified = ngx_current_msec;
    watch->ends = -1;

    watch->timer.handler = ngx_http_aidial_watch_timer;
    watch->timer.data = watch;
    watch->timer.log = ngx_cycle->log;
    watch->timer.cancelable = 1;

    watch->node.key = key;
    ngx_rbtree_insert(&ngx_http_aidial_watches, &watch->node);

    quarter = watch->conf->recheck / 4;

    ngx_add_timer(&watch->timer, 2 * quarter + ngx_random() % quarter);

    return watch;
}


static void
ngx_http_aidial_watch_free(ngx_http_aidial_watch_t *watch)
{
    if (watch->timer.timer_set) {
        ngx_del_timer(&watch->timer);
    }

    ngx_http_aidial_watches_asking -= (watch->op != NULL);

    ngx_http_aidial_watch_forget(&watch->op);
    ngx_http_aidial_watch_forget(&watch->seen);

    ngx_rbtree_delete(&ngx_http_aidial_watches, &watch->node);

    ngx_free(watch);
}


static void
ngx_http_aidial_watch_forget(ngx_aidial_redis_op_t **op)
{
    if (*op) {
        ngx_aidial_redis_op_release(*op);
        *op = NULL;
    }
}
