
/*
 * What the workers of one edge share.
 */


#include "ngx_http_aidial.h"


ngx_int_t
ngx_http_aidial_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t           *shpool;
    ngx_http_aidial_shared_t  *shared;

    if (data) {

        /* a reload: the new workers go on with the old workers' state */

        zone->data = data;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = shpool->data;
        return NGX_OK;
    }

    shared = ngx_slab_calloc(shpool, sizeof(ngx_http_aidial_shared_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    shpool->data = shared;
    zone->data = shared;

    return NGX_OK;
}
