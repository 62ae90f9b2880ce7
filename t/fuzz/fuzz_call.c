
/*
 * Call records: what is accepted can stand in a URL, a header and a log line.
 */


#include "ngx_aidial_call.h"
#include "ngx_aidial_json.h"

#include <assert.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fuzz_call(ngx_pool_t *pool, const ngx_str_t *text);
static void fuzz_call_object(const ngx_aidial_call_t *call);
static void fuzz_call_details(const ngx_aidial_call_t *call);
static void fuzz_call_disposition(ngx_pool_t *pool, const ngx_str_t *name);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t    text;
    ngx_pool_t  *pool;

    text.data = (u_char *) data;
    text.len = size;

    pool = ngx_create_pool(4096, ngx_cycle->log);
    assert(pool != NULL);

    fuzz_call(pool, &text);

    /* a header value is safe whatever the name is */

    fuzz_call_disposition(pool, &text);

    ngx_destroy_pool(pool);

    return 0;
}


static void
fuzz_call(ngx_pool_t *pool, const ngx_str_t *text)
{
    ngx_int_t           rc;
    const char         *why;
    ngx_aidial_call_t   call;

    static const ngx_str_t  id = ngx_string("c:9_2");

    why = NULL;
    rc = ngx_aidial_call_parse(pool, text, &id, &call, &why);

    if (rc != NGX_OK) {
        assert(rc == NGX_DECLINED && why != NULL && *why != '\0');
        return;
    }

    assert(ngx_aidial_is_identifier(&call.tenant));
    assert(ngx_aidial_is_identifier(&call.client));
    assert(ngx_aidial_is_identifier(&call.project));
    assert(call.consent < NGX_AIDIAL_CONSENTS);
    assert(call.compliance < NGX_AIDIAL_COMPLIANCES);
    assert(call.media < NGX_AIDIAL_MEDIA_STATUSES);

    fuzz_call_object(&call);
    fuzz_call_details(&call);
    fuzz_call_disposition(pool, &call.filename);
}


static void
fuzz_call_object(const ngx_aidial_call_t *call)
{
    size_t            i;
    u_char           *p;
    const ngx_str_t  *object;

    object = &call->object;

    assert((object->len > 0) == (call->media == NGX_AIDIAL_MEDIA_AVAILABLE));

    if (object->len == 0) {
        return;
    }

    p = object->data;

    assert(p[0] == '/' && p[object->len - 1] != '/');
    assert(object->len <= NGX_AIDIAL_OBJECT_MAX);

    for (i = 0; i < object->len; i++) {
        assert(p[i] >= 0x20 && p[i] != 0x7f);
        assert(p[i] != '\\' && p[i] != '?' && p[i] != '#');
    }

    /* the string ends in a NUL, so these cannot run away */

    assert(strstr((char *) p, "//") == NULL);
    assert(strstr((char *) p, "/./") == NULL);
    assert(strstr((char *) p, "/../") == NULL);
    assert(object->len < 2 || strcmp((char *) p + object->len - 2, "/.") != 0);
    assert(object->len < 3 || strcmp((char *) p + object->len - 3, "/..") != 0);
}


static void
fuzz_call_details(const ngx_aidial_call_t *call)
{
    size_t            i;
    const ngx_str_t  *type;

    type = &call->content_type;

    assert(type->len <= NGX_AIDIAL_TYPE_MAX);
    assert(type->len == 0
           || ngx_strncasecmp(type->data, (u_char *) "audio/", 6) == 0
           || ngx_strncmp(type->data, "application/octet-stream", 24) == 0);

    for (i = 0; i < type->len; i++) {
        assert(type->data[i] > 0x20 && type->data[i] < 0x7f);
        assert(strchr("\"(),:;<=>?@[\\]{}", type->data[i]) == NULL);
    }

    assert(ngx_aidial_filename_check(&call->filename));

    assert(call->size_bytes >= -1);
    assert(call->size_bytes <= NGX_AIDIAL_INTEGER_MAX);
    assert(call->duration_seconds >= 0 || call->duration_seconds == -1);
    assert(call->duration_seconds < NGX_AIDIAL_SECONDS_MAX);
}


static void
fuzz_call_disposition(ngx_pool_t *pool, const ngx_str_t *name)
{
    size_t      i, quotes;
    ngx_int_t   rc;
    ngx_str_t   value;

    rc = ngx_aidial_call_disposition(pool, name, &value);
    assert(rc == NGX_OK);

    quotes = 0;

    for (i = 0; i < value.len; i++) {
        assert(value.data[i] >= 0x20 && value.data[i] < 0x7f);
        assert(value.data[i] != '\\');

        quotes += (value.data[i] == '"');
    }

    assert(quotes == 2);
}
