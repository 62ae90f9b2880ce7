
/*
 * The runner of the unit tests: core is tested against nginx's own pools,
 * strings and arrays, without mocks.
 */


#ifndef _NGX_AIDIAL_UNIT_H_INCLUDED_
#define _NGX_AIDIAL_UNIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_pool_t  *pool;     /* fresh for each suite */
    ngx_uint_t   cases;
    ngx_uint_t   failed;
    const char  *suite;
} ngx_aidial_unit_t;


/* one case; "fmt" is printf's, and names the case when it fails */

void ngx_aidial_unit_ok(ngx_aidial_unit_t *u, ngx_uint_t ok, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/*
 * The content of t/data/<path> in a block of exactly its size, so that a read
 * behind its end is caught; data is NULL when there is no such file.
 */

ngx_str_t ngx_aidial_unit_file(ngx_aidial_unit_t *u, const char *path);

/*
 * Calls "fn" with the name of each folder in t/data/<dir>, sorted.  A folder
 * without folders is a failed case: a data set must not vanish unseen.
 */

void ngx_aidial_unit_each(ngx_aidial_unit_t *u, const char *dir,
    void (*fn)(ngx_aidial_unit_t *u, const char *name));


#endif /* _NGX_AIDIAL_UNIT_H_INCLUDED_ */
