
/*
 * Sessions.  The module's parser ends at the first fault and names the field
 * by its word in the configuration; the place is where the map says.
 */


#include "kit.h"


#define KIT_CLOCK_SKEW  300      /* seconds that two clocks may differ */


static void kit_session_fault(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record, const char *why);
static ngx_uint_t kit_session_field(const char *why);
static const char *kit_session_what(kit_t *kit, ngx_pool_t *pool,
    ngx_uint_t field, ngx_aidial_json_t *value);
static const char *kit_session_what_time(kit_t *kit, ngx_pool_t *pool,
    ngx_uint_t field, ngx_aidial_json_t *value);
static const char *kit_session_what_projects(ngx_pool_t *pool,
    ngx_aidial_json_t *value);
static void kit_session_times(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);
static void kit_session_unit(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record, ngx_uint_t field, int64_t seconds);
static void kit_session_scope(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);


static const char  *kit_session_words[] = {
#define X(id, word, pointer)  word,
    NGX_AIDIAL_SESSION_FIELDS(X)
#undef X
};


void
kit_session(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    ngx_int_t    rc;
    const char  *why;

    rc = ngx_aidial_session_parse(pool, &kit->options.map, &record->text,
                                  kit->now, &record->session, &why);

    if (rc == NGX_DECLINED && strcmp(why, NGX_AIDIAL_SESSION_EXPIRED) == 0) {
        kit_warn(pool, record, "expires_at is in the past: nobody is signed "
                 "in by it");

    } else if (rc != NGX_OK) {
        kit_session_fault(kit, pool, record, why);
        return;
    }

    kit_session_times(kit, pool, record);
    kit_session_scope(kit, pool, record);

    if (ngx_aidial_key_revoked_before(pool, &kit->options.prefix,
                                      &record->session.tenant,
                                      &record->session.user, &record->other)
        != NGX_OK)
    {
        record->other.len = 0;
    }
}


static void
kit_session_fault(kit_t *kit, ngx_pool_t *pool, kit_record_t *record,
    const char *why)
{
    ngx_str_t           *pointer;
    ngx_uint_t           field;
    const char          *unread;
    ngx_aidial_json_t   *root, *value;

    if (ngx_aidial_json_parse(&record->text, NGX_AIDIAL_RECORD_MAX, &root,
                              &unread)
        != NGX_OK)
    {
        kit_fault(pool, record, "%s%s", why,
                  kit_json_where(pool, &record->text));
        return;
    }

    field = kit_session_field(why);

    if (field == NGX_AIDIAL_FIELD_COUNT) {
        kit_fault(pool, record, "%s", why);

    } else {
        pointer = &kit->options.map.fields[field].pointer;
        value = ngx_aidial_json_pointer(root, pointer);

        kit_fault(pool, record, "%s: what stands at \"%s\" %s", why,
                  kit_show(pool, pointer),
                  kit_session_what(kit, pool, field, value));
    }

    ngx_aidial_json_free(root);
}


/* "it has no usable user", "its expires_at is not usable" */

static ngx_uint_t
kit_session_field(const char *why)
{
    size_t       len;
    ngx_uint_t   field;
    const char  *p;

    for (field = 0; field < NGX_AIDIAL_FIELD_COUNT; field++) {
        len = strlen(kit_session_words[field]);
        p = strstr(why, kit_session_words[field]);

        if (p != NULL && p != why && p[-1] == ' '
            && (p[len] == ' ' || p[len] == '\0'))
        {
            break;
        }
    }

    return field;
}


static const char *
kit_session_what(kit_t *kit, ngx_pool_t *pool, ngx_uint_t field,
    ngx_aidial_json_t *value)
{
    switch (field) {

    case NGX_AIDIAL_FIELD_EXPIRES_AT:
    case NGX_AIDIAL_FIELD_CREATED_AT:
        return kit_session_what_time(kit, pool, field, value);

    case NGX_AIDIAL_FIELD_PROJECTS:
        return kit_session_what_projects(pool, value);

    case NGX_AIDIAL_FIELD_ROLE:
        return kit_json_what(pool, value);

    default:
        return kit_json_identifier(pool, value);
    }
}


static const char *
kit_session_what_time(kit_t *kit, ngx_pool_t *pool, ngx_uint_t field,
    ngx_aidial_json_t *value)
{
    int64_t  integer;

    if (ngx_aidial_json_integer(value, &integer) == NGX_OK) {
        return kit->options.map.fields[field].ms
               ? "lies beyond the year 5138"
               : "looks like milliseconds: say unit=ms";
    }

    return kit_json_what(pool, value);
}


static const char *
kit_session_what_projects(ngx_pool_t *pool, ngx_aidial_json_t *value)
{
    u_char             *p;
    size_t              i, len;
    ngx_str_t           id;
    ngx_aidial_json_t  *element;

    static const ngx_str_t  star = ngx_string("*");

    if (ngx_aidial_json_array(value, &len) != NGX_OK) {
        return kit_json_what(pool, value);
    }

    for (i = 0; i < len; i++) {
        element = ngx_aidial_json_element(value, i);

        if (ngx_aidial_json_equal(element, &star)
            || ngx_aidial_json_identifier(pool, element, &id) == NGX_OK)
        {
            continue;
        }

        p = kit_alloc(pool, KIT_TEXT_MAX);
        (void) ngx_snprintf(p, KIT_TEXT_MAX - 1, "has an element %uz that %s",
                            i, kit_json_identifier(pool, element));

        return (char *) p;
    }

    return "is not usable";
}


static void
kit_session_times(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    ngx_aidial_session_t  *session;

    session = &record->session;

    if (session->expires_at == -1 && record->ttl == -1) {
        kit_warn(pool, record, "it has no expires_at and its key has no time "
                 "to live: the session never ends");
    }

    if (session->created_at > kit->now + KIT_CLOCK_SKEW) {
        kit_warn(pool, record, "created_at is in the future: a revoked-before "
                 "of today does not end the session");
    }

    kit_session_unit(kit, pool, record, NGX_AIDIAL_FIELD_EXPIRES_AT,
                     session->expires_at);
    kit_session_unit(kit, pool, record, NGX_AIDIAL_FIELD_CREATED_AT,
                     session->created_at);
}


/* a time of 2001 or later in seconds is one of the year 1970 in thousands */

static void
kit_session_unit(kit_t *kit, ngx_pool_t *pool, kit_record_t *record,
    ngx_uint_t field, int64_t seconds)
{
    if (kit->options.map.fields[field].ms
        && seconds >= 1000000 && seconds < NGX_AIDIAL_SECONDS_MAX / 1000)
    {
        kit_warn(pool, record, "%s looks like seconds, and unit=ms is said",
                 kit_session_words[field]);
    }
}


static void
kit_session_scope(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    ngx_str_t                 *pointer;
    const char                *why;
    ngx_aidial_json_t         *root, *value;
    ngx_aidial_session_map_t  *map;

    map = &kit->options.map;

    if (ngx_aidial_json_parse(&record->text, NGX_AIDIAL_RECORD_MAX, &root,
                              &why)
        != NGX_OK)
    {
        return;
    }

    if (record->session.role == NGX_AIDIAL_ROLE_UNKNOWN) {
        pointer = &map->fields[NGX_AIDIAL_FIELD_ROLE].pointer;
        value = ngx_aidial_json_pointer(root, pointer);

        kit_warn(pool, record, "its role %s, a word that no role has: it may "
                 "do nothing", kit_json_what(pool, value));
    }

    if (record->session.projects.nelts == 0 && !record->session.all_projects) {
        pointer = &map->fields[NGX_AIDIAL_FIELD_PROJECTS].pointer;
        value = ngx_aidial_json_pointer(root, pointer);

        kit_warn(pool, record, "its list of projects is %s: every call is out "
                 "of scope", value ? "empty" : "absent");
    }

    ngx_aidial_json_free(root);
}


/* revoked-before of its user */

void
kit_session_other(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    int64_t      seconds;
    const char  *type;

    (void) kit;

    type = (char *) record->other_type.data;

    if (strcmp(type, "none") == 0) {
        return;
    }

    if (strcmp(type, "string") != 0
        || ngx_aidial_revoked_before(&record->other_text, &seconds) != NGX_OK)
    {
        kit_warn(pool, record, "it is dead: %s is no time in seconds",
                 kit_show(pool, &record->other));
        return;
    }

    if (!ngx_aidial_session_revoked(&record->session, &record->other_text)) {
        return;
    }

    if (record->session.created_at == -1) {
        kit_warn(pool, record, "it is dead: there is %s, and it has no "
                 "created_at", kit_show(pool, &record->other));
        return;
    }

    kit_warn(pool, record, "it is dead: created at or before %s",
             kit_show(pool, &record->other));
}
