
/*
 * JSON from people we do not know: bounded parse, RFC 6901 pointers and typed
 * reads.  ngx_aidial_json.c is the only file that includes jansson.
 */


#ifndef _NGX_AIDIAL_JSON_H_INCLUDED_
#define _NGX_AIDIAL_JSON_H_INCLUDED_


#include "ngx_aidial_core.h"


typedef struct json_t  ngx_aidial_json_t;


/*
 * Parses one JSON object.  NGX_OK: *json is the caller's to free.
 * NGX_DECLINED: not usable, *why says so in words without user data (over
 * "max" bytes, deeper than NGX_AIDIAL_DEPTH_MAX, a member repeated, not an
 * object, not JSON, text behind the object).  NGX_ERROR: no memory.
 */

ngx_int_t ngx_aidial_json_parse(const ngx_str_t *text, size_t max,
    ngx_aidial_json_t **json, const char **why);
void ngx_aidial_json_free(ngx_aidial_json_t *json);

/* NGX_OK when "pointer" is an RFC 6901 pointer, NGX_ERROR otherwise */

ngx_int_t ngx_aidial_json_pointer_check(const ngx_str_t *pointer);

/* the value a checked pointer names, or NULL; belongs to the root */

ngx_aidial_json_t *ngx_aidial_json_pointer(ngx_aidial_json_t *root,
    const ngx_str_t *pointer);

/* a member of an object by its literal name, or NULL; NULL in, NULL out */

ngx_aidial_json_t *ngx_aidial_json_member(ngx_aidial_json_t *object,
    const char *name);

/*
 * Typed reads.  NGX_OK: read.  NGX_DECLINED: not what was asked for, or
 * "value" is NULL because the member is absent.  NGX_ERROR: no memory.
 * Strings are copied into memory of "pool" and end in a NUL beyond their len.
 */

/* an identifier, or an integer of 0 to 2^53 - 1 as its decimal text */

ngx_int_t ngx_aidial_json_identifier(ngx_pool_t *pool,
    ngx_aidial_json_t *value, ngx_str_t *id);

/* a string of at most "max" bytes */

ngx_int_t ngx_aidial_json_string(ngx_pool_t *pool, ngx_aidial_json_t *value,
    size_t max, ngx_str_t *string);

/* an integer of 0 to 2^53 - 1 */

ngx_int_t ngx_aidial_json_integer(ngx_aidial_json_t *value, int64_t *integer);

/* a finite number, not negative; integers too */

ngx_int_t ngx_aidial_json_number(ngx_aidial_json_t *value, double *number);

/* 1 when the value is the literal true, 0 for all else and for NULL */

ngx_uint_t ngx_aidial_json_is_true(ngx_aidial_json_t *value);

/* 1 when the value is an object, 0 for all else and for NULL */

ngx_uint_t ngx_aidial_json_is_object(ngx_aidial_json_t *value);

/* 1 when the value is the string "text", octet by octet; NULL is none */

ngx_uint_t ngx_aidial_json_equal(ngx_aidial_json_t *value,
    const ngx_str_t *text);

/*
 * An array: NGX_OK and its length; elements by index, NULL past the end.
 */

ngx_int_t ngx_aidial_json_array(ngx_aidial_json_t *value, size_t *len);
ngx_aidial_json_t *ngx_aidial_json_element(ngx_aidial_json_t *value,
    size_t index);


/* ngx_aidial_identifier.c */

/* 1 when the octet is one of A-Z a-z 0-9 _ . : - */

extern const uint32_t  ngx_aidial_identifier_chars[8];

static ngx_inline ngx_uint_t
ngx_aidial_is_identifier_char(u_char ch)
{
    return (ngx_aidial_identifier_chars[ch >> 5] >> (ch & 0x1f)) & 1;
}


/* 1 when the text is an identifier: 1-128 of A-Z a-z 0-9 _ . : - */

ngx_uint_t ngx_aidial_is_identifier(const ngx_str_t *text);

/* 1 when the octet is one of A-Z a-z 0-9 or of "marks" */

ngx_uint_t ngx_aidial_is_char(u_char ch, const char *marks);


#endif /* _NGX_AIDIAL_JSON_H_INCLUDED_ */
