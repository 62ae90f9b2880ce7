
/*
 * ngx_aidial_recording_module: call recordings, guarded at the edge.
 *
 * Start reading here.  A location is a status, a grant or a media endpoint
 * ("aidial_recording").  Status and grant requests are answered in the content
 * phase; a media request is judged at the end of the access phase and then
 * served by whatever the operator configured.  Each endpoint is a table of
 * steps (http/ngx_http_aidial_{status,grant,media}.c) that one runner walks
 * (http/ngx_http_aidial_flow.c).
 *
 * There are two modules because nginx orders header filters by module: the
 * header module stands behind nginx's own headers filter.
 */


#include "ngx_http_aidial.h"
#include "ngx_http_aidial_ledger.h"
#include "ngx_http_aidial_metrics.h"


static ngx_int_t ngx_aidial_recording_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_aidial_recording_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_aidial_recording_header_postconfiguration(
    ngx_conf_t *cf);
static ngx_int_t ngx_aidial_recording_phase(ngx_conf_t *cf, ngx_uint_t phase,
    ngx_http_handler_pt handler, ngx_uint_t last);
static ngx_int_t ngx_aidial_recording_init_process(ngx_cycle_t *cycle);
static void ngx_aidial_recording_exit_process(ngx_cycle_t *cycle);


#define NGX_AIDIAL_HSL_CONF                                                   \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF


static ngx_command_t  ngx_aidial_recording_commands[] = {

    { ngx_string("aidial_recording"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_aidial_set_role,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_aidial_set_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_grant_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_aidial_set_grant_key,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_key_prefix"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_aidial_main_conf_t, key_prefix),
      NULL },

    { ngx_string("aidial_recording_grant_rate"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_aidial_set_grant_rate,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_media_uri"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_media_uri,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_session_cookie"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_session_cookie,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_session_format"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_1MORE,
      ngx_http_aidial_set_session_format,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_session_key"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_session_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_session_field"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE23,
      ngx_http_aidial_set_session_field,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_session_introspect"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_introspect,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_call_fetch"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE12,
      ngx_http_aidial_set_call_fetch,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_role"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_2MORE,
      ngx_http_aidial_set_role_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_playback_ttl"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_aidial_loc_conf_t, playback_ttl),
      NULL },

    { ngx_string("aidial_recording_download_ttl"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_aidial_loc_conf_t, download_ttl),
      NULL },

    { ngx_string("aidial_recording_resume_window"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_aidial_loc_conf_t, resume_window),
      NULL },

    { ngx_string("aidial_recording_media_rate"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE12,
      ngx_http_aidial_set_media_rate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_streams"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_streams,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_bandwidth"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_bandwidth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_recheck"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_TAKE1,
      ngx_http_aidial_set_recheck,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_origin"),
      NGX_AIDIAL_HSL_CONF|NGX_CONF_1MORE,
      ngx_http_aidial_set_origin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("aidial_recording_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_aidial_set_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_aidial_recording_module_ctx = {
    ngx_aidial_recording_preconfiguration,  /* preconfiguration */
    ngx_aidial_recording_postconfiguration, /* postconfiguration */

    ngx_http_aidial_create_main_conf,       /* create main configuration */
    ngx_http_aidial_init_main_conf,         /* init main configuration */

    NULL,                                   /* create server configuration */
    NULL,                                   /* merge server configuration */

    ngx_http_aidial_create_loc_conf,        /* create location configuration */
    ngx_http_aidial_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_aidial_recording_module = {
    NGX_MODULE_V1,
    &ngx_aidial_recording_module_ctx,       /* module context */
    ngx_aidial_recording_commands,          /* module directives */
    NGX_HTTP_MODULE,                        /* module type */
    NULL,                                   /* init master */
    NULL,                                   /* init module */
    ngx_aidial_recording_init_process,      /* init process */
    NULL,                                   /* init thread */
    NULL,                                   /* exit thread */
    ngx_aidial_recording_exit_process,      /* exit process */
    NULL,                                   /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_module_t  ngx_aidial_recording_header_module_ctx = {
    NULL,                                   /* preconfiguration */
    ngx_aidial_recording_header_postconfiguration,
                                            /* postconfiguration */

    NULL,                                   /* create main configuration */
    NULL,                                   /* init main configuration */

    NULL,                                   /* create server configuration */
    NULL,                                   /* merge server configuration */

    NULL,                                   /* create location configuration */
    NULL                                    /* merge location configuration */
};


ngx_module_t  ngx_aidial_recording_header_module = {
    NGX_MODULE_V1,
    &ngx_aidial_recording_header_module_ctx,
                                            /* module context */
    NULL,                                   /* module directives */
    NGX_HTTP_MODULE,                        /* module type */
    NULL,                                   /* init master */
    NULL,                                   /* init module */
    NULL,                                   /* init process */
    NULL,                                   /* init thread */
    NULL,                                   /* exit thread */
    NULL,                                   /* exit process */
    NULL,                                   /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_aidial_recording_preconfiguration(ngx_conf_t *cf)
{
    ngx_aidial_recall_clear();
    ngx_aidial_hmac_clear();

    return ngx_http_aidial_variables_add(cf);
}


static ngx_int_t
ngx_aidial_recording_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_aidial_main_conf_t  *mcf;

    static ngx_str_t  request_id = ngx_string("request_id");

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);

    if (ngx_http_aidial_metrics_complete(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!mcf->used) {
        return NGX_OK;
    }

    mcf->request_id = ngx_http_get_variable_index(cf, &request_id);

    if (mcf->request_id == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ngx_http_aidial_conf_complete(cf) != NGX_OK
        || ngx_http_aidial_rewriters_find(cf) != NGX_OK
        || ngx_aidial_recording_phase(cf, NGX_HTTP_SERVER_REWRITE_PHASE,
                                      ngx_http_aidial_reentry_handler, 0)
           != NGX_OK
        || ngx_aidial_recording_phase(cf, NGX_HTTP_REWRITE_PHASE,
                                      ngx_http_aidial_capture_handler, 0)
           != NGX_OK
        || ngx_aidial_recording_phase(cf, NGX_HTTP_ACCESS_PHASE,
                                      ngx_http_aidial_media_access, 1)
           != NGX_OK
        || ngx_aidial_recording_phase(cf, NGX_HTTP_PRECONTENT_PHASE,
                                      ngx_http_aidial_serving_handler, 0)
           != NGX_OK
        || ngx_aidial_recording_phase(cf, NGX_HTTP_LOG_PHASE,
                                      ngx_http_aidial_metrics_log, 0)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_aidial_filter_init(cf);
}


static ngx_int_t
ngx_aidial_recording_header_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);

    return mcf->used ? ngx_http_aidial_header_init(cf) : NGX_OK;
}


/*
 * nginx runs the handlers of a phase in the reverse order of registration.
 * "last": after all others, so that a grant is not spent on a request which
 * another access module refuses.
 */

static ngx_int_t
ngx_aidial_recording_phase(ngx_conf_t *cf, ngx_uint_t phase,
    ngx_http_handler_pt handler, ngx_uint_t last)
{
    ngx_array_t                *handlers;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    handlers = &cmcf->phases[phase].handlers;

    h = ngx_array_push(handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    if (last) {
        h = handlers->elts;
        ngx_memmove(h + 1, h,
                    (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));
    }

    *h = handler;

    return NGX_OK;
}


/* workers only: the cache manager and loader judge no request */

static ngx_int_t
ngx_aidial_recording_init_process(ngx_cycle_t *cycle)
{
    ngx_http_aidial_shared_t     *shared;
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_aidial_recording_module);

    if (mcf == NULL || !mcf->used
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    shared = mcf->zone->data;

    if (ngx_http_aidial_ledger_start(cycle, mcf->zone) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_aidial_redis_init_worker(cycle, mcf->redis,
                                        &shared->redis_outage,
                                        &shared->metrics.redis);
}


static void
ngx_aidial_recording_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_aidial_ledger_stop();
    ngx_aidial_redis_exit_worker();
    ngx_aidial_recall_clear();
    ngx_aidial_hmac_clear();
    ngx_aidial_block_clear();
}
