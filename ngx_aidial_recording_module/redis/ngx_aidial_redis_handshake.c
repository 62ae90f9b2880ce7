
/*
 * The handshake.  Its commands travel together and each must be answered
 * exactly so:
 *
 *     AUTH [user] password     +OK      when a password is configured
 *     SELECT db                +OK      when the database is not 0
 *     INFO replication         role:master, and a master_replid: the epoch
 *     INFO memory              maxmemory_policy:noeviction
 *                                       unless eviction is allowed
 *     PING                     +PONG    a Redis that is loading says so here
 *
 * Anything else ends the attempt, and a byte behind the +PONG does too.
 */


#include "ngx_aidial_redis_handshake.h"
#include "ngx_aidial_redis_error.h"
#include "ngx_aidial_redis_info.h"


typedef enum {
    NGX_AIDIAL_REDIS_SAYS_OK = 0,
    NGX_AIDIAL_REDIS_SAYS_REPLICATION,
    NGX_AIDIAL_REDIS_SAYS_MEMORY,
    NGX_AIDIAL_REDIS_SAYS_PONG
} ngx_aidial_redis_greeting_e;


static ngx_int_t ngx_aidial_redis_handshake_enter(
    ngx_aidial_redis_conn_t *conn);
static ngx_uint_t ngx_aidial_redis_handshake_refused(
    ngx_aidial_redis_conn_t *conn, const ngx_str_t *text);
static ngx_uint_t ngx_aidial_redis_handshake_status(
    ngx_aidial_redis_conn_t *conn, const ngx_aidial_redis_reply_t *reply,
    const char *right);

#define ngx_aidial_redis_handshake_expect(conn, what)                         \
    (conn)->greeting[(conn)->greetings++] = (what)


ngx_int_t
ngx_aidial_redis_handshake_ask(ngx_aidial_redis_conn_t *conn)
{
    ngx_str_t  ping;

    conn->greetings = 0;
    conn->greeted = 0;

    if (ngx_aidial_redis_handshake_enter(conn) != NGX_OK
        || ngx_aidial_redis_info_ask_replication(&conn->out) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_aidial_redis_handshake_expect(conn, NGX_AIDIAL_REDIS_SAYS_REPLICATION);

    if (!conn->conf->eviction) {

        if (ngx_aidial_redis_info_ask_memory(&conn->out) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_aidial_redis_handshake_expect(conn, NGX_AIDIAL_REDIS_SAYS_MEMORY);
    }

    ngx_str_set(&ping, "PING");
    ngx_aidial_redis_handshake_expect(conn, NGX_AIDIAL_REDIS_SAYS_PONG);

    return ngx_aidial_redis_command(&conn->out, &ping, 1);
}


static ngx_int_t
ngx_aidial_redis_handshake_enter(ngx_aidial_redis_conn_t *conn)
{
    u_char                          db[NGX_INT_T_LEN];
    ngx_uint_t                      n;
    ngx_str_t                       argv[3];
    const ngx_aidial_redis_conf_t  *conf;

    conf = conn->conf;

    if (conf->password.len) {
        n = 0;
        ngx_str_set(&argv[n], "AUTH");

        if (conf->user.len) {
            argv[++n] = conf->user;
        }

        argv[++n] = conf->password;

        if (ngx_aidial_redis_command(&conn->out, argv, n + 1) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_aidial_redis_handshake_expect(conn, NGX_AIDIAL_REDIS_SAYS_OK);
    }

    if (conf->db) {
        ngx_str_set(&argv[0], "SELECT");
        argv[1].data = db;
        argv[1].len = ngx_sprintf(db, "%ui", conf->db) - db;

        if (ngx_aidial_redis_command(&conn->out, argv, 2) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_aidial_redis_handshake_expect(conn, NGX_AIDIAL_REDIS_SAYS_OK);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_aidial_redis_handshake_answer(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply)
{
    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        return ngx_aidial_redis_handshake_refused(conn, &reply->text);
    }

    /* PING is the last one; behind its reply nothing is right */

    if (ngx_aidial_redis_handshake_done(conn)) {
        return ngx_aidial_redis_handshake_status(conn, reply, "");
    }

    switch (conn->greeting[conn->greeted++]) {

    case NGX_AIDIAL_REDIS_SAYS_REPLICATION:
        return ngx_aidial_redis_info_replication(conn, reply, conn->epoch);

    case NGX_AIDIAL_REDIS_SAYS_MEMORY:
        return ngx_aidial_redis_info_memory(conn, reply);

    case NGX_AIDIAL_REDIS_SAYS_PONG:
        return ngx_aidial_redis_handshake_status(conn, reply, "PONG");

    default: /* NGX_AIDIAL_REDIS_SAYS_OK */
        return ngx_aidial_redis_handshake_status(conn, reply, "OK");
    }
}


static ngx_uint_t
ngx_aidial_redis_handshake_refused(ngx_aidial_redis_conn_t *conn,
    const ngx_str_t *text)
{
    ngx_aidial_redis_error_t  *error;

    ngx_aidial_redis_conn_why(conn, "the handshake was answered with the "
                              "error", 0, text);

    error = ngx_aidial_redis_error_find(text);

    ngx_aidial_redis_error_count(error);

    return ngx_aidial_redis_error_denies(error) ? NGX_AIDIAL_REDIS_DENIED
                                                : NGX_AIDIAL_REDIS_UNFIT;
}


/* a status of no text is never right: Redis has none */

static ngx_uint_t
ngx_aidial_redis_handshake_status(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply, const char *right)
{
    size_t  len;

    len = ngx_strlen(right);

    if (len == 0
        || reply->type != NGX_AIDIAL_REDIS_STATUS
        || reply->text.len != len
        || ngx_memcmp(reply->text.data, right, len) != 0)
    {
        ngx_aidial_redis_conn_why(conn, "an unexpected reply in the handshake",
                                  0, NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    return NGX_AIDIAL_REDIS_HOLDS;
}
