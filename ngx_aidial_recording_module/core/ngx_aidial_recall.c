
/*
 * What a record says depends on its octets, on the map of a session's fields,
 * on the id of a call, and on nothing else but the time, which is not kept:
 * whether a session has expired is asked each time.
 *
 * A map is kept as the octets of its struct.  Two of them are the same when
 * they lead to the same strings of the configuration, as the maps of several
 * locations do that inherit it.  The memo is cleared before a configuration
 * is read, so no octets outlive what they lead to.
 *
 * Only records that are sound are kept.  What is wrong with another one has
 * to be said each time, and whoever writes those should not push good ones
 * out.
 */


#include "ngx_aidial_recall.h"
#include "ngx_aidial_memo.h"


static size_t ngx_aidial_session_size(const ngx_aidial_session_t *session);
static void ngx_aidial_session_copy(ngx_aidial_session_t *to,
    const ngx_aidial_session_t *from, void *memory);
static size_t ngx_aidial_call_size(const ngx_aidial_call_t *call);
static void ngx_aidial_call_copy(ngx_aidial_call_t *to,
    const ngx_aidial_call_t *from, void *memory);
static size_t ngx_aidial_strings_size(const void *record,
    const size_t *strings);
static u_char *ngx_aidial_strings_move(void *record, const size_t *strings,
    u_char *p);
static u_char *ngx_aidial_string_move(ngx_str_t *string, u_char *p);


/* where the strings of a record are; the end is NGX_AIDIAL_RECALL_END */

#define NGX_AIDIAL_RECALL_END  NGX_MAX_SIZE_T_VALUE

static const size_t  ngx_aidial_session_strings[] = {
    offsetof(ngx_aidial_session_t, user),
    offsetof(ngx_aidial_session_t, tenant),
    offsetof(ngx_aidial_session_t, client),
    NGX_AIDIAL_RECALL_END
};

static const size_t  ngx_aidial_call_strings[] = {
    offsetof(ngx_aidial_call_t, tenant),
    offsetof(ngx_aidial_call_t, client),
    offsetof(ngx_aidial_call_t, project),
    offsetof(ngx_aidial_call_t, object),
    offsetof(ngx_aidial_call_t, content_type),
    offsetof(ngx_aidial_call_t, filename),
    NGX_AIDIAL_RECALL_END
};


ngx_int_t
ngx_aidial_session_recall(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_str_t *id,
    const ngx_str_t *text, time_t now, ngx_aidial_session_t *session,
    const char **why)
{
    void                        *memory;
    ngx_int_t                    rc;
    ngx_aidial_session_t        *kept;
    ngx_aidial_memo_key_t        key;
    const ngx_aidial_session_t  *known;

    key.kind = NGX_AIDIAL_MEMO_SESSION;
    key.form.len = sizeof(ngx_aidial_session_map_t);
    key.form.data = (u_char *) map;
    key.id = *id;
    key.text = *text;

    known = ngx_aidial_memo_find(&key);

    if (known) {
        memory = ngx_palloc(pool, ngx_aidial_session_size(known));
        if (memory == NULL) {
            return NGX_ERROR;
        }

        ngx_aidial_session_copy(session, known, memory);
        session->projects.pool = pool;

        return ngx_aidial_session_alive(session, now, why);
    }

    rc = ngx_aidial_session_parse(pool, map, text, now, session, why);
    if (rc != NGX_OK) {
        return rc;
    }

    kept = ngx_aidial_memo_keep(&key, sizeof(ngx_aidial_session_t)
                                      + ngx_aidial_session_size(session));
    if (kept) {
        ngx_aidial_session_copy(kept, session, kept + 1);
    }

    return NGX_OK;
}


ngx_int_t
ngx_aidial_call_recall(ngx_pool_t *pool, const ngx_str_t *text,
    const ngx_str_t *id, ngx_aidial_call_t *call, const char **why)
{
    void                     *memory;
    ngx_int_t                 rc;
    ngx_aidial_call_t        *kept;
    ngx_aidial_memo_key_t     key;
    const ngx_aidial_call_t  *known;

    key.kind = NGX_AIDIAL_MEMO_CALL;
    ngx_str_set(&key.form, "");
    key.id = *id;
    key.text = *text;

    known = ngx_aidial_memo_find(&key);

    if (known) {
        memory = ngx_pnalloc(pool, ngx_aidial_call_size(known));
        if (memory == NULL) {
            return NGX_ERROR;
        }

        ngx_aidial_call_copy(call, known, memory);

        return NGX_OK;
    }

    rc = ngx_aidial_call_parse(pool, text, id, call, why);
    if (rc != NGX_OK) {
        return rc;
    }

    kept = ngx_aidial_memo_keep(&key, sizeof(ngx_aidial_call_t)
                                      + ngx_aidial_call_size(call));
    if (kept) {
        ngx_aidial_call_copy(kept, call, kept + 1);
    }

    return NGX_OK;
}


ngx_int_t
ngx_aidial_tenant_recall(const ngx_str_t *id, const ngx_str_t *text,
    ngx_aidial_tenant_t *tenant, const char **why)
{
    ngx_int_t                   rc;
    ngx_aidial_tenant_t        *kept;
    ngx_aidial_memo_key_t       key;
    const ngx_aidial_tenant_t  *known;

    key.kind = NGX_AIDIAL_MEMO_TENANT;
    ngx_str_set(&key.form, "");
    key.id = *id;
    key.text = *text;

    known = ngx_aidial_memo_find(&key);

    if (known) {
        *tenant = *known;
        return NGX_OK;
    }

    rc = ngx_aidial_tenant_parse(text, tenant, why);
    if (rc != NGX_OK) {
        return rc;
    }

    kept = ngx_aidial_memo_keep(&key, sizeof(ngx_aidial_tenant_t));
    if (kept) {
        *kept = *tenant;
    }

    return NGX_OK;
}


void
ngx_aidial_recall_clear(void)
{
    ngx_aidial_memo_clear();
}


/* of what a session leads to: the list of projects, and all strings */

static size_t
ngx_aidial_session_size(const ngx_aidial_session_t *session)
{
    size_t      len;
    ngx_str_t  *project;
    ngx_uint_t  i;

    project = session->projects.elts;
    len = session->projects.nelts * sizeof(ngx_str_t)
          + ngx_aidial_strings_size(session, ngx_aidial_session_strings);

    for (i = 0; i < session->projects.nelts; i++) {
        len += project[i].len;
    }

    return len;
}


static void
ngx_aidial_session_copy(ngx_aidial_session_t *to,
    const ngx_aidial_session_t *from, void *memory)
{
    u_char      *p;
    ngx_str_t   *project;
    ngx_uint_t   i, n;

    *to = *from;

    project = memory;
    n = from->projects.nelts;

    to->projects.elts = project;
    to->projects.nalloc = n;
    to->projects.pool = NULL;

    if (n) {
        ngx_memcpy(project, from->projects.elts, n * sizeof(ngx_str_t));
    }

    p = ngx_aidial_strings_move(to, ngx_aidial_session_strings,
                                (u_char *) (project + n));

    for (i = 0; i < n; i++) {
        p = ngx_aidial_string_move(&project[i], p);
    }
}


static size_t
ngx_aidial_call_size(const ngx_aidial_call_t *call)
{
    return ngx_aidial_strings_size(call, ngx_aidial_call_strings);
}


static void
ngx_aidial_call_copy(ngx_aidial_call_t *to, const ngx_aidial_call_t *from,
    void *memory)
{
    *to = *from;

    (void) ngx_aidial_strings_move(to, ngx_aidial_call_strings, memory);
}


static size_t
ngx_aidial_strings_size(const void *record, const size_t *strings)
{
    size_t  len;

    len = 0;

    for ( /* void */ ; *strings != NGX_AIDIAL_RECALL_END; strings++) {
        len += ((ngx_str_t *) ((u_char *) record + *strings))->len;
    }

    return len;
}


static u_char *
ngx_aidial_strings_move(void *record, const size_t *strings, u_char *p)
{
    for ( /* void */ ; *strings != NGX_AIDIAL_RECALL_END; strings++) {
        p = ngx_aidial_string_move((ngx_str_t *)
                                   ((u_char *) record + *strings), p);
    }

    return p;
}


static u_char *
ngx_aidial_string_move(ngx_str_t *string, u_char *p)
{
    u_char  *last;

    last = string->len ? ngx_cpymem(p, string->data, string->len) : p;
    string->data = p;

    return last;
}
