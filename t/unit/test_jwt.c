
/*
 * The vectors of t/data/jwt were made by another implementation,
 * t/lib/jwt-vectors.mjs.  A case is a folder:
 *
 *     input   the token
 *     conf    a line "name value" for alg, keys (a file of t/data/jwt-keys),
 *             now, and iss and aud if they are configured
 *     expect  "ok" and lines "sid ..." and "iat ...", or "declined" and why
 */


#include "aidial_unit.h"
#include "ngx_aidial_jwt.h"


void test_jwt(ngx_aidial_unit_t *u);


typedef struct {
    ngx_str_t               input;
    ngx_str_t               expect;
    time_t                  now;
    ngx_aidial_jwt_conf_t  *conf;
} test_jwt_case_t;


static void test_jwt_vector(ngx_aidial_unit_t *u, const char *name);
static ngx_int_t test_jwt_load(ngx_aidial_unit_t *u, const char *name,
    test_jwt_case_t *c);
static ngx_int_t test_jwt_keys(ngx_aidial_unit_t *u,
    ngx_aidial_jwt_conf_t *conf, const ngx_str_t *name);
static ngx_str_t test_jwt_file(ngx_aidial_unit_t *u, const char *dir,
    const char *name);
static ngx_str_t test_jwt_line(const ngx_str_t *text, const char *name);
static void test_jwt_mutations(ngx_aidial_unit_t *u, const char *name);
static void test_jwt_later(ngx_aidial_unit_t *u);


void
test_jwt(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_each(u, "jwt", test_jwt_vector);

    test_jwt_mutations(u, "hs256");
    test_jwt_mutations(u, "es256");
    test_jwt_mutations(u, "eddsa");

    test_jwt_later(u);
}


static void
test_jwt_vector(ngx_aidial_unit_t *u, const char *name)
{
    char              text[512];
    ngx_int_t         rc;
    const char       *why;
    test_jwt_case_t   c;
    ngx_aidial_jwt_t  jwt;

    if (test_jwt_load(u, name, &c) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "%s: the case is whole", name);
        return;
    }

    why = NULL;
    ngx_memset(&jwt, 0x5a, sizeof(ngx_aidial_jwt_t));

    rc = ngx_aidial_jwt_verify(u->pool, c.conf, &c.input, c.now, &jwt, &why);

    if (rc == NGX_OK) {
        snprintf(text, sizeof(text), "ok\nsid %.*s\niat %ld\n",
                 (int) jwt.sid.len, jwt.sid.data, (long) jwt.issued_at);

        ngx_aidial_unit_ok(u, jwt.claims.len && jwt.claims.data[0] == '{',
                           "%s: the claims are told", name);

    } else {
        snprintf(text, sizeof(text), "%s\n%s\n",
                 rc == NGX_DECLINED ? "declined" : "error", why ? why : "");

        ngx_aidial_unit_ok(u, jwt.claims.data == NULL && jwt.sid.data == NULL
                              && jwt.issued_at == -1,
                           "%s: nothing is told", name);
    }

    ngx_aidial_unit_ok(u, strlen(text) == c.expect.len
                          && memcmp(text, c.expect.data, c.expect.len) == 0,
                       "%s: %s", name, text);
}


static ngx_int_t
test_jwt_load(ngx_aidial_unit_t *u, const char *name, test_jwt_case_t *c)
{
    char       dir[256];
    ngx_str_t  text, alg, keys, now;

    snprintf(dir, sizeof(dir), "jwt/%s", name);

    text = test_jwt_file(u, dir, "conf");
    c->input = test_jwt_file(u, dir, "input");
    c->expect = test_jwt_file(u, dir, "expect");

    if (text.data == NULL || c->input.data == NULL || c->expect.len == 0) {
        return NGX_ERROR;
    }

    alg = test_jwt_line(&text, "alg ");
    keys = test_jwt_line(&text, "keys ");
    now = test_jwt_line(&text, "now ");

    if (ngx_aidial_alg_find(&alg) == NGX_AIDIAL_ALG_COUNT) {
        return NGX_ERROR;
    }

    c->conf = ngx_aidial_jwt_conf_create(u->pool, ngx_aidial_alg_find(&alg));
    c->conf->iss = test_jwt_line(&text, "iss ");
    c->conf->aud = test_jwt_line(&text, "aud ");
    c->now = ngx_atotm(now.data, now.len);

    return test_jwt_keys(u, c->conf, &keys);
}


static ngx_int_t
test_jwt_keys(ngx_aidial_unit_t *u, ngx_aidial_jwt_conf_t *conf,
    const ngx_str_t *name)
{
    char         path[128];
    ngx_str_t    text;
    const char  *why;
    ngx_uint_t   skipped;

    snprintf(path, sizeof(path), "%.*s", (int) name->len, name->data);

    text = test_jwt_file(u, "jwt-keys", path);

    if (strncmp(path, "secrets", 7) == 0) {
        return ngx_aidial_jwt_add_secrets(conf, &text, &why);
    }

    return ngx_aidial_jwt_add_keys(u->pool, conf, &text, &skipped, &why);
}


static ngx_str_t
test_jwt_file(ngx_aidial_unit_t *u, const char *dir, const char *name)
{
    char  path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);

    return ngx_aidial_unit_file(u, path);
}


/* what stands behind "name" at the start of a line; data NULL: nowhere */

static ngx_str_t
test_jwt_line(const ngx_str_t *text, const char *name)
{
    u_char     *p, *last, *end;
    ngx_str_t   value;

    last = text->data + text->len;

    for (p = text->data; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '\n');

        if ((size_t) (end - p) >= strlen(name)
            && memcmp(p, name, strlen(name)) == 0)
        {
            value.data = p + strlen(name);
            value.len = end - value.data;
            return value;
        }
    }

    ngx_str_null(&value);

    return value;
}


/* a good token: each character replaced by two others, each cut */

static void
test_jwt_mutations(ngx_aidial_unit_t *u, const char *name)
{
    u_char            good;
    size_t            i;
    ngx_str_t         cut;
    const char       *why;
    ngx_uint_t        refused;
    test_jwt_case_t   c;
    ngx_aidial_jwt_t  jwt;

    if (test_jwt_load(u, name, &c) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "%s: the case is whole", name);
        return;
    }

    for (i = 0; i < c.input.len; i++) {
        good = c.input.data[i];
        refused = 0;

        c.input.data[i] = (good == 'A') ? 'B' : 'A';
        refused += ngx_aidial_jwt_verify(u->pool, c.conf, &c.input, c.now,
                                         &jwt, &why)
                   == NGX_DECLINED;

        c.input.data[i] = good ^ 1;
        refused += ngx_aidial_jwt_verify(u->pool, c.conf, &c.input, c.now,
                                         &jwt, &why)
                   == NGX_DECLINED;

        c.input.data[i] = good;

        ngx_aidial_unit_ok(u, refused == 2, "%s: character %lu", name,
                           (unsigned long) i);

        cut.len = i;
        cut.data = ngx_pnalloc(u->pool, i);
        ngx_memcpy(cut.data, c.input.data, i);

        ngx_aidial_unit_ok(u, ngx_aidial_jwt_verify(u->pool, c.conf, &cut,
                                                    c.now, &jwt, &why)
                              == NGX_DECLINED,
                           "%s: cut to %lu characters", name,
                           (unsigned long) i);
    }
}


/* one token, three moments */

static void
test_jwt_later(ngx_aidial_unit_t *u)
{
    const char       *why;
    test_jwt_case_t   c;
    ngx_aidial_jwt_t  jwt;

    if (test_jwt_load(u, "hs256", &c) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "hs256: the case is whole");
        return;
    }

    ngx_aidial_unit_ok(u, ngx_aidial_jwt_verify(u->pool, c.conf, &c.input,
                                                c.now + 599, &jwt, &why)
                          == NGX_OK, "a second before its end");
    ngx_aidial_unit_ok(u, ngx_aidial_jwt_verify(u->pool, c.conf, &c.input,
                                                c.now + 600, &jwt, &why)
                          == NGX_DECLINED, "at its end");

    c.conf->keys.nelts = 0;

    ngx_aidial_unit_ok(u, ngx_aidial_jwt_verify(u->pool, c.conf, &c.input,
                                                c.now, &jwt, &why)
                          == NGX_DECLINED, "without any key");
}
