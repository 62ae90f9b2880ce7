
/*
 * A session record.  A portal may keep each field where it likes, so every
 * field is found through a pointer of the map; what may stand there is the
 * same for all portals and is said by one row a field.
 */


#include "ngx_aidial_session.h"
#include "ngx_aidial_json.h"


#define NGX_AIDIAL_REVOKED_DIGITS  12


typedef struct ngx_aidial_session_row_s  ngx_aidial_session_row_t;

typedef ngx_int_t (*ngx_aidial_session_read_pt)(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session);


struct ngx_aidial_session_row_s {
    ngx_aidial_session_read_pt   read;
    size_t                       offset;
    ngx_uint_t                   required;
    const char                  *why;       /* the field is not usable */
};


typedef struct {
    ngx_str_t   word;
    ngx_str_t   pointer;
} ngx_aidial_session_name_t;


static ngx_int_t ngx_aidial_session_read(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, ngx_aidial_json_t *root,
    ngx_aidial_session_t *session, const char **why);
static ngx_int_t ngx_aidial_session_read_identifier(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session);
static ngx_int_t ngx_aidial_session_read_role(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session);
static ngx_uint_t ngx_aidial_session_role_has(
    const ngx_aidial_session_map_t *map, ngx_uint_t role,
    const ngx_str_t *word);
static ngx_int_t ngx_aidial_session_read_projects(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session);
static ngx_int_t ngx_aidial_session_read_time(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session);


static const ngx_aidial_session_name_t  ngx_aidial_session_names[] = {
#define X(id, word, pointer)  { ngx_string(word), ngx_string(pointer) },
    NGX_AIDIAL_SESSION_FIELDS(X)
#undef X
};


/* in the order of NGX_AIDIAL_SESSION_FIELDS */

static const ngx_aidial_session_row_t
    ngx_aidial_session_rows[NGX_AIDIAL_FIELD_COUNT] =
{
    { ngx_aidial_session_read_identifier,
      offsetof(ngx_aidial_session_t, user), 1,
      "it has no usable user" },

    { ngx_aidial_session_read_role,
      offsetof(ngx_aidial_session_t, role), 1,
      "it has no usable role" },

    { ngx_aidial_session_read_identifier,
      offsetof(ngx_aidial_session_t, tenant), 1,
      "it has no usable tenant" },

    { ngx_aidial_session_read_identifier,
      offsetof(ngx_aidial_session_t, client), 1,
      "it has no usable client" },

    { ngx_aidial_session_read_projects,
      offsetof(ngx_aidial_session_t, projects), 0,
      "its projects are not usable" },

    { ngx_aidial_session_read_time,
      offsetof(ngx_aidial_session_t, expires_at), 0,
      "its expires_at is not usable" },

    { ngx_aidial_session_read_time,
      offsetof(ngx_aidial_session_t, created_at), 0,
      "its created_at is not usable" }
};


static const ngx_str_t  ngx_aidial_role_words[NGX_AIDIAL_ROLES] = {
    ngx_null_string,
    ngx_string("client_admin"),
    ngx_string("client_manager"),
    ngx_string("client_staff")
};


ngx_int_t
ngx_aidial_session_parse(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_str_t *text, time_t now,
    ngx_aidial_session_t *session, const char **why)
{
    ngx_int_t           rc;
    ngx_aidial_json_t  *root;

    ngx_memzero(session, sizeof(ngx_aidial_session_t));

    session->expires_at = -1;
    session->created_at = -1;

    rc = ngx_aidial_json_parse(text, NGX_AIDIAL_RECORD_MAX, &root, why);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_session_read(pool, map, root, session, why);

    ngx_aidial_json_free(root);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_aidial_session_alive(session, now, why);
}


ngx_int_t
ngx_aidial_session_alive(const ngx_aidial_session_t *session, time_t now,
    const char **why)
{
    if (session->expires_at != -1 && session->expires_at <= now) {
        *why = NGX_AIDIAL_SESSION_EXPIRED;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_session_read(ngx_pool_t *pool, const ngx_aidial_session_map_t *map,
    ngx_aidial_json_t *root, ngx_aidial_session_t *session, const char **why)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_aidial_json_t               *value;
    const ngx_aidial_session_row_t  *row;

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        row = &ngx_aidial_session_rows[i];
        value = ngx_aidial_json_pointer(root, &map->fields[i].pointer);

        if (value == NULL && !row->required) {
            continue;
        }

        rc = row->read(pool, map, row, value, session);
        if (rc != NGX_OK) {
            *why = row->why;
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_session_read_identifier(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session)
{
    return ngx_aidial_json_identifier(pool, value,
                            (ngx_str_t *) ((u_char *) session + row->offset));
}


/*
 * A word that no role has is a role nobody knows: the session lives, and the
 * policy refuses it everything.
 */

static ngx_int_t
ngx_aidial_session_read_role(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session)
{
    ngx_int_t  rc;
    ngx_str_t  word;

    rc = ngx_aidial_json_string(pool, value, NGX_AIDIAL_ID_MAX, &word);
    if (rc != NGX_OK) {
        return rc;
    }

    if (word.len == 0) {
        return NGX_DECLINED;
    }

    session->role = ngx_aidial_session_role(map, &word,
                                            NGX_AIDIAL_ROLE_UNKNOWN);

    return NGX_OK;
}


/* a word that stands for two roles is the lesser one's, hence the order */

ngx_uint_t
ngx_aidial_session_role(const ngx_aidial_session_map_t *map,
    const ngx_str_t *word, ngx_uint_t except)
{
    ngx_uint_t  role;

    for (role = NGX_AIDIAL_ROLES - 1; role; role--) {
        if (role != except && ngx_aidial_session_role_has(map, role, word)) {
            return role;
        }
    }

    return NGX_AIDIAL_ROLE_UNKNOWN;
}


static ngx_uint_t
ngx_aidial_session_role_has(const ngx_aidial_session_map_t *map,
    ngx_uint_t role, const ngx_str_t *word)
{
    ngx_str_t   *words;
    ngx_uint_t   i;

    if (map->roles[role] == NULL) {
        return ngx_aidial_same(&ngx_aidial_role_words[role], word);
    }

    words = map->roles[role]->elts;

    for (i = 0; i < map->roles[role]->nelts; i++) {
        if (ngx_aidial_same(&words[i], word)) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_aidial_session_read_projects(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session)
{
    size_t              i, len;
    ngx_int_t           rc;
    ngx_str_t          *project;
    ngx_aidial_json_t  *element;

    static const ngx_str_t  all = ngx_string("*");

    if (ngx_aidial_json_array(value, &len) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = ngx_array_init(&session->projects, pool, len + 1, sizeof(ngx_str_t));

    for (i = 0; rc == NGX_OK && i < len; i++) {
        element = ngx_aidial_json_element(value, i);

        if (ngx_aidial_json_equal(element, &all)) {
            session->all_projects = 1;
            continue;
        }

        /* never NULL: there is room for all of them */
        project = ngx_array_push(&session->projects);
        rc = ngx_aidial_json_identifier(pool, element, project);
    }

    return rc;
}


/*
 * A portal that counts milliseconds and does not say so would get sessions
 * that never end, so a time has to lie before the year 5138.
 */

static ngx_int_t
ngx_aidial_session_read_time(ngx_pool_t *pool,
    const ngx_aidial_session_map_t *map, const ngx_aidial_session_row_t *row,
    ngx_aidial_json_t *value, ngx_aidial_session_t *session)
{
    int64_t      seconds;
    ngx_uint_t   field;

    if (ngx_aidial_json_integer(value, &seconds) != NGX_OK) {
        return NGX_DECLINED;
    }

    field = row - ngx_aidial_session_rows;

    if (map->fields[field].ms) {
        seconds /= 1000;
    }

    if (seconds >= NGX_AIDIAL_SECONDS_MAX) {
        return NGX_DECLINED;
    }

    *(int64_t *) ((u_char *) session + row->offset) = seconds;

    return NGX_OK;
}


ngx_uint_t
ngx_aidial_session_revoked(const ngx_aidial_session_t *session,
    const ngx_str_t *before)
{
    int64_t  seconds;

    if (ngx_aidial_revoked_before(before, &seconds) != NGX_OK) {
        return 1;
    }

    /* "no created_at" is -1 and so is before every time */

    return session->created_at <= seconds;
}


ngx_int_t
ngx_aidial_revoked_before(const ngx_str_t *text, int64_t *seconds)
{
    size_t  i;

    if (text->len == 0 || text->len > NGX_AIDIAL_REVOKED_DIGITS) {
        return NGX_DECLINED;
    }

    *seconds = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] < '0' || text->data[i] > '9') {
            return NGX_DECLINED;
        }

        *seconds = *seconds * 10 + (text->data[i] - '0');
    }

    return *seconds < NGX_AIDIAL_SECONDS_MAX ? NGX_OK : NGX_DECLINED;
}


ngx_uint_t
ngx_aidial_session_covers(const ngx_aidial_session_t *session,
    const ngx_aidial_call_t *call)
{
    ngx_str_t   *projects;
    ngx_uint_t   i;

    if (!ngx_aidial_same(&session->tenant, &call->tenant)
        || !ngx_aidial_same(&session->client, &call->client))
    {
        return 0;
    }

    if (session->all_projects) {
        return 1;
    }

    projects = session->projects.elts;

    for (i = 0; i < session->projects.nelts; i++) {
        if (ngx_aidial_same(&projects[i], &call->project)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_aidial_session_field(const ngx_str_t *word)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        if (ngx_aidial_same(&ngx_aidial_session_names[i].word, word)) {
            break;
        }
    }

    return i;
}


ngx_str_t
ngx_aidial_session_pointer(ngx_uint_t field)
{
    ngx_aidial_assert(field < NGX_AIDIAL_FIELD_COUNT);

    return ngx_aidial_session_names[field].pointer;
}


const ngx_str_t *
ngx_aidial_role_word(ngx_uint_t role)
{
    ngx_aidial_assert(role < NGX_AIDIAL_ROLES);

    return &ngx_aidial_role_words[role];
}


ngx_uint_t
ngx_aidial_role_find(const ngx_str_t *word)
{
    ngx_uint_t  role;

    for (role = NGX_AIDIAL_ROLES - 1; role > 0; role--) {
        if (ngx_aidial_same(&ngx_aidial_role_words[role], word)) {
            break;
        }
    }

    return role;
}
