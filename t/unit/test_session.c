
/*
 * Session records: the folders of t/data/session are read with the default
 * map at one moment; other maps are tested here.
 */


#include "aidial_unit.h"
#include "ngx_aidial_session.h"


#define TEST_NOW  1795320000


static void test_session_case(ngx_aidial_unit_t *u, const char *name);
static u_char *test_session_dump(u_char *p, u_char *last,
    ngx_aidial_session_t *session);
static void test_session_map(ngx_aidial_session_map_t *map);
static void test_session_size(ngx_aidial_unit_t *u);
static void test_session_pointers(ngx_aidial_unit_t *u);
static void test_session_milliseconds(ngx_aidial_unit_t *u);
static void test_session_roles(ngx_aidial_unit_t *u);
static ngx_uint_t test_session_role(ngx_aidial_unit_t *u,
    ngx_aidial_session_map_t *map, const char *word);
static ngx_array_t *test_session_words(ngx_aidial_unit_t *u, const char *a,
    const char *b);
static void test_session_names(ngx_aidial_unit_t *u);
static ngx_str_t test_session_string(const char *text);


void
test_session(ngx_aidial_unit_t *u)
{
    ngx_aidial_unit_each(u, "session", test_session_case);

    test_session_size(u);
    test_session_pointers(u);
    test_session_milliseconds(u);
    test_session_roles(u);
    test_session_names(u);
}


static void
test_session_case(ngx_aidial_unit_t *u, const char *name)
{
    char                       path[200];
    u_char                    *p, dump[8192];
    ngx_int_t                  rc;
    ngx_str_t                  input, expect;
    const char                *why;
    ngx_aidial_session_t       session;
    ngx_aidial_session_map_t   map;

    snprintf(path, sizeof(path), "session/%s/input", name);
    input = ngx_aidial_unit_file(u, path);

    snprintf(path, sizeof(path), "session/%s/expect", name);
    expect = ngx_aidial_unit_file(u, path);

    test_session_map(&map);
    memset(&session, 0xff, sizeof(session));

    why = "";
    rc = ngx_aidial_session_parse(u->pool, &map, &input, TEST_NOW, &session,
                                  &why);

    if (rc == NGX_OK) {
        p = test_session_dump(dump, dump + sizeof(dump) - 1, &session);

    } else {
        p = ngx_slprintf(dump, dump + sizeof(dump) - 1, "declined: %s\n", why);
        ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "%s: %ld", name, (long) rc);
    }

    *p = '\0';

    ngx_aidial_unit_ok(u, expect.len == (size_t) (p - dump)
                          && memcmp(expect.data, dump, expect.len) == 0,
                       "%s: got\n%s", name, dump);
}


static u_char *
test_session_dump(u_char *p, u_char *last, ngx_aidial_session_t *session)
{
    ngx_str_t        *projects;
    ngx_uint_t        i;
    const ngx_str_t  *role;

    static const ngx_str_t  unknown = ngx_string("unknown");

    role = session->role ? ngx_aidial_role_word(session->role) : &unknown;

    p = ngx_slprintf(p, last, "user=%V\ntenant=%V\nclient=%V\nrole=%V\n",
                     &session->user, &session->tenant, &session->client, role);

    p = ngx_slprintf(p, last, "projects=");
    projects = session->projects.elts;

    for (i = 0; i < session->projects.nelts; i++) {
        p = ngx_slprintf(p, last, "%s%V", i ? "," : "", &projects[i]);
    }

    return ngx_slprintf(p, last, "\nall_projects=%ui\nexpires_at=%L\n"
                        "created_at=%L\n", session->all_projects,
                        session->expires_at, session->created_at);
}


static void
test_session_map(ngx_aidial_session_map_t *map)
{
    ngx_uint_t  i;

    memset(map, 0, sizeof(ngx_aidial_session_map_t));

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        map->fields[i].pointer = ngx_aidial_session_pointer(i);
    }
}


static void
test_session_size(ngx_aidial_unit_t *u)
{
    ngx_int_t                 rc;
    ngx_str_t                 input, text;
    const char               *why;
    ngx_aidial_session_t      session;
    ngx_aidial_session_map_t  map;

    test_session_map(&map);

    input = ngx_aidial_unit_file(u, "session/contract/input");
    text.len = NGX_AIDIAL_RECORD_MAX;
    text.data = ngx_pnalloc(u->pool, text.len + 1);

    memset(text.data, ' ', text.len + 1);
    memcpy(text.data, input.data, input.len);

    rc = ngx_aidial_session_parse(u->pool, &map, &text, TEST_NOW, &session,
                                  &why);
    ngx_aidial_unit_ok(u, rc == NGX_OK, "64 KiB");

    text.len++;

    rc = ngx_aidial_session_parse(u->pool, &map, &text, TEST_NOW, &session,
                                  &why);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "64 KiB + 1");
}


static void
test_session_pointers(ngx_aidial_unit_t *u)
{
    u_char                    *p, dump[1024];
    ngx_int_t                  rc;
    const char                *why;
    ngx_aidial_session_t       session;
    ngx_aidial_session_map_t   map;

    static const ngx_str_t  text = ngx_string(
        "{\"user_id\": \"no\", \"a/b\": {\"id\": 81}, \"roles\": [\"x\","
        " \"client_admin\"], \"org\": {\"t\": \"t_1\", \"c\": \"cl_1\","
        " \"p\": [\"p_1\"]}, \"created_at\": 5}");
    static const ngx_str_t  expect = ngx_string(
        "user=81\ntenant=t_1\nclient=cl_1\nrole=client_admin\nprojects=p_1\n"
        "all_projects=0\nexpires_at=-1\ncreated_at=-1\n");

    test_session_map(&map);

    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_USER].pointer, "/a~1b/id");
    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_ROLE].pointer, "/roles/1");
    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_TENANT].pointer, "/org/t");
    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_CLIENT].pointer, "/org/c");
    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_PROJECTS].pointer, "/org/p");
    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_CREATED_AT].pointer, "/roles/9");

    rc = ngx_aidial_session_parse(u->pool, &map, &text, TEST_NOW, &session,
                                  &why);

    p = dump;

    if (rc == NGX_OK) {
        p = test_session_dump(dump, dump + sizeof(dump) - 1, &session);
    }

    *p = '\0';

    ngx_aidial_unit_ok(u, expect.len == (size_t) (p - dump)
                          && memcmp(expect.data, dump, expect.len) == 0,
                       "pointers of a map: %ld\n%s", (long) rc, dump);

    /* the whole record is no user */

    ngx_str_set(&map.fields[NGX_AIDIAL_FIELD_USER].pointer, "");

    rc = ngx_aidial_session_parse(u->pool, &map, &text, TEST_NOW, &session,
                                  &why);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "the empty pointer");
}


static void
test_session_milliseconds(ngx_aidial_unit_t *u)
{
    size_t                     i;
    u_char                     text[256];
    ngx_int_t                  rc;
    ngx_str_t                  record;
    const char                *why;
    ngx_aidial_session_t       session;
    ngx_aidial_session_map_t   map;

    static const struct {
        const char  *time;
        int64_t      seconds;    /* -1: refused */
    } tests[] = {
        { "1795329999000", 1795329999 },
        { "1795329999999", 1795329999 },
        { "1795320000999", -1 },
        { "1795320001000", 1795320001 },
        { "99999999999999", 99999999999 },
        { "100000000000000", -1 },
        { "9007199254740991", -1 },
        { "1795329999", -1 },
        { "1795329999000.0", -1 },
        { "999", -1 },
        { "null", -1 }
    };

    test_session_map(&map);
    map.fields[NGX_AIDIAL_FIELD_EXPIRES_AT].ms = 1;
    map.fields[NGX_AIDIAL_FIELD_CREATED_AT].ms = 1;

    record.data = text;

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        record.len = ngx_snprintf(text, sizeof(text),
                         "{\"user_id\": \"u\", \"role\": \"x\", \"tenant_id\":"
                         " \"t\", \"client_id\": \"c\", \"created_at\": 1999,"
                         " \"expires_at\": %s}", tests[i].time) - text;

        rc = ngx_aidial_session_parse(u->pool, &map, &record, TEST_NOW,
                                      &session, &why);

        ngx_aidial_unit_ok(u, (rc == NGX_DECLINED && tests[i].seconds == -1)
                              || (rc == NGX_OK && session.created_at == 1
                                  && session.expires_at == tests[i].seconds),
                           "%s milliseconds: %ld %ld", tests[i].time,
                           (long) rc, (long) session.expires_at);
    }
}


static void
test_session_roles(ngx_aidial_unit_t *u)
{
    size_t                    i;
    ngx_str_t                 word;
    ngx_uint_t                role;
    ngx_aidial_session_map_t  map;

    static const struct {
        const char  *word;
        ngx_uint_t   role;
    } tests[] = {
        { "boss", NGX_AIDIAL_ROLE_ADMIN },
        { "owner", NGX_AIDIAL_ROLE_ADMIN },
        { "client_manager", NGX_AIDIAL_ROLE_MANAGER },
        { "agent", NGX_AIDIAL_ROLE_STAFF },
        { "both", NGX_AIDIAL_ROLE_STAFF },
        { "client_admin", NGX_AIDIAL_ROLE_UNKNOWN },
        { "client_staff", NGX_AIDIAL_ROLE_UNKNOWN },
        { "Boss", NGX_AIDIAL_ROLE_UNKNOWN },
        { "bos", NGX_AIDIAL_ROLE_UNKNOWN },
        { "nobody", NGX_AIDIAL_ROLE_UNKNOWN }
    };

    test_session_map(&map);
    map.roles[NGX_AIDIAL_ROLE_ADMIN] = test_session_words(u, "boss", "owner");
    map.roles[NGX_AIDIAL_ROLE_STAFF] = test_session_words(u, "agent", "both");

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        role = test_session_role(u, &map, tests[i].word);

        ngx_aidial_unit_ok(u, role == tests[i].role, "role %s: %lu",
                           tests[i].word, (unsigned long) role);
    }

    /* a word of two roles is the lesser role's */

    map.roles[NGX_AIDIAL_ROLE_ADMIN] = test_session_words(u, "boss", "both");
    role = test_session_role(u, &map, "both");

    ngx_aidial_unit_ok(u, role == NGX_AIDIAL_ROLE_STAFF,
                       "role of two: %lu", (unsigned long) role);

    map.roles[NGX_AIDIAL_ROLE_STAFF] =
                            test_session_words(u, "agent", "client_manager");
    role = test_session_role(u, &map, "client_manager");

    ngx_aidial_unit_ok(u, role == NGX_AIDIAL_ROLE_STAFF,
                       "role of a default word: %lu", (unsigned long) role);

    word = test_session_string("client_manager");

    ngx_aidial_unit_ok(u,
        ngx_aidial_session_role(&map, &word, NGX_AIDIAL_ROLE_STAFF)
        == NGX_AIDIAL_ROLE_MANAGER
        && ngx_aidial_session_role(&map, &word, NGX_AIDIAL_ROLE_MANAGER)
        == NGX_AIDIAL_ROLE_STAFF,
        "the other role of a word");
}


static ngx_uint_t
test_session_role(ngx_aidial_unit_t *u, ngx_aidial_session_map_t *map,
    const char *word)
{
    u_char                 text[256];
    ngx_int_t              rc;
    ngx_str_t              record;
    const char            *why;
    ngx_aidial_session_t   session;

    record.data = text;
    record.len = ngx_snprintf(text, sizeof(text),
                              "{\"user_id\": \"u\", \"role\": \"%s\","
                              " \"tenant_id\": \"t\", \"client_id\": \"c\"}",
                              word) - text;

    rc = ngx_aidial_session_parse(u->pool, map, &record, TEST_NOW, &session,
                                  &why);

    return rc == NGX_OK ? session.role : NGX_AIDIAL_ROLES;
}


static ngx_array_t *
test_session_words(ngx_aidial_unit_t *u, const char *a, const char *b)
{
    ngx_str_t    *word;
    ngx_array_t  *words;

    words = ngx_array_create(u->pool, 2, sizeof(ngx_str_t));

    word = ngx_array_push(words);
    *word = test_session_string(a);

    word = ngx_array_push(words);
    *word = test_session_string(b);

    return words;
}


static void
test_session_names(ngx_aidial_unit_t *u)
{
    ngx_str_t   word, pointer;
    ngx_uint_t  i;

    static const char  *words[] = {
        "user", "role", "tenant", "client", "projects", "expires_at",
        "created_at", "User", "use", "users", ""
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        word = test_session_string(words[i]);

        ngx_aidial_unit_ok(u, ngx_aidial_session_field(&word)
                              == ngx_min(i, NGX_AIDIAL_FIELD_COUNT),
                           "field \"%s\"", words[i]);
    }

    pointer = ngx_aidial_session_pointer(NGX_AIDIAL_FIELD_PROJECTS);
    ngx_aidial_unit_ok(u, pointer.len == 12
                          && memcmp(pointer.data, "/project_ids", 12) == 0,
                       "the default place of the projects");

    for (i = 0; i < NGX_AIDIAL_ROLES; i++) {
        word = *ngx_aidial_role_word(i);

        ngx_aidial_unit_ok(u, ngx_aidial_role_find(&word) == i
                              && (word.len == 0) == (i == 0),
                           "the word of role %lu", (unsigned long) i);
    }

    word = test_session_string("client_admins");
    ngx_aidial_unit_ok(u, ngx_aidial_role_find(&word) == 0, "no role's word");
}


static ngx_str_t
test_session_string(const char *text)
{
    ngx_str_t  string;

    string.data = (u_char *) text;
    string.len = strlen(text);

    return string;
}
