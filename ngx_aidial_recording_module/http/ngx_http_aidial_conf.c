
/*
 * Configuration: creation, inheritance, and what must be there in the end.
 */


#include "ngx_http_aidial_delivery.h"
#include "ngx_http_aidial_metrics.h"


static void ngx_http_aidial_merge_media_rate(
    ngx_http_aidial_loc_conf_t *prev, ngx_http_aidial_loc_conf_t *conf);
static char *ngx_http_aidial_merge_role(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *prev, ngx_http_aidial_loc_conf_t *conf);
static char *ngx_http_aidial_merge_session(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *prev, ngx_http_aidial_loc_conf_t *conf);
static char *ngx_http_aidial_location_complete(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf);
static ngx_int_t ngx_http_aidial_grant_core(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf);
static char *ngx_http_aidial_ttl_check(ngx_conf_t *cf, const char *directive,
    time_t ttl);
static char *ngx_http_aidial_role_words_differ(ngx_conf_t *cf,
    ngx_aidial_session_map_t *map);


void *
ngx_http_aidial_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_aidial_main_conf_t  *mcf;

    /*
     * set by ngx_pcalloc():
     *
     *     conf->redis = NULL;
     *     conf->zone = NULL;
     *     conf->grant_keys = NULL;
     *     conf->key_prefix = { 0, NULL };
     *     conf->grant_rate.burst = 0;
     *     conf->request_id = 0;
     *     conf->rewriters = { 0 };
     *     conf->used = 0;
     *     conf->metrics = 0;
     */

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_aidial_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    mcf->grant_rate.interval = NGX_CONF_UNSET;

    return mcf;
}


char *
ngx_http_aidial_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_aidial_main_conf_t *mcf = conf;

    if (mcf->key_prefix.data == NULL) {
        ngx_str_set(&mcf->key_prefix, "aidial:");
    }

    if (mcf->grant_rate.interval == NGX_CONF_UNSET) {

        /* 30 a minute, and 10 more at once */

        mcf->grant_rate.interval = 2000000;
        mcf->grant_rate.burst = 10;
    }

    return NGX_CONF_OK;
}


void *
ngx_http_aidial_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_aidial_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_aidial_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->call_id = NULL;
     *     conf->prefix = { 0, NULL };
     *     conf->media_uri = { 0, NULL };
     *     conf->session_cookie = { 0, NULL };
     *     conf->session_prefix = { 0, NULL };
     *     conf->session_secrets = NULL;
     *     conf->session_padded = 0;
     *     conf->session_jwt = NULL;
     *     conf->session_key = { 0, NULL };
     *     conf->session_map = { NULL };
     *     conf->introspect = { 0, NULL };
     *     conf->call_fetch = { 0, NULL };
     *     conf->call_fetch_ttl = 0;
     *     conf->media_rate.burst = 0;
     *     conf->origins = NULL;
     *     conf->grant_core = NULL;
     */

    conf->role = NGX_CONF_UNSET_UINT;
    conf->session_format = NGX_CONF_UNSET_UINT;
    conf->playback_ttl = NGX_CONF_UNSET;
    conf->download_ttl = NGX_CONF_UNSET;
    conf->resume_window = NGX_CONF_UNSET;
    conf->media_rate.interval = NGX_CONF_UNSET;
    conf->streams = NGX_CONF_UNSET_UINT;
    conf->bandwidth = NGX_CONF_UNSET_SIZE;
    conf->recheck = NGX_CONF_UNSET_MSEC;

    return conf;
}


char *
ngx_http_aidial_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_aidial_loc_conf_t *prev = parent;
    ngx_http_aidial_loc_conf_t *conf = child;

    if (ngx_http_aidial_merge_role(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_aidial_merge_session(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->call_fetch.data == NULL) {
        conf->call_fetch = prev->call_fetch;
        conf->call_fetch_ttl = prev->call_fetch_ttl;
    }

    ngx_conf_merge_str_value(conf->media_uri, prev->media_uri, "/recordings/");
    ngx_conf_merge_sec_value(conf->playback_ttl, prev->playback_ttl, 300);
    ngx_conf_merge_sec_value(conf->download_ttl, prev->download_ttl, 60);
    ngx_conf_merge_sec_value(conf->resume_window, prev->resume_window, 900);
    ngx_conf_merge_uint_value(conf->streams, prev->streams, 8);
    ngx_conf_merge_size_value(conf->bandwidth, prev->bandwidth, 0);
    ngx_conf_merge_msec_value(conf->recheck, prev->recheck, 2000);

    ngx_http_aidial_merge_media_rate(prev, conf);

    if (conf->origins == NULL) {
        conf->origins = prev->origins;
    }

    if (conf->role == NGX_HTTP_AIDIAL_NONE) {
        return NGX_CONF_OK;
    }

    /* prev->grant_core is the other location's, and is not inherited */

    return ngx_http_aidial_location_complete(cf, conf);
}


static void
ngx_http_aidial_merge_media_rate(ngx_http_aidial_loc_conf_t *prev,
    ngx_http_aidial_loc_conf_t *conf)
{
    if (prev->media_rate.interval == NGX_CONF_UNSET) {

        /* 20 a second, and 40 more at once */

        prev->media_rate.interval = 50000;
        prev->media_rate.burst = 40;
    }

    if (conf->media_rate.interval == NGX_CONF_UNSET) {
        conf->media_rate = prev->media_rate;
    }
}


/*
 * Nested locations, "if" and "limit_except" blocks are what the location
 * around them is: none of them is an open door into it.
 */

static char *
ngx_http_aidial_merge_role(ngx_conf_t *cf, ngx_http_aidial_loc_conf_t *prev,
    ngx_http_aidial_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (prev->role == NGX_CONF_UNSET_UINT) {
        prev->role = NGX_HTTP_AIDIAL_NONE;
    }

    if (conf->role == NGX_CONF_UNSET_UINT) {
        conf->role = prev->role;
        conf->call_id = prev->call_id;
        conf->prefix = prev->prefix;

        return NGX_CONF_OK;
    }

    if (prev->role == NGX_HTTP_AIDIAL_NONE || prev->role == conf->role) {
        return NGX_CONF_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"aidial_recording\" in location \"%V\" has another "
                       "role than the location around it, expected the same "
                       "role or no directive", &clcf->name);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_aidial_merge_session(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *prev, ngx_http_aidial_loc_conf_t *conf)
{
    ngx_uint_t                 i;
    ngx_aidial_session_map_t  *map;

    ngx_conf_merge_str_value(conf->session_cookie, prev->session_cookie,
                             "aidial_session");
    ngx_conf_merge_str_value(conf->session_key, prev->session_key,
                             "{prefix}session:{sid}");

    if (conf->introspect.data == NULL
        && conf->session_format == NGX_CONF_UNSET_UINT)
    {
        /* a format that is said here is meant, whatever is said above */

        conf->introspect = prev->introspect;
    }

    if (conf->session_format == NGX_CONF_UNSET_UINT) {
        conf->session_prefix = prev->session_prefix;
        conf->session_secrets = prev->session_secrets;
        conf->session_padded = prev->session_padded;
        conf->session_jwt = prev->session_jwt;
    }

    ngx_conf_merge_uint_value(conf->session_format, prev->session_format,
                              NGX_HTTP_AIDIAL_OPAQUE);

    map = &conf->session_map;

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {

        if (map->fields[i].pointer.data == NULL) {
            map->fields[i] = prev->session_map.fields[i];
        }

        if (map->fields[i].pointer.data == NULL) {
            map->fields[i].pointer = ngx_aidial_session_pointer(i);
        }
    }

    for (i = 0; i < NGX_AIDIAL_ROLES; i++) {
        if (map->roles[i] == NULL) {
            map->roles[i] = prev->session_map.roles[i];
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_aidial_location_complete(ngx_conf_t *cf,
    ngx_http_aidial_loc_conf_t *conf)
{
    size_t                     chunk;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"satisfy any\" in location \"%V\" would let "
                           "another module open what \"aidial_recording\" "
                           "guards, expected \"satisfy all\"", &clcf->name);

        return NGX_CONF_ERROR;
    }

    if (ngx_http_aidial_metrics_here(cf)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_metrics\" in location \"%V\" "
                           "of \"aidial_recording\", expected a location of "
                           "its own", &clcf->name);

        return NGX_CONF_ERROR;
    }

    if (ngx_http_aidial_ttl_check(cf, "aidial_recording_playback_ttl",
                                  conf->playback_ttl)
        != NGX_CONF_OK
        || ngx_http_aidial_ttl_check(cf, "aidial_recording_download_ttl",
                                     conf->download_ttl)
           != NGX_CONF_OK
        || ngx_http_aidial_ttl_check(cf, "aidial_recording_resume_window",
                                     conf->resume_window)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->role == NGX_HTTP_AIDIAL_MEDIA) {

        /* recordings go into the socket in small steps */

        chunk = ngx_http_aidial_pace_step(conf->bandwidth);

        if (clcf->sendfile_max_chunk == 0
            || clcf->sendfile_max_chunk > chunk)
        {
            clcf->sendfile_max_chunk = chunk;
        }
    }

    if (conf->role == NGX_HTTP_AIDIAL_GRANT
        && ngx_http_aidial_grant_core(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    /*
     * A handler is not inherited, and another module may have set one in a
     * nested location: the role decides.
     */

    if (conf->role == NGX_HTTP_AIDIAL_STATUS) {
        clcf->handler = ngx_http_aidial_status_handler;

    } else if (conf->role == NGX_HTTP_AIDIAL_GRANT) {
        clcf->handler = ngx_http_aidial_grant_handler;
    }

    return ngx_http_aidial_role_words_differ(cf, &conf->session_map);
}


/*
 * The core's configuration for a grant request whose body has no length.  It
 * cannot be made with the request: nginx still looks at it when the request
 * is gone and its connection is kept.
 */

static ngx_int_t
ngx_http_aidial_grant_core(ngx_conf_t *cf, ngx_http_aidial_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    conf->grant_core = ngx_palloc(cf->pool, sizeof(ngx_http_core_loc_conf_t));
    if (conf->grant_core == NULL) {
        return NGX_ERROR;
    }

    *conf->grant_core = *clcf;
    conf->grant_core->client_max_body_size = NGX_AIDIAL_BODY_MAX;

    return NGX_OK;
}


/* Redis remembers a grant a little longer than it lives */

static char *
ngx_http_aidial_ttl_check(ngx_conf_t *cf, const char *directive, time_t ttl)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (ttl >= 1 && ttl <= NGX_HTTP_AIDIAL_TTL_MAX) {
        return NGX_CONF_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%s\" of location \"%V\" is %T seconds, expected "
                       "1 second to 364 days", directive, &clcf->name, ttl);

    return NGX_CONF_ERROR;
}


/* a word that means two roles would mean whichever is looked at first */

static char *
ngx_http_aidial_role_words_differ(ngx_conf_t *cf,
    ngx_aidial_session_map_t *map)
{
    ngx_str_t    *word;
    ngx_uint_t    i, n, other;
    ngx_array_t  *words;

    for (i = 1; i < NGX_AIDIAL_ROLES; i++) {

        words = map->roles[i];

        for (n = 0; words && n < words->nelts; n++) {

            word = (ngx_str_t *) words->elts + n;
            other = ngx_aidial_session_role(map, word, i);

            if (other == NGX_AIDIAL_ROLE_UNKNOWN) {
                continue;
            }

            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"aidial_recording_role\" gives the word "
                               "\"%V\" to both \"%V\" and \"%V\", expected "
                               "each word once", word,
                               ngx_aidial_role_word(i),
                               ngx_aidial_role_word(other));

            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_aidial_conf_complete(ngx_conf_t *cf)
{
    const char                   *missing;
    ngx_http_aidial_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_aidial_recording_module);

    missing = (mcf->redis == NULL) ? "aidial_recording_redis"
              : (mcf->zone == NULL) ? "aidial_recording_zone"
              : (mcf->grant_keys == NULL) ? "aidial_recording_grant_key"
              : NULL;

    if (missing == NULL) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"aidial_recording\" is used, but there is no \"%s\", "
                  "expected that directive in \"http\"", missing);

    return NGX_ERROR;
}
