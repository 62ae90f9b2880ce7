
/*
 * Verifies a JSON Web Token, one small function a rung:
 *
 *     1  size     at most NGX_AIDIAL_COOKIE_MAX characters
 *     2  parts    header.payload.signature, three, none empty
 *     3  decode   each in its one spelling of base64url
 *     4  header   "alg" is the configured one; no "crit", "b64", "cty", "enc",
 *                 "zip"; "typ", if any, is of a token that may be a session
 *     5  keys     those with the token's "kid", and those without a name
 *     6  signed   by one of them
 *     7  claims   a JSON object without repeated members
 *     8  times    "exp" is there and ahead, "nbf" is not, "iat" is a time
 *     9  parties  "iss" and "aud" are what was configured
 *    10  id       "sid", else "jti", is an identifier
 *
 * The header is read before the signature is verified: only to compare it
 * with the configuration, and to leave keys out.  Keys that it brings or
 * points to ("jwk", "jku", "x5c", "x5u") are not looked at.  No claim is read
 * before rung 6.
 *
 * There is no leeway: the edge's time is the time.
 */


#include "ngx_aidial_jwt.h"
#include "ngx_aidial_base64url.h"
#include "ngx_aidial_json.h"


typedef struct {
    ngx_str_t  header;        /* decoded, as are the next two */
    ngx_str_t  payload;
    ngx_str_t  signature;
    ngx_str_t  input;         /* what was signed */
    ngx_str_t  kid;           /* data NULL: none */
} ngx_aidial_jwt_parts_t;


static ngx_int_t ngx_aidial_jwt_split(ngx_pool_t *pool,
    const ngx_str_t *token, ngx_aidial_jwt_parts_t *parts, const char **why);
static ngx_int_t ngx_aidial_jwt_decode(ngx_pool_t *pool, u_char *first,
    u_char *last, ngx_str_t *octets, const char **why);
static ngx_int_t ngx_aidial_jwt_header(ngx_pool_t *pool,
    const ngx_aidial_jwt_conf_t *conf, ngx_aidial_jwt_parts_t *parts,
    const char **why);
static ngx_int_t ngx_aidial_jwt_members(ngx_pool_t *pool,
    const ngx_aidial_jwt_conf_t *conf, ngx_aidial_json_t *header,
    ngx_aidial_jwt_parts_t *parts, const char **why);
static ngx_int_t ngx_aidial_jwt_type(ngx_pool_t *pool,
    ngx_aidial_json_t *value, const char **why);
static ngx_int_t ngx_aidial_jwt_signed(const ngx_aidial_jwt_conf_t *conf,
    const ngx_aidial_jwt_parts_t *parts, const char **why);
static ngx_int_t ngx_aidial_jwt_claims(ngx_pool_t *pool,
    const ngx_aidial_jwt_conf_t *conf, ngx_aidial_json_t *claims, time_t now,
    ngx_aidial_jwt_t *jwt, const char **why);
static ngx_int_t ngx_aidial_jwt_times(ngx_aidial_json_t *claims, time_t now,
    ngx_aidial_jwt_t *jwt, const char **why);
static ngx_int_t ngx_aidial_jwt_date(ngx_aidial_json_t *value, double *date);
static ngx_int_t ngx_aidial_jwt_parties(const ngx_aidial_jwt_conf_t *conf,
    ngx_aidial_json_t *claims, const char **why);
static ngx_uint_t ngx_aidial_jwt_audience(ngx_aidial_json_t *value,
    const ngx_str_t *aud);
static ngx_int_t ngx_aidial_jwt_sid(ngx_pool_t *pool,
    ngx_aidial_json_t *claims, ngx_str_t *sid, const char **why);


/* each changes what a token means in a way that is not understood here */

static const char  *ngx_aidial_jwt_foreign[] = {
    "crit", "b64", "cty", "enc", "zip", NULL
};


/* of RFC 7519 and RFC 9068; a logout token, say, is no session */

static const char  *ngx_aidial_jwt_types[] = { "JWT", "at+jwt", NULL };


ngx_int_t
ngx_aidial_jwt_verify(ngx_pool_t *pool, const ngx_aidial_jwt_conf_t *conf,
    const ngx_str_t *token, time_t now, ngx_aidial_jwt_t *jwt,
    const char **why)
{
    ngx_int_t                rc;
    ngx_aidial_jwt_t         found;
    ngx_aidial_json_t       *claims;
    ngx_aidial_jwt_parts_t   parts;

    ngx_memzero(jwt, sizeof(ngx_aidial_jwt_t));
    jwt->issued_at = -1;
    rc = ngx_aidial_jwt_split(pool, token, &parts, why);

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwt_header(pool, conf, &parts, why);
    }

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwt_signed(conf, &parts, why);
    }

    if (rc == NGX_OK) {
        rc = ngx_aidial_json_parse(&parts.payload, NGX_AIDIAL_COOKIE_MAX,
                                   &claims, why);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    found = *jwt;

    rc = ngx_aidial_jwt_claims(pool, conf, claims, now, &found, why);

    ngx_aidial_json_free(claims);

    if (rc != NGX_OK) {
        return rc;
    }

    *jwt = found;
    jwt->claims = parts.payload;

    return NGX_OK;
}


/* rungs 1 to 3 */

static ngx_int_t
ngx_aidial_jwt_split(ngx_pool_t *pool, const ngx_str_t *token,
    ngx_aidial_jwt_parts_t *parts, const char **why)
{
    u_char     *first, *second, *last;
    ngx_int_t   rc;

    ngx_memzero(parts, sizeof(ngx_aidial_jwt_parts_t));

    if (token->len > NGX_AIDIAL_COOKIE_MAX) {
        *why = "it is too large";
        return NGX_DECLINED;
    }

    last = token->data + token->len;

    first = ngx_strlchr(token->data, last, '.');
    second = first ? ngx_strlchr(first + 1, last, '.') : NULL;

    /* a third dot is no character of base64url: the last rung finds it */

    if (second == NULL) {
        *why = "it has not three parts";
        return NGX_DECLINED;
    }

    parts->input.data = token->data;
    parts->input.len = second - token->data;

    rc = ngx_aidial_jwt_decode(pool, token->data, first, &parts->header, why);

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwt_decode(pool, first + 1, second, &parts->payload,
                                   why);
    }

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwt_decode(pool, second + 1, last, &parts->signature,
                                   why);
    }

    return rc;
}


static ngx_int_t
ngx_aidial_jwt_decode(ngx_pool_t *pool, u_char *first, u_char *last,
    ngx_str_t *octets, const char **why)
{
    ngx_str_t  text;

    text.data = first;
    text.len = last - first;

    if (text.len == 0) {
        *why = "a part of it is empty";
        return NGX_DECLINED;
    }

    octets->len = ngx_aidial_base64url_len(text.len);

    octets->data = ngx_pnalloc(pool, octets->len + 1);
    if (octets->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_aidial_base64url_decode(&text, octets->data) != NGX_OK) {
        *why = "a part of it is not base64url";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* rung 4 */

static ngx_int_t
ngx_aidial_jwt_header(ngx_pool_t *pool, const ngx_aidial_jwt_conf_t *conf,
    ngx_aidial_jwt_parts_t *parts, const char **why)
{
    ngx_int_t           rc;
    ngx_aidial_json_t  *header;

    rc = ngx_aidial_json_parse(&parts->header, NGX_AIDIAL_COOKIE_MAX, &header,
                               why);

    if (rc == NGX_DECLINED) {
        *why = "its header is not usable";
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_jwt_members(pool, conf, header, parts, why);

    ngx_aidial_json_free(header);

    return rc;
}


static ngx_int_t
ngx_aidial_jwt_members(ngx_pool_t *pool,
    const ngx_aidial_jwt_conf_t *conf, ngx_aidial_json_t *header,
    ngx_aidial_jwt_parts_t *parts, const char **why)
{
    ngx_int_t           rc;
    ngx_uint_t          i;
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(header, "alg");

    if (!ngx_aidial_json_equal(value, ngx_aidial_alg_name(conf->alg))) {
        *why = "its algorithm is not the configured one";
        return NGX_DECLINED;
    }

    for (i = 0; ngx_aidial_jwt_foreign[i]; i++) {
        if (ngx_aidial_json_member(header, ngx_aidial_jwt_foreign[i])) {
            *why = "its header asks for what is not supported";
            return NGX_DECLINED;
        }
    }

    value = ngx_aidial_json_member(header, "typ");

    if (value) {
        rc = ngx_aidial_jwt_type(pool, value, why);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    value = ngx_aidial_json_member(header, "kid");
    if (value == NULL) {
        return NGX_OK;
    }

    *why = "its kid is not usable";

    return ngx_aidial_json_string(pool, value, NGX_AIDIAL_JWT_NAME_MAX,
                                  &parts->kid);
}


static ngx_int_t
ngx_aidial_jwt_type(ngx_pool_t *pool, ngx_aidial_json_t *value,
    const char **why)
{
    ngx_int_t   rc;
    ngx_str_t   type;
    ngx_uint_t  i;

    *why = "its type is not that of a session";

    rc = ngx_aidial_json_string(pool, value, NGX_AIDIAL_JWT_NAME_MAX, &type);
    if (rc != NGX_OK) {
        return rc;
    }

    /* a media type: letter case means nothing */

    for (i = 0; ngx_aidial_jwt_types[i]; i++) {
        if (ngx_strcasecmp(type.data, (u_char *) ngx_aidial_jwt_types[i])
            == 0)
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* rungs 5 and 6; which keys there are, and their names, is no secret */

static ngx_int_t
ngx_aidial_jwt_signed(const ngx_aidial_jwt_conf_t *conf,
    const ngx_aidial_jwt_parts_t *parts, const char **why)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    const ngx_aidial_jwt_key_t  *key;

    *why = "no configured key has its kid";

    key = conf->keys.elts;

    for (i = 0; i < conf->keys.nelts; i++) {

        if (key[i].kid.data && parts->kid.data
            && !ngx_aidial_same(&key[i].kid, &parts->kid))
        {
            continue;
        }

        if (conf->alg == NGX_AIDIAL_ALG_HS256) {
            rc = ngx_aidial_signature_hmac(&key[i].secret, &parts->input,
                                           &parts->signature);

        } else {
            rc = ngx_aidial_signature_verify(conf->alg, key[i].public_key,
                                             &parts->input,
                                             &parts->signature);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }

        *why = "its signature is wrong";
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_aidial_jwt_claims(ngx_pool_t *pool, const ngx_aidial_jwt_conf_t *conf,
    ngx_aidial_json_t *claims, time_t now, ngx_aidial_jwt_t *jwt,
    const char **why)
{
    ngx_int_t  rc;

    rc = ngx_aidial_jwt_times(claims, now, jwt, why);

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwt_parties(conf, claims, why);
    }

    if (rc == NGX_OK) {
        rc = ngx_aidial_jwt_sid(pool, claims, &jwt->sid, why);
    }

    return rc;
}


/* rung 8 */

static ngx_int_t
ngx_aidial_jwt_times(ngx_aidial_json_t *claims, time_t now,
    ngx_aidial_jwt_t *jwt, const char **why)
{
    double              date;
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(claims, "exp");

    if (ngx_aidial_jwt_date(value, &date) != NGX_OK) {
        *why = "it has no usable exp";
        return NGX_DECLINED;
    }

    jwt->expires_at = (int64_t) date;

    if (date <= (double) now) {
        *why = "it is expired";
        return NGX_DECLINED;
    }

    value = ngx_aidial_json_member(claims, "nbf");

    if (value && ngx_aidial_jwt_date(value, &date) != NGX_OK) {
        *why = "its nbf is not usable";
        return NGX_DECLINED;
    }

    if (value && date > (double) now) {
        *why = "it is not valid yet";
        return NGX_DECLINED;
    }

    value = ngx_aidial_json_member(claims, "iat");

    if (value && ngx_aidial_jwt_date(value, &date) != NGX_OK) {
        *why = "its iat is not usable";
        return NGX_DECLINED;
    }

    /* the fraction goes: a session is never younger than it is */

    jwt->issued_at = value ? (int64_t) date : -1;

    return NGX_OK;
}


/* a NumericDate: seconds, maybe with a fraction; milliseconds are refused */

static ngx_int_t
ngx_aidial_jwt_date(ngx_aidial_json_t *value, double *date)
{
    return ngx_aidial_json_number(value, date) == NGX_OK
           && *date < NGX_AIDIAL_SECONDS_MAX ? NGX_OK : NGX_DECLINED;
}


/* rung 9 */

static ngx_int_t
ngx_aidial_jwt_parties(const ngx_aidial_jwt_conf_t *conf,
    ngx_aidial_json_t *claims, const char **why)
{
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(claims, "iss");

    if (conf->iss.data && !ngx_aidial_json_equal(value, &conf->iss)) {
        *why = "its issuer is not the configured one";
        return NGX_DECLINED;
    }

    value = ngx_aidial_json_member(claims, "aud");

    /* RFC 7519, 4.1.3: who is not in a token's audience must refuse it */

    if (value && conf->aud.data == NULL) {
        *why = "it has an audience, and none is configured";
        return NGX_DECLINED;
    }

    if (conf->aud.data && !ngx_aidial_jwt_audience(value, &conf->aud)) {
        *why = "its audience is not the configured one";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_aidial_jwt_audience(ngx_aidial_json_t *value, const ngx_str_t *aud)
{
    size_t  i, len;

    if (ngx_aidial_json_array(value, &len) != NGX_OK) {
        return ngx_aidial_json_equal(value, aud);
    }

    for (i = 0; i < len; i++) {
        if (ngx_aidial_json_equal(ngx_aidial_json_element(value, i), aud)) {
            return 1;
        }
    }

    return 0;
}


/* rung 10; a "sid" that is not usable does not make room for "jti" */

static ngx_int_t
ngx_aidial_jwt_sid(ngx_pool_t *pool, ngx_aidial_json_t *claims,
    ngx_str_t *sid, const char **why)
{
    ngx_aidial_json_t  *value;

    value = ngx_aidial_json_member(claims, "sid");

    if (value == NULL) {
        value = ngx_aidial_json_member(claims, "jti");
    }

    *why = "it has no usable sid or jti";

    return ngx_aidial_json_identifier(pool, value, sid);
}
