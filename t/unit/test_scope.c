
/*
 * What a session is good for: revocation and scope.
 */


#include "aidial_unit.h"
#include "ngx_aidial_session.h"


typedef struct {
    const char  *text;
    int64_t      created_at;
    ngx_uint_t   revoked;
} test_revoked_t;


typedef struct {
    const char  *tenant;
    const char  *client;
    const char  *project;
    ngx_uint_t   some;       /* with the projects p_1 and p_2 */
    ngx_uint_t   all;        /* with "*" */
} test_scope_t;


static void test_scope_revoked(ngx_aidial_unit_t *u);
static void test_scope_covers(ngx_aidial_unit_t *u);
static ngx_str_t test_scope_string(const char *text);


static const test_revoked_t  test_revocations[] = {
    { "99", 100, 0 },
    { "100", 100, 1 },
    { "101", 100, 1 },
    { "0", 0, 1 },
    { "0", 1, 0 },
    { "0", -1, 1 },
    { "000000000099", 100, 0 },
    { "99999999999", 99999999999, 1 },
    { "99999999998", 99999999999, 0 },
    { "99", -1, 1 },
    { "", 100, 1 },
    { "0000000000099", 100, 1 },
    { "100000000000", 100, 1 },
    { "999999999999", 100, 1 },
    { "100000000000", 200000000000, 1 },
    { "99999999999999999999999", 100, 1 },
    { "-1", 100, 1 },
    { "+1", 100, 1 },
    { " 1", 100, 1 },
    { "1 ", 100, 1 },
    { "1\n", 100, 1 },
    { "1.0", 100, 1 },
    { "1e1", 100, 1 },
    { "0x1", 100, 1 },
    { "a", 100, 1 },
    { "/", 100, 1 },
    { ":", 100, 1 },
    { "null", 100, 1 },
    { "\"1\"", 100, 1 }
};


static const test_scope_t  test_scopes[] = {
    { "t_1", "cl_1", "p_1", 1, 1 },
    { "t_1", "cl_1", "p_2", 1, 1 },
    { "t_1", "cl_1", "p_3", 0, 1 },
    { "t_1", "cl_1", "P_1", 0, 1 },
    { "t_1", "cl_1", "p_", 0, 1 },
    { "t_1", "cl_1", "p_11", 0, 1 },
    { "t_1", "cl_2", "p_1", 0, 0 },
    { "t_1", "CL_1", "p_1", 0, 0 },
    { "t_1", "cl_", "p_1", 0, 0 },
    { "t_2", "cl_1", "p_1", 0, 0 },
    { "T_1", "cl_1", "p_1", 0, 0 },
    { "t_11", "cl_1", "p_1", 0, 0 },
    { "cl_1", "t_1", "p_1", 0, 0 }
};


void
test_scope(ngx_aidial_unit_t *u)
{
    test_scope_revoked(u);
    test_scope_covers(u);
}


static void
test_scope_revoked(ngx_aidial_unit_t *u)
{
    size_t                 i;
    ngx_str_t              text;
    ngx_uint_t             revoked;
    const test_revoked_t  *test;
    ngx_aidial_session_t   session;

    memset(&session, 0, sizeof(session));

    for (i = 0; i < sizeof(test_revocations) / sizeof(test_revocations[0]);
         i++)
    {
        test = &test_revocations[i];
        text = test_scope_string(test->text);
        session.created_at = test->created_at;

        revoked = ngx_aidial_session_revoked(&session, &text);

        ngx_aidial_unit_ok(u, revoked == test->revoked,
                           "created at %ld, revoked before \"%s\": %lu",
                           (long) test->created_at, test->text,
                           (unsigned long) revoked);
    }

    session.created_at = 100;
    text.data = (u_char *) "1\0";
    text.len = 2;

    ngx_aidial_unit_ok(u, ngx_aidial_session_revoked(&session, &text),
                       "revoked before a NUL");
}


static void
test_scope_covers(ngx_aidial_unit_t *u)
{
    size_t                 i;
    ngx_str_t             *project;
    const test_scope_t    *test;
    ngx_aidial_call_t      call;
    ngx_aidial_session_t   some, all, none;

    memset(&call, 0, sizeof(call));
    memset(&some, 0, sizeof(some));

    some.tenant = test_scope_string("t_1");
    some.client = test_scope_string("cl_1");

    none = some;
    all = some;
    all.all_projects = 1;

    ngx_array_init(&some.projects, u->pool, 2, sizeof(ngx_str_t));

    project = ngx_array_push(&some.projects);
    *project = test_scope_string("p_1");

    project = ngx_array_push(&some.projects);
    *project = test_scope_string("p_2");

    for (i = 0; i < sizeof(test_scopes) / sizeof(test_scopes[0]); i++) {
        test = &test_scopes[i];
        call.tenant = test_scope_string(test->tenant);
        call.client = test_scope_string(test->client);
        call.project = test_scope_string(test->project);

        ngx_aidial_unit_ok(u,
                      ngx_aidial_session_covers(&some, &call) == test->some
                      && ngx_aidial_session_covers(&all, &call) == test->all
                      && ngx_aidial_session_covers(&none, &call) == 0,
                      "scope of %s %s %s", test->tenant, test->client,
                      test->project);
    }
}


static ngx_str_t
test_scope_string(const char *text)
{
    ngx_str_t  string;

    string.data = (u_char *) text;
    string.len = strlen(text);

    return string;
}
