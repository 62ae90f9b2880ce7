
/*
 * What nginx's pools and strings need of the rest of nginx: a page size, a
 * cycle with a log, and a place where a logged line goes.
 */


#include <ngx_config.h>
#include <ngx_core.h>


static ngx_log_t    ngx_aidial_shim_log;
static ngx_cycle_t  ngx_aidial_shim_cycle = { .log = &ngx_aidial_shim_log };

volatile ngx_cycle_t  *ngx_cycle = &ngx_aidial_shim_cycle;


static void __attribute__((constructor))
ngx_aidial_shim_init(void)
{
    ngx_pagesize = getpagesize();
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    fprintf(stderr, "nginx log, level %lu: %s\n", (unsigned long) level, fmt);
}
