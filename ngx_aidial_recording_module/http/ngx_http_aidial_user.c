
/*
 * What one user takes of this edge, over all its workers, in shared memory.
 *
 *     requests    "paid_until" is when those so far are paid for, one each
 *                 interval; one that is refused is not added, so waiting is
 *                 enough (GCRA, ITU-T I.371, as a virtual schedule)
 *     streams     media responses in flight; the slot of a worker that was
 *                 killed comes back with its delivery
 *     bytes       "turn_at" is when those so far have been sent at the user's
 *                 bandwidth.  A stream that wants to send takes a turn at the
 *                 end of that line, so each stream that wants one gets as many
 *                 as any other, and one that pauses takes none
 *
 * Times are microseconds of nginx's monotonic clock, which all workers share.
 */


#include "ngx_http_aidial_ledger.h"


/* users without streams that are looked at, to forget them */

#define NGX_HTTP_AIDIAL_USERS_FORGOTTEN  2
#define NGX_HTTP_AIDIAL_USERS_EVICTED    64


static ngx_int_t ngx_http_aidial_user_get_locked(
    const ngx_http_aidial_taker_t *taker, ngx_http_aidial_user_t **user);
static ngx_http_aidial_user_t *ngx_http_aidial_user_find(ngx_rbtree_key_t key,
    const ngx_http_aidial_taker_t *taker);
static ngx_rbtree_key_t ngx_http_aidial_user_key(
    const ngx_http_aidial_taker_t *taker);
static ngx_http_aidial_user_t *ngx_http_aidial_user_create_locked(
    ngx_rbtree_key_t key, const ngx_http_aidial_taker_t *taker);
static void ngx_http_aidial_users_forget_locked(ngx_uint_t n);
static int64_t ngx_http_aidial_user_now(void);


ngx_int_t
ngx_http_aidial_user_count(const ngx_http_aidial_taker_t *taker,
    int64_t interval, ngx_uint_t burst, ngx_msec_t *wait)
{
    int64_t                  now, ahead;
    ngx_int_t                rc;
    ngx_http_aidial_user_t  *user;

    now = ngx_http_aidial_user_now();

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    rc = ngx_http_aidial_user_get_locked(taker, &user);

    if (rc == NGX_OK) {
        user->paid_until = ngx_max(user->paid_until, now);
        ahead = user->paid_until - now - (int64_t) burst * interval;

        if (ahead > 0) {
            *wait = (ngx_msec_t) ((ahead + 999) / 1000);
            rc = NGX_DECLINED;

        } else {
            user->paid_until += interval;
        }
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    if (rc == NGX_ERROR) {
        ngx_http_aidial_zone_full();
    }

    return rc;
}


ngx_int_t
ngx_http_aidial_user_check(const ngx_http_aidial_taker_t *taker)
{
    ngx_int_t                rc;
    ngx_http_aidial_user_t  *user;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    user = ngx_http_aidial_user_find(ngx_http_aidial_user_key(taker), taker);

    rc = (taker->streams && user && user->streams >= taker->streams)
         ? NGX_DECLINED : NGX_OK;

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    return rc;
}


ngx_int_t
ngx_http_aidial_user_take_locked(const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_user_t **user)
{
    ngx_int_t  rc;

    rc = ngx_http_aidial_user_get_locked(taker, user);

    if (rc != NGX_OK) {
        return rc;
    }

    if (taker->streams && (*user)->streams >= taker->streams) {
        return NGX_DECLINED;
    }

    if ((*user)->streams++ == 0) {
        ngx_queue_remove(&(*user)->queue);
    }

    return NGX_OK;
}


void
ngx_http_aidial_user_give_locked(ngx_http_aidial_user_t *user)
{
    ngx_aidial_assert(user->streams);

    if (--user->streams == 0) {
        ngx_queue_insert_head(&ngx_http_aidial_ledger.shared->idle,
                              &user->queue);
    }
}


/*
 * A stream that comes a little late for its turn, since a timer was, does not
 * lose what it has missed: one turn may be made up for.
 */

ngx_msec_t
ngx_http_aidial_user_turn(ngx_http_aidial_user_t *user, size_t bytes,
    size_t bandwidth)
{
    int64_t  now, turn, takes;

    now = ngx_http_aidial_user_now();
    takes = (int64_t) bytes * 1000000 / (int64_t) bandwidth;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    turn = ngx_max(user->turn_at, now - takes);
    user->turn_at = turn + takes;

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    return turn > now ? (ngx_msec_t) ((turn - now + 999) / 1000) : 0;
}


void
ngx_http_aidial_user_return(ngx_http_aidial_user_t *user, size_t bytes,
    size_t bandwidth)
{
    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    user->turn_at -= (int64_t) bytes * 1000000 / (int64_t) bandwidth;

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);
}


/* the user, old or new; one without streams is in "idle", at its head */

static ngx_int_t
ngx_http_aidial_user_get_locked(const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_user_t **user)
{
    ngx_rbtree_key_t           key;
    ngx_http_aidial_shared_t  *shared;

    shared = ngx_http_aidial_ledger.shared;
    key = ngx_http_aidial_user_key(taker);

    *user = ngx_http_aidial_user_find(key, taker);

    if (*user == NULL) {
        ngx_http_aidial_users_forget_locked(NGX_HTTP_AIDIAL_USERS_FORGOTTEN);

        *user = ngx_http_aidial_user_create_locked(key, taker);

        return *user ? NGX_OK : NGX_ERROR;
    }

    if ((*user)->streams == 0) {
        ngx_queue_remove(&(*user)->queue);
        ngx_queue_insert_head(&shared->idle, &(*user)->queue);
    }

    return NGX_OK;
}


static ngx_http_aidial_user_t *
ngx_http_aidial_user_find(ngx_rbtree_key_t key,
    const ngx_http_aidial_taker_t *taker)
{
    ngx_rbtree_node_t       *node, *end;
    ngx_http_aidial_user_t  *user;

    node = ngx_http_aidial_ledger.shared->users.root;
    end = &ngx_http_aidial_ledger.shared->users_end;

    while (node != end) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        user = (ngx_http_aidial_user_t *)
                   ((u_char *) node - offsetof(ngx_http_aidial_user_t, node));

        if (user->tenant_len == taker->tenant->len
            && user->user_len == taker->user->len
            && ngx_memcmp(user->name, taker->tenant->data, user->tenant_len)
               == 0
            && ngx_memcmp(user->name + user->tenant_len, taker->user->data,
                          user->user_len)
               == 0)
        {
            return user;
        }

        /* equal keys stand to the right */

        node = node->right;
    }

    return NULL;
}


static ngx_rbtree_key_t
ngx_http_aidial_user_key(const ngx_http_aidial_taker_t *taker)
{
    uint32_t  key;

    ngx_crc32_init(key);
    ngx_crc32_update(&key, taker->tenant->data, taker->tenant->len);
    ngx_crc32_update(&key, taker->user->data, taker->user->len);
    ngx_crc32_final(key);

    return key;
}


static ngx_http_aidial_user_t *
ngx_http_aidial_user_create_locked(ngx_rbtree_key_t key,
    const ngx_http_aidial_taker_t *taker)
{
    size_t                     size;
    u_char                    *p;
    ngx_slab_pool_t           *slab;
    ngx_http_aidial_user_t    *user;
    ngx_http_aidial_shared_t  *shared;

    slab = ngx_http_aidial_ledger.slab;
    shared = ngx_http_aidial_ledger.shared;

    size = offsetof(ngx_http_aidial_user_t, name)
           + taker->tenant->len + taker->user->len;

    user = ngx_slab_calloc_locked(slab, size);

    if (user == NULL) {
        ngx_http_aidial_users_forget_locked(NGX_HTTP_AIDIAL_USERS_EVICTED);

        user = ngx_slab_calloc_locked(slab, size);
    }

    if (user == NULL) {
        return NULL;
    }

    ngx_aidial_assert(taker->tenant->len <= NGX_AIDIAL_ID_MAX
                      && taker->user->len <= NGX_AIDIAL_ID_MAX);

    user->node.key = key;
    user->tenant_len = (uint16_t) taker->tenant->len;
    user->user_len = (uint16_t) taker->user->len;

    p = ngx_cpymem(user->name, taker->tenant->data, taker->tenant->len);
    ngx_memcpy(p, taker->user->data, taker->user->len);

    ngx_rbtree_insert(&shared->users, &user->node);
    ngx_queue_insert_head(&shared->idle, &user->queue);

    return user;
}


/*
 * Looks at "n" of the users that were used longest ago, and forgets them.  One
 * who owes something is not forgotten, or would owe nothing.
 */

static void
ngx_http_aidial_users_forget_locked(ngx_uint_t n)
{
    int64_t                    now;
    ngx_queue_t               *q, *last;
    ngx_http_aidial_user_t    *user;
    ngx_http_aidial_shared_t  *shared;

    now = ngx_http_aidial_user_now();
    shared = ngx_http_aidial_ledger.shared;

    for (q = ngx_queue_last(&shared->idle);
         q != ngx_queue_sentinel(&shared->idle) && n;
         q = last, n--)
    {
        last = ngx_queue_prev(q);
        user = ngx_queue_data(q, ngx_http_aidial_user_t, queue);

        if (user->paid_until > now || user->turn_at > now) {
            continue;
        }

        ngx_queue_remove(q);
        ngx_rbtree_delete(&shared->users, &user->node);
        ngx_slab_free_locked(ngx_http_aidial_ledger.slab, user);
    }
}


static int64_t
ngx_http_aidial_user_now(void)
{
    return (int64_t) ngx_current_msec * 1000;
}


void
ngx_http_aidial_zone_full(void)
{
    static time_t  said;

    if (said == ngx_time()) {
        return;
    }

    said = ngx_time();

    ngx_log_error(NGX_LOG_CRIT, ngx_http_aidial_ledger.log, 0,
                  "aidial: \"aidial_recording_zone\" is full, media requests "
                  "are refused: give it more memory");
}
