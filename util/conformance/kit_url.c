
/*
 * Where Redis is.  A password has no place in a URL: the command line is
 * everybody's to read.
 */


#include "kit.h"


#define KIT_HOST_MAX  255


static redisContext *kit_url_unix(const char *path, unsigned long *database);
static redisContext *kit_url_host(const char *place, unsigned long *database);
static ngx_int_t kit_url_number(const char *text, unsigned long max,
    unsigned long *number);
static redisContext *kit_url_wrong(const char *why);


static const struct timeval  kit_timeout = { 5, 0 };


redisContext *
kit_url_connect(const char *url, unsigned long *database)
{
    *database = 0;

    if (strchr(url, '@') != NULL) {
        return kit_url_wrong("a user or password in the URL: say --user, and "
                             "--password-file or REDISCLI_AUTH");
    }

    if (strncmp(url, "unix:", 5) == 0) {
        return kit_url_unix(url + 5, database);
    }

    if (strncmp(url, "redis://", 8) == 0) {
        return kit_url_host(url + 8, database);
    }

    if (strncmp(url, "rediss://", 9) == 0) {
        return kit_url_wrong("this tool does not speak TLS: go through a "
                             "tunnel, see docs/conformance.md");
    }

    if (strncmp(url, "sentinel", 8) == 0) {
        return kit_url_wrong("this tool does not ask Sentinels: name the "
                             "primary");
    }

    return kit_url_wrong("expected redis://host[:port][/db] or "
                         "unix:/path[:db]");
}


/* "unix:/run/redis.sock:2": a number behind the last colon is a database */

static redisContext *
kit_url_unix(const char *path, unsigned long *database)
{
    char         name[PATH_MAX];
    size_t       len;
    const char  *colon;

    len = strlen(path);
    colon = strrchr(path, ':');

    if (colon != NULL) {
        if (kit_url_number(colon + 1, 65535, database) != NGX_OK) {
            return kit_url_wrong("expected unix:/path[:db]");
        }

        len = colon - path;
    }

    if (path[0] != '/' || len >= sizeof(name)) {
        return kit_url_wrong("expected an absolute path behind unix:");
    }

    *(char *) ngx_cpymem(name, path, len) = '\0';

    return redisConnectUnixWithTimeout(name, kit_timeout);
}


static redisContext *
kit_url_host(const char *place, unsigned long *database)
{
    char            host[KIT_HOST_MAX + 1];
    size_t          len;
    const char     *p;
    unsigned long   port;

    if (*place == '[') {
        place++;
        len = strcspn(place, "]");
        p = place + len + (place[len] == ']');

    } else {
        len = strcspn(place, ":/");
        p = place + len;
    }

    if (len == 0 || len > KIT_HOST_MAX) {
        return kit_url_wrong("expected a host behind redis://");
    }

    *(char *) ngx_cpymem(host, place, len) = '\0';

    port = 6379;

    if (*p == ':') {
        len = strcspn(p, "/");

        if (kit_url_number(p + 1, 65535, &port) != NGX_OK || port == 0) {
            return kit_url_wrong("expected a port of 1 to 65535");
        }

        p += len;
    }

    if (*p == '/' && p[1] != '\0'
        && kit_url_number(p + 1, 65535, database) != NGX_OK)
    {
        return kit_url_wrong("expected a database of 0 to 65535");
    }

    if (*p != '/' && *p != '\0') {
        return kit_url_wrong("expected redis://host[:port][/db]");
    }

    return redisConnectWithTimeout(host, (int) port, kit_timeout);
}


/* a number that ends at the end or at a slash */

static ngx_int_t
kit_url_number(const char *text, unsigned long max, unsigned long *number)
{
    size_t     len;
    ngx_int_t  n;

    len = strcspn(text, "/");
    n = ngx_atoi((u_char *) text, len);

    if (n == NGX_ERROR || (unsigned long) n > max) {
        return NGX_ERROR;
    }

    *number = n;

    return NGX_OK;
}


static redisContext *
kit_url_wrong(const char *why)
{
    fprintf(stderr, "conformance: %s\n", why);

    return NULL;
}
