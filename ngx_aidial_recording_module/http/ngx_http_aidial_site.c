
/*
 * Where a request comes from: Fetch Metadata (W3C), Origin (RFC 6454) and the
 * marks of a prefetch.  A header that is repeated is nobody's word: it counts
 * as the worst of its values.
 */


#include "ngx_http_aidial.h"


static ngx_uint_t ngx_http_aidial_header_each(ngx_http_request_t *r,
    const char *name, ngx_uint_t (*match)(const ngx_str_t *value),
    ngx_uint_t *lines);
static ngx_uint_t ngx_http_aidial_is_same_origin(const ngx_str_t *value);
static ngx_uint_t ngx_http_aidial_is_other_site(const ngx_str_t *value);
static ngx_uint_t ngx_http_aidial_is_prefetch(const ngx_str_t *value);
static ngx_uint_t ngx_http_aidial_is_page(const ngx_str_t *value);
static ngx_uint_t ngx_http_aidial_has_word(const ngx_str_t *value,
    const char *word);
static ngx_uint_t ngx_http_aidial_is_word(const ngx_str_t *value,
    const char *word);
static ngx_uint_t ngx_http_aidial_origin_allowed(ngx_http_aidial_ctx_t *ctx,
    ngx_uint_t *lines);
static ngx_table_elt_t *ngx_http_aidial_header_next(ngx_http_request_t *r,
    const char *name, ngx_list_part_t **part, ngx_uint_t *i);


/* a grant request must say that it comes from the portal itself */

ngx_int_t
ngx_http_aidial_site_of_grant(ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t           sites, origins, matches;
    ngx_http_request_t  *r;

    r = ctx->request;

    matches = ngx_http_aidial_header_each(r, "sec-fetch-site",
                                          ngx_http_aidial_is_same_origin,
                                          &sites);

    if (matches == sites
        && ngx_http_aidial_origin_allowed(ctx, &origins)
        && sites + origins > 0)
    {
        return NGX_OK;
    }

    return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_CROSS_SITE_REQUEST);
}


/* media elements of old browsers say nothing: only a wrong word refuses */

ngx_int_t
ngx_http_aidial_site_of_media(ngx_http_aidial_ctx_t *ctx)
{
    ngx_uint_t           i, lines;
    ngx_http_request_t  *r;

    static const char  *marks[] = { "sec-purpose", "purpose", "x-moz" };

    r = ctx->request;

    if (ngx_http_aidial_header_each(r, "sec-fetch-site",
                                    ngx_http_aidial_is_other_site, &lines))
    {
        return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_CROSS_SITE_REQUEST);
    }

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (ngx_http_aidial_header_each(r, marks[i],
                                        ngx_http_aidial_is_prefetch, &lines))
        {
            return ngx_http_aidial_refuse(ctx, NGX_AIDIAL_PREFETCH_REFUSED);
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_aidial_is_navigation(ngx_http_request_t *r)
{
    ngx_uint_t  lines;

    return ngx_http_aidial_header_each(r, "sec-fetch-dest",
                                       ngx_http_aidial_is_page, &lines);
}


/* how many of the header's lines match; *lines: how many there are */

static ngx_uint_t
ngx_http_aidial_header_each(ngx_http_request_t *r, const char *name,
    ngx_uint_t (*match)(const ngx_str_t *value), ngx_uint_t *lines)
{
    ngx_uint_t        i, matches;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    i = 0;
    part = &r->headers_in.headers.part;
    matches = 0;
    *lines = 0;

    for ( ;; ) {
        h = ngx_http_aidial_header_next(r, name, &part, &i);

        if (h == NULL) {
            return matches;
        }

        (*lines)++;
        matches += match(&h->value);
    }
}


static ngx_table_elt_t *
ngx_http_aidial_header_next(ngx_http_request_t *r, const char *name,
    ngx_list_part_t **part, ngx_uint_t *i)
{
    size_t            len;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);

    for ( ; *part; *part = (*part)->next, *i = 0) {

        while (*i < (*part)->nelts) {
            h = (ngx_table_elt_t *) (*part)->elts + (*i)++;

            /* nginx has each name of a request in lower case as well */

            if (h->key.len == len
                && ngx_memcmp(h->lowcase_key, name, len) == 0)
            {
                return h;
            }
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_aidial_header_lines(ngx_http_request_t *r, const char *name)
{
    ngx_uint_t        i, lines;
    ngx_list_part_t  *part;

    i = 0;
    lines = 0;
    part = &r->headers_in.headers.part;

    while (ngx_http_aidial_header_next(r, name, &part, &i)) {
        lines++;
    }

    return lines;
}


static ngx_uint_t
ngx_http_aidial_is_same_origin(const ngx_str_t *value)
{
    return ngx_http_aidial_is_word(value, "same-origin");
}


/* anywhere in the value: a proxy may have joined two lines into a list */

static ngx_uint_t
ngx_http_aidial_is_other_site(const ngx_str_t *value)
{
    return ngx_http_aidial_has_word(value, "cross-site")
           || ngx_http_aidial_has_word(value, "same-site");
}


/* "prefetch;prerender", "prefetch, anonymous-client-ip", "prerender" */

static ngx_uint_t
ngx_http_aidial_is_prefetch(const ngx_str_t *value)
{
    return ngx_http_aidial_has_word(value, "prefetch")
           || ngx_http_aidial_has_word(value, "prerender");
}


static ngx_uint_t
ngx_http_aidial_is_page(const ngx_str_t *value)
{
    ngx_uint_t  i;

    static const char  *pages[] = {
        "document", "iframe", "frame", "embed", "object"
    };

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (ngx_http_aidial_is_word(value, pages[i])) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_aidial_has_word(const ngx_str_t *value, const char *word)
{
    return ngx_strlcasestrn(value->data, value->data + value->len,
                            (u_char *) word, ngx_strlen(word) - 1)
           != NULL;
}


static ngx_uint_t
ngx_http_aidial_is_word(const ngx_str_t *value, const char *word)
{
    return value->len == ngx_strlen(word)
           && ngx_strncasecmp(value->data, (u_char *) word, value->len) == 0;
}


/* 1 when there is no Origin, or the one there is belongs to the portal */

static ngx_uint_t
ngx_http_aidial_origin_allowed(ngx_http_aidial_ctx_t *ctx, ngx_uint_t *lines)
{
    size_t               len;
    ngx_str_t            scheme, *host, *origin, *value;
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = ctx->request;
    i = 0;
    part = &r->headers_in.headers.part;
    *lines = 0;

    h = ngx_http_aidial_header_next(r, "origin", &part, &i);
    if (h == NULL) {
        return 1;
    }

    *lines = 1;
    value = &h->value;

    if (ngx_http_aidial_header_next(r, "origin", &part, &i)) {
        return 0;
    }

    if (ctx->conf->origins) {
        origin = ctx->conf->origins->elts;

        for (i = 0; i < ctx->conf->origins->nelts; i++) {
            if (origin[i].len == value->len
                && ngx_strncasecmp(origin[i].data, value->data, value->len)
                   == 0)
            {
                return 1;
            }
        }

        return 0;
    }

    if (r->headers_in.host == NULL) {
        return 0;
    }

    ngx_str_set(&scheme, "http://");

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_str_set(&scheme, "https://");
    }
#endif

    host = &r->headers_in.host->value;
    len = scheme.len;

    return host->len > 0
           && value->len == len + host->len
           && ngx_strncasecmp(value->data, scheme.data, len) == 0
           && ngx_strncasecmp(value->data + len, host->data, host->len) == 0;
}
