
/*
 * JSON from people we do not know.
 *
 * jansson parses by recursion and keeps whatever it is given, so a text has
 * to pass three gates before jansson sees it and one after:
 *
 *     length  at most "max" bytes
 *     NUL     no such octet: behind a number or a word jansson skips it
 *     depth   at most NGX_AIDIAL_DEPTH_MAX open brackets at any place; the
 *             outermost object is 1
 *     object  nothing but an object at the top
 *
 * The depth is counted by a scan that knows strings and their escapes and
 * nothing else.  Up to the first error in a text the scan and jansson see the
 * same brackets; behind it jansson does not go, so whatever the scan makes of
 * a broken text, it never lets jansson recurse deeper than was counted.
 *
 * jansson itself refuses a repeated member (compared after unescaping), an
 * escaped NUL, invalid UTF-8, lone surrogates, a byte order mark, numbers that
 * fit no long long or double, and text behind the object.
 */


#include "ngx_aidial_json.h"

#include <jansson.h>


typedef struct {
    enum json_error_code   code;
    const char            *why;
} ngx_aidial_json_error_t;


static ngx_uint_t ngx_aidial_json_too_deep(const ngx_str_t *text);
static ngx_int_t ngx_aidial_json_failed(const json_error_t *error,
    const char **why);
static json_t *ngx_aidial_json_step(json_t *value, u_char *p, u_char *last);
static ngx_uint_t ngx_aidial_json_name_equal(const char *name, u_char *p,
    u_char *last);
static ngx_int_t ngx_aidial_json_copy(ngx_pool_t *pool, const void *data,
    size_t len, ngx_str_t *string);


static const ngx_aidial_json_error_t  ngx_aidial_json_errors[] = {
    { json_error_duplicate_key, "it repeats a member" },
    { json_error_end_of_input_expected, "it has text behind the object" },
    { json_error_invalid_utf8, "it is not UTF-8" },
    { json_error_null_character, "it has a NUL character" },
    { json_error_null_byte_in_key, "it has a NUL character" },
    { json_error_numeric_overflow, "it has a number out of range" },
};


ngx_int_t
ngx_aidial_json_parse(const ngx_str_t *text, size_t max,
    ngx_aidial_json_t **json, const char **why)
{
    json_t        *root;
    json_error_t   error;

    if (text->len == 0) {
        *why = "it is empty";
        return NGX_DECLINED;
    }

    if (text->len > max) {
        *why = "it is too large";
        return NGX_DECLINED;
    }

    if (memchr(text->data, '\0', text->len) != NULL) {
        *why = "it has a NUL character";
        return NGX_DECLINED;
    }

    if (ngx_aidial_json_too_deep(text)) {
        *why = "it nests too deep";
        return NGX_DECLINED;
    }

    /* jansson leaves it as it is when it has no memory to begin with */

    ngx_memzero(&error, sizeof(json_error_t));

    root = json_loadb((char *) text->data, text->len,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);

    if (root == NULL) {
        return ngx_aidial_json_failed(&error, why);
    }

    if (!json_is_object(root)) {
        json_decref(root);
        *why = "it is not an object";
        return NGX_DECLINED;
    }

    *json = root;

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_json_too_deep(const ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  depth, quoted;

    depth = 0;
    quoted = 0;

    for (i = 0; i < text->len; i++) {

        switch (text->data[i]) {

        case '"':
            quoted = !quoted;
            break;

        case '\\':
            /* outside of a string jansson stops here */
            i++;
            break;

        case '{':
        case '[':
            depth += !quoted;
            break;

        case '}':
        case ']':
            depth -= (!quoted && depth > 0);
            break;
        }

        if (depth > NGX_AIDIAL_DEPTH_MAX) {
            return 1;
        }
    }

    return 0;
}


/*
 * jansson's own words quote the text, which may hold anything.  A lack of
 * memory it reports as such, without a code, or as a fault of the text: the
 * last cannot be told apart, and is refused like all of them.
 */

static ngx_int_t
ngx_aidial_json_failed(const json_error_t *error, const char **why)
{
    size_t                 i, n;
    enum json_error_code   code;

    code = json_error_code(error);

    if (code == json_error_unknown || code == json_error_out_of_memory) {
        *why = "there is no memory to read it";
        return NGX_ERROR;
    }

    *why = "it is not JSON";
    n = sizeof(ngx_aidial_json_errors) / sizeof(ngx_aidial_json_errors[0]);

    for (i = 0; i < n; i++) {
        if (ngx_aidial_json_errors[i].code == code) {
            *why = ngx_aidial_json_errors[i].why;
        }
    }

    return NGX_DECLINED;
}


void
ngx_aidial_json_free(ngx_aidial_json_t *json)
{
    json_decref(json);
}


ngx_int_t
ngx_aidial_json_pointer_check(const ngx_str_t *pointer)
{
    u_char  *p, *last;

    if (pointer->len == 0) {
        return NGX_OK;
    }

    p = pointer->data;
    last = p + pointer->len;

    if (*p != '/') {
        return NGX_ERROR;
    }

    for ( /* void */ ; p < last; p++) {

        if (*p == '\0') {
            return NGX_ERROR;
        }

        if (*p == '~' && (last - p == 1 || (p[1] != '0' && p[1] != '1'))) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_aidial_json_t *
ngx_aidial_json_pointer(ngx_aidial_json_t *root, const ngx_str_t *pointer)
{
    u_char  *p, *last, *end;
    json_t  *value;

    ngx_aidial_assert(ngx_aidial_json_pointer_check(pointer) == NGX_OK);

    if (pointer->len == 0) {
        return root;
    }

    p = pointer->data;
    last = p + pointer->len;
    value = root;

    while (p < last && value != NULL) {
        p++;
        end = ngx_strlchr(p, last, '/');

        if (end == NULL) {
            end = last;
        }

        value = ngx_aidial_json_step(value, p, end);
        p = end;
    }

    return value;
}


/*
 * Members are compared one after another, unescaping on the way: that needs
 * no copy of the name and no limit of its length, and a record is bounded.
 */

static json_t *
ngx_aidial_json_step(json_t *value, u_char *p, u_char *last)
{
    void     *iter;
    ssize_t   index;

    if (json_is_array(value)) {
        index = ngx_atosz(p, last - p);

        /* RFC 6901 knows one spelling of an index */

        if (index == NGX_ERROR || (*p == '0' && last - p > 1)) {
            return NULL;
        }

        return json_array_get(value, index);
    }

    /* json_object_iter() of what is no object is NULL */

    iter = json_object_iter(value);

    while (iter != NULL) {

        if (ngx_aidial_json_name_equal(json_object_iter_key(iter), p, last)) {
            return json_object_iter_value(iter);
        }

        iter = json_object_iter_next(value, iter);
    }

    return NULL;
}


static ngx_uint_t
ngx_aidial_json_name_equal(const char *name, u_char *p, u_char *last)
{
    char  ch;

    for ( /* void */ ; p < last; p++, name++) {
        ch = (char) *p;

        if (ch == '~') {
            p++;
            ch = (*p == '1') ? '/' : '~';
        }

        /* a checked pointer has no NUL, so the name's end differs as well */

        if (*name != ch) {
            return 0;
        }
    }

    return *name == '\0';
}


ngx_aidial_json_t *
ngx_aidial_json_member(ngx_aidial_json_t *object, const char *name)
{
    return json_object_get(object, name);
}


ngx_int_t
ngx_aidial_json_identifier(ngx_pool_t *pool, ngx_aidial_json_t *value,
    ngx_str_t *id)
{
    u_char     digits[NGX_INT64_LEN];
    int64_t    integer;
    ngx_str_t  text;

    if (ngx_aidial_json_integer(value, &integer) == NGX_OK) {
        text.data = digits;
        text.len = ngx_sprintf(digits, "%L", integer) - digits;

    } else {
        text.data = (u_char *) json_string_value(value);
        text.len = json_string_length(value);
    }

    if (!ngx_aidial_is_identifier(&text)) {
        return NGX_DECLINED;
    }

    return ngx_aidial_json_copy(pool, text.data, text.len, id);
}


ngx_int_t
ngx_aidial_json_string(ngx_pool_t *pool, ngx_aidial_json_t *value, size_t max,
    ngx_str_t *string)
{
    if (!json_is_string(value) || json_string_length(value) > max) {
        return NGX_DECLINED;
    }

    return ngx_aidial_json_copy(pool, json_string_value(value),
                                json_string_length(value), string);
}


static ngx_int_t
ngx_aidial_json_copy(ngx_pool_t *pool, const void *data, size_t len,
    ngx_str_t *string)
{
    u_char  *p;

    p = ngx_pnalloc(pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(p, data, len) = '\0';

    string->data = p;
    string->len = len;

    return NGX_OK;
}


ngx_int_t
ngx_aidial_json_integer(ngx_aidial_json_t *value, int64_t *integer)
{
    json_int_t  n;

    if (!json_is_integer(value)) {
        return NGX_DECLINED;
    }

    n = json_integer_value(value);

    if (n < 0 || n > NGX_AIDIAL_INTEGER_MAX) {
        return NGX_DECLINED;
    }

    *integer = n;

    return NGX_OK;
}


ngx_int_t
ngx_aidial_json_number(ngx_aidial_json_t *value, double *number)
{
    double  n;

    /* jansson makes no infinity and no NaN: it refuses the text instead */

    if (!json_is_number(value)) {
        return NGX_DECLINED;
    }

    n = json_number_value(value);

    if (n < 0) {
        return NGX_DECLINED;
    }

    /* the sign of -0.0 would be printed */

    *number = (n > 0) ? n : 0;

    return NGX_OK;
}


ngx_uint_t
ngx_aidial_json_is_true(ngx_aidial_json_t *value)
{
    return json_is_true(value);
}


ngx_uint_t
ngx_aidial_json_is_object(ngx_aidial_json_t *value)
{
    return json_is_object(value);
}


ngx_uint_t
ngx_aidial_json_equal(ngx_aidial_json_t *value, const ngx_str_t *text)
{
    return json_is_string(value)
           && json_string_length(value) == text->len
           && ngx_memcmp(json_string_value(value), text->data, text->len) == 0;
}


ngx_int_t
ngx_aidial_json_array(ngx_aidial_json_t *value, size_t *len)
{
    if (!json_is_array(value)) {
        return NGX_DECLINED;
    }

    *len = json_array_size(value);

    return NGX_OK;
}


ngx_aidial_json_t *
ngx_aidial_json_element(ngx_aidial_json_t *value, size_t index)
{
    return json_array_get(value, index);
}
