
/*
 * Session records: what is accepted is an identified user within a scope.
 */


#include "ngx_aidial_json.h"
#include "ngx_aidial_session.h"

#include <assert.h>


#define FUZZ_NOW  1795320000


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fuzz_session(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_uint_t ms);
static void fuzz_session_accepted(ngx_aidial_session_t *session);
static void fuzz_session_covers(ngx_aidial_session_t *session);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t    text;
    ngx_pool_t  *pool;

    text.data = (u_char *) data;
    text.len = size;

    pool = ngx_create_pool(4096, ngx_cycle->log);
    assert(pool != NULL);

    fuzz_session(pool, &text, 0);
    fuzz_session(pool, &text, 1);

    ngx_destroy_pool(pool);

    return 0;
}


static void
fuzz_session(ngx_pool_t *pool, const ngx_str_t *text, ngx_uint_t ms)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    const char               *why;
    ngx_aidial_session_t      session;
    ngx_aidial_session_map_t  map;

    memset(&map, 0, sizeof(map));

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        map.fields[i].pointer = ngx_aidial_session_pointer(i);
        map.fields[i].ms = ms;
    }

    why = NULL;
    rc = ngx_aidial_session_parse(pool, &map, text, FUZZ_NOW, &session, &why);

    if (rc != NGX_OK) {
        assert(rc == NGX_DECLINED && why != NULL && *why != '\0');
        return;
    }

    fuzz_session_accepted(&session);
    fuzz_session_covers(&session);
}


static void
fuzz_session_accepted(ngx_aidial_session_t *session)
{
    u_char      *p, digits[NGX_INT64_LEN];
    ngx_str_t    before;
    ngx_str_t   *projects;
    ngx_uint_t   i;

    assert(ngx_aidial_is_identifier(&session->user));
    assert(ngx_aidial_is_identifier(&session->tenant));
    assert(ngx_aidial_is_identifier(&session->client));
    assert(session->role < NGX_AIDIAL_ROLES);
    assert(session->all_projects <= 1);

    projects = session->projects.elts;

    for (i = 0; i < session->projects.nelts; i++) {
        assert(ngx_aidial_is_identifier(&projects[i]));
    }

    assert(session->expires_at == -1 || session->expires_at > FUZZ_NOW);
    assert(session->expires_at < NGX_AIDIAL_SECONDS_MAX);
    assert(session->created_at >= -1);
    assert(session->created_at < NGX_AIDIAL_SECONDS_MAX);

    /* a session is dead from the second on in which it was made */

    p = ngx_sprintf(digits, "%L", ngx_max(session->created_at, 0));
    before.data = digits;
    before.len = p - digits;

    assert(ngx_aidial_session_revoked(session, &before));
}


static void
fuzz_session_covers(ngx_aidial_session_t *session)
{
    ngx_str_t          *projects;
    ngx_uint_t          i;
    ngx_aidial_call_t   call;

    memset(&call, 0, sizeof(call));
    call.tenant = session->tenant;
    call.client = session->client;

    projects = session->projects.elts;

    for (i = 0; i < session->projects.nelts; i++) {
        call.project = projects[i];
        assert(ngx_aidial_session_covers(session, &call));
    }

    /* no identifier has this octet, so only "*" covers such a project */

    ngx_str_set(&call.project, "/");
    assert(ngx_aidial_session_covers(session, &call)
           == session->all_projects);

    ngx_str_set(&call.tenant, "/");
    assert(!ngx_aidial_session_covers(session, &call));
}
