
/*
 * A lack of memory at every place is NGX_ERROR, never a record half read.
 * The runner is linked with --wrap=ngx_alloc, so that each allocation from a
 * pool (NGX_DEBUG_PALLOC) passes here.
 */


#include "aidial_unit.h"
#include "ngx_aidial_call.h"
#include "ngx_aidial_session.h"


#define TEST_ENOUGH  1000


void *__real_ngx_alloc(size_t size, ngx_log_t *log);
void *__wrap_ngx_alloc(size_t size, ngx_log_t *log);


static void test_memory_each(ngx_aidial_unit_t *u, const char *name,
    ngx_int_t (*fn)(ngx_aidial_unit_t *u), ngx_uint_t least);
static ngx_int_t test_memory_session(ngx_aidial_unit_t *u);
static ngx_int_t test_memory_call(ngx_aidial_unit_t *u);
static ngx_int_t test_memory_made(ngx_aidial_unit_t *u);
static ngx_int_t test_memory_disposition(ngx_aidial_unit_t *u);


/* how many allocations there is memory for; the first refusal is noted */

static ngx_uint_t  test_allocations = TEST_ENOUGH;
static ngx_uint_t  test_refused;


static const ngx_str_t  test_memory_id = ngx_string("c_9");


void
test_memory(ngx_aidial_unit_t *u)
{
    /* user, role, tenant, client, the list, two projects */

    test_memory_each(u, "session", test_memory_session, 7);

    /* tenant, client, project, object, type, name */

    test_memory_each(u, "call", test_memory_call, 6);
    test_memory_each(u, "made name", test_memory_made, 4);
    test_memory_each(u, "disposition", test_memory_disposition, 1);
}


static void
test_memory_each(ngx_aidial_unit_t *u, const char *name,
    ngx_int_t (*fn)(ngx_aidial_unit_t *u), ngx_uint_t least)
{
    ngx_int_t   rc;
    ngx_uint_t  n;

    rc = NGX_ERROR;

    for (n = 0; n < 100 && rc != NGX_OK; n++) {
        test_allocations = n;
        test_refused = 0;

        rc = fn(u);

        test_allocations = TEST_ENOUGH;

        ngx_aidial_unit_ok(u, rc == (test_refused ? NGX_ERROR : NGX_OK),
                           "%s with %lu allocations: %ld", name,
                           (unsigned long) n, (long) rc);
    }

    ngx_aidial_unit_ok(u, rc == NGX_OK && n == least + 1,
                       "%s needs %lu allocations", name,
                       (unsigned long) n - 1);
}


static ngx_int_t
test_memory_session(ngx_aidial_unit_t *u)
{
    ngx_uint_t                i;
    const char               *why;
    ngx_aidial_session_t      session;
    ngx_aidial_session_map_t  map;

    static const ngx_str_t  text = ngx_string(
        "{\"user_id\": \"u_81\", \"role\": \"client_staff\", \"tenant_id\":"
        " \"t_1\", \"client_id\": 1, \"project_ids\": [\"p_1\", \"p_2\"]}");

    memset(&map, 0, sizeof(map));

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        map.fields[i].pointer = ngx_aidial_session_pointer(i);
    }

    return ngx_aidial_session_parse(u->pool, &map, &text, 0, &session, &why);
}


static ngx_int_t
test_memory_call(ngx_aidial_unit_t *u)
{
    const char         *why;
    ngx_aidial_call_t   call;

    static const ngx_str_t  text = ngx_string(
        "{\"tenant_id\": \"t_1\", \"client_id\": \"cl_1\", \"project_id\":"
        " \"p_1\", \"media\": {\"status\": \"available\", \"object\": \"/a\","
        " \"content_type\": \"audio/mpeg\", \"filename\": \"a.mp3\"}}");

    return ngx_aidial_call_parse(u->pool, &text, &test_memory_id, &call, &why);
}


static ngx_int_t
test_memory_made(ngx_aidial_unit_t *u)
{
    const char         *why;
    ngx_aidial_call_t   call;

    static const ngx_str_t  text = ngx_string(
        "{\"tenant_id\": \"t_1\", \"client_id\": \"cl_1\", \"project_id\":"
        " \"p_1\"}");

    return ngx_aidial_call_parse(u->pool, &text, &test_memory_id, &call, &why);
}


static ngx_int_t
test_memory_disposition(ngx_aidial_unit_t *u)
{
    ngx_str_t  value;

    return ngx_aidial_call_disposition(u->pool, &test_memory_id, &value);
}


void *
__wrap_ngx_alloc(size_t size, ngx_log_t *log)
{
    if (test_allocations == 0) {
        test_refused = 1;
        return NULL;
    }

    if (test_allocations != TEST_ENOUGH) {
        test_allocations--;
    }

    return __real_ngx_alloc(size, log);
}
