
/*
 * Options, Redis, scan, summary; and what happens when there is no memory or
 * somebody presses Ctrl-C.
 */


#include "kit.h"

#include <signal.h>


static void kit_interrupt(int signo);
static void kit_signals(void);


volatile sig_atomic_t  kit_interrupted;


int
main(int argc, char **argv)
{
    int          code;
    kit_t        kit;
    ngx_int_t    rc;
    ngx_pool_t  *pool;

    memset(&kit, 0, sizeof(kit_t));

    pool = kit_pool();

    kit_options(pool, &kit.options, argc, argv);
    kit_signals();

    kit.now = kit.options.now ? kit.options.now : time(NULL);

    code = KIT_CANNOT;

    if (kit_key_init(&kit, pool) == NGX_OK
        && kit_redis_open(&kit) == NGX_OK
        && kit_redis_server(&kit, pool) == NGX_OK)
    {
        rc = kit_scan(&kit);
        code = kit_summary(&kit, rc == NGX_OK);
    }

    if (kit.redis) {
        redisFree(kit.redis);
    }

    ngx_destroy_pool(pool);

    return code;
}


/* a read under way goes on; the scan looks between two batches */

static void
kit_signals(void)
{
    struct sigaction  action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = kit_interrupt;
    sigemptyset(&action.sa_mask);

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}


static void
kit_interrupt(int signo)
{
    (void) signo;

    kit_interrupted = 1;
}


ngx_pool_t *
kit_pool(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);

    if (pool == NULL) {
        fprintf(stderr, "conformance: no memory\n");
        exit(KIT_CANNOT);
    }

    return pool;
}


void *
kit_alloc(ngx_pool_t *pool, size_t size)
{
    void  *p;

    p = ngx_pcalloc(pool, size);

    if (p == NULL) {
        fprintf(stderr, "conformance: no memory\n");
        exit(KIT_CANNOT);
    }

    return p;
}
