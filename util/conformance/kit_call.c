
/*
 * Calls.  What core made of the record is laid beside what the record says:
 * where the two differ there is something to tell.
 */


#include "kit.h"


static void kit_call_fault(ngx_pool_t *pool, kit_record_t *record,
    const char *why);
static void kit_call_words(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *root, ngx_aidial_call_t *call);
static void kit_call_word(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *object, const char *name, const char *member,
    const ngx_str_t *word);
static void kit_call_media(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *media, ngx_aidial_call_t *call);
static const char *kit_call_object(ngx_pool_t *pool,
    ngx_aidial_json_t *value);
static const char *kit_call_path(const ngx_str_t *path);
static void kit_call_type(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *value, ngx_aidial_call_t *call);
static void kit_call_numbers(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *media, ngx_aidial_call_t *call);


void
kit_call(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    ngx_int_t           rc;
    const char         *why;
    ngx_aidial_call_t   call;
    ngx_aidial_json_t  *root;

    rc = ngx_aidial_call_parse(pool, &record->text, &record->id, &call, &why);

    if (rc != NGX_OK) {
        kit_call_fault(pool, record, why);
        return;
    }

    if (ngx_aidial_json_parse(&record->text, NGX_AIDIAL_RECORD_MAX, &root,
                              &why)
        != NGX_OK)
    {
        return;
    }

    kit_call_words(pool, record, root, &call);

    ngx_aidial_json_free(root);

    if (ngx_aidial_key_tenant(pool, &kit->options.prefix, &call.tenant,
                              &record->other)
        != NGX_OK)
    {
        record->other.len = 0;
    }
}


/* "it has no usable tenant_id": the last word is the member */

static void
kit_call_fault(ngx_pool_t *pool, kit_record_t *record, const char *why)
{
    const char         *name, *unread;
    ngx_aidial_json_t  *root, *value;

    if (ngx_aidial_json_parse(&record->text, NGX_AIDIAL_RECORD_MAX, &root,
                              &unread)
        != NGX_OK)
    {
        kit_fault(pool, record, "%s%s", why,
                  kit_json_where(pool, &record->text));
        return;
    }

    name = strrchr(why, ' ');
    name = name ? name + 1 : why;
    value = ngx_aidial_json_member(root, name);

    kit_fault(pool, record, "%s: it %s", why,
              kit_json_identifier(pool, value));

    ngx_aidial_json_free(root);
}


static void
kit_call_words(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *root, ngx_aidial_call_t *call)
{
    ngx_aidial_json_t  *media;

    kit_call_word(pool, record, root, "consent", "consent",
                  ngx_aidial_consent_word(call->consent));
    kit_call_word(pool, record, root, "playback_compliance",
                  "playback_compliance",
                  ngx_aidial_compliance_word(call->compliance));

    media = ngx_aidial_json_member(root, "media");

    if (!ngx_aidial_json_is_object(media)) {
        kit_warn(pool, record, "media %s: counts as %s",
                 media ? "is no object" : "is absent",
                 ngx_aidial_media_word(call->media)->data);
        return;
    }

    kit_call_media(pool, record, media, call);
}


static void
kit_call_word(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *object, const char *name, const char *member,
    const ngx_str_t *word)
{
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(object, member);

    if (value == NULL || !ngx_aidial_json_equal(value, word)) {
        kit_warn(pool, record, "%s %s: counts as %V", name,
                 kit_json_what(pool, value), word);
    }
}


static void
kit_call_media(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *media, ngx_aidial_call_t *call)
{
    ngx_str_t           name;
    const ngx_str_t    *available;
    ngx_aidial_json_t  *status, *value;

    available = ngx_aidial_media_word(NGX_AIDIAL_MEDIA_AVAILABLE);
    status = ngx_aidial_json_member(media, "status");

    if (ngx_aidial_json_equal(status, available)
        && call->media != NGX_AIDIAL_MEDIA_AVAILABLE)
    {
        value = ngx_aidial_json_member(media, "object");

        kit_warn(pool, record, "media.object %s: the media counts as %V",
                 kit_call_object(pool, value),
                 ngx_aidial_media_word(call->media));

    } else {
        kit_call_word(pool, record, media, "media.status", "status",
                      ngx_aidial_media_word(call->media));
    }

    value = ngx_aidial_json_member(media, "content_type");
    kit_call_type(pool, record, value, call);

    value = ngx_aidial_json_member(media, "filename");
    name = call->filename;

    if (value && !ngx_aidial_json_equal(value, &name)) {
        kit_warn(pool, record, "media.filename %s, not a name of 1 to 128 "
                 "characters without separators, controls and marks of "
                 "direction: replaced by \"%s\"", kit_json_what(pool, value),
                 kit_show(pool, &name));
    }

    kit_call_numbers(pool, record, media, call);
}


static const char *
kit_call_object(ngx_pool_t *pool, ngx_aidial_json_t *value)
{
    ngx_str_t  path;

    if (ngx_aidial_json_string(pool, value, NGX_AIDIAL_RECORD_MAX, &path)
        != NGX_OK)
    {
        return kit_json_what(pool, value);
    }

    if (path.len > NGX_AIDIAL_OBJECT_MAX) {
        return "is over 1024 bytes long";
    }

    return kit_call_path(&path);
}


static const char *
kit_call_path(const ngx_str_t *path)
{
    size_t  i;
    u_char  ch;

    if (path->len == 0) {
        return "is an empty string";
    }

    for (i = 0; i < path->len; i++) {
        ch = path->data[i];

        if (ch == '?' || ch == '#') {
            return "has a \"?\" or \"#\", which begin what is no path";
        }

        if (ch == '\\') {
            return "has a backslash";
        }

        if (ch < 0x20 || ch == 0x7f
            || (ch == 0xc2 && path->data[i + 1] < 0xa0))
        {
            return "has a control character";
        }
    }

    if (path->data[0] != '/') {
        return "does not begin with a \"/\": it is no absolute path";
    }

    if (path->data[path->len - 1] == '/') {
        return "ends in a \"/\": it is no file";
    }

    return strstr((char *) path->data, "//")
           ? "has an empty segment (\"//\")"
           : "has a \".\" or \"..\" segment";
}


static void
kit_call_type(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *value, ngx_aidial_call_t *call)
{
    static const ngx_str_t  binary = ngx_string("application/octet-stream");

    if (value == NULL && call->media == NGX_AIDIAL_MEDIA_AVAILABLE) {
        kit_warn(pool, record, "media.content_type is absent: served as %V",
                 &binary);

    } else if (value && ngx_aidial_same(&call->content_type, &binary)) {
        kit_warn(pool, record, "media.content_type %s, not audio/<token> of "
                 "up to 64 bytes without parameters: served as %V",
                 kit_json_what(pool, value), &binary);
    }
}


static void
kit_call_numbers(ngx_pool_t *pool, kit_record_t *record,
    ngx_aidial_json_t *media, ngx_aidial_call_t *call)
{
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(media, "size_bytes");

    if (value && call->size_bytes == -1) {
        kit_warn(pool, record, "media.size_bytes %s: left out of the status",
                 kit_json_what(pool, value));
    }

    value = ngx_aidial_json_member(media, "duration_seconds");

    if (value && call->duration_seconds < 0) {
        kit_warn(pool, record, "media.duration_seconds %s: left out of the "
                 "status", kit_json_what(pool, value));
    }
}


/* the record of its tenant */

void
kit_call_other(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    const char  *type;

    (void) kit;

    type = (char *) record->other_type.data;

    if (strcmp(type, "none") == 0) {
        kit_warn(pool, record, "there is no %s: staff hear nothing and nobody "
                 "downloads", kit_show(pool, &record->other));

    } else if (strcmp(type, "string") != 0) {
        kit_warn(pool, record, "%s is no string: staff hear nothing and "
                 "nobody downloads", kit_show(pool, &record->other));
    }
}
