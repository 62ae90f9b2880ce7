
#include "ngx_aidial_redis_stats.h"


static ngx_aidial_redis_counters_t  ngx_aidial_redis_own_counters;
static ngx_aidial_redis_census_t    ngx_aidial_redis_own_census;

ngx_aidial_redis_counters_t  *ngx_aidial_redis_counters =
                                             &ngx_aidial_redis_own_counters;
ngx_aidial_redis_census_t    *ngx_aidial_redis_census =
                                             &ngx_aidial_redis_own_census;


void
ngx_aidial_redis_census_move(ngx_aidial_redis_census_t *place)
{
    if (place == NULL) {
        place = &ngx_aidial_redis_own_census;
    }

    *place = *ngx_aidial_redis_census;
    ngx_aidial_redis_census = place;
}


/* ngx_current_msec is a thousand times too coarse, and as old as the turn */

uint64_t
ngx_aidial_redis_clock(void)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
