
/*
 * Records that are recalled are what parsing them again would give.
 */


#include "aidial_unit.h"
#include "ngx_aidial_core.h"
#include "ngx_aidial_memo.h"
#include "ngx_aidial_recall.h"


#define NGX_AIDIAL_UNIT_NOW  1795320000


static void test_recall_session(ngx_aidial_unit_t *u);
static void test_recall_map(ngx_aidial_unit_t *u);
static void test_recall_time(ngx_aidial_unit_t *u);
static void test_recall_session_case(ngx_aidial_unit_t *u, const char *name);
static void test_recall_call(ngx_aidial_unit_t *u);
static void test_recall_call_case(ngx_aidial_unit_t *u, const char *name);
static void test_recall_tenant(ngx_aidial_unit_t *u);
static ngx_uint_t test_recall_same_session(const ngx_aidial_session_t *a,
    const ngx_aidial_session_t *b);
static ngx_uint_t test_recall_same_call(const ngx_aidial_call_t *a,
    const ngx_aidial_call_t *b);
static void test_recall_map_default(ngx_aidial_session_map_t *map);


static ngx_str_t  test_recall_text = ngx_string(
    "{\"user_id\": \"u_81\", \"role\": \"client_staff\","
    " \"tenant_id\": \"t_1\", \"client_id\": \"cl_1\","
    " \"project_ids\": [\"p_1\", \"*\", \"p_22\"],"
    " \"expires_at\": 1795329999, \"other\": \"u_99\"}");

static ngx_str_t  test_recall_id = ngx_string("s_1");


void
test_recall(ngx_aidial_unit_t *u)
{
    test_recall_session(u);
    test_recall_map(u);
    test_recall_time(u);
    test_recall_call(u);
    test_recall_tenant(u);

    ngx_aidial_unit_each(u, "session", test_recall_session_case);
    ngx_aidial_unit_each(u, "call", test_recall_call_case);

    ngx_aidial_recall_clear();
}


static void
test_recall_session(ngx_aidial_unit_t *u)
{
    ngx_int_t                  rc;
    ngx_str_t                  text;
    const char                *why;
    ngx_pool_t                *pool;
    ngx_aidial_session_t       first, again;
    ngx_aidial_session_map_t   map;

    test_recall_map_default(&map);
    ngx_aidial_recall_clear();

    /* what is kept must not lie in the pool of who was first */

    pool = ngx_create_pool(1024, u->pool->log);

    (void) ngx_aidial_session_recall(pool, &map, &test_recall_id,
                                     &test_recall_text, NGX_AIDIAL_UNIT_NOW,
                                     &first, &why);
    ngx_destroy_pool(pool);

    (void) ngx_aidial_session_parse(u->pool, &map, &test_recall_text,
                                    NGX_AIDIAL_UNIT_NOW, &first, &why);

    memset(&again, 0xff, sizeof(again));

    rc = ngx_aidial_session_recall(u->pool, &map, &test_recall_id,
                                   &test_recall_text, NGX_AIDIAL_UNIT_NOW,
                                   &again, &why);

    ngx_aidial_unit_ok(u, rc == NGX_OK
                          && test_recall_same_session(&first, &again)
                          && again.projects.nelts == 2,
                       "a session that was parsed before");
    ngx_aidial_unit_ok(u, ngx_array_push(&again.projects) != NULL,
                       "its list belongs to the request");

    /* nor in the memo: it may change while a request goes on */

    ngx_aidial_recall_clear();
    again.projects.nelts--;
    ngx_aidial_unit_ok(u, test_recall_same_session(&first, &again),
                       "what was recalled outlives the memo");

    text = test_recall_text;
    text.len--;
    rc = ngx_aidial_session_recall(u->pool, &map, &test_recall_id, &text,
                                   NGX_AIDIAL_UNIT_NOW, &again, &why);
    ngx_aidial_unit_ok(u, rc == NGX_DECLINED, "the record was cut short");
    ngx_aidial_unit_ok(u, ngx_aidial_memo_size() == 0,
                       "an unusable record is not kept");
}


/* the same octets in two portals */

static void
test_recall_map(ngx_aidial_unit_t *u)
{
    ngx_str_t                  user;
    const char                *why;
    ngx_aidial_session_t       one, two;
    ngx_aidial_session_map_t   map, inherited, other;

    test_recall_map_default(&map);
    ngx_aidial_recall_clear();

    (void) ngx_aidial_session_recall(u->pool, &map, &test_recall_id,
                                     &test_recall_text, NGX_AIDIAL_UNIT_NOW,
                                     &one, &why);

    other = map;
    ngx_str_set(&other.fields[NGX_AIDIAL_FIELD_USER].pointer, "/other");

    (void) ngx_aidial_session_recall(u->pool, &other, &test_recall_id,
                                     &test_recall_text, NGX_AIDIAL_UNIT_NOW,
                                     &two, &why);

    ngx_str_set(&user, "u_99");
    ngx_aidial_unit_ok(u, ngx_aidial_same(&two.user, &user),
                       "another map reads another user");

    inherited = map;

    (void) ngx_aidial_session_recall(u->pool, &inherited, &test_recall_id,
                                     &test_recall_text, NGX_AIDIAL_UNIT_NOW,
                                     &two, &why);
    ngx_aidial_unit_ok(u, test_recall_same_session(&one, &two),
                       "a map that was inherited reads the same");
}


static void
test_recall_time(ngx_aidial_unit_t *u)
{
    time_t                     now;
    ngx_int_t                  rc;
    const char                *why;
    ngx_uint_t                 i;
    ngx_aidial_session_t       session;
    ngx_aidial_session_map_t   map;

    test_recall_map_default(&map);
    ngx_aidial_recall_clear();

    for (i = 0; i < 3; i++) {
        now = 1795329997 + i;
        rc = ngx_aidial_session_recall(u->pool, &map, &test_recall_id,
                                       &test_recall_text, now, &session, &why);

        ngx_aidial_unit_ok(u, rc == (i < 2 ? NGX_OK : NGX_DECLINED),
                           "recalled %lu s before its end",
                           (unsigned long) (2 - i));
    }

    ngx_aidial_unit_ok(u, strcmp(why, NGX_AIDIAL_SESSION_EXPIRED) == 0,
                       "it has expired");
}


/* each twice: as it is read, and as it is recalled if it was sound */

static void
test_recall_session_case(ngx_aidial_unit_t *u, const char *name)
{
    char                       path[200];
    ngx_int_t                  rc, again;
    ngx_str_t                  input;
    ngx_uint_t                 i;
    const char                *why, *why_again;
    ngx_aidial_session_t       session, recalled;
    ngx_aidial_session_map_t   map;

    test_recall_map_default(&map);

    snprintf(path, sizeof(path), "session/%s/input", name);
    input = ngx_aidial_unit_file(u, path);

    why = why_again = "";
    rc = ngx_aidial_session_parse(u->pool, &map, &input, NGX_AIDIAL_UNIT_NOW,
                                  &session, &why);

    for (i = 0; i < 2; i++) {
        again = ngx_aidial_session_recall(u->pool, &map, &test_recall_id,
                                          &input, NGX_AIDIAL_UNIT_NOW,
                                          &recalled, &why_again);

        ngx_aidial_unit_ok(u, rc == again && strcmp(why, why_again) == 0
                              && (rc != NGX_OK
                                  || test_recall_same_session(&session,
                                                              &recalled)),
                           "session/%s, time %lu", name, (unsigned long) i);
    }
}


/* a file name that is made has the call's id in it */

static void
test_recall_call(ngx_aidial_unit_t *u)
{
    ngx_str_t           a, b;
    const char         *why;
    ngx_uint_t          i;
    ngx_aidial_call_t   one, two;

    static ngx_str_t  text = ngx_string(
        "{\"tenant_id\": \"t\", \"client_id\": \"c\", \"project_id\": \"p\","
        " \"media\": {\"content_type\": \"audio/mpeg\"}}");

    ngx_str_set(&a, "c_1");
    ngx_str_set(&b, "c_2");

    ngx_aidial_recall_clear();

    for (i = 0; i < 2; i++) {
        (void) ngx_aidial_call_recall(u->pool, &text, &a, &one, &why);
        (void) ngx_aidial_call_recall(u->pool, &text, &b, &two, &why);

        ngx_aidial_unit_ok(u, one.filename.len == two.filename.len
                              && !ngx_aidial_same(&one.filename,
                                                  &two.filename),
                           "two calls with one text, time %lu",
                           (unsigned long) i);
    }
}


static void
test_recall_call_case(ngx_aidial_unit_t *u, const char *name)
{
    char                path[200];
    ngx_int_t           rc, again;
    ngx_str_t           input, id;
    ngx_uint_t          i;
    const char         *why, *why_again;
    ngx_aidial_call_t   call, recalled;

    ngx_str_set(&id, "c_9");

    snprintf(path, sizeof(path), "call/%s/input", name);
    input = ngx_aidial_unit_file(u, path);

    why = why_again = "";
    rc = ngx_aidial_call_parse(u->pool, &input, &id, &call, &why);

    for (i = 0; i < 2; i++) {
        again = ngx_aidial_call_recall(u->pool, &input, &id, &recalled,
                                       &why_again);

        ngx_aidial_unit_ok(u, rc == again && strcmp(why, why_again) == 0
                              && (rc != NGX_OK
                                  || test_recall_same_call(&call, &recalled)),
                           "call/%s, time %lu", name, (unsigned long) i);
    }
}


static void
test_recall_tenant(ngx_aidial_unit_t *u)
{
    ngx_str_t             id;
    const char           *why;
    ngx_uint_t            i;
    ngx_aidial_tenant_t   tenant;

    static ngx_str_t  on = ngx_string("{\"staff_playback\": true}");
    static ngx_str_t  off = ngx_string("{\"staff_playback\": null}");

    ngx_str_set(&id, "t_1");
    ngx_aidial_recall_clear();

    for (i = 0; i < 4; i++) {
        (void) ngx_aidial_tenant_recall(&id, (i & 2) ? &off : &on, &tenant,
                                        &why);

        ngx_aidial_unit_ok(u, tenant.staff_playback == !(i & 2)
                              && !tenant.recording_download,
                           "a tenant, time %lu", (unsigned long) i);
    }
}


static ngx_uint_t
test_recall_same_session(const ngx_aidial_session_t *a,
    const ngx_aidial_session_t *b)
{
    ngx_str_t   *p, *q;
    ngx_uint_t   i;

    if (!ngx_aidial_same(&a->user, &b->user)
        || !ngx_aidial_same(&a->tenant, &b->tenant)
        || !ngx_aidial_same(&a->client, &b->client)
        || a->role != b->role
        || a->all_projects != b->all_projects
        || a->expires_at != b->expires_at
        || a->created_at != b->created_at
        || a->projects.nelts != b->projects.nelts)
    {
        return 0;
    }

    p = a->projects.elts;
    q = b->projects.elts;

    for (i = 0; i < a->projects.nelts; i++) {
        if (!ngx_aidial_same(&p[i], &q[i])) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
test_recall_same_call(const ngx_aidial_call_t *a, const ngx_aidial_call_t *b)
{
    return ngx_aidial_same(&a->tenant, &b->tenant)
           && ngx_aidial_same(&a->client, &b->client)
           && ngx_aidial_same(&a->project, &b->project)
           && ngx_aidial_same(&a->object, &b->object)
           && ngx_aidial_same(&a->content_type, &b->content_type)
           && ngx_aidial_same(&a->filename, &b->filename)
           && a->consent == b->consent
           && a->compliance == b->compliance
           && a->media == b->media
           && a->size_bytes == b->size_bytes
           && a->duration_seconds == b->duration_seconds;
}


static void
test_recall_map_default(ngx_aidial_session_map_t *map)
{
    ngx_uint_t  i;

    ngx_memzero(map, sizeof(ngx_aidial_session_map_t));

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        map->fields[i].pointer = ngx_aidial_session_pointer(i);
    }
}
