
/*
 * Accounts and deliveries in shared memory.
 *
 * A delivery's "first", "bytes" and "status" are written by its worker without
 * the lock, and read by another one only after that worker was killed.  All
 * else changes under the slab's mutex.
 */


#include "ngx_http_aidial_ledger.h"
#include "ngx_aidial_ask.h"


static ngx_http_aidial_delivery_t *ngx_http_aidial_delivery_add_locked(
    ngx_http_aidial_account_t *account);
static ngx_http_aidial_account_t *ngx_http_aidial_account_find(
    const u_char *grant);
static ngx_http_aidial_account_t *ngx_http_aidial_account_open(
    ngx_uint_t action, const u_char *grant, const u_char *attempt,
    const ngx_http_aidial_facts_t *facts);
static ngx_rbtree_key_t ngx_http_aidial_account_key(const u_char *grant);
static ngx_msec_int_t ngx_http_aidial_account_quiet(
    const ngx_http_aidial_account_t *account);
static void ngx_http_aidial_delivery_end_locked(
    ngx_http_aidial_delivery_t *delivery);
static void ngx_http_aidial_account_due_locked(
    ngx_http_aidial_account_t *account);
static void ngx_http_aidial_account_full(void);


ngx_http_aidial_delivery_t *
ngx_http_aidial_delivery_begin(ngx_uint_t action,
    const u_char grant[NGX_AIDIAL_GRANT_ID_LEN],
    const u_char attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN],
    const ngx_http_aidial_facts_t *facts)
{
    ngx_http_aidial_account_t   *account;
    ngx_http_aidial_delivery_t  *delivery;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    account = NULL;
    delivery = NULL;

    if (action == NGX_AIDIAL_ACTION_PLAYBACK) {
        account = ngx_http_aidial_account_find(grant);
    }

    if (account == NULL) {
        account = ngx_http_aidial_account_open(action, grant, attempt, facts);
    }

    if (account) {
        delivery = ngx_http_aidial_delivery_add_locked(account);
    }

    if (account && delivery == NULL && account->running == 0
        && !account->known)
    {
        ngx_http_aidial_account_free_locked(account);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    if (delivery == NULL) {
        ngx_http_aidial_account_full();
    }

    return delivery;
}


ngx_http_aidial_delivery_t *
ngx_http_aidial_delivery_join(const u_char grant[NGX_AIDIAL_GRANT_ID_LEN])
{
    ngx_http_aidial_account_t   *account;
    ngx_http_aidial_delivery_t  *delivery;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    delivery = NULL;
    account = ngx_http_aidial_account_find(grant);

    if (account && account->known) {
        delivery = ngx_http_aidial_delivery_add_locked(account);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    return delivery;
}


static ngx_http_aidial_delivery_t *
ngx_http_aidial_delivery_add_locked(ngx_http_aidial_account_t *account)
{
    ngx_http_aidial_delivery_t  *delivery;

    if (ngx_http_aidial_ledger.worker == NULL) {
        return NULL;
    }

    delivery = ngx_slab_calloc_locked(ngx_http_aidial_ledger.slab,
                                      sizeof(ngx_http_aidial_delivery_t));
    if (delivery == NULL) {
        return NULL;
    }

    delivery->owner = ngx_http_aidial_ledger.worker->id;
    delivery->account = account;
    delivery->first = -1;

    account->running++;

    ngx_http_aidial_metrics_stream_locked(account->action);

    ngx_queue_insert_tail(&ngx_http_aidial_ledger.shared->deliveries,
                          &delivery->queue);

    return delivery;
}


static ngx_http_aidial_account_t *
ngx_http_aidial_account_find(const u_char *grant)
{
    ngx_rbtree_key_t            key;
    ngx_rbtree_node_t          *node, *end;
    ngx_http_aidial_account_t  *account;

    key = ngx_http_aidial_account_key(grant);
    node = ngx_http_aidial_ledger.shared->playbacks.root;
    end = &ngx_http_aidial_ledger.shared->playbacks_end;

    while (node != end) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        account = (ngx_http_aidial_account_t *)
                      ((u_char *) node
                       - offsetof(ngx_http_aidial_account_t, node));

        if (ngx_memcmp(account->grant, grant, NGX_AIDIAL_GRANT_ID_LEN) == 0) {
            return account;
        }

        /* equal keys stand to the right */

        node = node->right;
    }

    return NULL;
}


/* the id is random, so its first octets are as good as a hash */

static ngx_rbtree_key_t
ngx_http_aidial_account_key(const u_char *grant)
{
    ngx_rbtree_key_t  key;

    ngx_memcpy(&key, grant, sizeof(ngx_rbtree_key_t));

    return key;
}


static ngx_http_aidial_account_t *
ngx_http_aidial_account_open(ngx_uint_t action, const u_char *grant,
    const u_char *attempt, const ngx_http_aidial_facts_t *facts)
{
    size_t                      size;
    ngx_http_aidial_shared_t   *shared;
    ngx_http_aidial_account_t  *account;

    shared = ngx_http_aidial_ledger.shared;

    size = offsetof(ngx_http_aidial_account_t, facts)
           + ngx_http_aidial_facts_packed(facts);

    account = ngx_slab_alloc_locked(ngx_http_aidial_ledger.slab, size);
    if (account == NULL) {
        return NULL;
    }

    ngx_memzero(account, sizeof(ngx_http_aidial_account_t));

    account->action = action;
    account->sent = -1;
    account->begun = ngx_current_msec;
    account->ended = ngx_current_msec;

    ngx_memcpy(account->grant, grant, NGX_AIDIAL_GRANT_ID_LEN);
    ngx_memcpy(account->attempt, attempt, NGX_HTTP_AIDIAL_ATTEMPT_LEN);

    ngx_http_aidial_facts_pack(account->facts, facts);

    if (action == NGX_AIDIAL_ACTION_PLAYBACK) {
        account->node.key = ngx_http_aidial_account_key(grant);
        ngx_rbtree_insert(&shared->playbacks, &account->node);
    }

    ngx_queue_insert_tail(&shared->open, &account->queue);

    return account;
}


ngx_uint_t
ngx_http_aidial_delivery_known(ngx_http_aidial_delivery_t *delivery)
{
    ngx_uint_t  first;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    first = !delivery->account->known;
    delivery->account->known = 1;

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    return first;
}


void
ngx_http_aidial_delivery_forget(ngx_http_aidial_delivery_t *delivery)
{
    ngx_http_aidial_account_t  *account;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    account = delivery->account;

    ngx_http_aidial_delivery_end_locked(delivery);

    if (account->running == 0 && !account->known) {
        ngx_http_aidial_account_free_locked(account);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);
}


void
ngx_http_aidial_delivery_settle(ngx_http_aidial_delivery_t *delivery,
    ngx_uint_t complete, off_t sent)
{
    ngx_http_aidial_account_t  *account;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    account = delivery->account;

    account->complete = complete;
    account->sent = sent;

    ngx_http_aidial_delivery_end_locked(delivery);

    if (account->action == NGX_AIDIAL_ACTION_DOWNLOAD) {
        ngx_http_aidial_account_due_locked(account);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    ngx_http_aidial_ledger_wake();
}


void
ngx_http_aidial_delivery_killed_locked(ngx_http_aidial_delivery_t *delivery)
{
    ngx_http_aidial_account_t  *account;

    account = delivery->account;

    ngx_http_aidial_delivery_end_locked(delivery);

    if (account->action == NGX_AIDIAL_ACTION_DOWNLOAD) {
        account->killed = 1;
        ngx_http_aidial_account_due_locked(account);
    }
}


/*
 * How long ago, in ms, a delivery of the account last ended.  Below zero when
 * another worker ended it: each reads its clock once in a turn of its loop, so
 * that worker's may be ahead.
 */

static ngx_msec_int_t
ngx_http_aidial_account_quiet(const ngx_http_aidial_account_t *account)
{
    return (ngx_msec_int_t) (ngx_current_msec - account->ended);
}


/* adds what was delivered to the account */

static void
ngx_http_aidial_delivery_end_locked(ngx_http_aidial_delivery_t *delivery)
{
    ngx_http_aidial_account_t  *account;

    account = delivery->account;

    account->running--;

    ngx_http_aidial_metrics_stream_end_locked(account->action,
                                              delivery->bytes);

    if (ngx_http_aidial_account_quiet(account) > 0) {
        account->ended = ngx_current_msec;
    }

    account->bytes += delivery->bytes;
    account->status = delivery->status;

    if (delivery->first >= 0 && delivery->bytes > 0) {
        ngx_aidial_ranges_add(&account->ranges, delivery->first,
                              delivery->first + delivery->bytes - 1);
    }

    ngx_queue_remove(&delivery->queue);
    ngx_slab_free_locked(ngx_http_aidial_ledger.slab, delivery);
}


void
ngx_http_aidial_accounts_idle_locked(ngx_msec_t idle)
{
    ngx_queue_t                *q, *next, *open;
    ngx_http_aidial_account_t  *account;

    open = &ngx_http_aidial_ledger.shared->open;

    for (q = ngx_queue_head(open); q != ngx_queue_sentinel(open); q = next) {

        next = ngx_queue_next(q);
        account = ngx_queue_data(q, ngx_http_aidial_account_t, queue);

        if (account->running
            || ngx_http_aidial_account_quiet(account) < (ngx_msec_int_t) idle)
        {
            continue;
        }

        if (account->known) {
            ngx_http_aidial_account_due_locked(account);
            continue;
        }

        /* a playback that nobody is known to have begun */

        ngx_http_aidial_account_free_locked(account);
    }
}


static void
ngx_http_aidial_account_due_locked(ngx_http_aidial_account_t *account)
{
    ngx_http_aidial_shared_t  *shared;

    shared = ngx_http_aidial_ledger.shared;

    if (account->action == NGX_AIDIAL_ACTION_PLAYBACK) {
        ngx_rbtree_delete(&shared->playbacks, &account->node);
    }

    ngx_http_aidial_metrics->owed[NGX_HTTP_AIDIAL_OWED_CLOSINGS]++;

    account->due = 1;
    account->later = ngx_current_msec;

    ngx_queue_remove(&account->queue);
    ngx_queue_insert_tail(&shared->due, &account->queue);
}


void
ngx_http_aidial_account_free_locked(ngx_http_aidial_account_t *account)
{
    if (account->action == NGX_AIDIAL_ACTION_PLAYBACK && !account->due) {
        ngx_rbtree_delete(&ngx_http_aidial_ledger.shared->playbacks,
                          &account->node);
    }

    if (account->due) {
        ngx_http_aidial_metrics->owed[NGX_HTTP_AIDIAL_OWED_CLOSINGS]--;
    }

    ngx_queue_remove(&account->queue);
    ngx_slab_free_locked(ngx_http_aidial_ledger.slab, account);
}


static void
ngx_http_aidial_account_full(void)
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
