
/*
 * From the name of a key to its kind.  The names are not spelled here: they
 * are those that core makes of a prefix and an empty id, and a key is of a
 * kind when it begins like that.
 *
 * The id of a session is a secret, so a key that has one is shown as the
 * module's log shows it, by the first octets of its SHA-256; and so is what
 * stands in a key of no kind, which may be a session with a mistyped name.
 */


#include "kit.h"


#define KIT_SHA256_HEX_LEN  (2 * NGX_AIDIAL_SHA256_LEN)
#define KIT_WORD_MAX        24


static ngx_uint_t kit_key_session(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);
static ngx_uint_t kit_key_plain(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);
static ngx_uint_t kit_key_own(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);
static ngx_uint_t kit_key_is_own(kit_t *kit, ngx_pool_t *pool,
    const ngx_str_t *key, const ngx_str_t *tenant);
static ngx_uint_t kit_key_begins(const ngx_str_t *key, const ngx_str_t *head,
    ngx_str_t *rest);
static void kit_key_id(ngx_pool_t *pool, kit_record_t *record);
static ngx_uint_t kit_key_is_pair(const ngx_str_t *id);
static void kit_key_unclaimed(kit_t *kit, ngx_pool_t *pool,
    kit_record_t *record);
static void kit_key_show(ngx_pool_t *pool, kit_record_t *record);
static void kit_key_hide(ngx_pool_t *pool, kit_record_t *record,
    const ngx_str_t *head, const ngx_str_t *secret, const ngx_str_t *tail);


static ngx_str_t  kit_none = ngx_string("");


/* the template is expanded with an id that nobody has, and that is found */

ngx_int_t
kit_key_init(kit_t *kit, ngx_pool_t *pool)
{
    u_char      hex[KIT_SHA256_HEX_LEN], digest[NGX_AIDIAL_SHA256_LEN];
    u_char     *p;
    ngx_str_t   name, id;

    static ngx_str_t  mark = ngx_string("\1\2\1\2\1\2\1\2");

    if (ngx_aidial_sha256(&mark, digest) != NGX_OK
        || ngx_aidial_key_session(pool, &kit->options.template,
                                  &kit->options.prefix, &mark, &name)
           != NGX_OK)
    {
        fprintf(stderr, "conformance: cannot expand the session key\n");
        return NGX_ERROR;
    }

    ngx_hex_dump(hex, digest, sizeof(digest));

    id = mark;
    p = memmem(name.data, name.len, id.data, id.len);

    if (p == NULL) {
        id.data = hex;
        id.len = sizeof(hex);
        kit->session_key.sha256 = 1;

        p = memmem(name.data, name.len, id.data, id.len);
    }

    kit->session_key.head.data = name.data;
    kit->session_key.head.len = p - name.data;

    p += id.len;

    kit->session_key.tail.data = p;
    kit->session_key.tail.len = name.data + name.len - p;

    if (memmem(p, kit->session_key.tail.len, mark.data, mark.len)
        || memmem(p, kit->session_key.tail.len, hex, sizeof(hex))
        || memmem(name.data, kit->session_key.head.len, hex, sizeof(hex)))
    {
        fprintf(stderr, "conformance: --session-key: this tool does not read "
                "a template that names the session twice\n");
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
kit_key_classify(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    ngx_str_t  rest;

    if (kit_key_plain(kit, pool, record)
        || kit_key_own(kit, pool, record)
        || kit_key_session(kit, pool, record))
    {
        return;
    }

    if (kit_key_begins(&record->key, &kit->options.prefix, &rest)
        || (kit->session_key.head.len
            && kit_key_begins(&record->key, &kit->session_key.head, &rest)))
    {
        kit_key_unclaimed(kit, pool, record);
        return;
    }

    record->kind = KIT_ELSEWHERE;
}


static ngx_uint_t
kit_key_session(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    size_t              i;
    ngx_str_t           rest;
    kit_session_key_t  *form;

    form = &kit->session_key;

    if (!kit_key_begins(&record->key, &form->head, &rest)
        || rest.len < form->tail.len
        || ngx_memcmp(rest.data + rest.len - form->tail.len, form->tail.data,
                      form->tail.len) != 0)
    {
        return 0;
    }

    rest.len -= form->tail.len;

    if (form->sha256) {

        if (rest.len != KIT_SHA256_HEX_LEN) {
            return 0;
        }

        for (i = 0; i < rest.len; i++) {
            if (!(rest.data[i] >= '0' && rest.data[i] <= '9')
                && !(rest.data[i] >= 'a' && rest.data[i] <= 'f'))
            {
                return 0;
            }
        }
    }

    record->kind = KIT_SESSION;
    record->id = rest;

    kit_key_hide(pool, record, &form->head, form->sha256 ? NULL : &rest,
                 &form->tail);

    if (!form->sha256) {
        kit_key_id(pool, record);
    }

    return 1;
}


static ngx_uint_t
kit_key_plain(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    ngx_int_t   rc;
    ngx_str_t   head[KIT_KIND_COUNT], *prefix;
    ngx_uint_t  kind;

    ngx_memzero(head, sizeof(head));
    prefix = &kit->options.prefix;

    rc = ngx_aidial_key_call(pool, prefix, &kit_none, &head[KIT_CALL]);
    rc |= ngx_aidial_key_tenant(pool, prefix, &kit_none, &head[KIT_TENANT]);
    rc |= ngx_aidial_key_revoked(pool, prefix, &kit_none, &head[KIT_REVOKED]);
    rc |= ngx_aidial_key_revoked_before(pool, prefix, &kit_none, &kit_none,
                                        &head[KIT_REVOKED_BEFORE]);

    /* the colon between tenant and user */
    head[KIT_REVOKED_BEFORE].len--;

    for (kind = 0; rc == NGX_OK && kind < KIT_KIND_COUNT; kind++) {

        if (head[kind].len == 0
            || !kit_key_begins(&record->key, &head[kind], &record->id))
        {
            continue;
        }

        record->kind = kind;

        if (kind == KIT_REVOKED) {
            kit_key_hide(pool, record, &head[kind], &record->id, &kit_none);

        } else {
            kit_key_show(pool, record);
        }

        kit_key_id(pool, record);

        return 1;
    }

    return 0;
}


/* {prefix}{<tenant>}:... with literal braces */

static ngx_uint_t
kit_key_own(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    u_char     *end;
    ngx_str_t   rest, tenant;

    if (!kit_key_begins(&record->key, &kit->options.prefix, &rest)
        || rest.len == 0 || rest.data[0] != '{')
    {
        return 0;
    }

    end = ngx_strlchr(rest.data, rest.data + rest.len, '}');

    if (end == NULL) {
        return 0;
    }

    tenant.data = rest.data + 1;
    tenant.len = end - tenant.data;

    if (!ngx_aidial_is_identifier(&tenant)
        || !kit_key_is_own(kit, pool, &record->key, &tenant))
    {
        return 0;
    }

    record->kind = KIT_OWN;
    kit_key_show(pool, record);

    return 1;
}


static ngx_uint_t
kit_key_is_own(kit_t *kit, ngx_pool_t *pool, const ngx_str_t *key,
    const ngx_str_t *tenant)
{
    u_char      id[NGX_AIDIAL_GRANT_ID_LEN];
    ngx_int_t   rc;
    ngx_str_t   whole[3], head[4], rest, *prefix;
    ngx_uint_t  i;

    ngx_memzero(id, sizeof(id));
    prefix = &kit->options.prefix;

    rc = ngx_aidial_key_audit(pool, prefix, tenant, &whole[0]);
    rc |= ngx_aidial_key_fetched(pool, prefix, tenant, NULL, 0, &whole[1]);
    rc |= ngx_aidial_key_fetched(pool, prefix, tenant, NULL, 1, &whole[2]);
    rc |= ngx_aidial_key_rate(pool, prefix, tenant, &kit_none, &head[0]);
    rc |= ngx_aidial_key_fetched(pool, prefix, tenant, &kit_none, 0, &head[1]);
    rc |= ngx_aidial_key_fetched(pool, prefix, tenant, &kit_none, 1, &head[2]);
    rc |= ngx_aidial_key_grant(pool, prefix, tenant, id, &head[3]);

    if (rc != NGX_OK) {
        return 0;
    }

    head[3].len -= 2 * sizeof(id);

    for (i = 0; i < 3; i++) {
        if (ngx_aidial_same(key, &whole[i])) {
            return 1;
        }
    }

    for (i = 0; i < 4; i++) {
        if (kit_key_begins(key, &head[i], &rest)
            && ngx_aidial_is_identifier(&rest))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
kit_key_begins(const ngx_str_t *key, const ngx_str_t *head, ngx_str_t *rest)
{
    if (key->len < head->len
        || ngx_memcmp(key->data, head->data, head->len) != 0)
    {
        return 0;
    }

    rest->data = key->data + head->len;
    rest->len = key->len - head->len;

    return 1;
}


/* what is no identifier is not asked for */

static void
kit_key_id(ngx_pool_t *pool, kit_record_t *record)
{
    static const char  never[] =
        "its key is never asked for: an identifier has 1 to 128 characters "
        "of A-Z a-z 0-9 _ . : -";

    if (record->kind == KIT_REVOKED_BEFORE) {

        if (!kit_key_is_pair(&record->id)) {
            kit_fault(pool, record, "its key is never asked for: behind "
                      "revoked-before: stand a tenant, a colon and a user");
        }

        return;
    }

    if (!ngx_aidial_is_identifier(&record->id)) {
        kit_fault(pool, record, never);
    }
}


static ngx_uint_t
kit_key_is_pair(const ngx_str_t *id)
{
    size_t     i;
    ngx_str_t  tenant, user;

    for (i = 0; i < id->len; i++) {

        tenant.data = id->data;
        tenant.len = i;
        user.data = id->data + i + 1;
        user.len = id->len - i - 1;

        if (id->data[i] == ':' && ngx_aidial_is_identifier(&tenant)
            && ngx_aidial_is_identifier(&user))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * Of a key of no kind the word behind the prefix is shown when it looks like
 * a word: "calls:" for "call:" is what people mistype.
 */

static void
kit_key_unclaimed(kit_t *kit, ngx_pool_t *pool, kit_record_t *record)
{
    size_t      i;
    ngx_str_t   head, rest;

    record->kind = KIT_UNCLAIMED;

    head = kit->options.prefix;

    if (!kit_key_begins(&record->key, &head, &rest)) {
        head = kit->session_key.head;
        (void) kit_key_begins(&record->key, &head, &rest);
    }

    for (i = 0; i < rest.len && i < KIT_WORD_MAX; i++) {

        if (rest.data[i] == ':') {
            head.len += i + 1;
            rest.data += i + 1;
            rest.len -= i + 1;
            break;
        }

        if (rest.data[i] <= '9' && rest.data[i] != '-') {
            break;
        }
    }

    head.data = record->key.data;

    kit_key_hide(pool, record, &head, &rest, &kit_none);
    kit_warn(pool, record, "no kind of record has such a key: is it a "
             "mistyped session:, call:, tenant:, revoked-before: or "
             "revoked:?");
}


static void
kit_key_show(ngx_pool_t *pool, kit_record_t *record)
{
    record->shown.data = (u_char *) kit_show_max(pool, &record->key,
                                                 KIT_KEY_MAX);
    record->shown.len = ngx_strlen(record->shown.data);
}


/* head, the first octets of the secret's SHA-256, tail; NULL: record->id is */

static void
kit_key_hide(ngx_pool_t *pool, kit_record_t *record, const ngx_str_t *head,
    const ngx_str_t *secret, const ngx_str_t *tail)
{
    u_char     *p, hex[8], digest[NGX_AIDIAL_SHA256_LEN];
    ngx_str_t   text;

    if (secret == NULL) {
        ngx_memcpy(hex, record->id.data, sizeof(hex));

    } else {

        if (ngx_aidial_sha256(secret, digest) != NGX_OK) {
            ngx_memzero(digest, sizeof(digest));
        }

        ngx_hex_dump(hex, digest, sizeof(hex) / 2);
    }

    text.data = p = kit_alloc(pool, head->len + tail->len + 32);

    p = ngx_cpymem(p, head->data, head->len);
    p = ngx_cpymem(p, "sha256:", sizeof("sha256:") - 1);
    p = ngx_cpymem(p, hex, sizeof(hex));
    p = ngx_cpymem(p, tail->data, tail->len);

    text.len = p - text.data;

    record->shown.data = (u_char *) kit_show_max(pool, &text, KIT_KEY_MAX);
    record->shown.len = ngx_strlen(record->shown.data);
}
