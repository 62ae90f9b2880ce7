
#include "ngx_aidial_ranges.h"


static void ngx_aidial_ranges_put(ngx_aidial_range_t *list, ngx_uint_t *n,
    off_t first, off_t last);
static void ngx_aidial_ranges_close_gap(ngx_aidial_range_t *list,
    ngx_uint_t *n);


void
ngx_aidial_ranges_add(ngx_aidial_ranges_t *set, off_t first, off_t last)
{
    ngx_uint_t          i, n, added;
    ngx_aidial_range_t  list[NGX_AIDIAL_RANGES_MAX + 1];

    n = 0;
    added = 0;

    /* the list again, with the new range in its place */

    for (i = 0; i < set->n; i++) {

        if (!added && first <= set->ranges[i].first) {
            ngx_aidial_ranges_put(list, &n, first, last);
            added = 1;
        }

        ngx_aidial_ranges_put(list, &n, set->ranges[i].first,
                              set->ranges[i].last);
    }

    if (!added) {
        ngx_aidial_ranges_put(list, &n, first, last);
    }

    if (n > NGX_AIDIAL_RANGES_MAX) {
        ngx_aidial_ranges_close_gap(list, &n);
    }

    set->n = n;
    ngx_memcpy(set->ranges, list, n * sizeof(ngx_aidial_range_t));
}


/* appends a range that begins behind the first byte of the last one */

static void
ngx_aidial_ranges_put(ngx_aidial_range_t *list, ngx_uint_t *n, off_t first,
    off_t last)
{
    ngx_aidial_range_t  *before;

    before = *n ? &list[*n - 1] : NULL;

    if (before && first <= before->last + 1) {
        before->last = ngx_max(before->last, last);
        return;
    }

    list[*n].first = first;
    list[*n].last = last;
    (*n)++;
}


static void
ngx_aidial_ranges_close_gap(ngx_aidial_range_t *list, ngx_uint_t *n)
{
    ngx_uint_t  i, at;

    at = 1;

    for (i = 2; i < *n; i++) {
        if (list[i].first - list[i - 1].last
            < list[at].first - list[at - 1].last)
        {
            at = i;
        }
    }

    list[at - 1].last = list[at].last;

    ngx_memmove(&list[at], &list[at + 1],
                (*n - at - 1) * sizeof(ngx_aidial_range_t));
    (*n)--;
}


u_char *
ngx_aidial_ranges_text(u_char *buf, const ngx_aidial_ranges_t *set)
{
    u_char      *p;
    ngx_uint_t   i;

    p = buf;

    for (i = 0; i < set->n; i++) {
        p = ngx_sprintf(p, i ? ",%O-%O" : "%O-%O", set->ranges[i].first,
                        set->ranges[i].last);
    }

    return p;
}
