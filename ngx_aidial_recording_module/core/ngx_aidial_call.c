
/*
 * A call record.
 *
 * Who owns the call has to be there, or the record is unusable.  All else has
 * a reading for "absent" and one for "anything else", and both are on the
 * side that plays nothing:
 *
 *     tenant_id, client_id, project_id    identifiers
 *     consent, playback_compliance        one of a list of words
 *     media.status                        likewise
 *     media.object                        a path; a bad one: unavailable
 *     media.content_type, size_bytes,
 *     duration_seconds, filename          replaced or left out when bad
 *
 * The object becomes part of a URL or of a file's path, so it is read only
 * when it may be used, and its rules leave nothing to be normalized: what the
 * record says, what is logged and what is asked for are the same octets.
 */


#include "ngx_aidial_call.h"
#include "ngx_aidial_json.h"


typedef struct {
    const char       *name;
    size_t            offset;
    const char       *why;
} ngx_aidial_call_owner_t;


typedef struct {
    const char       *name;
    size_t            offset;
    const ngx_str_t  *words;
    ngx_uint_t        n;
    ngx_uint_t        absent;
    ngx_uint_t        other;
} ngx_aidial_call_choice_t;


typedef ngx_int_t (*ngx_aidial_call_read_pt)(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const ngx_str_t *id, ngx_aidial_call_t *call);


typedef struct {
    const char               *name;
    ngx_aidial_call_read_pt   read;
} ngx_aidial_call_detail_t;


static ngx_int_t ngx_aidial_call_read_owner(ngx_pool_t *pool,
    ngx_aidial_json_t *root, ngx_aidial_call_t *call, const char **why);
static void ngx_aidial_call_read_choice(ngx_aidial_json_t *object,
    const ngx_aidial_call_choice_t *choice, ngx_aidial_call_t *call);
static ngx_int_t ngx_aidial_call_read_media(ngx_pool_t *pool,
    ngx_aidial_json_t *media, const ngx_str_t *id, ngx_aidial_call_t *call);
static ngx_int_t ngx_aidial_call_read_object(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const ngx_str_t *id, ngx_aidial_call_t *call);
static ngx_uint_t ngx_aidial_call_is_object(const ngx_str_t *object);
static ngx_uint_t ngx_aidial_call_is_segment(u_char *p, u_char *last);
static ngx_int_t ngx_aidial_call_read_type(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const ngx_str_t *id, ngx_aidial_call_t *call);
static ngx_uint_t ngx_aidial_call_is_audio(const ngx_str_t *type);
static ngx_int_t ngx_aidial_call_read_size(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const ngx_str_t *id, ngx_aidial_call_t *call);
static ngx_int_t ngx_aidial_call_read_duration(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const ngx_str_t *id, ngx_aidial_call_t *call);
static ngx_int_t ngx_aidial_call_read_filename(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const ngx_str_t *id, ngx_aidial_call_t *call);


static const ngx_str_t  ngx_aidial_consent_words[NGX_AIDIAL_CONSENTS] = {
    ngx_string("granted"),
    ngx_string("denied"),
    ngx_string("missing"),
    ngx_string("unknown")
};


static const ngx_str_t
    ngx_aidial_compliance_words[NGX_AIDIAL_COMPLIANCES] =
{
    ngx_string("permitted"),
    ngx_string("denied"),
    ngx_string("missing_evidence"),
    ngx_string("policy_blocked")
};


static const ngx_str_t  ngx_aidial_media_words[NGX_AIDIAL_MEDIA_STATUSES] = {
    ngx_string("available"),
    ngx_string("not_generated"),
    ngx_string("unavailable"),
    ngx_string("removed")
};


static const ngx_aidial_call_owner_t  ngx_aidial_call_owners[] = {
    { "tenant_id", offsetof(ngx_aidial_call_t, tenant),
      "it has no usable tenant_id" },

    { "client_id", offsetof(ngx_aidial_call_t, client),
      "it has no usable client_id" },

    { "project_id", offsetof(ngx_aidial_call_t, project),
      "it has no usable project_id" }
};


static const ngx_aidial_call_choice_t  ngx_aidial_call_consent = {
    "consent", offsetof(ngx_aidial_call_t, consent),
    ngx_aidial_consent_words, NGX_AIDIAL_CONSENTS,
    NGX_AIDIAL_CONSENT_MISSING, NGX_AIDIAL_CONSENT_UNKNOWN
};


static const ngx_aidial_call_choice_t  ngx_aidial_call_compliance = {
    "playback_compliance", offsetof(ngx_aidial_call_t, compliance),
    ngx_aidial_compliance_words, NGX_AIDIAL_COMPLIANCES,
    NGX_AIDIAL_COMPLIANCE_MISSING_EVIDENCE,
    NGX_AIDIAL_COMPLIANCE_POLICY_BLOCKED
};


static const ngx_aidial_call_choice_t  ngx_aidial_call_status = {
    "status", offsetof(ngx_aidial_call_t, media),
    ngx_aidial_media_words, NGX_AIDIAL_MEDIA_STATUSES,
    NGX_AIDIAL_MEDIA_NOT_GENERATED, NGX_AIDIAL_MEDIA_STATUS_UNAVAILABLE
};


/* a made file name takes its ending from the content type: filename is last */

static const ngx_aidial_call_detail_t  ngx_aidial_call_details[] = {
    { "object", ngx_aidial_call_read_object },
    { "content_type", ngx_aidial_call_read_type },
    { "size_bytes", ngx_aidial_call_read_size },
    { "duration_seconds", ngx_aidial_call_read_duration },
    { "filename", ngx_aidial_call_read_filename }
};


ngx_int_t
ngx_aidial_call_parse(ngx_pool_t *pool, const ngx_str_t *text,
    const ngx_str_t *id, ngx_aidial_call_t *call, const char **why)
{
    ngx_int_t           rc;
    ngx_aidial_json_t  *root;

    ngx_memzero(call, sizeof(ngx_aidial_call_t));

    call->media = NGX_AIDIAL_MEDIA_STATUS_UNAVAILABLE;
    ngx_str_set(&call->object, "");
    ngx_str_set(&call->content_type, "");
    call->size_bytes = -1;
    call->duration_seconds = -1;

    rc = ngx_aidial_json_parse(text, NGX_AIDIAL_RECORD_MAX, &root, why);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_call_read_owner(pool, root, call, why);

    if (rc == NGX_OK) {
        ngx_aidial_call_read_choice(root, &ngx_aidial_call_consent, call);
        ngx_aidial_call_read_choice(root, &ngx_aidial_call_compliance, call);

        rc = ngx_aidial_call_read_media(pool,
                                        ngx_aidial_json_member(root, "media"),
                                        id, call);
    }

    ngx_aidial_json_free(root);

    return rc;
}


static ngx_int_t
ngx_aidial_call_read_owner(ngx_pool_t *pool, ngx_aidial_json_t *root,
    ngx_aidial_call_t *call, const char **why)
{
    size_t                          i, n;
    u_char                         *base;
    ngx_int_t                       rc;
    ngx_aidial_json_t              *value;
    const ngx_aidial_call_owner_t  *owner;

    base = (u_char *) call;
    n = sizeof(ngx_aidial_call_owners) / sizeof(ngx_aidial_call_owners[0]);

    for (i = 0; i < n; i++) {
        owner = &ngx_aidial_call_owners[i];
        value = ngx_aidial_json_member(root, owner->name);

        rc = ngx_aidial_json_identifier(pool, value,
                                        (ngx_str_t *) (base + owner->offset));
        if (rc != NGX_OK) {
            *why = owner->why;
            return rc;
        }
    }

    return NGX_OK;
}


static void
ngx_aidial_call_read_choice(ngx_aidial_json_t *object,
    const ngx_aidial_call_choice_t *choice, ngx_aidial_call_t *call)
{
    ngx_uint_t          i, *chosen;
    ngx_aidial_json_t  *value;

    chosen = (ngx_uint_t *) ((u_char *) call + choice->offset);
    value = ngx_aidial_json_member(object, choice->name);

    if (value == NULL) {
        *chosen = choice->absent;
        return;
    }

    for (i = 0; i < choice->n; i++) {
        if (ngx_aidial_json_equal(value, &choice->words[i])) {
            *chosen = i;
            return;
        }
    }

    *chosen = choice->other;
}


static ngx_int_t
ngx_aidial_call_read_media(ngx_pool_t *pool, ngx_aidial_json_t *media,
    const ngx_str_t *id, ngx_aidial_call_t *call)
{
    size_t                           i, n;
    ngx_int_t                        rc;
    ngx_aidial_json_t               *value;
    const ngx_aidial_call_detail_t  *detail;

    /* media that is no object stays "unavailable" */

    if (media == NULL || ngx_aidial_json_is_object(media)) {
        ngx_aidial_call_read_choice(media, &ngx_aidial_call_status, call);
    }

    n = sizeof(ngx_aidial_call_details) / sizeof(ngx_aidial_call_details[0]);

    for (i = 0; i < n; i++) {
        detail = &ngx_aidial_call_details[i];
        value = ngx_aidial_json_member(media, detail->name);

        rc = detail->read(pool, value, id, call);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_call_read_object(ngx_pool_t *pool, ngx_aidial_json_t *value,
    const ngx_str_t *id, ngx_aidial_call_t *call)
{
    ngx_int_t  rc;
    ngx_str_t  object;

    if (call->media != NGX_AIDIAL_MEDIA_AVAILABLE) {
        return NGX_OK;
    }

    rc = ngx_aidial_json_string(pool, value, NGX_AIDIAL_OBJECT_MAX, &object);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED || !ngx_aidial_call_is_object(&object)) {
        call->media = NGX_AIDIAL_MEDIA_STATUS_UNAVAILABLE;
        return NGX_OK;
    }

    call->object = object;

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_call_is_object(const ngx_str_t *object)
{
    u_char  *p, *last, *end;

    p = object->data;
    last = p + object->len;

    if (p == last) {
        return 0;
    }

    while (p < last) {

        if (*p++ != '/') {
            return 0;
        }

        end = ngx_strlchr(p, last, '/');

        if (end == NULL) {
            end = last;
        }

        if (!ngx_aidial_call_is_segment(p, end)) {
            return 0;
        }

        p = end;
    }

    return 1;
}


static ngx_uint_t
ngx_aidial_call_is_segment(u_char *p, u_char *last)
{
    size_t  len;

    len = last - p;

    if (len == 0
        || (len == 1 && p[0] == '.')
        || (len == 2 && p[0] == '.' && p[1] == '.'))
    {
        return 0;
    }

    for ( /* void */ ; p < last; p++) {
        /* C0, DEL, and C1 as UTF-8 writes it: the text is valid UTF-8 */

        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0)
            || ngx_strchr("\\?#", *p) != NULL)
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_aidial_call_read_type(ngx_pool_t *pool, ngx_aidial_json_t *value,
    const ngx_str_t *id, ngx_aidial_call_t *call)
{
    ngx_int_t  rc;
    ngx_str_t  type;

    if (value == NULL) {
        return NGX_OK;
    }

    rc = ngx_aidial_json_string(pool, value, NGX_AIDIAL_TYPE_MAX, &type);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED || !ngx_aidial_call_is_audio(&type)) {
        ngx_str_set(&type, "application/octet-stream");
    }

    call->content_type = type;

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_call_is_audio(const ngx_str_t *type)
{
    size_t  i;

    static const ngx_str_t  audio = ngx_string("audio/");

    if (type->len <= audio.len
        || ngx_strncasecmp(type->data, audio.data, audio.len) != 0)
    {
        return 0;
    }

    for (i = audio.len; i < type->len; i++) {
        if (!ngx_aidial_is_char(type->data[i], "!#$%&'*+-.^_`|~")) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_aidial_call_read_size(ngx_pool_t *pool, ngx_aidial_json_t *value,
    const ngx_str_t *id, ngx_aidial_call_t *call)
{
    /* what is no size leaves the -1 alone */

    (void) ngx_aidial_json_integer(value, &call->size_bytes);

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_call_read_duration(ngx_pool_t *pool, ngx_aidial_json_t *value,
    const ngx_str_t *id, ngx_aidial_call_t *call)
{
    double  seconds;

    /* the bound keeps 1e300 away from code that prints the number */

    if (ngx_aidial_json_number(value, &seconds) == NGX_OK
        && seconds < NGX_AIDIAL_SECONDS_MAX)
    {
        call->duration_seconds = seconds;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_aidial_call_read_filename(ngx_pool_t *pool, ngx_aidial_json_t *value,
    const ngx_str_t *id, ngx_aidial_call_t *call)
{
    ngx_int_t  rc;
    ngx_str_t  name;

    /* four bytes are the longest code point */

    rc = ngx_aidial_json_string(pool, value, NGX_AIDIAL_FILENAME_MAX * 4,
                                &name);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED || !ngx_aidial_filename_check(&name)) {
        return ngx_aidial_filename_make(pool, id, &call->content_type,
                                        &call->filename);
    }

    call->filename = name;

    return NGX_OK;
}


const ngx_str_t *
ngx_aidial_consent_word(ngx_uint_t consent)
{
    ngx_aidial_assert(consent < NGX_AIDIAL_CONSENTS);

    return &ngx_aidial_consent_words[consent];
}


const ngx_str_t *
ngx_aidial_compliance_word(ngx_uint_t compliance)
{
    ngx_aidial_assert(compliance < NGX_AIDIAL_COMPLIANCES);

    return &ngx_aidial_compliance_words[compliance];
}


const ngx_str_t *
ngx_aidial_media_word(ngx_uint_t media)
{
    ngx_aidial_assert(media < NGX_AIDIAL_MEDIA_STATUSES);

    return &ngx_aidial_media_words[media];
}
