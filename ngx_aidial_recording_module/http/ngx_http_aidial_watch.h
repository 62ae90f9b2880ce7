
/*
 * A watch: one session and one call in one worker, and the responses of both
 * that run.
 */


#ifndef _NGX_HTTP_AIDIAL_WATCH_H_INCLUDED_
#define _NGX_HTTP_AIDIAL_WATCH_H_INCLUDED_


#include "ngx_http_aidial_delivery.h"


struct ngx_http_aidial_watch_s {
    ngx_rbtree_node_t                  node;
    ngx_queue_t                        runs;
    ngx_queue_t                        queue;     /* of the line */
    ngx_event_t                        timer;
    const ngx_http_aidial_loc_conf_t  *conf;
    ngx_str_t                          keys[NGX_AIDIAL_RECORD_COUNT];

    ngx_aidial_redis_op_t             *op;        /* asked, not answered */
    ngx_aidial_redis_op_t             *seen;      /* what all were judged by */
    ngx_msec_t                         asked;
    ngx_msec_t                         verified;  /* asked then, and answered */
    ngx_msec_t                         joined;    /* the last response */
    int64_t                            ends;      /* a session; -1: none */

    unsigned                           busy:1;    /* its responses are cut */
    unsigned                           waits:1;   /* in line */
};


/* those who wait to ask, and how many have asked and have no answer */

extern ngx_queue_t  ngx_http_aidial_watches_line;
extern ngx_uint_t   ngx_http_aidial_watches_asking;


/* ngx_http_aidial_watch.c */

void ngx_http_aidial_watch_free(ngx_http_aidial_watch_t *watch);

/* releases an operation, if there is one */

void ngx_http_aidial_watch_forget(ngx_aidial_redis_op_t **op);


/* ngx_http_aidial_recheck.c: the timer of a watch, from its creation on */

void ngx_http_aidial_watch_timer(ngx_event_t *ev);


#endif /* _NGX_HTTP_AIDIAL_WATCH_H_INCLUDED_ */
