
/*
 * "aidial_recording_metrics": a location that shows what this edge counts.
 * What is counted is copied as it stands; what says "now" is read under the
 * slab's mutex, after the workers that were killed, for as long as it takes to
 * look at each worker once.
 */


#include "ngx_http_aidial_ledger.h"
#include "ngx_http_aidial_metrics.h"


static ngx_int_t ngx_http_aidial_metrics_handler(ngx_http_request_t *r);
static void ngx_http_aidial_scrape(ngx_http_aidial_scrape_t *scrape,
    const ngx_shm_zone_t *zone);
static void ngx_http_aidial_scrape_now_locked(ngx_http_aidial_scrape_t *scrape,
    const ngx_http_aidial_shared_t *shared);
static ngx_int_t ngx_http_aidial_scrape_send(ngx_http_request_t *r,
    const ngx_http_aidial_scrape_t *scrape);


static ngx_int_t
ngx_http_aidial_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    ngx_http_aidial_scrape_t     *scrape;
    ngx_http_aidial_main_conf_t  *mcf;

    static const ngx_str_t  allow = ngx_string("GET, HEAD");

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {

        if (ngx_http_aidial_header_add(r, "Allow", &allow) != NGX_OK) {
            return NGX_ERROR;
        }

        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_aidial_recording_module);

    scrape = ngx_pcalloc(r->pool, sizeof(ngx_http_aidial_scrape_t));
    if (scrape == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_aidial_scrape(scrape, mcf->zone);

    return ngx_http_aidial_scrape_send(r, scrape);
}


static void
ngx_http_aidial_scrape(ngx_http_aidial_scrape_t *scrape,
    const ngx_shm_zone_t *zone)
{
    ngx_atomic_t                    *media;
    ngx_slab_pool_t                 *slab;
    const ngx_http_aidial_shared_t  *shared;

    shared = zone->data;
    slab = (ngx_slab_pool_t *) zone->shm.addr;

    ngx_shmtx_lock(&slab->mutex);

    if (ngx_http_aidial_ledger.shared) {
        ngx_http_aidial_ledger_bury_locked();
    }

    ngx_http_aidial_scrape_now_locked(scrape, shared);

    scrape->zone_free = slab->pfree * ngx_pagesize;

    ngx_shmtx_unlock(&slab->mutex);

    media = scrape->counters.refusals[NGX_HTTP_AIDIAL_MEDIA
                                      - NGX_HTTP_AIDIAL_STATUS];

    scrape->expired = media[NGX_AIDIAL_GRANT_EXPIRED];
    scrape->used = media[NGX_AIDIAL_GRANT_USED];
    scrape->zone_size = zone->shm.size;
    scrape->one = 1;
}


static void
ngx_http_aidial_scrape_now_locked(ngx_http_aidial_scrape_t *scrape,
    const ngx_http_aidial_shared_t *shared)
{
    ngx_uint_t                       i, state;
    const ngx_http_aidial_worker_t  *worker;

    scrape->counters = shared->metrics;

    for (i = 0; i < NGX_HTTP_AIDIAL_WORKERS_MAX; i++) {
        worker = &shared->workers[i];

        if (worker->id == 0) {
            continue;
        }

        scrape->workers++;

        for (state = 0; state < NGX_AIDIAL_REDIS_STATE_COUNT; state++) {
            scrape->connections[state] += worker->redis.n[state];
        }
    }
}


static ngx_int_t
ngx_http_aidial_scrape_send(ngx_http_request_t *r,
    const ngx_http_aidial_scrape_t *scrape)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    static const ngx_str_t  no_store = ngx_string("no-store");

    b = ngx_create_temp_buf(r->pool, ngx_http_aidial_exposition_size());
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_http_aidial_exposition(b->last, scrape);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    ngx_aidial_assert(b->last <= b->end);

    out.buf = b;
    out.next = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;

    /* a type of "text/plain" for gzip_types, and no other charset behind it */

    ngx_str_set(&r->headers_out.content_type,
                "text/plain; version=0.0.4; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/plain") - 1;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_aidial_header_add(r, "Cache-Control", &no_store) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}


char *
ngx_http_aidial_set_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_aidial_main_conf_t  *mcf;

    if (ngx_http_aidial_metrics_here(cf)) {
        return "is duplicate";
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    mcf->metrics = 1;
    clcf->handler = ngx_http_aidial_metrics_handler;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_aidial_metrics_here(ngx_conf_t *cf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    return clcf->handler == ngx_http_aidial_metrics_handler;
}


ngx_int_t
ngx_http_aidial_metrics_complete(ngx_conf_t *cf)
{
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);

    if (!mcf->metrics || mcf->zone) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"aidial_recording_metrics\" is used, but there is no "
                  "\"aidial_recording_zone\", expected that directive in "
                  "\"http\"");

    return NGX_ERROR;
}
