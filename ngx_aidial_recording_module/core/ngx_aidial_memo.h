
/*
 * What was made of octets, kept for when the same octets come again: a memo
 * of this process.  It says nothing of where the octets come from: whoever
 * asks has just got them, and a value is found only for all of the same ones.
 */


#ifndef _NGX_AIDIAL_MEMO_H_INCLUDED_
#define _NGX_AIDIAL_MEMO_H_INCLUDED_


#include "ngx_aidial_core.h"


typedef enum {
    NGX_AIDIAL_MEMO_SESSION = 0,
    NGX_AIDIAL_MEMO_CALL,
    NGX_AIDIAL_MEMO_TENANT,
    NGX_AIDIAL_MEMO_SCOPE,
    NGX_AIDIAL_MEMO_MAC
} ngx_aidial_memo_e;


/*
 * All that a value depends on.  The last value of a kind, form and id is kept;
 * another text of them takes its place.
 */

typedef struct {
    ngx_uint_t   kind;     /* ngx_aidial_memo_e */
    ngx_str_t    form;     /* how the text is read, may be empty */
    ngx_str_t    id;       /* whose it is, may be empty */
    ngx_str_t    text;
} ngx_aidial_memo_key_t;


/* the value, until the next call of a function of this file, or NULL */

const void *ngx_aidial_memo_find(const ngx_aidial_memo_key_t *key);

/*
 * A place of "len" octets, aligned for any type, for the value of the key,
 * which is not kept yet; it has to be filled at once.  NULL: it is too large
 * to be kept, or there is no memory.
 */

void *ngx_aidial_memo_keep(const ngx_aidial_memo_key_t *key, size_t len);

/* wipes and frees everything */

void ngx_aidial_memo_clear(void);

/* octets in use, at most NGX_AIDIAL_MEMO_MAX */

size_t ngx_aidial_memo_size(void);


#endif /* _NGX_AIDIAL_MEMO_H_INCLUDED_ */
