
/*
 * The URL of the directive:
 *
 *     redis://host[:port][/db]             IPv6 in brackets, port 6379, db 0
 *     rediss://host[:port][/db]            TLS
 *     unix:/path[:db]
 *     sentinel://host[:port][,host[:port] ...]/name[/db]
 *                                          port 26379
 *     sentinels://...                      TLS to Sentinels and to Redis
 *
 * All names are resolved here, once.  A URL with a user in it is never
 * printed: there may be a password behind the name.
 */


#include "ngx_aidial_redis_topology.h"


#define NGX_AIDIAL_REDIS_DB_MAX  65535


typedef struct {
    ngx_str_t    scheme;
    ngx_uint_t   secure;
    ngx_int_t  (*parse)(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
                        ngx_str_t *rest, const char **err);
} ngx_aidial_redis_scheme_t;


static ngx_int_t ngx_aidial_redis_url_unix(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *rest, const char **err);
static ngx_int_t ngx_aidial_redis_url_direct(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *rest, const char **err);
static ngx_int_t ngx_aidial_redis_url_sentinel(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *rest, const char **err);
static ngx_int_t ngx_aidial_redis_url_primary(ngx_aidial_redis_conf_t *conf,
    ngx_str_t *name);
static ngx_int_t ngx_aidial_redis_url_peer(ngx_conf_t *cf,
    ngx_aidial_redis_conf_t *conf, ngx_str_t *place, in_port_t port,
    const char **err);
static ngx_int_t ngx_aidial_redis_url_host(ngx_conf_t *cf,
    ngx_aidial_redis_peer_t *peer, const ngx_url_t *u);
static ngx_int_t ngx_aidial_redis_url_db(ngx_aidial_redis_conf_t *conf,
    ngx_str_t *place, u_char delimiter);


static const ngx_aidial_redis_scheme_t  ngx_aidial_redis_schemes[] = {
    { ngx_string("unix:"), 0, ngx_aidial_redis_url_unix },
    { ngx_string("redis://"), 0, ngx_aidial_redis_url_direct },
    { ngx_string("rediss://"), 1, ngx_aidial_redis_url_direct },
    { ngx_string("sentinel://"), 0, ngx_aidial_redis_url_sentinel },
    { ngx_string("sentinels://"), 1, ngx_aidial_redis_url_sentinel },
    { ngx_null_string, 0, NULL }
};


ngx_int_t
ngx_aidial_redis_url(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *url)
{
    ngx_str_t                         rest;
    const char                       *err;
    const ngx_aidial_redis_scheme_t  *s;

    for (s = ngx_aidial_redis_schemes; s->scheme.len; s++) {

        if (ngx_strncmp(url->data, s->scheme.data, s->scheme.len) == 0) {
            break;
        }
    }

    rest.data = url->data + s->scheme.len;
    rest.len = url->len - s->scheme.len;

    conf->secure = s->secure;
    err = "no such place";

    if (s->parse == NULL
        || ngx_strlchr(rest.data, rest.data + rest.len, '?') != NULL
        || ngx_strlchr(rest.data, rest.data + rest.len, '#') != NULL
        || s->parse(cf, conf, &rest, &err) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has \"%V\", %s, "
                           "expected redis[s]://host[:port][/db], "
                           "unix:/path[:db] or "
                           "sentinel[s]://host[:port][,...]/name[/db]", url,
                           err);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_redis_url_unix(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *rest, const char **err)
{
    if (rest->len < 2
        || rest->data[0] != '/'
        || ngx_aidial_redis_url_db(conf, rest, ':') != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* "unix:" is a part of nginx's own form */

    rest->data -= 5;
    rest->len += 5;

    return ngx_aidial_redis_url_peer(cf, conf, rest, 0, err);
}


static ngx_int_t
ngx_aidial_redis_url_direct(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *rest, const char **err)
{
    if (ngx_aidial_redis_url_db(conf, rest, '/') != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_aidial_redis_url_peer(cf, conf, rest, NGX_AIDIAL_REDIS_PORT,
                                     err);
}


static ngx_int_t
ngx_aidial_redis_url_sentinel(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *rest, const char **err)
{
    u_char     *p, *last, *slash;
    ngx_str_t   name, place;

    last = rest->data + rest->len;

    slash = ngx_strlchr(rest->data, last, '/');
    if (slash == NULL) {
        return NGX_ERROR;
    }

    name.data = slash + 1;
    name.len = last - name.data;

    if (ngx_aidial_redis_url_db(conf, &name, '/') != NGX_OK
        || ngx_aidial_redis_url_primary(conf, &name) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (p = rest->data; p <= slash; p = place.data + place.len + 1) {
        place.data = p;

        p = ngx_strlchr(p, slash, ',');
        place.len = (p ? p : slash) - place.data;

        if (ngx_aidial_redis_url_peer(cf, conf, &place,
                                      NGX_AIDIAL_REDIS_SENTINEL_PORT, err)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* the names that Sentinel itself takes */

static ngx_int_t
ngx_aidial_redis_url_primary(ngx_aidial_redis_conf_t *conf, ngx_str_t *name)
{
    u_char  ch, low;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];
        low = (u_char) (ch | 0x20);

        if (!(low >= 'a' && low <= 'z')
            && !(ch >= '0' && ch <= '9')
            && ch != '.' && ch != '-' && ch != '_')
        {
            return NGX_ERROR;
        }
    }

    conf->primary = *name;

    return name->len ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_aidial_redis_url_peer(ngx_conf_t *cf, ngx_aidial_redis_conf_t *conf,
    ngx_str_t *place, in_port_t port, const char **err)
{
    ngx_url_t                 u;
    ngx_aidial_redis_peer_t  *peer;

    if (conf->npeers == NGX_AIDIAL_REDIS_SENTINELS_MAX) {
        *err = "more than 16 Sentinels";
        return NGX_ERROR;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *place;
    u.default_port = port;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        *err = u.err ? u.err : "no address found";
        return NGX_ERROR;
    }

    if (conf->peers == NULL) {
        conf->peers = ngx_pcalloc(cf->pool, NGX_AIDIAL_REDIS_SENTINELS_MAX
                                            * sizeof(ngx_aidial_redis_peer_t));
        if (conf->peers == NULL) {
            return NGX_ERROR;
        }
    }

    peer = &conf->peers[conf->npeers++];

    peer->addrs = u.addrs;
    peer->naddrs = u.naddrs;

    return ngx_aidial_redis_url_host(cf, peer, &u);
}


/* with a NUL behind it, as OpenSSL wants it, and without brackets */

static ngx_int_t
ngx_aidial_redis_url_host(ngx_conf_t *cf, ngx_aidial_redis_peer_t *peer,
    const ngx_url_t *u)
{
    ngx_str_t  host;

    host = u->host;

    if (host.len && host.data[0] == '[') {
        host.data++;
        host.len--;
    }

    if (host.len && host.data[host.len - 1] == ']') {
        host.len--;
    }

    peer->host.data = ngx_pnalloc(cf->pool, host.len + 1);
    if (peer->host.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(peer->host.data, host.data, host.len + 1);
    peer->host.len = host.len;

    return NGX_OK;
}


/* cuts the number of the database off the place; without one it is 0 */

static ngx_int_t
ngx_aidial_redis_url_db(ngx_aidial_redis_conf_t *conf, ngx_str_t *place,
    u_char delimiter)
{
    u_char     *p, *last;
    ngx_int_t   db;

    last = place->data + place->len;

    p = ngx_strlchr(place->data, last, delimiter);
    if (p == NULL) {
        return NGX_OK;
    }

    db = ngx_atoi(p + 1, last - (p + 1));

    if (db == NGX_ERROR || db > NGX_AIDIAL_REDIS_DB_MAX) {
        return NGX_ERROR;
    }

    place->len = p - place->data;
    conf->db = db;

    return NGX_OK;
}
