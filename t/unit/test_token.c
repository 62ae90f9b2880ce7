
/*
 * The vectors of t/data/token were made by another implementation of
 * docs/token-format.md.  A case is a folder:
 *
 *     input   the token
 *     id      the ids of the key ring, one a line
 *     key     their secrets in hex, in the same order
 *     expect  "declined", or "ok" and a line "name value" for each field
 */


#include "aidial_unit.h"
#include "ngx_aidial_memo.h"
#include "ngx_aidial_token.h"


void test_token(ngx_aidial_unit_t *u);


typedef struct {
    const char          *name;
    ngx_str_t            input;
    ngx_str_t            expect;
    ngx_array_t          ring;
} test_token_case_t;


static void test_token_vector(ngx_aidial_unit_t *u, const char *name);
static ngx_int_t test_token_load(ngx_aidial_unit_t *u, const char *name,
    test_token_case_t *c);
static ngx_str_t test_token_file(ngx_aidial_unit_t *u, const char *name,
    const char *file);
static ngx_uint_t test_token_line(ngx_str_t *text, ngx_str_t *line);
static ngx_str_t test_token_value(const ngx_str_t *expect, const char *name);
static ngx_str_t test_token_unhex(ngx_aidial_unit_t *u, const ngx_str_t *hex);
static void test_token_fields(ngx_aidial_unit_t *u, test_token_case_t *c,
    ngx_aidial_token_t *token);
static void test_token_again(ngx_aidial_unit_t *u, test_token_case_t *c,
    ngx_aidial_token_t *token);
static void test_token_mutations(ngx_aidial_unit_t *u, const char *name);
static ngx_uint_t test_token_accepted(ngx_aidial_unit_t *u,
    test_token_case_t *c, size_t len, ngx_int_t more);
static void test_token_lengths(ngx_aidial_unit_t *u);
static void test_token_refusals(ngx_aidial_unit_t *u);
static ngx_str_t test_token_repeat(ngx_aidial_unit_t *u, u_char c,
    size_t len);


#define test_token_is(s, text)                                                \
    ((s).len == sizeof(text) - 1 && memcmp((s).data, text, (s).len) == 0)

#define test_token_same(a, b)                                                 \
    ((a).len == (b).len && memcmp((a).data, (b).data, (b).len) == 0)


void
test_token(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_each(u, "token", test_token_vector);

    /* one payload length of each remainder by three */

    test_token_mutations(u, "playback");
    test_token_mutations(u, "shortest");
    test_token_mutations(u, "every-character");
    test_token_mutations(u, "uuid");

    test_token_lengths(u);
    test_token_refusals(u);
}


static void
test_token_vector(ngx_aidial_unit_t *u, const char *name)
{
    ngx_int_t           rc;
    test_token_case_t   c;
    ngx_aidial_token_t  token, zero;

    if (test_token_load(u, name, &c) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "%s: the case is whole", name);
        return;
    }

    ngx_memset(&token, 0x5a, sizeof(ngx_aidial_token_t));
    ngx_memzero(&zero, sizeof(ngx_aidial_token_t));

    rc = ngx_aidial_token_verify(u->pool, &c.ring, &c.input, &token);

    if (test_token_is(c.expect, "declined\n")) {
        ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "%s: declined", name);
        ngx_aidial_unit_ok(u, memcmp(&token, &zero, sizeof(token)) == 0,
                           "%s: no field is told", name);
        return;
    }

    ngx_aidial_unit_ok(u, rc == NGX_OK, "%s: accepted", name);

    if (rc == NGX_OK) {
        test_token_fields(u, &c, &token);
        test_token_again(u, &c, &token);
    }
}


static ngx_int_t
test_token_load(ngx_aidial_unit_t *u, const char *name, test_token_case_t *c)
{
    ngx_str_t          ids, keys, id, hex;
    ngx_aidial_key_t  *key;

    c->name = name;
    c->input = test_token_file(u, name, "input");
    c->expect = test_token_file(u, name, "expect");

    ids = test_token_file(u, name, "id");
    keys = test_token_file(u, name, "key");

    if (c->input.data == NULL || c->expect.data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_array_init(&c->ring, u->pool, 2, sizeof(ngx_aidial_key_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    while (test_token_line(&ids, &id) && test_token_line(&keys, &hex)) {
        key = ngx_array_push(&c->ring);

        key->id = id;
        key->secret = test_token_unhex(u, &hex);
    }

    return c->ring.nelts ? NGX_OK : NGX_ERROR;
}


static ngx_str_t
test_token_file(ngx_aidial_unit_t *u, const char *name, const char *file)
{
    char  path[256];

    snprintf(path, sizeof(path), "token/%s/%s", name, file);

    return ngx_aidial_unit_file(u, path);
}


/* takes one line off the text */

static ngx_uint_t
test_token_line(ngx_str_t *text, ngx_str_t *line)
{
    u_char  *end;

    end = ngx_strlchr(text->data, text->data + text->len, '\n');
    if (end == NULL) {
        return 0;
    }

    line->data = text->data;
    line->len = end - text->data;

    text->data = end + 1;
    text->len -= line->len + 1;

    return 1;
}


static ngx_str_t
test_token_value(const ngx_str_t *expect, const char *name)
{
    size_t     len;
    ngx_str_t  text, line;

    text = *expect;
    len = strlen(name);

    while (test_token_line(&text, &line)) {

        if (line.len > len && line.data[len] == ' '
            && memcmp(line.data, name, len) == 0)
        {
            line.data += len + 1;
            line.len -= len + 1;

            return line;
        }
    }

    ngx_str_null(&line);

    return line;
}


static ngx_str_t
test_token_unhex(ngx_aidial_unit_t *u, const ngx_str_t *hex)
{
    size_t     i;
    ngx_str_t  octets;

    octets.len = hex->len / 2;
    octets.data = ngx_pnalloc(u->pool, octets.len);

    for (i = 0; i < octets.len; i++) {
        octets.data[i] = (u_char) ngx_hextoi(hex->data + 2 * i, 2);
    }

    return octets;
}


static void
test_token_fields(ngx_aidial_unit_t *u, test_token_case_t *c,
    ngx_aidial_token_t *token)
{
    u_char     digest[NGX_AIDIAL_SCOPE_LEN];
    ngx_str_t  value, octets, client, project;

    value = test_token_value(&c->expect, "action");
    ngx_aidial_unit_ok(u, ngx_atoi(value.data, value.len)
                          == (ngx_int_t) token->action,
                       "%s: action", c->name);

    value = test_token_value(&c->expect, "expires_at");
    ngx_aidial_unit_ok(u, ngx_atotm(value.data, value.len)
                          == token->expires_at,
                       "%s: expires_at", c->name);

    value = test_token_value(&c->expect, "grant");
    octets = test_token_unhex(u, &value);
    ngx_aidial_unit_ok(u, octets.len == NGX_AIDIAL_GRANT_ID_LEN
                          && memcmp(octets.data, token->id, octets.len) == 0,
                       "%s: grant id", c->name);

    value = test_token_value(&c->expect, "scope");
    octets = test_token_unhex(u, &value);
    ngx_aidial_unit_ok(u, octets.len == NGX_AIDIAL_SCOPE_LEN
                          && memcmp(octets.data, token->scope, octets.len)
                             == 0,
                       "%s: scope", c->name);

    client = test_token_value(&c->expect, "client");
    project = test_token_value(&c->expect, "project");
    ngx_aidial_unit_ok(u, ngx_aidial_token_scope(&client, &project, digest)
                          == NGX_OK
                          && memcmp(digest, token->scope, sizeof(digest)) == 0,
                       "%s: scope of client and project", c->name);

    value = test_token_value(&c->expect, "tenant");
    ngx_aidial_unit_ok(u, test_token_same(token->tenant, value),
                       "%s: tenant", c->name);

    value = test_token_value(&c->expect, "user");
    ngx_aidial_unit_ok(u, test_token_same(token->user, value),
                       "%s: user", c->name);

    value = test_token_value(&c->expect, "call");
    ngx_aidial_unit_ok(u, test_token_same(token->call, value),
                       "%s: call", c->name);
}


/* the fields, signed with the same key, give the same text */

static void
test_token_again(ngx_aidial_unit_t *u, test_token_case_t *c,
    ngx_aidial_token_t *token)
{
    ngx_str_t          text;
    ngx_int_t          rc;
    ngx_uint_t         i, same;
    ngx_aidial_key_t  *key;

    key = c->ring.elts;
    same = 0;

    for (i = 0; i < c->ring.nelts; i++) {
        rc = ngx_aidial_token_build(u->pool, &key[i], token, &text);

        if (rc == NGX_OK && test_token_same(text, c->input)) {
            same = 1;
        }
    }

    ngx_aidial_unit_ok(u, same, "%s: built again", c->name);
}


/* every other text in the neighbourhood of a good token is refused */

static void
test_token_mutations(ngx_aidial_unit_t *u, const char *name)
{
    u_char              good;
    size_t              i, len;
    ngx_int_t           c;
    ngx_uint_t          accepted;
    test_token_case_t   v;

    if (test_token_load(u, name, &v) != NGX_OK) {
        ngx_aidial_unit_ok(u, 0, "%s: the case is whole", name);
        return;
    }

    len = v.input.len;

    ngx_aidial_unit_ok(u, test_token_accepted(u, &v, len, -1) == 1,
                       "%s: accepted in its own block", name);

    for (i = 0; i < len; i++) {
        good = v.input.data[i];
        accepted = 0;

        /* against the MAC that is kept of the good one, and without */

        if (i % 2) {
            ngx_aidial_memo_clear();
        }

        for (c = 0; c < 256; c++) {
            v.input.data[i] = (u_char) c;
            accepted += test_token_accepted(u, &v, len, -1);
        }

        v.input.data[i] = good;

        ngx_aidial_unit_ok(u, accepted == 1, "%s: character %lu, %lu of 256 "
                           "accepted", name, (unsigned long) i,
                           (unsigned long) accepted);

        ngx_aidial_unit_ok(u, test_token_accepted(u, &v, i, -1) == 0,
                           "%s: cut to %lu characters", name,
                           (unsigned long) i);
    }

    for (c = 0; c < 256; c++) {
        ngx_aidial_unit_ok(u, test_token_accepted(u, &v, len, c) == 0,
                           "%s: octet %ld behind it", name, (long) c);
    }
}


/* 1 when the first "len" characters, and "more" behind them, are accepted */

static ngx_uint_t
test_token_accepted(ngx_aidial_unit_t *u, test_token_case_t *c, size_t len,
    ngx_int_t more)
{
    ngx_int_t            rc;
    ngx_str_t            text;
    ngx_pool_t          *pool;
    ngx_aidial_token_t   token;

    pool = ngx_create_pool(1024, u->pool->log);

    text.len = (more < 0) ? len : len + 1;
    text.data = ngx_pnalloc(pool, text.len);
    ngx_memcpy(text.data, c->input.data, len);

    if (more >= 0) {
        text.data[len] = (u_char) more;
    }

    rc = ngx_aidial_token_verify(pool, &c->ring, &text, &token);

    ngx_destroy_pool(pool);

    return rc != NGX_DECLINED;
}


static void
test_token_lengths(ngx_aidial_unit_t *u)
{
    test_token_case_t  c;

    if (test_token_load(u, "longest", &c) == NGX_OK) {
        ngx_aidial_unit_ok(u, c.input.len <= NGX_AIDIAL_TOKEN_MAX,
                           "the longest token is within the limit");
        ngx_aidial_unit_ok(u, c.input.len == 660, "the longest token");
    }

    if (test_token_load(u, "uuid", &c) == NGX_OK) {
        ngx_aidial_unit_ok(u, c.input.len < 256, "a token of UUIDs");
    }

    if (test_token_load(u, "769-characters", &c) == NGX_OK) {
        ngx_aidial_unit_ok(u, c.input.len == NGX_AIDIAL_TOKEN_MAX + 1,
                           "one character over the limit");
    }
}


/* what verify would refuse is not built */

static void
test_token_refusals(ngx_aidial_unit_t *u)
{
    ngx_str_t           text, *strings[3];
    ngx_uint_t          i;
    ngx_aidial_key_t    key;
    ngx_aidial_token_t  good, token;

    ngx_str_set(&key.id, "k1");
    key.secret = test_token_repeat(u, 's', NGX_AIDIAL_SECRET_MIN);

    ngx_memzero(&good, sizeof(ngx_aidial_token_t));
    good.action = NGX_AIDIAL_ACTION_PLAYBACK;
    ngx_str_set(&good.tenant, "t_1");
    ngx_str_set(&good.user, "u_81");
    ngx_str_set(&good.call, "c_9");

    token = good;
    strings[0] = &token.tenant;
    strings[1] = &token.user;
    strings[2] = &token.call;

#define test_token_refused(name)                                              \
    ngx_aidial_unit_ok(u, ngx_aidial_token_build(u->pool, &key, &token,       \
                                                 &text) == NGX_ERROR,         \
                       "not built: %s", name);                                \
    token = good

    ngx_aidial_unit_ok(u, ngx_aidial_token_build(u->pool, &key, &token, &text)
                          == NGX_OK, "built");

    for (i = 0; i < 3; i++) {
        ngx_str_set(strings[i], "");
        test_token_refused("empty identifier");

        ngx_str_set(strings[i], "a b");
        test_token_refused("bad identifier");

        *strings[i] = test_token_repeat(u, 'x', NGX_AIDIAL_ID_MAX + 1);
        test_token_refused("overlong identifier");
    }

    token.action = NGX_AIDIAL_ACTION_NONE;
    test_token_refused("no action");

    token.action = NGX_AIDIAL_ACTIONS;
    test_token_refused("action 3");

    token.expires_at = -1;
    test_token_refused("negative time");

    token.expires_at = NGX_AIDIAL_SECONDS_MAX;
    test_token_refused("time in milliseconds");

    ngx_str_set(&key.id, "");
    test_token_refused("empty key id");

    key.id = test_token_repeat(u, 'K', NGX_AIDIAL_KEY_ID_MAX + 1);
    test_token_refused("overlong key id");
}


static ngx_str_t
test_token_repeat(ngx_aidial_unit_t *u, u_char c, size_t len)
{
    ngx_str_t  text;

    text.len = len;
    text.data = ngx_pnalloc(u->pool, len);
    ngx_memset(text.data, c, len);

    return text;
}
