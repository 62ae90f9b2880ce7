
/*
 * Words about a value that the module could not use.  Nothing is judged here:
 * core has done that, and these words only say what there is to see.
 */


#include "kit.h"

#include <jansson.h>


/* jansson is asked once more, for the place */

const char *
kit_json_where(ngx_pool_t *pool, const ngx_str_t *text)
{
    u_char        *p;
    json_t        *root;
    json_error_t   error;

    root = json_loadb((char *) text->data, text->len,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);

    if (root != NULL || error.line < 1) {
        json_decref(root);
        return "";
    }

    p = kit_alloc(pool, 80);
    (void) ngx_sprintf(p, " (near line %d, column %d)%Z",
                       (int) error.line, (int) error.column);

    return (char *) p;
}


const char *
kit_json_what(ngx_pool_t *pool, ngx_aidial_json_t *value)
{
    u_char      *p;
    ngx_str_t    text;
    const char  *shown;

    if (value == NULL) {
        return "is absent";
    }

    switch (json_typeof(value)) {

    case JSON_OBJECT:
        return "is an object";

    case JSON_ARRAY:
        return "is an array";

    case JSON_TRUE:
        return "is true";

    case JSON_FALSE:
        return "is false";

    case JSON_NULL:
        return "is null";

    case JSON_REAL:
        return "is a number with a fraction or an exponent";

    case JSON_INTEGER:
        p = kit_alloc(pool, NGX_INT64_LEN + sizeof("is the number "));
        (void) ngx_sprintf(p, "is the number %L%Z",
                           (int64_t) json_integer_value(value));

        return (char *) p;

    case JSON_STRING:
        break;
    }

    text.data = (u_char *) json_string_value(value);
    text.len = json_string_length(value);

    shown = kit_show(pool, &text);
    p = kit_alloc(pool, strlen(shown) + sizeof("is \"\""));
    (void) ngx_sprintf(p, "is \"%s\"%Z", shown);

    return (char *) p;
}


/* why it is no identifier, or what it is */

const char *
kit_json_identifier(ngx_pool_t *pool, ngx_aidial_json_t *value)
{
    if (json_is_string(value) && json_string_length(value) == 0) {
        return "is an empty string";
    }

    if (json_is_string(value)
        && json_string_length(value) > NGX_AIDIAL_ID_MAX)
    {
        return "is over 128 characters long";
    }

    if (json_is_string(value)) {
        return "has characters beside A-Z a-z 0-9 _ . : -";
    }

    if (json_is_integer(value)) {
        return "is a number below 0 or over 2^53 - 1";
    }

    return kit_json_what(pool, value);
}


ngx_uint_t
kit_json_is_false(ngx_aidial_json_t *value)
{
    return json_is_false(value);
}
