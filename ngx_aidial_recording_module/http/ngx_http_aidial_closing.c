
/*
 * Closing entries: sent by whoever finds one due, until Redis has it.
 *
 * A worker claims an account before it sends, so that two do not send the
 * same; the script would enter it once all the same.
 */


#include "ngx_http_aidial_ledger.h"


#define NGX_HTTP_AIDIAL_CLOSINGS_MAX  64    /* under way in a worker */
#define NGX_HTTP_AIDIAL_CLOSING_LATER 200   /* ms after a failure */


typedef struct {
    ngx_http_aidial_account_t  *account;
    ngx_aidial_redis_op_t      *op;
} ngx_http_aidial_closing_t;


static ngx_http_aidial_account_t *ngx_http_aidial_closing_claim(void);
static ngx_int_t ngx_http_aidial_closing_ask(
    ngx_http_aidial_account_t *account);
static void ngx_http_aidial_closing_event(
    const ngx_http_aidial_account_t *account, ngx_str_t *event);
static void ngx_http_aidial_closing_why(
    const ngx_http_aidial_account_t *account, ngx_http_aidial_facts_t *facts,
    u_char *reasons);
static void ngx_http_aidial_closing_done(void *data);
static void ngx_http_aidial_closing_over(ngx_http_aidial_account_t *account,
    ngx_uint_t entered);


void
ngx_http_aidial_closing_send(void)
{
    ngx_http_aidial_account_t  *account;

    if (ngx_http_aidial_ledger.worker == NULL) {
        return;
    }

    while (ngx_http_aidial_ledger.sending < NGX_HTTP_AIDIAL_CLOSINGS_MAX) {

        account = ngx_http_aidial_closing_claim();

        if (account == NULL) {
            return;
        }

        if (ngx_http_aidial_closing_ask(account) != NGX_OK) {
            ngx_http_aidial_closing_over(account, 0);
            return;
        }
    }
}


static ngx_http_aidial_account_t *
ngx_http_aidial_closing_claim(void)
{
    ngx_queue_t                *q, *due;
    ngx_http_aidial_account_t  *account, *found;

    due = &ngx_http_aidial_ledger.shared->due;
    found = NULL;

    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    for (q = ngx_queue_head(due);
         q != ngx_queue_sentinel(due);
         q = ngx_queue_next(q))
    {
        account = ngx_queue_data(q, ngx_http_aidial_account_t, queue);

        if (account->claim == 0
            && (ngx_msec_int_t) (ngx_current_msec - account->later) >= 0)
        {
            account->claim = ngx_http_aidial_ledger.worker->id;
            found = account;
            break;
        }
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);

    return found;
}


/* the account is claimed: nobody else touches it */

static ngx_int_t
ngx_http_aidial_closing_ask(ngx_http_aidial_account_t *account)
{
    u_char                      ranges[NGX_AIDIAL_RANGES_LEN];
    u_char                      reasons[NGX_AIDIAL_REASONS_LEN];
    ngx_uint_t                  n;
    ngx_http_aidial_facts_t     facts;
    ngx_aidial_redis_close_t    end;
    ngx_http_aidial_closing_t  *closing;

    closing = ngx_alloc(sizeof(ngx_http_aidial_closing_t),
                        ngx_http_aidial_ledger.log);
    if (closing == NULL) {
        return NGX_ERROR;
    }

    ngx_http_aidial_facts_unpack(account->facts, &facts);
    ngx_memzero(&end, sizeof(ngx_aidial_redis_close_t));

    ngx_http_aidial_closing_event(account, &end.event);
    ngx_http_aidial_closing_why(account, &facts, reasons);

    n = account->ranges.n;

    end.attempt.data = account->attempt;
    end.attempt.len = NGX_HTTP_AIDIAL_ATTEMPT_LEN;
    end.known = account->known;
    end.killed = account->killed;
    end.status = account->status;
    end.bytes = account->bytes;
    end.first = n ? account->ranges.ranges[0].first : -1;
    end.last = n ? account->ranges.ranges[n - 1].last : -1;
    end.duration = account->ended - account->begun;
    end.ranges.data = ranges;
    end.ranges.len = ngx_aidial_ranges_text(ranges, &account->ranges) - ranges;
    end.sent = account->sent;

    closing->account = account;
    closing->op = ngx_aidial_redis_grant_close(&facts.keys, &end,
                                               &facts.audit,
                                               ngx_http_aidial_closing_done,
                                               closing);
    if (closing->op == NULL) {
        ngx_free(closing);
        return NGX_ERROR;
    }

    ngx_http_aidial_ledger.sending++;

    return NGX_OK;
}


static void
ngx_http_aidial_closing_event(const ngx_http_aidial_account_t *account,
    ngx_str_t *event)
{
    if (account->cut) {
        ngx_str_set(event, "media.cut");
        return;
    }

    if (account->action == NGX_AIDIAL_ACTION_PLAYBACK) {
        ngx_str_set(event, "playback.closed");
        return;
    }

    if (account->bytes == 0 && !account->killed) {
        ngx_str_set(event, "download.voided");
        return;
    }

    if (account->complete) {
        ngx_str_set(event, "download.completed");
        return;
    }

    ngx_str_set(event, "download.aborted");
}


/* a response that was cut was allowed once, and is not any more */

static void
ngx_http_aidial_closing_why(const ngx_http_aidial_account_t *account,
    ngx_http_aidial_facts_t *facts, u_char *reasons)
{
    ngx_str_t  *field;

    if (account->cut == 0) {
        return;
    }

    field = facts->audit.fields;

    field[NGX_AIDIAL_AUDIT_DECISION] = ngx_aidial_problem(account->cut)->code;
    field[NGX_AIDIAL_AUDIT_REASONS] = ngx_http_aidial_cut_reasons(
                                account->cut, account->reasons, reasons);
}


static void
ngx_http_aidial_closing_done(void *data)
{
    ngx_uint_t                  entered;
    ngx_http_aidial_closing_t  *closing;
    ngx_http_aidial_account_t  *account;

    closing = data;
    account = closing->account;

    entered = (ngx_aidial_redis_op_status(closing->op) == NGX_OK);

    ngx_aidial_redis_op_release(closing->op);
    ngx_free(closing);

    ngx_http_aidial_ledger.sending--;

    ngx_http_aidial_closing_over(account, entered);
    ngx_http_aidial_ledger_wake();
}


static void
ngx_http_aidial_closing_over(ngx_http_aidial_account_t *account,
    ngx_uint_t entered)
{
    ngx_shmtx_lock(&ngx_http_aidial_ledger.slab->mutex);

    if (entered) {
        ngx_http_aidial_account_free_locked(account);

    } else {
        account->claim = 0;
        account->later = ngx_current_msec + NGX_HTTP_AIDIAL_CLOSING_LATER;
    }

    ngx_shmtx_unlock(&ngx_http_aidial_ledger.slab->mutex);
}


ngx_str_t
ngx_http_aidial_cut_reasons(ngx_uint_t problem, ngx_aidial_reasons_t reasons,
    u_char *buf)
{
    ngx_str_t  text;

    switch (problem) {

    case NGX_AIDIAL_RECORDING_BLOCKED:
        text.data = buf;
        text.len = ngx_aidial_reasons_text(buf, reasons, "") - buf;
        break;

    case NGX_AIDIAL_SERVICE_UNAVAILABLE:
        ngx_str_set(&text, "unverifiable");
        break;

    default:
        text = ngx_aidial_problem(problem)->code;
    }

    return text;
}


void
ngx_http_aidial_closing_lost_locked(void)
{
    ngx_str_t                   event, *field;
    ngx_queue_t                *q, *next, *due;
    ngx_http_aidial_facts_t     facts;
    ngx_http_aidial_account_t  *account;

    due = &ngx_http_aidial_ledger.shared->due;

    for (q = ngx_queue_head(due); q != ngx_queue_sentinel(due); q = next) {

        next = ngx_queue_next(q);
        account = ngx_queue_data(q, ngx_http_aidial_account_t, queue);

        if (account->claim) {

            /* an answer may come yet, and will look for it */

            continue;
        }

        ngx_http_aidial_facts_unpack(account->facts, &facts);
        ngx_http_aidial_closing_event(account, &event);
        field = facts.audit.fields;

        ngx_log_error(NGX_LOG_ERR, ngx_http_aidial_ledger.log, 0,
                      "aidial: an audit entry is lost, Redis did not take it: "
                      "event=%V user=%V tenant=%V call=%V grant=%V "
                      "attempt=%*s status=%ui bytes=%O", &event,
                      &field[NGX_AIDIAL_AUDIT_USER],
                      &field[NGX_AIDIAL_AUDIT_TENANT],
                      &field[NGX_AIDIAL_AUDIT_CALL],
                      &field[NGX_AIDIAL_AUDIT_GRANT],
                      (size_t) NGX_HTTP_AIDIAL_ATTEMPT_LEN, account->attempt,
                      account->status, account->bytes);

        ngx_http_aidial_account_free_locked(account);
        ngx_http_aidial_metrics_count(lost[NGX_HTTP_AIDIAL_OWED_CLOSINGS]);
    }
}
