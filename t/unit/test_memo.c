
/*
 * The memo: what is found, what is not, and that it has bounds.
 */


#include "aidial_unit.h"
#include "ngx_aidial_core.h"
#include "ngx_aidial_memo.h"


static void test_memo_key(ngx_aidial_unit_t *u);
static void test_memo_version(ngx_aidial_unit_t *u);
static void test_memo_octets(ngx_aidial_unit_t *u);
static void test_memo_places(ngx_aidial_unit_t *u);
static void test_memo_large(ngx_aidial_unit_t *u);
static void test_memo_put(ngx_uint_t kind, const char *form, const char *id,
    const char *text, int value);
static int test_memo_get(ngx_uint_t kind, const char *form, const char *id,
    const char *text);
static ngx_aidial_memo_key_t test_memo_words(ngx_uint_t kind,
    const char *form, const char *id, const char *text);


void
test_memo(ngx_aidial_unit_t *u)
{
    test_memo_key(u);
    test_memo_version(u);
    test_memo_octets(u);
    test_memo_places(u);
    test_memo_large(u);

    ngx_aidial_memo_clear();
    ngx_aidial_unit_ok(u, ngx_aidial_memo_size() == 0, "cleared");
}


/* every part of a key tells values apart, also where the parts meet */

static void
test_memo_key(ngx_aidial_unit_t *u)
{
    ngx_uint_t  i;

    static const struct {
        ngx_uint_t   kind;
        const char  *form, *id, *text;
    } other[] = {
        { 2, "form", "id", "text" },
        { 1, "from", "id", "text" },
        { 1, "form", "ID", "text" },
        { 1, "form", "id", "Text" },
        { 1, "form", "id", "texts" },
        { 1, "form", "idt", "ext" },
        { 1, "formi", "d", "text" },
        { 1, "", "id", "text" },
        { 1, "form", "", "text" },
        { 1, "form", "id", "" },
    };

    ngx_aidial_memo_clear();
    ngx_aidial_unit_ok(u, test_memo_get(1, "form", "id", "text") == -1,
                       "nothing is kept");

    test_memo_put(1, "form", "id", "text", 7);
    ngx_aidial_unit_ok(u, test_memo_get(1, "form", "id", "text") == 7,
                       "the same key");

    for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        ngx_aidial_unit_ok(u, test_memo_get(other[i].kind, other[i].form,
                                            other[i].id, other[i].text) == -1,
                           "key %lu is another one", (unsigned long) i);
    }

    test_memo_put(1, "", "", "", 8);
    ngx_aidial_unit_ok(u, test_memo_get(1, "", "", "") == 8
                          && test_memo_get(1, "form", "id", "text") == 7,
                       "an empty key is a key");
}


/* of one record one version is kept: a session that changed leaves nothing */

static void
test_memo_version(ngx_aidial_unit_t *u)
{
    size_t  size;

    ngx_aidial_memo_clear();

    test_memo_put(1, "form", "id", "text one", 1);
    size = ngx_aidial_memo_size();

    test_memo_put(1, "form", "id", "text two", 2);

    ngx_aidial_unit_ok(u, test_memo_get(1, "form", "id", "text one") == -1,
                       "the version before is gone");
    ngx_aidial_unit_ok(u, test_memo_get(1, "form", "id", "text two") == 2,
                       "the new version is there");
    ngx_aidial_unit_ok(u, size && ngx_aidial_memo_size() == size,
                       "and takes no more than the first");
}


/* the one used longest ago goes first, and there is never too much */

static void
test_memo_octets(ngx_aidial_unit_t *u)
{
    char                    id[20];
    u_char                 *text;
    ngx_uint_t              i, over;
    ngx_aidial_memo_key_t   key;

    ngx_aidial_memo_clear();

    text = ngx_pcalloc(u->pool, NGX_AIDIAL_RECORD_MAX);
    over = 0;

    for (i = 0; i < 800; i++) {
        snprintf(id, sizeof(id), "%lu", (unsigned long) i);

        key = test_memo_words(1, "", id, "");
        key.text.data = text;
        key.text.len = NGX_AIDIAL_RECORD_MAX;

        (void) ngx_aidial_memo_keep(&key, 1);
        over += ngx_aidial_memo_size() > NGX_AIDIAL_MEMO_MAX;

        /* the first one stays, since it is asked for */

        key.id.data = (u_char *) "0";
        key.id.len = 1;
        over += ngx_aidial_memo_find(&key) == NULL;
    }

    ngx_aidial_unit_ok(u, over == 0, "bounded, and the used one is kept");

    key.id.data = (u_char *) "1";
    ngx_aidial_unit_ok(u, ngx_aidial_memo_find(&key) == NULL,
                       "the unused one is not");
    ngx_aidial_unit_ok(u, ngx_aidial_memo_size() > NGX_AIDIAL_MEMO_MAX / 2,
                       "it holds what it may");
}


/* many small ones: places are bounded as well, and shared by many ids */

static void
test_memo_places(ngx_aidial_unit_t *u)
{
    int         value;
    char        id[20];
    ngx_uint_t  i, kept, wrong;

    ngx_aidial_memo_clear();

    for (i = 0; i < 80000; i++) {
        snprintf(id, sizeof(id), "%lu", (unsigned long) i);
        test_memo_put(1, "", id, "text", (int) i);
    }

    kept = 0;
    wrong = 0;

    for (i = 0; i < 80000; i++) {
        snprintf(id, sizeof(id), "%lu", (unsigned long) i);
        value = test_memo_get(1, "", id, "text");
        kept += value != -1;
        wrong += value != -1 && value != (int) i;
    }

    ngx_aidial_unit_ok(u, kept > 16000 && kept <= 32768 && wrong == 0,
                       "%lu of 80000 are kept", (unsigned long) kept);
}


static void
test_memo_large(ngx_aidial_unit_t *u)
{
    ngx_aidial_memo_key_t  key;

    ngx_aidial_memo_clear();

    test_memo_put(1, "", "id", "text", 1);

    key = test_memo_words(1, "", "id", "another text");

    ngx_aidial_unit_ok(u, ngx_aidial_memo_keep(&key, NGX_AIDIAL_MEMO_ENTRY_MAX)
                          == NULL, "too large to be kept");
    ngx_aidial_unit_ok(u, ngx_aidial_memo_size() == 0
                          && test_memo_get(1, "", "id", "text") == -1,
                       "the version before is gone all the same");
}


static void
test_memo_put(ngx_uint_t kind, const char *form, const char *id,
    const char *text, int value)
{
    int                    *kept;
    ngx_aidial_memo_key_t   key;

    key = test_memo_words(kind, form, id, text);
    kept = ngx_aidial_memo_keep(&key, sizeof(int));

    if (kept) {
        *kept = value;
    }
}


static int
test_memo_get(ngx_uint_t kind, const char *form, const char *id,
    const char *text)
{
    const int              *kept;
    ngx_aidial_memo_key_t   key;

    key = test_memo_words(kind, form, id, text);
    kept = ngx_aidial_memo_find(&key);

    return kept ? *kept : -1;
}


static ngx_aidial_memo_key_t
test_memo_words(ngx_uint_t kind, const char *form, const char *id,
    const char *text)
{
    ngx_aidial_memo_key_t  key;

    key.kind = kind;
    key.form.data = (u_char *) form;
    key.form.len = strlen(form);
    key.id.data = (u_char *) id;
    key.id.len = strlen(id);
    key.text.data = (u_char *) text;
    key.text.len = strlen(text);

    return key;
}
