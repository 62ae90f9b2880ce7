
/*
 * Refusals that one user may cause without end.
 *
 * The first one is told to Redis at once, which enters it; what follows is
 * counted here, and told when Redis may write the next entry.  So a user costs
 * the audit trail an entry a minute, and Redis a script a minute and edge.
 */


#include "ngx_http_aidial_ledger.h"


typedef struct {
    ngx_http_aidial_count_t  *count;
    ngx_uint_t                n;
    ngx_aidial_redis_op_t    *op;
} ngx_http_aidial_telling_t;


static ngx_http_aidial_count_t *ngx_http_aidial_count_find(ngx_uint_t event,
    const ngx_http_aidial_facts_t *facts);
static ngx_http_aidial_count_t *ngx_http_aidial_count_open(ngx_uint_t event,
    const ngx_http_aidial_facts_t *facts);
static ngx_http_aidial_count_t *ngx_http_aidial_count_renew_locked(
    ngx_http_aidial_count_t *count, const ngx_http_aidial_facts_t *facts);
static ngx_rbtree_key_t ngx_http_aidial_count_key(ngx_uint_t event,
    const ngx_http_aidial_facts_t *facts);
static ngx_http_aidial_count_t *ngx_http_aidial_count_claim(ngx_uint_t *n);
static ngx_http_aidial_count_t *ngx_http_aidial_count_due_locked(void);
static ngx_int_t ngx_http_aidial_count_tell(ngx_http_aidial_count_t *count,
    ngx_uint_t n);
static void ngx_http_aidial_count_told(void *data);
static void ngx_http_aidial_count_again(ngx_http_aidial_count_t *count,
    ngx_uint_t n);
static void ngx_http_aidial_count_set_locked(ngx_http_aidial_count_t *count,
    ngx_uint_t n);
static void ngx_http_aidial_count_free_locked(ngx_http_aidial_count_t *count);


static const ngx_str_t  ngx_http_aidial_events[] = {
    ngx_string("media.refused"),
    ngx_string("grant.limited")
};


void
ngx_http_aidial_count_add(ngx_uint_t event, ngx_uint_t told,
    const ngx_http_aidial_facts_t *facts)
{
    ngx_slab_pool_t          *slab;
    ngx_http_aidial_count_t  *count;

    static time_t             said;

    slab = ngx_http_aidial_ledger.slab;

    ngx_shmtx_lock(&slab->mutex);

    count = ngx_http_aidial_count_find(event, facts);

    if (count) {
        count = ngx_http_aidial_count_renew_locked(count, facts);

    } else {
        count = ngx_http_aidial_count_open(event, facts);

        if (count && told) {
            count->due = ngx_current_msec + NGX_HTTP_AIDIAL_MINUTE;
        }
    }

    if (count && told) {
        count->held = 1;

    } else if (count) {
        ngx_http_aidial_count_set_locked(count, count->n + 1);
    }

    ngx_shmtx_unlock(&slab->mutex);

    if (count == NULL) {
        ngx_http_aidial_metrics_count(lost[NGX_HTTP_AIDIAL_OWED_REFUSALS]);

        if (said != ngx_time()) {
            said = ngx_time();

            ngx_log_error(NGX_LOG_ERR, ngx_http_aidial_ledger.log, 0,
                          "aidial: \"aidial_recording_zone\" is full, "
                          "refusals are not counted");
        }

        return;
    }

    ngx_http_aidial_count_send();
}


static ngx_http_aidial_count_t *
ngx_http_aidial_count_find(ngx_uint_t event,
    const ngx_http_aidial_facts_t *facts)
{
    ngx_rbtree_key_t          key;
    ngx_rbtree_node_t        *node, *end;
    ngx_http_aidial_facts_t   own;
    ngx_http_aidial_count_t  *count;

    key = ngx_http_aidial_count_key(event, facts);
    node = ngx_http_aidial_ledger.shared->counted.root;
    end = &ngx_http_aidial_ledger.shared->counted_end;

    while (node != end) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        count = (ngx_http_aidial_count_t *)
                    ((u_char *) node - offsetof(ngx_http_aidial_count_t, node));

        ngx_http_aidial_facts_unpack(count->facts, &own);

        if (count->event == event
            && ngx_aidial_same(&own.keys.rate, &facts->keys.rate))
        {
            return count;
        }

        node = node->right;
    }

    return NULL;
}


/* the key of the user's rate names tenant and user */

static ngx_rbtree_key_t
ngx_http_aidial_count_key(ngx_uint_t event,
    const ngx_http_aidial_facts_t *facts)
{
    return ngx_crc32_long(facts->keys.rate.data, facts->keys.rate.len) ^ event;
}


static ngx_http_aidial_count_t *
ngx_http_aidial_count_open(ngx_uint_t event,
    const ngx_http_aidial_facts_t *facts)
{
    size_t                    size;
    ngx_http_aidial_count_t  *count;

    size = offsetof(ngx_http_aidial_count_t, facts)
           + ngx_http_aidial_facts_packed(facts);

    count = ngx_slab_alloc_locked(ngx_http_aidial_ledger.slab, size);
    if (count == NULL) {
        return NULL;
    }

    ngx_memzero(count, offsetof(ngx_http_aidial_count_t, facts));

    count->event = event;
    count->due = ngx_current_msec;
    count->node.key = ngx_http_aidial_count_key(event, facts);

    ngx_http_aidial_facts_pack(count->facts, facts);

    ngx_rbtree_insert(&ngx_http_aidial_ledger.shared->counted,
                      &count->node);
    ngx_queue_insert_tail(&ngx_http_aidial_ledger.shared->counts,
                          &count->queue);

    return count;
}


/*
 * All that was counted was entered: the next entry is about this event, not
 * about the one before.  A count that is being told stays as it is.
 */

static ngx_http_aidial_count_t *
ngx_http_aidial_count_renew_locked(ngx_http_aidial_count_t *count,
    const ngx_http_aidial_facts_t *facts)
{
    ngx_http_aidial_count_t  *fresh;

    if (count->n || count->held || count->claim) {
        return count;
    }

    fresh = ngx_http_aidial_count_open(count->event, facts);
    if (fresh == NULL) {
        return count;
    }

    fresh->due = count->due;

    ngx_http_aidial_count_free_locked(count);

    return fresh;
}


void
ngx_http_aidial_counts_due_locked(void)
{
    ngx_queue_t              *q, *counts;
    ngx_http_aidial_count_t  *count;

    counts = &ngx_http_aidial_ledger.shared->counts;

    for (q = ngx_queue_head(counts);
         q != ngx_queue_sentinel(counts);
         q = ngx_queue_next(q))
    {
        count = ngx_queue_data(q, ngx_http_aidial_count_t, queue);

        if (count->n) {
            count->due = ngx_current_msec;
        }
    }
}


void
ngx_http_aidial_count_send(void)
{
    ngx_uint_t                n;
    ngx_http_aidial_count_t  *count;

    if (ngx_http_aidial_ledger.worker == NULL) {
        return;
    }

    for ( ;; ) {
        count = ngx_http_aidial_count_claim(&n);

        if (count == NULL) {
            return;
        }

        if (ngx_http_aidial_count_tell(count, n) != NGX_OK) {
            ngx_http_aidial_count_again(count, n);
            return;
        }
    }
}


static ngx_http_aidial_count_t *
ngx_http_aidial_count_claim(ngx_uint_t *n)
{
    ngx_http_aidial_count_t  *count;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    count = ngx_http_aidial_count_due_locked();

    if (count) {
        count->claim = ngx_http_aidial_ledger.worker->id;
        *n = count->n;
        ngx_http_aidial_count_set_locked(count, 0);
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    return count;
}


/* one that is due, or NULL; those that are due with nothing to tell are over */

static ngx_http_aidial_count_t *
ngx_http_aidial_count_due_locked(void)
{
    ngx_queue_t              *q, *next, *counts;
    ngx_http_aidial_count_t  *count;

    counts = &ngx_http_aidial_ledger.shared->counts;

    for (q = ngx_queue_head(counts);
         q != ngx_queue_sentinel(counts);
         q = next)
    {
        next = ngx_queue_next(q);
        count = ngx_queue_data(q, ngx_http_aidial_count_t, queue);

        if (count->claim
            || (ngx_msec_int_t) (ngx_current_msec - count->due) < 0)
        {
            continue;
        }

        if (count->n || count->held) {
            return count;
        }

        ngx_http_aidial_count_free_locked(count);
    }

    return NULL;
}


static ngx_int_t
ngx_http_aidial_count_tell(ngx_http_aidial_count_t *count, ngx_uint_t n)
{
    ngx_http_aidial_facts_t     facts;
    ngx_http_aidial_telling_t  *telling;

    telling = ngx_alloc(sizeof(ngx_http_aidial_telling_t),
                        ngx_http_aidial_ledger.log);
    if (telling == NULL) {
        return NGX_ERROR;
    }

    ngx_http_aidial_facts_unpack(count->facts, &facts);

    telling->count = count;
    telling->n = n;
    telling->op = ngx_aidial_redis_audit_count(&facts.keys,
                                     &ngx_http_aidial_events[count->event],
                                     n, &facts.audit,
                                     ngx_http_aidial_count_told, telling);
    if (telling->op == NULL) {
        ngx_free(telling);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_aidial_count_told(void *data)
{
    ngx_uint_t                  wait;
    ngx_http_aidial_count_t    *count;
    ngx_http_aidial_telling_t  *telling;

    telling = data;
    count = telling->count;

    if (ngx_aidial_redis_op_status(telling->op) != NGX_OK) {
        ngx_http_aidial_count_again(count, telling->n);

    } else {
        wait = ngx_min(ngx_aidial_redis_op_number(telling->op),
                       NGX_HTTP_AIDIAL_MINUTE);

        ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

        count->claim = 0;
        count->due = ngx_current_msec + wait;

        /* a whole minute to wait: all of them were entered, just now */

        count->held = (wait < NGX_HTTP_AIDIAL_MINUTE);

        ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);
    }

    ngx_aidial_redis_op_release(telling->op);
    ngx_free(telling);
}


/* Redis did not hear of them, or may not have: they are told later */

static void
ngx_http_aidial_count_again(ngx_http_aidial_count_t *count, ngx_uint_t n)
{
    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    count->claim = 0;
    ngx_http_aidial_count_set_locked(count, count->n + n);
    count->due = ngx_current_msec + 1000;

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);
}


/* what is on its way to Redis is nobody's: its worker may be killed */

static void
ngx_http_aidial_count_set_locked(ngx_http_aidial_count_t *count, ngx_uint_t n)
{
    ngx_atomic_t  *owed;

    owed = &ngx_http_aidial_metrics->owed[NGX_HTTP_AIDIAL_OWED_REFUSALS];

    *owed += (n > 0);
    *owed -= (count->n > 0);

    count->n = n;
}


static void
ngx_http_aidial_count_free_locked(ngx_http_aidial_count_t *count)
{
    ngx_rbtree_delete(&ngx_http_aidial_ledger.shared->counted, &count->node);
    ngx_queue_remove(&count->queue);
    ngx_slab_free_locked(ngx_http_aidial_ledger.slab, count);
}
