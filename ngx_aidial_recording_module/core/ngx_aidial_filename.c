
/*
 * The name under which a recording is saved.
 *
 * A name from a record is shown to people and becomes a file on their disk.
 * It is kept as it is or not at all: mending a name would make two calls'
 * names alike.  On the wire it stands twice (RFC 6266):
 *
 *     attachment; filename="caf__1.mp3"; filename*=UTF-8''caf%C3%A9%251.mp3
 *
 * once in ASCII for clients that know nothing better, once whole.  Clients
 * disagree on what a backslash or a percent sign means inside the quotes, so
 * the first spelling has none; the second has attr-char of RFC 8187 only.
 */


#include "ngx_aidial_call.h"
#include "ngx_aidial_json.h"


typedef struct {
    ngx_str_t   type;
    ngx_str_t   extension;
} ngx_aidial_filename_type_t;


typedef struct {
    uint32_t    first;
    uint32_t    last;
} ngx_aidial_filename_range_t;


static ngx_uint_t ngx_aidial_filename_refused(uint32_t u);
static uint32_t ngx_aidial_filename_decode(u_char **p, u_char *last);
static ngx_str_t ngx_aidial_filename_extension(const ngx_str_t *type);
static u_char *ngx_aidial_filename_ascii(u_char *dst, const ngx_str_t *name);
static u_char *ngx_aidial_filename_encode(u_char *dst, const ngx_str_t *name);


/*
 * Controls, separators of paths and lines, whatever turns the direction of
 * text round (it makes "gpj.exe" look like "exe.jpg"), and no code points.
 */

static const ngx_aidial_filename_range_t  ngx_aidial_filename_ranges[] = {
    { 0x0000, 0x001f },
    { '/', '/' },
    { '\\', '\\' },
    { 0x007f, 0x009f },
    { 0x061c, 0x061c },
    { 0x200e, 0x200f },
    { 0x2028, 0x202e },
    { 0x2066, 0x2069 },
    { 0x110000, 0xffffffff }
};


static const ngx_aidial_filename_type_t  ngx_aidial_filename_types[] = {
    { ngx_string("audio/mpeg"), ngx_string(".mp3") },
    { ngx_string("audio/wav"), ngx_string(".wav") },
    { ngx_string("audio/x-wav"), ngx_string(".wav") },
    { ngx_string("audio/wave"), ngx_string(".wav") },
    { ngx_string("audio/vnd.wave"), ngx_string(".wav") },
    { ngx_string("audio/ogg"), ngx_string(".ogg") },
    { ngx_string("audio/opus"), ngx_string(".opus") },
    { ngx_string("audio/mp4"), ngx_string(".m4a") },
    { ngx_string("audio/aac"), ngx_string(".m4a") },
    { ngx_string("audio/x-m4a"), ngx_string(".m4a") },
    { ngx_string("audio/flac"), ngx_string(".flac") },
    { ngx_string("audio/webm"), ngx_string(".webm") }
};


ngx_uint_t
ngx_aidial_filename_check(const ngx_str_t *name)
{
    u_char      *p, *last;
    ngx_uint_t   n;

    if (name->len == 0
        || (name->len == 1 && name->data[0] == '.')
        || (name->len == 2 && name->data[0] == '.' && name->data[1] == '.'))
    {
        return 0;
    }

    p = name->data;
    last = p + name->len;

    for (n = 0; p < last; n++) {
        if (ngx_aidial_filename_refused(ngx_aidial_filename_decode(&p, last)))
        {
            return 0;
        }
    }

    return n <= NGX_AIDIAL_FILENAME_MAX;
}


static ngx_uint_t
ngx_aidial_filename_refused(uint32_t u)
{
    size_t  i, n;

    n = sizeof(ngx_aidial_filename_ranges)
        / sizeof(ngx_aidial_filename_ranges[0]);

    for (i = 0; i < n; i++) {
        if (u >= ngx_aidial_filename_ranges[i].first
            && u <= ngx_aidial_filename_ranges[i].last)
        {
            return 1;
        }
    }

    return 0;
}


/* always moves on; broken UTF-8 is a number beyond the last code point */

static uint32_t
ngx_aidial_filename_decode(u_char **p, u_char *last)
{
    u_char    *start;
    uint32_t   u;

    start = *p;

    if (*start < 0x80) {
        *p = start + 1;
        return *start;
    }

    u = ngx_utf8_decode(p, last - start);

    if (*p == start) {
        *p = start + 1;
    }

    return u;
}


ngx_int_t
ngx_aidial_filename_make(ngx_pool_t *pool, const ngx_str_t *id,
    const ngx_str_t *type, ngx_str_t *name)
{
    u_char     *p;
    size_t      i;
    ngx_str_t   extension;

    extension = ngx_aidial_filename_extension(type);

    p = ngx_pnalloc(pool, sizeof("call-") - 1 + id->len + extension.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name->data = p;

    p = ngx_cpymem(p, "call-", sizeof("call-") - 1);

    for (i = 0; i < id->len; i++) {
        *p++ = (id->data[i] == ':') ? '_' : id->data[i];
    }

    p = ngx_cpymem(p, extension.data, extension.len);
    name->len = p - name->data;

    return NGX_OK;
}


static ngx_str_t
ngx_aidial_filename_extension(const ngx_str_t *type)
{
    size_t                             i, n;
    const ngx_aidial_filename_type_t  *row;

    static const ngx_str_t  none = ngx_string("");

    n = sizeof(ngx_aidial_filename_types)
        / sizeof(ngx_aidial_filename_types[0]);

    for (i = 0; i < n; i++) {
        row = &ngx_aidial_filename_types[i];

        if (row->type.len == type->len
            && ngx_strncasecmp(row->type.data, type->data, type->len) == 0)
        {
            return row->extension;
        }
    }

    return none;
}


ngx_int_t
ngx_aidial_call_disposition(ngx_pool_t *pool, const ngx_str_t *filename,
    ngx_str_t *value)
{
    u_char  *p;
    size_t   len;

    static const ngx_str_t  ascii = ngx_string("attachment; filename=\"");
    static const ngx_str_t  whole = ngx_string("\"; filename*=UTF-8''");

    len = ascii.len + filename->len + whole.len + filename->len * 3;

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    p = ngx_cpymem(p, ascii.data, ascii.len);
    p = ngx_aidial_filename_ascii(p, filename);
    p = ngx_cpymem(p, whole.data, whole.len);
    p = ngx_aidial_filename_encode(p, filename);

    value->len = p - value->data;

    return NGX_OK;
}


static u_char *
ngx_aidial_filename_ascii(u_char *dst, const ngx_str_t *name)
{
    u_char    *p, *last;
    uint32_t   u;

    p = name->data;
    last = p + name->len;

    while (p < last) {
        u = ngx_aidial_filename_decode(&p, last);

        if (u < 0x20 || u > 0x7e || u == '"' || u == '\\' || u == '%') {
            u = '_';
        }

        *dst++ = (u_char) u;
    }

    return dst;
}


static u_char *
ngx_aidial_filename_encode(u_char *dst, const ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (ngx_aidial_is_char(ch, "!#$&+-.^_`|~")) {
            *dst++ = ch;
            continue;
        }

        dst = ngx_sprintf(dst, "%%%02Xd", (ngx_int_t) ch);
    }

    return dst;
}
