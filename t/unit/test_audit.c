
/*
 * What the audit trail is told: text of a client made fit to be read, the
 * digest of a session, and fields in one run of bytes.
 */


#include "aidial_unit.h"
#include "ngx_aidial_audit.h"
#include "ngx_aidial_hmac.h"


#define TEST_AUDIT_MAX  256    /* bytes of a user agent */


typedef struct {
    const char  *name;
    const char  *text;
    const char  *expected;
} test_audit_text_t;


typedef struct {
    const char  *name;
    size_t       before;     /* bytes in front of the character */
    const char  *last;
    size_t       len;        /* of what is left */
} test_audit_cut_t;


static void test_audit_texts(ngx_aidial_unit_t *u);
static void test_audit_octets(ngx_aidial_unit_t *u);
static void test_audit_characters(ngx_aidial_unit_t *u);
static size_t test_audit_encode(u_char *p, uint32_t ch);
static ngx_uint_t test_audit_is_hidden(uint32_t ch);
static void test_audit_cuts(ngx_aidial_unit_t *u);
static void test_audit_session(ngx_aidial_unit_t *u);
static void test_audit_session_is(ngx_aidial_unit_t *u, const char *secret,
    const ngx_str_t *sid, const char *expected, const char *name);
static void test_audit_pack(ngx_aidial_unit_t *u);
static ngx_str_t test_audit_string(ngx_aidial_unit_t *u, const char *text);


static const test_audit_text_t  test_audit_table[] = {
    { "nothing", "", "" },
    { "a user agent", "Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)" },
    { "printable ASCII at its ends", " ~", " ~" },
    { "what quotes", "\"'\\<>&", "\"'\\<>&" },
    { "line ends", "a\r\nb", "a??b" },
    { "tabulator", "a\tb", "a?b" },
    { "escape", "\x1b[31m", "?[31m" },
    { "delete", "a\x7f" "b", "a?b" },

    { "two octets", "\xc3\xa4", "\xc3\xa4" },
    { "three octets", "\xe2\x82\xac", "\xe2\x82\xac" },
    { "four octets", "\xf0\x9f\x8e\xa7", "\xf0\x9f\x8e\xa7" },
    { "the last character", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },

    { "a C1 control", "a\xc2\x9b" "b", "a??b" },
    { "right-to-left override", "a\xe2\x80\xae" "b", "a???b" },
    { "right-to-left isolate", "a\xe2\x81\xa7" "b", "a???b" },
    { "Arabic letter mark", "a\xd8\x9c" "b", "a??b" },
    { "line separator", "a\xe2\x80\xa8" "b", "a???b" },

    { "a continuation alone", "a\x80" "b", "a?b" },
    { "a lead octet before ASCII", "a\xc3" "b", "a?b" },
    { "a lead octet at the end", "a\xc3", "a?" },
    { "two of three octets at the end", "a\xe2\x82", "a??" },
    { "three of four octets at the end", "a\xf0\x9f\x8e", "a???" },
    { "two of three octets before a character", "\xe2\x82\xc3\xa4",
      "??\xc3\xa4" },
    { "four octets, the last one of which begins another",
      "\xf0\x9f\x8e\xc3\xa4", "???\xc3\xa4" },
    { "a slash in two octets", "\xc0\xaf", "??" },
    { "a slash in three octets", "\xe0\x80\xaf", "???" },
    { "a slash in four octets", "\xf0\x80\x80\xaf", "????" },
    { "a surrogate", "\xed\xa0\x80", "???" },
    { "beyond the last character", "\xf4\x90\x80\x80", "????" },
    { "a lead octet of five", "\xf8\x90\x80\x80\x80", "?????" },
    { "a lead octet of four that is never there", "\xf5\x80\x80\x80", "????" },
    { "octets that are never there", "\xfe\xff", "??" }
};


static const test_audit_cut_t  test_audit_cut_table[] = {
    { "an octet that fits", 255, "a", 256 },
    { "an octet too many", 256, "a", 256 },
    { "two octets that fit", 254, "\xc3\xa4", 256 },
    { "two octets, one too many", 255, "\xc3\xa4", 255 },
    { "three octets that fit", 253, "\xe2\x82\xac", 256 },
    { "three octets, one too many", 254, "\xe2\x82\xac", 254 },
    { "three octets, two too many", 255, "\xe2\x82\xac", 255 },
    { "four octets that fit", 252, "\xf0\x9f\x8e\xa7", 256 },
    { "four octets, one too many", 253, "\xf0\x9f\x8e\xa7", 253 },
    { "four octets, three too many", 255, "\xf0\x9f\x8e\xa7", 255 },
    { "no character, one octet that fits", 255, "\xff\xff", 256 },
    { "no character, of which a part fits", 254, "\xe2\x80\xae", 256 }
};


void
test_audit(ngx_aidial_unit_t *u)
{
    test_audit_texts(u);
    test_audit_octets(u);
    test_audit_characters(u);
    test_audit_cuts(u);
    test_audit_session(u);
    test_audit_pack(u);
}


static void
test_audit_texts(ngx_aidial_unit_t *u)
{
    size_t                    i, len;
    u_char                   *out;
    ngx_str_t                 text;
    const test_audit_text_t  *test;

    for (i = 0; i < sizeof(test_audit_table) / sizeof(test_audit_table[0]);
         i++)
    {
        test = &test_audit_table[i];
        text = test_audit_string(u, test->text);

        /* what is made of it is never longer: the room is exactly that */

        out = ngx_pnalloc(u->pool, text.len);
        len = ngx_aidial_audit_text(out, text.len, &text);

        ngx_aidial_unit_ok(u, len == strlen(test->expected)
                              && memcmp(out, test->expected, len) == 0,
                           "text, %s: \"%.*s\"", test->name, (int) len, out);
    }
}


/* each octet alone, NUL among them */

static void
test_audit_octets(ngx_aidial_unit_t *u)
{
    u_char      in, out, expected;
    size_t      len;
    ngx_str_t   text;
    ngx_uint_t  i;

    text.data = &in;
    text.len = 1;

    for (i = 0; i < 256; i++) {
        in = (u_char) i;
        expected = (i >= 0x20 && i <= 0x7e) ? in : '?';

        len = ngx_aidial_audit_text(&out, 1, &text);

        ngx_aidial_unit_ok(u, len == 1 && out == expected, "octet %02lx",
                           (unsigned long) i);
    }
}


/* each character of two octets and more: as it is, or a "?" an octet */

static void
test_audit_characters(ngx_aidial_unit_t *u)
{
    u_char      in[4], out[4], hidden[4];
    size_t      len;
    uint32_t    ch;
    ngx_str_t   text;
    ngx_uint_t  wrong;

    wrong = 0;
    text.data = in;
    ngx_memset(hidden, '?', sizeof(hidden));

    for (ch = 0x80; ch <= 0x10ffff; ch++) {
        text.len = test_audit_encode(in, ch);
        len = ngx_aidial_audit_text(out, sizeof(out), &text);

        if (len == text.len
            && memcmp(out, test_audit_is_hidden(ch) ? hidden : in, len) == 0)
        {
            continue;
        }

        if (wrong++ < 10) {
            ngx_aidial_unit_ok(u, 0, "character U+%04x", (unsigned) ch);
        }
    }

    ngx_aidial_unit_ok(u, wrong == 0, "%lu of all characters",
                       (unsigned long) wrong);
}


static size_t
test_audit_encode(u_char *p, uint32_t ch)
{
    if (ch < 0x800) {
        p[0] = (u_char) (0xc0 | (ch >> 6));
        p[1] = (u_char) (0x80 | (ch & 0x3f));
        return 2;
    }

    if (ch < 0x10000) {
        p[0] = (u_char) (0xe0 | (ch >> 12));
        p[1] = (u_char) (0x80 | ((ch >> 6) & 0x3f));
        p[2] = (u_char) (0x80 | (ch & 0x3f));
        return 3;
    }

    p[0] = (u_char) (0xf0 | (ch >> 18));
    p[1] = (u_char) (0x80 | ((ch >> 12) & 0x3f));
    p[2] = (u_char) (0x80 | ((ch >> 6) & 0x3f));
    p[3] = (u_char) (0x80 | (ch & 0x3f));
    return 4;
}


/* C1 controls, surrogates, separators, and all that has Bidi_Control */

static ngx_uint_t
test_audit_is_hidden(uint32_t ch)
{
    ngx_uint_t  i;

    static const uint32_t  ranges[][2] = {
        { 0x80, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f },
        { 0x2028, 0x2029 }, { 0x202a, 0x202e }, { 0x2066, 0x2069 },
        { 0xd800, 0xdfff }
    };

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ch >= ranges[i][0] && ch <= ranges[i][1]) {
            return 1;
        }
    }

    return 0;
}


static void
test_audit_cuts(ngx_aidial_unit_t *u)
{
    size_t                   i, len, last;
    u_char                  *out;
    ngx_str_t                text;
    const test_audit_cut_t  *test;

    out = ngx_pnalloc(u->pool, TEST_AUDIT_MAX);

    for (i = 0;
         i < sizeof(test_audit_cut_table) / sizeof(test_audit_cut_table[0]);
         i++)
    {
        test = &test_audit_cut_table[i];
        last = strlen(test->last);

        text.len = test->before + last + 5;
        text.data = ngx_pnalloc(u->pool, text.len);
        ngx_memset(text.data, 'x', text.len);
        ngx_memcpy(text.data + test->before, test->last, last);

        len = ngx_aidial_audit_text(out, TEST_AUDIT_MAX, &text);

        ngx_aidial_unit_ok(u, len == test->len
                              && memcmp(out, text.data, test->before) == 0,
                           "cut, %s: %lu bytes", test->name,
                           (unsigned long) len);
    }

    text = test_audit_string(u, "a");

    ngx_aidial_unit_ok(u, ngx_aidial_audit_text(out, 0, &text) == 0,
                       "cut, no room");
}


static void
test_audit_session(ngx_aidial_unit_t *u)
{
    u_char      out[NGX_AIDIAL_AUDIT_SESSION_LEN];
    ngx_str_t   sid, secret;

    static const char  key[] = "an-example-of-a-key-of-32-octets";
    static const char  other[] = "another-key-of-at-least-32-octets";

    /*
     * Made with another program: HMAC-SHA-256 over the domain
     * "aidial-recording-session-v1", a NUL and the id
     */

    sid = test_audit_string(u, "s_1");

    test_audit_session_is(u, key, &sid, "54b332861d03771ce1e17842a458154f",
                          "an id");
    test_audit_session_is(u, other, &sid, "82ab0fc2770fce4eec5b993544eaf708",
                          "another key");

    sid.len = 0;

    test_audit_session_is(u, key, &sid, "8dece37da5091ad83f958b85e11a5e8b",
                          "no id");

    sid.len = NGX_AIDIAL_COOKIE_MAX;
    sid.data = ngx_pnalloc(u->pool, sid.len + 1);
    ngx_memset(sid.data, 'x', sid.len + 1);

    test_audit_session_is(u, key, &sid, "f1c88a930d34fb20340de2307fec9097",
                          "the longest id");

    secret = test_audit_string(u, key);
    sid.len++;

    ngx_aidial_unit_ok(u, ngx_aidial_audit_session(&secret, &sid, out)
                          == NGX_ERROR,
                       "session, an id that is too long");
}


static void
test_audit_session_is(ngx_aidial_unit_t *u, const char *secret,
    const ngx_str_t *sid, const char *expected, const char *name)
{
    u_char     out[NGX_AIDIAL_AUDIT_SESSION_LEN];
    ngx_int_t  rc;
    ngx_str_t  key;

    key = test_audit_string(u, secret);
    rc = ngx_aidial_audit_session(&key, sid, out);

    ngx_aidial_unit_ok(u, rc == NGX_OK
                          && memcmp(out, expected, sizeof(out)) == 0,
                       "session, %s: %.*s, expected %s", name,
                       (int) sizeof(out), out, expected);
}


/* at odd addresses as well: a length is a size_t only while it is copied */

static void
test_audit_pack(ngx_aidial_unit_t *u)
{
    size_t      len;
    u_char     *data, *end;
    ngx_str_t   in[4], out[4];
    ngx_uint_t  i, same;

    in[0] = test_audit_string(u, "u_81");
    in[1].len = 0;
    in[1].data = NULL;
    in[2].len = 3;
    in[2].data = (u_char *) "\0,\xff";
    in[3].len = 512;
    in[3].data = ngx_pnalloc(u->pool, in[3].len);
    ngx_memset(in[3].data, 'x', in[3].len);

    len = ngx_aidial_audit_packed(in, 4);

    ngx_aidial_unit_ok(u, len == 4 * sizeof(size_t) + 4 + 3 + 512,
                       "pack, room: %lu", (unsigned long) len);

    data = ngx_pnalloc(u->pool, len);
    end = ngx_aidial_audit_pack(data, in, 4);

    ngx_aidial_unit_ok(u, end == data + len, "pack, end");

    end = ngx_aidial_audit_unpack(data, out, 4);

    ngx_aidial_unit_ok(u, end == data + len, "unpack, end");

    for (i = 0; i < 4; i++) {
        same = out[i].len == in[i].len
               && (in[i].len == 0
                   || memcmp(out[i].data, in[i].data, in[i].len) == 0);

        ngx_aidial_unit_ok(u, same, "unpack, string %lu", (unsigned long) i);

        ngx_aidial_unit_ok(u, out[i].data >= data
                              && out[i].data + out[i].len <= end,
                           "unpack, place %lu", (unsigned long) i);
    }

    ngx_aidial_unit_ok(u, ngx_aidial_audit_packed(in, 0) == 0
                          && ngx_aidial_audit_pack(data, in, 0) == data
                          && ngx_aidial_audit_unpack(data, out, 0) == data,
                       "pack, nothing");
}


/* in a block of its own size */

static ngx_str_t
test_audit_string(ngx_aidial_unit_t *u, const char *text)
{
    ngx_str_t  string;

    string.len = strlen(text);
    string.data = ngx_pnalloc(u->pool, string.len);
    ngx_memcpy(string.data, text, string.len);

    return string;
}
