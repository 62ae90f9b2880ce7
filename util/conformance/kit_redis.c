
/*
 * The connection, and what Redis says of itself.  Every command that the tool
 * sends is read-only.
 */


#include "kit.h"


#define KIT_PASSWORD_MAX  512


static ngx_int_t kit_redis_login(kit_t *kit);
static ngx_int_t kit_redis_password(kit_t *kit, char *buf);
static ngx_int_t kit_redis_ok(kit_t *kit);
static void kit_redis_judge(kit_t *kit, ngx_pool_t *pool,
    const char *info, kit_record_t *server);
static ngx_int_t kit_redis_field(const char *info, const char *name,
    ngx_str_t *value);
static ngx_uint_t kit_redis_is(const ngx_str_t *value, const char *text);


ngx_int_t
kit_redis_open(kit_t *kit)
{
    char            number[NGX_INT64_LEN + 1];
    unsigned long   database;
    const char     *argv[2];
    struct timeval  timeout = { 10, 0 };

    kit->redis = kit_url_connect(kit->options.url, &database);

    if (kit->redis == NULL) {
        return NGX_ERROR;
    }

    if (kit->redis->err) {
        fprintf(stderr, "conformance: cannot connect: %s\n",
                kit->redis->errstr);
        return NGX_ERROR;
    }

    redisSetTimeout(kit->redis, timeout);

    if (kit_redis_login(kit) != NGX_OK) {
        return NGX_ERROR;
    }

    if (database == 0) {
        return NGX_OK;
    }

    snprintf(number, sizeof(number), "%lu", database);

    argv[0] = "SELECT";
    argv[1] = number;

    if (kit_redis_send(kit, 2, argv, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    return kit_redis_ok(kit);
}


static ngx_int_t
kit_redis_login(kit_t *kit)
{
    char         password[KIT_PASSWORD_MAX + 2];
    ngx_int_t    rc;
    ngx_uint_t   argc;
    const char  *argv[3];

    rc = kit_redis_password(kit, password);

    if (rc == NGX_DECLINED && kit->options.user == NULL) {
        return NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        fprintf(stderr, "conformance: --user needs --password-file or "
                "REDISCLI_AUTH\n");
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    argc = 0;
    argv[argc++] = "AUTH";

    if (kit->options.user) {
        argv[argc++] = kit->options.user;
    }

    argv[argc++] = password;

    rc = kit_redis_send(kit, argc, argv, NULL);

    ngx_explicit_memzero(password, sizeof(password));

    return rc == NGX_OK ? kit_redis_ok(kit) : rc;
}


/* NGX_OK, NGX_DECLINED: there is none, NGX_ERROR: said */

static ngx_int_t
kit_redis_password(kit_t *kit, char *buf)
{
    FILE        *file;
    size_t       len;
    const char  *name, *env;

    name = kit->options.password_file;

    if (name == NULL) {
        env = getenv("REDISCLI_AUTH");

        if (env == NULL || env[0] == '\0') {
            return NGX_DECLINED;
        }

        if (strlen(env) > KIT_PASSWORD_MAX) {
            fprintf(stderr, "conformance: REDISCLI_AUTH is too long\n");
            return NGX_ERROR;
        }

        strcpy(buf, env);

        return NGX_OK;
    }

    file = fopen(name, "r");

    if (file == NULL) {
        fprintf(stderr, "conformance: %s: %s\n", name, strerror(errno));
        return NGX_ERROR;
    }

    setvbuf(file, NULL, _IONBF, 0);

    buf[0] = '\0';
    len = fgets(buf, KIT_PASSWORD_MAX + 2, file) ? strcspn(buf, "\r\n") : 0;
    fclose(file);

    buf[len] = '\0';

    if (len == 0 || len > KIT_PASSWORD_MAX) {
        fprintf(stderr, "conformance: %s: expected a first line of 1 to %d "
                "bytes\n", name, KIT_PASSWORD_MAX);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
kit_redis_send(kit_t *kit, ngx_uint_t argc, const char **argv,
    const size_t *len)
{
    if (redisAppendCommandArgv(kit->redis, argc, argv, len) == REDIS_OK) {
        return NGX_OK;
    }

    fprintf(stderr, "conformance: %s\n", kit->redis->errstr);

    return NGX_ERROR;
}


redisReply *
kit_redis_reply(kit_t *kit)
{
    void  *reply;

    if (redisGetReply(kit->redis, &reply) == REDIS_OK) {
        return reply;
    }

    fprintf(stderr, "conformance: Redis: %s\n", kit->redis->errstr);

    return NULL;
}


static ngx_int_t
kit_redis_ok(kit_t *kit)
{
    ngx_int_t    rc;
    redisReply  *reply;

    reply = kit_redis_reply(kit);

    if (reply == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (reply->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "conformance: Redis: %s\n", reply->str);
        rc = NGX_ERROR;
    }

    freeReplyObject(reply);

    return rc;
}


ngx_int_t
kit_redis_server(kit_t *kit, ngx_pool_t *pool)
{
    redisReply    *reply;
    const char    *argv[1];
    kit_record_t   server;

    memset(&server, 0, sizeof(server));

    server.kind = KIT_SERVER;
    ngx_str_set(&server.shown, "Redis");

    argv[0] = "INFO";

    if (kit_redis_send(kit, 1, argv, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    reply = kit_redis_reply(kit);

    if (reply == NULL) {
        return NGX_ERROR;
    }

    if (reply->type == REDIS_REPLY_ERROR
        && strncmp(reply->str, "NOPERM", 6) != 0)
    {
        fprintf(stderr, "conformance: Redis: %s\n", reply->str);
        freeReplyObject(reply);
        return NGX_ERROR;
    }

    if (reply->type == REDIS_REPLY_STRING) {
        kit_redis_judge(kit, pool, reply->str, &server);

    } else {
        kit_warn(pool, &server, "it refuses INFO: version, role and "
                 "maxmemory-policy were not looked at");
    }

    freeReplyObject(reply);
    kit_report(kit, &server);

    return NGX_OK;
}


static void
kit_redis_judge(kit_t *kit, ngx_pool_t *pool, const char *info,
    kit_record_t *server)
{
    ngx_str_t  value;

    if (kit_redis_field(info, "redis_version:", &value) == NGX_OK
        && ngx_atoi(value.data, strcspn((char *) value.data, ".")) < 7)
    {
        kit_fault(pool, server, "its version is %s: the module needs 7.0",
                  kit_show(pool, &value));
    }

    if (kit_redis_field(info, "maxmemory_policy:", &value) == NGX_OK
        && !kit_redis_is(&value, "noeviction"))
    {
        if (kit->options.eviction) {
            kit_warn(pool, server, "its maxmemory-policy is %s: it may lose "
                     "audit entries, revocations and grants",
                     kit_show(pool, &value));

        } else {
            kit_fault(pool, server, "its maxmemory-policy is %s: every answer "
                      "of the module is 503 without eviction=allowed",
                      kit_show(pool, &value));
        }
    }

    if (kit_redis_field(info, "role:", &value) == NGX_OK
        && !kit_redis_is(&value, "master"))
    {
        kit_warn(pool, server, "it is no primary: the records may be old, and "
                 "the module does not use it");
    }
}


static ngx_int_t
kit_redis_field(const char *info, const char *name, ngx_str_t *value)
{
    const char  *p;

    p = strstr(info, name);

    if (p == NULL || (p != info && p[-1] != '\n')) {
        return NGX_DECLINED;
    }

    p += strlen(name);
    value->data = (u_char *) p;
    value->len = strcspn(p, "\r\n");

    return NGX_OK;
}


static ngx_uint_t
kit_redis_is(const ngx_str_t *value, const char *text)
{
    return value->len == strlen(text)
           && ngx_memcmp(value->data, text, value->len) == 0;
}
