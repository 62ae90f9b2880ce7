
/*
 * A round asks one Sentinel after the other, beginning with the one that was
 * right last, until one of them answers
 *
 *     SENTINEL get-master-addr-by-name NAME      {address, port}
 *
 * nil, an error, garbage, a host name and silence all mean: ask the next one.
 * A connection is made for the one question.  Whether the answer is true is
 * found out by the handshake with who was named.
 */


#include "ngx_aidial_redis_sentinel.h"
#include "ngx_aidial_redis_error.h"


#define NGX_AIDIAL_REDIS_SENTINEL_READ  1024


static void ngx_aidial_redis_sentinel_next(ngx_aidial_redis_sentinel_t *s);
static void ngx_aidial_redis_sentinel_connected(void *data);
static void ngx_aidial_redis_sentinel_write(void *data);
static void ngx_aidial_redis_sentinel_readable(void *data);
static ngx_int_t ngx_aidial_redis_sentinel_read(
    ngx_aidial_redis_sentinel_t *s, ngx_aidial_redis_reply_t **reply);
static ngx_int_t ngx_aidial_redis_sentinel_place(
    ngx_aidial_redis_sentinel_t *s, const ngx_aidial_redis_reply_t *reply,
    ngx_aidial_redis_place_t *place);
static void ngx_aidial_redis_sentinel_failed(void *data, const char *why,
    ngx_err_t err);
static void ngx_aidial_redis_sentinel_useless(ngx_aidial_redis_sentinel_t *s,
    const char *why, ngx_err_t err, const ngx_str_t *text);
static void ngx_aidial_redis_sentinel_leave(ngx_aidial_redis_sentinel_t *s);
static void ngx_aidial_redis_sentinel_tell(ngx_aidial_redis_sentinel_t *s,
    const ngx_aidial_redis_place_t *place);
static void ngx_aidial_redis_sentinel_say(ngx_aidial_redis_sentinel_t *s,
    ngx_uint_t known);


static const ngx_aidial_redis_transport_handlers_t
    ngx_aidial_redis_sentinel_handlers =
{
    ngx_aidial_redis_sentinel_connected,
    ngx_aidial_redis_sentinel_readable,
    ngx_aidial_redis_sentinel_write,
    ngx_aidial_redis_sentinel_failed
};


void
ngx_aidial_redis_sentinel_init(ngx_aidial_redis_sentinel_t *s,
    const ngx_aidial_redis_conf_t *conf, ngx_log_t *log)
{
    s->conf = conf;

    s->transport.peer = conf->peers;
    s->transport.tls = conf->tls;
    s->transport.tls_name = &conf->tls_name;
    s->transport.timeout = conf->connect_timeout;
    s->transport.handlers = &ngx_aidial_redis_sentinel_handlers;
    s->transport.data = s;

    ngx_aidial_redis_transport_init(&s->transport, log);
    s->transport.log.action = "asking a Sentinel";

    ngx_queue_init(&s->askers);
}


void
ngx_aidial_redis_sentinel_ask(ngx_aidial_redis_sentinel_t *s,
    ngx_aidial_redis_asker_t *asker)
{
    if (!asker->asks) {
        asker->asks = 1;
        ngx_queue_insert_tail(&s->askers, &asker->queue);
    }

    if (!s->asking) {
        s->asking = 1;
        s->tried = 0;

        ngx_aidial_redis_sentinel_next(s);
    }
}


/* a round goes on without askers: the next one may find it of use */

void
ngx_aidial_redis_sentinel_forget(ngx_aidial_redis_asker_t *asker)
{
    if (asker->asks) {
        asker->asks = 0;
        ngx_queue_remove(&asker->queue);
    }
}


void
ngx_aidial_redis_sentinel_doubt(ngx_aidial_redis_sentinel_t *s)
{
    if (!s->asking) {
        s->first = (s->first + 1) % s->conf->npeers;
    }
}


static void
ngx_aidial_redis_sentinel_next(ngx_aidial_redis_sentinel_t *s)
{
    ngx_uint_t  n;

    if (s->tried == s->conf->npeers) {
        ngx_aidial_redis_sentinel_tell(s, NULL);
        return;
    }

    n = (s->first + s->tried++) % s->conf->npeers;

    s->transport.peer = &s->conf->peers[n];
    s->transport.current = 0;

    ngx_aidial_redis_transport_open(&s->transport);
}


static void
ngx_aidial_redis_sentinel_connected(void *data)
{
    ngx_aidial_redis_sentinel_t  *s = data;

    ngx_str_t  argv[3];

    ngx_str_set(&argv[0], "SENTINEL");
    ngx_str_set(&argv[1], "get-master-addr-by-name");
    argv[2] = s->conf->primary;

    s->codec = ngx_aidial_redis_codec_create();

    if (s->codec == NULL
        || ngx_aidial_redis_command(&s->out, argv, 3) != NGX_OK)
    {
        ngx_aidial_redis_sentinel_useless(s, "no memory", 0, NULL);
        return;
    }

    ngx_aidial_redis_sentinel_write(s);
}


static void
ngx_aidial_redis_sentinel_write(void *data)
{
    ngx_aidial_redis_sentinel_t  *s = data;

    ssize_t  n;

    while (ngx_aidial_redis_buf_len(&s->out)) {
        n = ngx_aidial_redis_transport_send(&s->transport, s->out.pos,
                                            ngx_aidial_redis_buf_len(&s->out));

        if (n == NGX_AGAIN || n == 0) {
            return;
        }

        if (n < 0) {
            ngx_aidial_redis_sentinel_useless(s, "cannot write",
                                              ngx_socket_errno, NULL);
            return;
        }

        s->out.pos += n;
    }
}


static void
ngx_aidial_redis_sentinel_readable(void *data)
{
    ngx_aidial_redis_sentinel_t  *s = data;

    ngx_int_t                  rc;
    ngx_aidial_redis_reply_t  *reply;
    ngx_aidial_redis_place_t   place;

    if (ngx_aidial_redis_sentinel_read(s, &reply) != NGX_OK) {
        return;
    }

    rc = ngx_aidial_redis_sentinel_place(s, reply, &place);

    ngx_aidial_redis_reply_free(reply);

    if (rc == NGX_OK) {
        s->first = (s->first + s->tried - 1) % s->conf->npeers;
        ngx_aidial_redis_sentinel_tell(s, &place);
    }
}


/* NGX_OK: there is a reply; else there is none yet, or it was seen to */

static ngx_int_t
ngx_aidial_redis_sentinel_read(ngx_aidial_redis_sentinel_t *s,
    ngx_aidial_redis_reply_t **reply)
{
    u_char     buf[NGX_AIDIAL_REDIS_SENTINEL_READ];
    ssize_t    n;
    ngx_int_t  rc;

    for ( ;; ) {
        n = ngx_aidial_redis_transport_recv(&s->transport, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (n <= 0) {
            ngx_aidial_redis_sentinel_useless(s, n == 0 ? "it closed the "
                                              "connection" : "cannot read",
                                              n == 0 ? 0 : ngx_socket_errno,
                                              NULL);
            return NGX_ERROR;
        }

        rc = ngx_aidial_redis_codec_feed(s->codec, buf, (size_t) n);

        if (rc == NGX_OK) {
            rc = ngx_aidial_redis_codec_next(s->codec, reply);
        }

        if (rc == NGX_OK) {
            return NGX_OK;
        }

        if (rc == NGX_ERROR) {
            ngx_aidial_redis_sentinel_useless(s,
                              ngx_aidial_redis_codec_why(s->codec), 0, NULL);
            return NGX_ERROR;
        }
    }
}


/* NGX_OK, or NGX_ERROR and the next one is being asked */

static ngx_int_t
ngx_aidial_redis_sentinel_place(ngx_aidial_redis_sentinel_t *s,
    const ngx_aidial_redis_reply_t *reply, ngx_aidial_redis_place_t *place)
{
    const ngx_aidial_redis_reply_t  *element;

    element = reply->elements;

    if (reply->type == NGX_AIDIAL_REDIS_NIL_ARRAY) {
        ngx_aidial_redis_sentinel_useless(s, "it does not know it", 0, NULL);
        return NGX_ERROR;
    }

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        ngx_aidial_redis_sentinel_useless(s, "it answered with the error", 0,
                                          &reply->text);
        return NGX_ERROR;
    }

    if (reply->type != NGX_AIDIAL_REDIS_ARRAY
        || reply->nelements != 2
        || element[0].type != NGX_AIDIAL_REDIS_STRING
        || element[1].type != NGX_AIDIAL_REDIS_STRING)
    {
        ngx_aidial_redis_sentinel_useless(s, "an unexpected reply", 0, NULL);
        return NGX_ERROR;
    }

    if (ngx_aidial_redis_place_set(place, &element[0].text, &element[1].text)
        != NGX_OK)
    {
        ngx_aidial_redis_sentinel_useless(s, "expected a numeric address and "
                                          "a port, it names", 0,
                                          &element[0].text);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_aidial_redis_sentinel_failed(void *data, const char *why, ngx_err_t err)
{
    ngx_aidial_redis_sentinel_t  *s = data;

    ngx_aidial_redis_sentinel_useless(s, s->transport.connected ? "no answer"
                                                                : why,
                                      err, NULL);
}


static void
ngx_aidial_redis_sentinel_useless(ngx_aidial_redis_sentinel_t *s,
    const char *why, ngx_err_t err, const ngx_str_t *text)
{
    s->why_len = ngx_aidial_redis_error_why(s->why, sizeof(s->why), why, err,
                                            text);

    ngx_log_error(NGX_LOG_INFO, &s->transport.log, 0,
                  "aidial: a Sentinel does not tell where the primary \"%V\" "
                  "is: %*s", &s->conf->primary, s->why_len, s->why);

    ngx_aidial_redis_sentinel_leave(s);
    ngx_aidial_redis_sentinel_next(s);
}


static void
ngx_aidial_redis_sentinel_leave(ngx_aidial_redis_sentinel_t *s)
{
    ngx_aidial_redis_transport_close(&s->transport);
    ngx_aidial_redis_buf_free(&s->out);

    if (s->codec != NULL) {
        ngx_aidial_redis_codec_free(s->codec);
        s->codec = NULL;
    }
}


/* the end of a round; who is told may begin the next one */

static void
ngx_aidial_redis_sentinel_tell(ngx_aidial_redis_sentinel_t *s,
    const ngx_aidial_redis_place_t *place)
{
    ngx_queue_t                told, *q;
    ngx_aidial_redis_asker_t  *asker;

    ngx_aidial_redis_sentinel_leave(s);
    ngx_aidial_redis_sentinel_say(s, place != NULL);

    s->asking = 0;

    ngx_queue_init(&told);

    if (!ngx_queue_empty(&s->askers)) {
        ngx_queue_add(&told, &s->askers);
        ngx_queue_init(&s->askers);
    }

    while (!ngx_queue_empty(&told)) {
        q = ngx_queue_head(&told);
        asker = ngx_queue_data(q, ngx_aidial_redis_asker_t, queue);

        ngx_aidial_redis_sentinel_forget(asker);
        asker->told(asker->data, place);
    }
}


/* connections may do well without Sentinels, so it is said here */

static void
ngx_aidial_redis_sentinel_say(ngx_aidial_redis_sentinel_t *s,
    ngx_uint_t known)
{
    if (s->said == !known || ngx_exiting) {
        return;
    }

    s->said = !known;

    if (known) {
        ngx_log_error(NGX_LOG_NOTICE, &s->transport.log, 0,
                      "aidial: a Sentinel tells again where the primary "
                      "\"%V\" is", &s->conf->primary);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, &s->transport.log, 0,
                  "aidial: no Sentinel tells where the primary \"%V\" is: %*s",
                  &s->conf->primary, s->why_len, s->why);
}


void
ngx_aidial_redis_sentinel_close(ngx_aidial_redis_sentinel_t *s)
{
    ngx_aidial_redis_sentinel_leave(s);
}
