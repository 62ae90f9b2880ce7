
/*
 * A memo has a fixed number of places.  The id of a key names a set of them:
 *
 *     hash(id) -> | entry | entry | entry | entry |      of one set
 *
 * so a search compares four entries at most, whoever has chosen the ids; of a
 * full set the entry that was used longest ago gives way.  All entries stand
 * in one queue as well, and from its end they go when there are too many
 * octets.
 *
 * An entry is one block:
 *
 *     | entry | value | form | id | text |
 *
 * It holds what people have in their records, so it is wiped when it goes.
 */


#include "ngx_aidial_memo.h"


#define NGX_AIDIAL_MEMO_SETS    8192
#define NGX_AIDIAL_MEMO_WAYS    4

/* odd, and near 2^64 divided by the golden ratio: it spreads bits upwards */

#define NGX_AIDIAL_MEMO_FACTOR  0x9e3779b97f4a7c15ULL


typedef struct ngx_aidial_memo_entry_s  ngx_aidial_memo_entry_t;

struct ngx_aidial_memo_entry_s {
    ngx_queue_t                queue;   /* last used first */
    ngx_aidial_memo_entry_t  **place;
    uint64_t                   turn;    /* when it was last used */
    size_t                     size;    /* of the block */
    ngx_aidial_memo_key_t      key;     /* strings in the block */
};


static ngx_aidial_memo_entry_t **ngx_aidial_memo_set(
    const ngx_aidial_memo_key_t *key);
static ngx_aidial_memo_entry_t **ngx_aidial_memo_place(
    const ngx_aidial_memo_key_t *key);
static ngx_uint_t ngx_aidial_memo_same(const ngx_aidial_memo_entry_t *entry,
    const ngx_aidial_memo_key_t *key);
static u_char *ngx_aidial_memo_move(u_char *p, ngx_str_t *string);
static void ngx_aidial_memo_drop(ngx_aidial_memo_entry_t *entry);


static ngx_aidial_memo_entry_t
    *ngx_aidial_memo_places[NGX_AIDIAL_MEMO_SETS * NGX_AIDIAL_MEMO_WAYS];

static ngx_queue_t  ngx_aidial_memo_used = {
    &ngx_aidial_memo_used, &ngx_aidial_memo_used
};

static uint64_t     ngx_aidial_memo_turn;
static size_t       ngx_aidial_memo_total;


const void *
ngx_aidial_memo_find(const ngx_aidial_memo_key_t *key)
{
    ngx_uint_t                 i;
    ngx_aidial_memo_entry_t   *entry, **set;

    set = ngx_aidial_memo_set(key);

    for (i = 0; i < NGX_AIDIAL_MEMO_WAYS; i++) {
        entry = set[i];

        if (entry == NULL
            || !ngx_aidial_same(&entry->key.text, &key->text)
            || !ngx_aidial_memo_same(entry, key))
        {
            continue;
        }

        entry->turn = ++ngx_aidial_memo_turn;
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&ngx_aidial_memo_used, &entry->queue);

        return entry + 1;
    }

    return NULL;
}


void *
ngx_aidial_memo_keep(const ngx_aidial_memo_key_t *key, size_t len)
{
    size_t                     size;
    u_char                    *p;
    ngx_queue_t               *last;
    ngx_aidial_memo_entry_t   *entry, **place;

    size = sizeof(ngx_aidial_memo_entry_t) + len + key->form.len + key->id.len
           + key->text.len;

    place = ngx_aidial_memo_place(key);

    if (*place) {
        ngx_aidial_memo_drop(*place);
    }

    if (size > NGX_AIDIAL_MEMO_ENTRY_MAX) {
        return NULL;
    }

    while (ngx_aidial_memo_total + size > NGX_AIDIAL_MEMO_MAX) {
        last = ngx_queue_last(&ngx_aidial_memo_used);
        ngx_aidial_memo_drop(ngx_queue_data(last, ngx_aidial_memo_entry_t,
                                            queue));
    }

    entry = ngx_alloc(size, ngx_cycle->log);
    if (entry == NULL) {
        return NULL;
    }

    /* the place is still free: nothing was put anywhere since */

    entry->place = place;
    entry->turn = ++ngx_aidial_memo_turn;
    entry->size = size;
    entry->key = *key;

    p = (u_char *) (entry + 1) + len;
    p = ngx_aidial_memo_move(p, &entry->key.form);
    p = ngx_aidial_memo_move(p, &entry->key.id);
    (void) ngx_aidial_memo_move(p, &entry->key.text);

    *place = entry;
    ngx_aidial_memo_total += size;
    ngx_queue_insert_head(&ngx_aidial_memo_used, &entry->queue);

    return entry + 1;
}


static ngx_aidial_memo_entry_t **
ngx_aidial_memo_set(const ngx_aidial_memo_key_t *key)
{
    size_t     i, n;
    uint64_t   hash, octets;

    hash = key->kind;

    for (i = 0; i < key->id.len; i += n) {
        n = ngx_min(key->id.len - i, sizeof(octets));

        octets = 0;
        ngx_memcpy(&octets, key->id.data + i, n);

        hash = (hash ^ octets) * NGX_AIDIAL_MEMO_FACTOR;
        hash ^= hash >> 32;
    }

    return &ngx_aidial_memo_places[hash % NGX_AIDIAL_MEMO_SETS
                                   * NGX_AIDIAL_MEMO_WAYS];
}


/* the one of an earlier text, an empty one, or the one used longest ago */

static ngx_aidial_memo_entry_t **
ngx_aidial_memo_place(const ngx_aidial_memo_key_t *key)
{
    ngx_uint_t                 i;
    ngx_aidial_memo_entry_t  **set, **place;

    set = ngx_aidial_memo_set(key);
    place = set;

    for (i = 0; i < NGX_AIDIAL_MEMO_WAYS; i++) {

        if (set[i] && ngx_aidial_memo_same(set[i], key)) {
            return &set[i];
        }

        if (*place && (set[i] == NULL || set[i]->turn < (*place)->turn)) {
            place = &set[i];
        }
    }

    return place;
}


static ngx_uint_t
ngx_aidial_memo_same(const ngx_aidial_memo_entry_t *entry,
    const ngx_aidial_memo_key_t *key)
{
    return entry->key.kind == key->kind
           && ngx_aidial_same(&entry->key.id, &key->id)
           && ngx_aidial_same(&entry->key.form, &key->form);
}


static u_char *
ngx_aidial_memo_move(u_char *p, ngx_str_t *string)
{
    u_char  *last;

    last = string->len ? ngx_cpymem(p, string->data, string->len) : p;
    string->data = p;

    return last;
}


static void
ngx_aidial_memo_drop(ngx_aidial_memo_entry_t *entry)
{
    *entry->place = NULL;
    ngx_aidial_memo_total -= entry->size;
    ngx_queue_remove(&entry->queue);

    ngx_explicit_memzero(entry, entry->size);
    ngx_free(entry);
}


void
ngx_aidial_memo_clear(void)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&ngx_aidial_memo_used)) {
        q = ngx_queue_head(&ngx_aidial_memo_used);
        ngx_aidial_memo_drop(ngx_queue_data(q, ngx_aidial_memo_entry_t,
                                            queue));
    }
}


size_t
ngx_aidial_memo_size(void)
{
    return ngx_aidial_memo_total;
}
