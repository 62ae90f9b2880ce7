
/*
 * TLS as nginx does it, with two differences.  OpenSSL itself verifies chain
 * and name, so that the handshake fails and not a byte of ours, the password
 * least of all, goes to a stranger.  And what goes wrong is not logged here,
 * where it would be [crit] at each attempt, but handed to the owner, who says
 * it once.
 */


#include "ngx_aidial_redis_tls.h"


#if (NGX_SSL)


#define NGX_AIDIAL_REDIS_TLS_POOL   512
#define NGX_AIDIAL_REDIS_TLS_DEPTH  9


struct ngx_aidial_redis_tls_s {
    ngx_ssl_t  ssl;
};


/* a log that keeps the first line; the log is the first member */

typedef struct {
    ngx_log_t   log;
    char       *why;
} ngx_aidial_redis_tls_log_t;


static ngx_int_t ngx_aidial_redis_tls_trust(ngx_conf_t *cf,
    ngx_aidial_redis_tls_t *tls, ngx_str_t *ca);
static ngx_int_t ngx_aidial_redis_tls_expect(ngx_ssl_conn_t *ssl,
    const char *name);
static void ngx_aidial_redis_tls_writer(ngx_log_t *log, ngx_uint_t level,
    u_char *buf, size_t len);


ngx_aidial_redis_tls_t *
ngx_aidial_redis_tls_create(ngx_conf_t *cf, ngx_str_t *ca)
{
    ngx_pool_cleanup_t      *cln;
    ngx_aidial_redis_tls_t  *tls;

    tls = ngx_pcalloc(cf->pool, sizeof(ngx_aidial_redis_tls_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (tls == NULL || cln == NULL) {
        return NULL;
    }

    tls->ssl.log = cf->log;

    if (ngx_ssl_create(&tls->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return NULL;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = &tls->ssl;

    if (ngx_aidial_redis_tls_trust(cf, tls, ca) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"aidial_recording_redis\" has \"tls_ca=%V\", "
                           "expected a readable file with certificates of "
                           "authorities in PEM format", ca);
        return NULL;
    }

    return tls;
}


static ngx_int_t
ngx_aidial_redis_tls_trust(ngx_conf_t *cf, ngx_aidial_redis_tls_t *tls,
    ngx_str_t *ca)
{
    SSL_CTX    *ctx;
    ngx_str_t   name;

    ctx = tls->ssl.ctx;
    name = *ca;

    if (ngx_ssl_trusted_certificate(cf, &tls->ssl, &name,
                                    NGX_AIDIAL_REDIS_TLS_DEPTH)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (name.len == 0 && SSL_CTX_set_default_verify_paths(ctx) == 0) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "SSL_CTX_set_default_verify_paths() failed");
        return NGX_ERROR;
    }

    /* nginx's callback lets everything pass, to be looked at later */

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);

    /* what was not written at once may be written from another place */

    SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    return NGX_OK;
}


ngx_int_t
ngx_aidial_redis_tls_open(ngx_aidial_redis_tls_t *tls, ngx_connection_t *c,
    const ngx_str_t *name)
{
    c->pool = ngx_create_pool(NGX_AIDIAL_REDIS_TLS_POOL, c->log);
    if (c->pool == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ssl_create_connection(&tls->ssl, c, NGX_SSL_CLIENT) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_aidial_redis_tls_expect(c->ssl->connection,
                                       (const char *) name->data);
}


static ngx_int_t
ngx_aidial_redis_tls_expect(ngx_ssl_conn_t *ssl, const char *name)
{
    X509_VERIFY_PARAM  *param;

    param = SSL_get0_param(ssl);

    /* an address has no SNI, and is another kind of name in a certificate */

    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1) {
        return NGX_OK;
    }

    ERR_clear_error();

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    if (X509_VERIFY_PARAM_set1_host(param, name, 0) != 1
        || SSL_set_tlsext_host_name(ssl, name) != 1)
    {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_aidial_redis_tls_handshake(ngx_connection_t *c, char *why)
{
    long                         verified;
    ngx_int_t                    rc;
    ngx_log_t                   *log;
    ngx_aidial_redis_tls_log_t   kept;

    ngx_memzero(&kept, sizeof(ngx_aidial_redis_tls_log_t));

    kept.log.log_level = NGX_LOG_INFO;
    kept.log.writer = ngx_aidial_redis_tls_writer;
    kept.why = why;
    why[0] = '\0';

    log = c->log;
    c->log = &kept.log;

    rc = ngx_ssl_handshake(c);

    c->log = log;

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    verified = SSL_get_verify_result(c->ssl->connection);

    if (verified != X509_V_OK) {
        (void) ngx_snprintf((u_char *) why, NGX_AIDIAL_REDIS_TLS_WHY,
                            "its certificate is not accepted, %s%Z",
                            X509_verify_cert_error_string(verified));
        return NGX_ERROR;
    }

    return rc;
}


/* a line is "time [level] pid#tid: text" */

static void
ngx_aidial_redis_tls_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len)
{
    u_char                      *p;
    ngx_aidial_redis_tls_log_t  *kept;

    kept = (ngx_aidial_redis_tls_log_t *) log;

    if (kept->why[0]) {
        return;
    }

    p = ngx_strnstr(buf, ": ", len);
    if (p == NULL) {
        return;
    }

    p += 2;
    len -= p - buf;

    (void) ngx_snprintf((u_char *) kept->why, NGX_AIDIAL_REDIS_TLS_WHY,
                        "no TLS with it, %*s%Z",
                        ngx_min(len, NGX_AIDIAL_REDIS_TLS_WHY - 32), p);
}


void
ngx_aidial_redis_tls_close(ngx_connection_t *c)
{
    if (c->ssl != NULL) {
        c->ssl->no_wait_shutdown = 1;

        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {

            /* the socket does not take the farewell: leave without */

            c->timedout = 1;
            (void) ngx_ssl_shutdown(c);
        }
    }

    if (c->pool != NULL) {
        ngx_destroy_pool(c->pool);
        c->pool = NULL;
    }
}


#else


ngx_aidial_redis_tls_t *
ngx_aidial_redis_tls_create(ngx_conf_t *cf, ngx_str_t *ca)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"aidial_recording_redis\" asks for TLS, which this "
                       "nginx was built without, expected \"redis://\", "
                       "\"unix:\" or \"sentinel://\"");
    return NULL;
}


/* never called: there is no such configuration */

ngx_int_t
ngx_aidial_redis_tls_open(ngx_aidial_redis_tls_t *tls, ngx_connection_t *c,
    const ngx_str_t *name)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_aidial_redis_tls_handshake(ngx_connection_t *c, char *why)
{
    why[0] = '\0';

    return NGX_ERROR;
}


void
ngx_aidial_redis_tls_close(ngx_connection_t *c)
{
}


#endif
