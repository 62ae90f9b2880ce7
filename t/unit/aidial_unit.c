
/*
 * Runs the suites of the table, or those named on the command line.  The last
 * line says "N passed, N failed"; the exit code is 1 when a case failed or
 * when none ran.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "aidial_unit.h"


#define NGX_AIDIAL_UNIT_DATA      "t/data/"
#define NGX_AIDIAL_UNIT_PATH_MAX  1024


/* one row a suite: X(name) is test_<name>() of t/unit/test_<name>.c */

#define NGX_AIDIAL_UNIT_SUITES(X)                                             \
    X(reason)                                                                 \
    X(histogram)                                                              \
    X(hmac)                                                                   \
    X(token)                                                                  \
    X(cookie)                                                                 \
    X(padding)                                                                \
    X(jwt)                                                                    \
    X(jwt_key)                                                                \
    X(policy)                                                                 \
    X(key)                                                                    \
    X(json)                                                                   \
    X(value)                                                                  \
    X(session)                                                                \
    X(scope)                                                                  \
    X(call)                                                                   \
    X(tenant)                                                                 \
    X(block)                                                                  \
    X(memo)                                                                   \
    X(kept)                                                                   \
    X(recall)                                                                 \
    X(ask)                                                                    \
    X(audit)                                                                  \
    X(ranges)                                                                 \
    X(memory)


typedef struct {
    const char  *name;
    void       (*run)(ngx_aidial_unit_t *u);
} ngx_aidial_unit_suite_t;


static ngx_int_t ngx_aidial_unit_run(ngx_aidial_unit_t *u,
    const ngx_aidial_unit_suite_t *suite);
static ngx_uint_t ngx_aidial_unit_wanted(int argc, char **argv,
    const char *name);
static int ngx_aidial_unit_is_folder(const struct dirent *entry);


#define X(name)  void test_##name(ngx_aidial_unit_t *u);
NGX_AIDIAL_UNIT_SUITES(X)
#undef X


static const ngx_aidial_unit_suite_t  ngx_aidial_unit_suites[] = {
#define X(name)  { #name, test_##name },
    NGX_AIDIAL_UNIT_SUITES(X)
#undef X
    { NULL, NULL }
};


int
main(int argc, char **argv)
{
    const ngx_aidial_unit_suite_t  *suite;
    ngx_aidial_unit_t               u;

    memset(&u, 0, sizeof(ngx_aidial_unit_t));

    for (suite = ngx_aidial_unit_suites; suite->name; suite++) {

        if (!ngx_aidial_unit_wanted(argc, argv, suite->name)) {
            continue;
        }

        if (ngx_aidial_unit_run(&u, suite) != NGX_OK) {
            u.cases++;
            u.failed++;
        }
    }

    printf("%lu passed, %lu failed\n", (unsigned long) (u.cases - u.failed),
           (unsigned long) u.failed);

    return (u.failed || u.cases == 0) ? 1 : 0;
}


static ngx_int_t
ngx_aidial_unit_run(ngx_aidial_unit_t *u, const ngx_aidial_unit_suite_t *suite)
{
    ngx_uint_t  before;

    u->suite = suite->name;
    before = u->cases;

    u->pool = ngx_create_pool(4096, ngx_cycle->log);
    if (u->pool == NULL) {
        printf("%s: no memory\n", suite->name);
        return NGX_ERROR;
    }

    suite->run(u);

    ngx_destroy_pool(u->pool);
    u->pool = NULL;

    printf("%s: %lu cases\n", suite->name,
           (unsigned long) (u->cases - before));

    if (u->cases == before) {
        printf("%s: the suite has no case\n", suite->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_unit_wanted(int argc, char **argv, const char *name)
{
    int  i;

    if (argc < 2) {
        return 1;
    }

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return 1;
        }
    }

    return 0;
}


void
ngx_aidial_unit_ok(ngx_aidial_unit_t *u, ngx_uint_t ok, const char *fmt, ...)
{
    va_list  args;

    u->cases++;

    if (ok) {
        return;
    }

    u->failed++;

    printf("FAILED %s: ", u->suite);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");

    /* a sanitizer's abort right behind must not swallow the line */

    fflush(stdout);
}


ngx_str_t
ngx_aidial_unit_file(ngx_aidial_unit_t *u, const char *path)
{
    char         name[NGX_AIDIAL_UNIT_PATH_MAX];
    FILE        *file;
    ngx_str_t    text;
    struct stat  st;

    ngx_str_null(&text);

    snprintf(name, sizeof(name), NGX_AIDIAL_UNIT_DATA "%s", path);

    file = fopen(name, "rb");
    if (file == NULL) {
        return text;
    }

    if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
        fclose(file);
        return text;
    }

    text.len = st.st_size;
    text.data = ngx_pnalloc(u->pool, text.len);

    if (text.data == NULL
        || fread(text.data, 1, text.len, file) != text.len)
    {
        ngx_str_null(&text);
    }

    fclose(file);

    return text;
}


void
ngx_aidial_unit_each(ngx_aidial_unit_t *u, const char *dir,
    void (*fn)(ngx_aidial_unit_t *u, const char *name))
{
    int              i, n;
    char             name[NGX_AIDIAL_UNIT_PATH_MAX];
    struct dirent  **entries;

    snprintf(name, sizeof(name), NGX_AIDIAL_UNIT_DATA "%s", dir);

    n = scandir(name, &entries, ngx_aidial_unit_is_folder, alphasort);

    if (n <= 0) {
        ngx_aidial_unit_ok(u, 0, "%s has no folders", name);
    }

    if (n < 0) {
        return;
    }

    for (i = 0; i < n; i++) {
        fn(u, entries[i]->d_name);
        free(entries[i]);
    }

    free(entries);
}


static int
ngx_aidial_unit_is_folder(const struct dirent *entry)
{
    return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}
