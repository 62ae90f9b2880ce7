
/*
 * Accounts in shared memory: what will be closing entries.  All of it changes
 * under the slab's mutex.
 */


#include "ngx_http_aidial_ledger.h"
#include "ngx_aidial_ask.h"


static ngx_rbtree_key_t ngx_http_aidial_account_key(const u_char *grant);
static ngx_http_aidial_account_t *ngx_http_aidial_account_alloc_locked(
    ngx_uint_t action, const u_char *grant, const u_char *attempt,
    const ngx_http_aidial_facts_t *facts);
static ngx_msec_int_t ngx_http_aidial_account_quiet(
    const ngx_http_aidial_account_t *account);
static void ngx_http_aidial_account_add_locked(
    ngx_http_aidial_account_t *account,
    const ngx_http_aidial_delivery_t *delivery);
static void ngx_http_aidial_account_owe_locked(
    ngx_http_aidial_account_t *account);


ngx_http_aidial_account_t *
ngx_http_aidial_account_find_locked(const u_char *grant)
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


ngx_http_aidial_account_t *
ngx_http_aidial_account_open_locked(ngx_uint_t action, const u_char *grant,
    const u_char *attempt, const ngx_http_aidial_facts_t *facts)
{
    ngx_http_aidial_shared_t   *shared;
    ngx_http_aidial_account_t  *account;

    shared = ngx_http_aidial_ledger.shared;

    account = ngx_http_aidial_account_alloc_locked(action, grant, attempt,
                                                   facts);
    if (account == NULL) {
        return NULL;
    }

    if (action == NGX_AIDIAL_ACTION_PLAYBACK) {
        account->node.key = ngx_http_aidial_account_key(grant);
        ngx_rbtree_insert(&shared->playbacks, &account->node);
    }

    ngx_queue_insert_tail(&shared->open, &account->queue);

    return account;
}


/* an account in no queue */

static ngx_http_aidial_account_t *
ngx_http_aidial_account_alloc_locked(ngx_uint_t action, const u_char *grant,
    const u_char *attempt, const ngx_http_aidial_facts_t *facts)
{
    size_t                      size;
    ngx_http_aidial_account_t  *account;

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

    return account;
}


ngx_int_t
ngx_http_aidial_account_cut_locked(
    const ngx_http_aidial_delivery_t *delivery,
    const ngx_http_aidial_cut_t *cut)
{
    ngx_http_aidial_facts_t     facts;
    ngx_http_aidial_account_t  *account;

    ngx_http_aidial_facts_unpack(delivery->account->facts, &facts);

    account = ngx_http_aidial_account_alloc_locked(NGX_AIDIAL_ACTION_PLAYBACK,
                                                   delivery->account->grant,
                                                   cut->attempt, &facts);
    if (account == NULL) {
        return NGX_ERROR;
    }

    account->cut = cut->problem;
    account->reasons = cut->reasons;
    account->known = 1;
    account->begun = delivery->begun;

    ngx_http_aidial_account_add_locked(account, delivery);
    ngx_http_aidial_account_owe_locked(account);

    return NGX_OK;
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


void
ngx_http_aidial_account_left_locked(ngx_http_aidial_account_t *account,
    const ngx_http_aidial_delivery_t *delivery)
{
    account->running--;

    if (ngx_http_aidial_account_quiet(account) > 0) {
        account->ended = ngx_current_msec;
    }

    ngx_http_aidial_account_add_locked(account, delivery);
}


static void
ngx_http_aidial_account_add_locked(ngx_http_aidial_account_t *account,
    const ngx_http_aidial_delivery_t *delivery)
{
    account->bytes += delivery->bytes;
    account->status = delivery->status;

    if (delivery->first >= 0 && delivery->bytes > 0) {
        ngx_aidial_ranges_add(&account->ranges, delivery->first,
                              delivery->first + delivery->bytes - 1);
    }
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


void
ngx_http_aidial_account_due_locked(ngx_http_aidial_account_t *account)
{
    ngx_http_aidial_shared_t  *shared;

    shared = ngx_http_aidial_ledger.shared;

    if (account->action == NGX_AIDIAL_ACTION_PLAYBACK) {
        ngx_rbtree_delete(&shared->playbacks, &account->node);
    }

    ngx_queue_remove(&account->queue);
    ngx_http_aidial_account_owe_locked(account);
}


static void
ngx_http_aidial_account_owe_locked(ngx_http_aidial_account_t *account)
{
    ngx_http_aidial_metrics->owed[NGX_HTTP_AIDIAL_OWED_CLOSINGS]++;

    account->due = 1;
    account->later = ngx_current_msec;

    ngx_queue_insert_tail(&ngx_http_aidial_ledger.shared->due,
                          &account->queue);
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
