
/*
 * Deliveries in shared memory: the responses that run.
 *
 * A delivery's "first", "bytes" and "status" are written by its worker without
 * the lock, and read by another one only after that worker was killed.  All
 * else changes under the slab's mutex.
 */


#include "ngx_http_aidial_ledger.h"


static ngx_int_t ngx_http_aidial_delivery_add_locked(
    ngx_http_aidial_account_t *account, const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_delivery_t **delivery);
static void ngx_http_aidial_delivery_end_locked(
    ngx_http_aidial_delivery_t *delivery);


ngx_int_t
ngx_http_aidial_delivery_begin(ngx_uint_t action,
    const u_char grant[NGX_AIDIAL_GRANT_ID_LEN],
    const u_char attempt[NGX_HTTP_AIDIAL_ATTEMPT_LEN],
    const ngx_http_aidial_facts_t *facts,
    const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_delivery_t **delivery)
{
    ngx_int_t                   rc;
    ngx_http_aidial_account_t  *account;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    account = NULL;
    rc = NGX_ERROR;

    if (action == NGX_AIDIAL_ACTION_PLAYBACK) {
        account = ngx_http_aidial_account_find_locked(grant);
    }

    if (account == NULL) {
        account = ngx_http_aidial_account_open_locked(action, grant, attempt,
                                                      facts);
    }

    if (account) {
        rc = ngx_http_aidial_delivery_add_locked(account, taker, delivery);
    }

    if (account && rc != NGX_OK && account->running == 0 && !account->known) {
        ngx_http_aidial_account_free_locked(account);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    if (rc == NGX_ERROR) {
        ngx_http_aidial_zone_full();
    }

    return rc;
}


ngx_int_t
ngx_http_aidial_delivery_join(const u_char grant[NGX_AIDIAL_GRANT_ID_LEN],
    const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_delivery_t **delivery)
{
    ngx_int_t                   rc;
    ngx_http_aidial_account_t  *account;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    rc = NGX_OK;
    *delivery = NULL;
    account = ngx_http_aidial_account_find_locked(grant);

    if (account && account->known) {
        rc = ngx_http_aidial_delivery_add_locked(account, taker, delivery);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    if (rc == NGX_ERROR) {
        ngx_http_aidial_zone_full();
    }

    return rc;
}


static ngx_int_t
ngx_http_aidial_delivery_add_locked(ngx_http_aidial_account_t *account,
    const ngx_http_aidial_taker_t *taker,
    ngx_http_aidial_delivery_t **delivery)
{
    ngx_int_t                    rc;
    ngx_http_aidial_user_t      *user;
    ngx_http_aidial_delivery_t  *added;

    if (ngx_http_aidial_ledger.worker == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_aidial_user_take_locked(taker, &user);

    if (rc != NGX_OK) {
        return rc;
    }

    added = ngx_slab_calloc_locked(ngx_http_aidial_ledger.slab,
                                   sizeof(ngx_http_aidial_delivery_t));
    if (added == NULL) {
        ngx_http_aidial_user_give_locked(user);
        return NGX_ERROR;
    }

    added->owner = ngx_http_aidial_ledger.worker->id;
    added->account = account;
    added->user = user;
    added->begun = ngx_current_msec;
    added->first = -1;

    account->running++;

    ngx_http_aidial_metrics_stream_locked(account->action);

    ngx_queue_insert_tail(&ngx_http_aidial_ledger.shared->deliveries,
                          &added->queue);

    *delivery = added;

    return NGX_OK;
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
    ngx_uint_t complete, off_t sent, const ngx_http_aidial_cut_t *cut)
{
    ngx_uint_t                  lost;
    ngx_http_aidial_account_t  *account;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    lost = 0;
    account = delivery->account;

    account->complete = complete;
    account->sent = sent;

    if (cut && account->action == NGX_AIDIAL_ACTION_DOWNLOAD) {
        account->cut = cut->problem;
        account->reasons = cut->reasons;

    } else if (cut) {
        lost = (ngx_http_aidial_account_cut_locked(delivery, cut) != NGX_OK);
    }

    ngx_http_aidial_delivery_end_locked(delivery);

    if (account->action == NGX_AIDIAL_ACTION_DOWNLOAD) {
        ngx_http_aidial_account_due_locked(account);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    if (lost) {
        ngx_http_aidial_zone_full();
    }

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


static void
ngx_http_aidial_delivery_end_locked(ngx_http_aidial_delivery_t *delivery)
{
    ngx_http_aidial_account_t  *account;

    account = delivery->account;

    ngx_http_aidial_metrics_stream_end_locked(account->action,
                                              delivery->bytes);
    ngx_http_aidial_account_left_locked(account, delivery);
    ngx_http_aidial_user_give_locked(delivery->user);

    ngx_queue_remove(&delivery->queue);
    ngx_slab_free_locked(ngx_http_aidial_ledger.slab, delivery);
}
