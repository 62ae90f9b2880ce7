
/*
 * The watches of a worker: which there are, and which responses they have.
 * What they do is in ngx_http_aidial_recheck.c.
 */


#include "ngx_http_aidial_watch.h"


static ngx_http_aidial_watch_t *ngx_http_aidial_watch_find(
    ngx_rbtree_key_t key, const ngx_http_aidial_ctx_t *ctx);
static ngx_rbtree_key_t ngx_http_aidial_watch_key(
    const ngx_http_aidial_ctx_t *ctx);
static ngx_http_aidial_watch_t *ngx_http_aidial_watch_create(
    ngx_rbtree_key_t key, const ngx_http_aidial_ctx_t *ctx);


ngx_queue_t  ngx_http_aidial_watches_line;
ngx_uint_t   ngx_http_aidial_watches_asking;

static ngx_rbtree_t       ngx_http_aidial_watches;
static ngx_rbtree_node_t  ngx_http_aidial_watches_end;


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
    run->watched = ngx_current_msec;
    watch->joined = ngx_current_msec;

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
        ngx_queue_init(&ngx_http_aidial_watches_line);
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


void
ngx_http_aidial_watch_free(ngx_http_aidial_watch_t *watch)
{
    if (watch->timer.timer_set) {
        ngx_del_timer(&watch->timer);
    }

    if (watch->waits) {
        ngx_queue_remove(&watch->queue);
    }

    ngx_http_aidial_watches_asking -= (watch->op != NULL);

    ngx_http_aidial_watch_forget(&watch->op);
    ngx_http_aidial_watch_forget(&watch->seen);

    ngx_rbtree_delete(&ngx_http_aidial_watches, &watch->node);

    ngx_free(watch);
}


void
ngx_http_aidial_watch_forget(ngx_aidial_redis_op_t **op)
{
    if (*op) {
        ngx_aidial_redis_op_release(*op);
        *op = NULL;
    }
}
