
/*
 * The ledger of one worker: who works here, who was killed, what is due.
 *
 * A worker signs in when it starts and signs out when it leaves.  One that is
 * in the list but not among the processes was killed: what it left behind is
 * taken over by whoever notices first.
 *
 * A quitting worker goes at once when others stay, or nothing is owed.  The
 * last one stays for what is due: then the timer is not cancelable.
 */


#include "ngx_http_aidial_ledger.h"


#define NGX_HTTP_AIDIAL_LEDGER_TICK   1000   /* ms */
#define NGX_HTTP_AIDIAL_LEDGER_RETRY  250    /* ms, while something is due */


static void ngx_http_aidial_ledger_sign_in_locked(void);
static void ngx_http_aidial_ledger_tick(ngx_event_t *ev);
static void ngx_http_aidial_ledger_told(void);
static ngx_uint_t ngx_http_aidial_ledger_quit_locked(void);
static ngx_uint_t ngx_http_aidial_ledger_others_locked(ngx_uint_t staying);
static ngx_uint_t ngx_http_aidial_ledger_is_dead(
    ngx_http_aidial_worker_t *worker);
static void ngx_http_aidial_ledger_inherit_locked(ngx_uint_t id);
static void ngx_http_aidial_ledger_unclaim_locked(ngx_uint_t id);
static void ngx_http_aidial_ledger_again(void);
static ngx_uint_t ngx_http_aidial_ledger_owes(void);


ngx_http_aidial_ledger_t  ngx_http_aidial_ledger;


ngx_int_t
ngx_http_aidial_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t           *slab;
    ngx_http_aidial_shared_t  *shared;

    if (data) {

        /* a reload: the new workers go on with the old workers' state */

        zone->data = data;
        return NGX_OK;
    }

    slab = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = slab->data;
        return NGX_OK;
    }

    shared = ngx_slab_calloc(slab, sizeof(ngx_http_aidial_shared_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&shared->deliveries);
    ngx_queue_init(&shared->open);
    ngx_queue_init(&shared->due);
    ngx_queue_init(&shared->counts);
    ngx_queue_init(&shared->idle);

    ngx_rbtree_init(&shared->playbacks, &shared->playbacks_end,
                    ngx_rbtree_insert_value);
    ngx_rbtree_init(&shared->counted, &shared->counted_end,
                    ngx_rbtree_insert_value);
    ngx_rbtree_init(&shared->users, &shared->users_end,
                    ngx_rbtree_insert_value);

    /* a zone that is full is said by who needed room, once a second */

    slab->log_nomem = 0;
    slab->data = shared;
    zone->data = shared;

    return NGX_OK;
}


ngx_int_t
ngx_http_aidial_ledger_start(ngx_cycle_t *cycle, ngx_shm_zone_t *zone)
{
    ngx_http_aidial_ledger_t  *ledger;

    ledger = &ngx_http_aidial_ledger;

    ledger->shared = zone->data;
    ledger->slab = (ngx_slab_pool_t *) zone->shm.addr;
    ledger->log = cycle->log;

    ngx_http_aidial_metrics = &ledger->shared->metrics;

    ngx_shmtx_lock(&ledger->slab->mutex);

    ngx_http_aidial_ledger_bury_locked();
    ngx_http_aidial_ledger_sign_in_locked();

    ngx_shmtx_unlock(&ledger->slab->mutex);

    if (ledger->worker == NULL) {
        ngx_log_error(NGX_LOG_CRIT, cycle->log, 0,
                      "aidial: more than %d workers, media requests are "
                      "refused until some leave",
                      (int) NGX_HTTP_AIDIAL_WORKERS_MAX);
    }

    ledger->timer.handler = ngx_http_aidial_ledger_tick;
    ledger->timer.data = ledger;
    ledger->timer.log = ledger->log;

    ngx_http_aidial_ledger_again();

    return ngx_http_aidial_quit_watch(ledger->log,
                                      ngx_http_aidial_ledger_told);
}


static void
ngx_http_aidial_ledger_sign_in_locked(void)
{
    ngx_uint_t                 i;
    ngx_http_aidial_worker_t  *worker;
    ngx_http_aidial_shared_t  *shared;

    shared = ngx_http_aidial_ledger.shared;

    for (i = 0; i < NGX_HTTP_AIDIAL_WORKERS_MAX; i++) {
        worker = &shared->workers[i];

        if (worker->id == 0) {
            worker->pid = ngx_pid;
            worker->quits = 0;
            worker->id = ++shared->last_id;

            ngx_http_aidial_ledger.worker = worker;

            ngx_aidial_redis_census_move(&worker->redis);
            return;
        }
    }
}


static void
ngx_http_aidial_ledger_told(void)
{
    ngx_http_aidial_ledger_tick(&ngx_http_aidial_ledger.timer);
}


static void
ngx_http_aidial_ledger_tick(ngx_event_t *ev)
{
    ngx_uint_t                 leave;
    ngx_http_aidial_ledger_t  *ledger;

    ledger = ev->data;

    ngx_shmtx_lock(&ledger->slab->mutex);

    ngx_http_aidial_ledger_bury_locked();

    if (ledger->worker == NULL) {
        ngx_http_aidial_ledger_sign_in_locked();
    }

    ngx_http_aidial_accounts_idle_locked(NGX_HTTP_AIDIAL_PLAYBACK_IDLE);
    leave = ngx_exiting && ngx_http_aidial_ledger_quit_locked();

    ngx_shmtx_unlock(&ledger->slab->mutex);

    if (leave) {

        /* what this worker still serves will wake the ledger when it ends */

        if (ledger->timer.timer_set) {
            ngx_del_timer(&ledger->timer);
        }

        return;
    }

    ngx_http_aidial_closing_send();
    ngx_http_aidial_count_send();
    ngx_http_aidial_ledger_again();
}


/* 1: this worker need not stay for the ledger */

static ngx_uint_t
ngx_http_aidial_ledger_quit_locked(void)
{
    ngx_http_aidial_ledger_t  *ledger;

    ledger = &ngx_http_aidial_ledger;

    if (ledger->worker == NULL) {
        return 1;
    }

    ledger->worker->quits = 1;

    if (ngx_http_aidial_ledger_others_locked(1)) {

        /* a reload, or one of several that quit: the last one stays */

        return 1;
    }

    ngx_http_aidial_accounts_idle_locked(0);
    ngx_http_aidial_counts_due_locked();

    if (!ngx_queue_empty(&ledger->shared->open)) {

        /* a response still runs, and its end will be due */

        ledger->quitting = 0;
        return 0;
    }

    if (ledger->quitting == 0) {
        ledger->quitting = ngx_current_msec ? ngx_current_msec : 1;
    }

    if (ngx_current_msec - ledger->quitting >= NGX_HTTP_AIDIAL_QUIT_WAIT) {
        ngx_http_aidial_closing_lost_locked();
    }

    return ngx_queue_empty(&ledger->shared->due);
}


/* 1: there is another worker; "staying": one that does not quit */

static ngx_uint_t
ngx_http_aidial_ledger_others_locked(ngx_uint_t staying)
{
    ngx_uint_t                 i;
    ngx_http_aidial_worker_t  *worker;

    for (i = 0; i < NGX_HTTP_AIDIAL_WORKERS_MAX; i++) {
        worker = &ngx_http_aidial_ledger.shared->workers[i];

        if (worker->id && worker != ngx_http_aidial_ledger.worker
            && !(staying && worker->quits))
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_aidial_ledger_bury_locked(void)
{
    ngx_uint_t                 i;
    ngx_http_aidial_worker_t  *worker;

    for (i = 0; i < NGX_HTTP_AIDIAL_WORKERS_MAX; i++) {
        worker = &ngx_http_aidial_ledger.shared->workers[i];

        if (!ngx_http_aidial_ledger_is_dead(worker)) {
            continue;
        }

        ngx_log_error(NGX_LOG_NOTICE, ngx_http_aidial_ledger.log, 0,
                      "aidial: worker process %P is gone, its deliveries are "
                      "closed", worker->pid);

        ngx_http_aidial_ledger_inherit_locked(worker->id);
        worker->id = 0;
    }
}


/* one of this worker's pid that is not this worker was killed */

static ngx_uint_t
ngx_http_aidial_ledger_is_dead(ngx_http_aidial_worker_t *worker)
{
    if (worker->id == 0 || worker == ngx_http_aidial_ledger.worker) {
        return 0;
    }

    return worker->pid == ngx_pid
           || (kill(worker->pid, 0) == -1 && ngx_errno == ESRCH);
}


/* the deliveries of a worker that is gone end here */

static void
ngx_http_aidial_ledger_inherit_locked(ngx_uint_t id)
{
    ngx_queue_t                 *q, *next, *deliveries;
    ngx_http_aidial_delivery_t  *delivery;

    deliveries = &ngx_http_aidial_ledger.shared->deliveries;

    for (q = ngx_queue_head(deliveries);
         q != ngx_queue_sentinel(deliveries);
         q = next)
    {
        next = ngx_queue_next(q);
        delivery = ngx_queue_data(q, ngx_http_aidial_delivery_t, queue);

        if (delivery->owner == id) {
            ngx_http_aidial_delivery_killed_locked(delivery);
        }
    }

    ngx_http_aidial_ledger_unclaim_locked(id);
}


/* what it was sending is free to be sent again */

static void
ngx_http_aidial_ledger_unclaim_locked(ngx_uint_t id)
{
    ngx_queue_t                *q;
    ngx_http_aidial_count_t    *count;
    ngx_http_aidial_shared_t   *shared;
    ngx_http_aidial_account_t  *account;

    shared = ngx_http_aidial_ledger.shared;

    for (q = ngx_queue_head(&shared->due);
         q != ngx_queue_sentinel(&shared->due);
         q = ngx_queue_next(q))
    {
        account = ngx_queue_data(q, ngx_http_aidial_account_t, queue);

        if (account->claim == id) {
            account->claim = 0;
        }
    }

    for (q = ngx_queue_head(&shared->counts);
         q != ngx_queue_sentinel(&shared->counts);
         q = ngx_queue_next(q))
    {
        count = ngx_queue_data(q, ngx_http_aidial_count_t, queue);

        if (count->claim == id) {
            count->claim = 0;
        }
    }
}


void
ngx_http_aidial_ledger_wake(void)
{
    if (ngx_exiting) {

        /* this may have been all that it stayed for */

        ngx_http_aidial_ledger_told();
        return;
    }

    ngx_http_aidial_closing_send();
    ngx_http_aidial_ledger_again();
}


/* a glance without the lock: the next tick looks again */

static ngx_uint_t
ngx_http_aidial_ledger_owes(void)
{
    ngx_http_aidial_shared_t  *shared;

    shared = ngx_http_aidial_ledger.shared;

    return !ngx_queue_empty(&shared->due) || !ngx_queue_empty(&shared->open);
}


static void
ngx_http_aidial_ledger_again(void)
{
    ngx_msec_t                 delay;
    ngx_http_aidial_ledger_t  *ledger;

    ledger = &ngx_http_aidial_ledger;

    delay = ngx_queue_empty(&ledger->shared->due)
            ? NGX_HTTP_AIDIAL_LEDGER_TICK : NGX_HTTP_AIDIAL_LEDGER_RETRY;

    ledger->timer.cancelable = !ngx_http_aidial_ledger_owes();

    /* never later than it was going to be: steady traffic comes here often */

    if (ledger->timer.timer_set
        && (ngx_msec_int_t) (ledger->timer.timer.key - ngx_current_msec)
           <= (ngx_msec_int_t) delay)
    {
        return;
    }

    ngx_add_timer(&ledger->timer, delay);
}


/*
 * The worker leaves.  What is owed stays in the zone for the others; without
 * others it is said, which is all that is left to do.
 */

void
ngx_http_aidial_ledger_stop(void)
{
    ngx_http_aidial_ledger_t  *ledger;

    ledger = &ngx_http_aidial_ledger;

    ngx_http_aidial_quit_unwatch();

    if (ledger->worker == NULL) {
        return;
    }

    ngx_shmtx_lock(&ledger->slab->mutex);

    ngx_http_aidial_ledger_inherit_locked(ledger->worker->id);

    if (!ngx_http_aidial_ledger_others_locked(0)) {
        ngx_http_aidial_accounts_idle_locked(0);
        ngx_http_aidial_closing_lost_locked();
    }

    /* the connections are closed later, and the place may be another's then */

    ngx_aidial_redis_census_move(NULL);
    ledger->worker->id = 0;

    ngx_shmtx_unlock(&ledger->slab->mutex);

    ledger->worker = NULL;
    ledger->shared = NULL;
}


size_t
ngx_http_aidial_facts_packed(const ngx_http_aidial_facts_t *facts)
{
    return ngx_aidial_audit_packed(&facts->keys.grant,
                                   NGX_HTTP_AIDIAL_LEDGER_AUDIT)
           + ngx_aidial_audit_packed(facts->audit.fields,
                                     NGX_AIDIAL_AUDIT_FIELDS);
}


void
ngx_http_aidial_facts_pack(u_char *data, const ngx_http_aidial_facts_t *facts)
{
    data = ngx_aidial_audit_pack(data, &facts->keys.grant,
                                 NGX_HTTP_AIDIAL_LEDGER_AUDIT);
    (void) ngx_aidial_audit_pack(data, facts->audit.fields,
                                 NGX_AIDIAL_AUDIT_FIELDS);
}


void
ngx_http_aidial_facts_unpack(u_char *data, ngx_http_aidial_facts_t *facts)
{
    data = ngx_aidial_audit_unpack(data, &facts->keys.grant,
                                   NGX_HTTP_AIDIAL_LEDGER_AUDIT);
    (void) ngx_aidial_audit_unpack(data, facts->audit.fields,
                                   NGX_AIDIAL_AUDIT_FIELDS);
}
