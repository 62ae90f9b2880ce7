
/*
 * The handshake.  Its commands travel together and each must be answered
 * exactly so:
 *
 *     AUTH [user] password     +OK      when a password is configured
 *     SELECT db                +OK      when the database is not 0
 *     PING                     +PONG    a Redis that is loading says so here
 *
 * Anything else ends the attempt, and a byte behind the +PONG does too.
 */


#include "ngx_aidial_redis_handshake.h"
#include "ngx_aidial_redis_error.h"


ngx_int_t
ngx_aidial_redis_handshake_ask(ngx_aidial_redis_conn_t *conn)
{
    u_char                          db[NGX_INT_T_LEN];
    ngx_uint_t                      n;
    ngx_str_t                       argv[3];
    const ngx_aidial_redis_conf_t  *conf;

    conf = conn->conf;

    conn->greetings = 0;
    conn->greeted = 0;

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

        conn->greetings++;
    }

    if (conf->db) {
        ngx_str_set(&argv[0], "SELECT");
        argv[1].data = db;
        argv[1].len = ngx_sprintf(db, "%ui", conf->db) - db;

        if (ngx_aidial_redis_command(&conn->out, argv, 2) != NGX_OK) {
            return NGX_ERROR;
        }

        conn->greetings++;
    }

    ngx_str_set(&argv[0], "PING");
    conn->greetings++;

    return ngx_aidial_redis_command(&conn->out, argv, 1);
}


ngx_uint_t
ngx_aidial_redis_handshake_answer(ngx_aidial_redis_conn_t *conn,
    const ngx_aidial_redis_reply_t *reply)
{
    ngx_str_t                   *right;
    ngx_aidial_redis_error_t    *error;
    static ngx_str_t             ok = ngx_string("OK");
    static ngx_str_t             pong = ngx_string("PONG");

    if (reply->type == NGX_AIDIAL_REDIS_FAILURE) {
        ngx_aidial_redis_conn_why(conn, "the handshake was answered with "
                                  "the error", 0, &reply->text);

        error = ngx_aidial_redis_error_find(&reply->text);

        return ngx_aidial_redis_error_denies(error) ? NGX_AIDIAL_REDIS_DENIED
                                                    : NGX_AIDIAL_REDIS_UNFIT;
    }

    /* PING is the last one; behind its reply nothing is right */

    right = (++conn->greeted == conn->greetings) ? &pong : &ok;

    if (conn->greeted > conn->greetings
        || reply->type != NGX_AIDIAL_REDIS_STATUS
        || reply->text.len != right->len
        || ngx_memcmp(reply->text.data, right->data, right->len) != 0)
    {
        ngx_aidial_redis_conn_why(conn, "an unexpected reply in the handshake",
                                  0, NULL);
        return NGX_AIDIAL_REDIS_BROKEN;
    }

    return NGX_AIDIAL_REDIS_HOLDS;
}
