
#include "aidial_unit.h"
#include "ngx_aidial_hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>


void test_hmac(ngx_aidial_unit_t *u);


static void test_hmac_digest(ngx_aidial_unit_t *u, const char *name,
    const u_char *digest, const char *hex);
static void test_hmac_vectors(ngx_aidial_unit_t *u);
static void test_hmac_keys(ngx_aidial_unit_t *u);
static void test_hmac_sha256(ngx_aidial_unit_t *u);
static void test_hmac_equal(ngx_aidial_unit_t *u);
static void test_hmac_random(ngx_aidial_unit_t *u);
static void test_hmac_ring(ngx_aidial_unit_t *u);


/* "text" NULL: "fill" repeated "len" times */

typedef struct {
    const char  *text;
    u_char       fill;
    size_t       len;
} test_hmac_bytes_t;


typedef struct {
    const char         *name;
    test_hmac_bytes_t   key;
    test_hmac_bytes_t   data;
    const char         *mac;
} test_hmac_vector_t;


/* RFC 4231, section 4, without 4.6, whose MAC is truncated */

static const test_hmac_vector_t  test_hmac_table[] = {

    { "RFC 4231, 4.2", { NULL, 0x0b, 20 }, { "Hi There", 0, 8 },
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },

    { "RFC 4231, 4.3", { "Jefe", 0, 4 },
      { "what do ya want for nothing?", 0, 28 },
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },

    { "RFC 4231, 4.4", { NULL, 0xaa, 20 }, { NULL, 0xdd, 50 },
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },

    { "RFC 4231, 4.5",
      { "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
        "\x11\x12\x13\x14\x15\x16\x17\x18\x19", 0, 25 },
      { NULL, 0xcd, 50 },
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },

    { "RFC 4231, 4.7", { NULL, 0xaa, 131 },
      { "Test Using Larger Than Block-Size Key - Hash Key First", 0, 54 },
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },

    { "RFC 4231, 4.8", { NULL, 0xaa, 131 },
      { "This is a test using a larger than block-size key and a larger "
        "than block-size data. The key needs to be hashed before being used "
        "by the HMAC algorithm.", 0, 152 },
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" }
};


void
test_hmac(ngx_aidial_unit_t *u)
{
    test_hmac_vectors(u);
    test_hmac_keys(u);
    test_hmac_sha256(u);
    test_hmac_equal(u);
    test_hmac_random(u);
    test_hmac_ring(u);
}


static ngx_str_t
test_hmac_bytes(ngx_aidial_unit_t *u, const test_hmac_bytes_t *bytes)
{
    ngx_str_t  text;

    text.len = bytes->len;
    text.data = ngx_pnalloc(u->pool, bytes->len);

    if (bytes->text) {
        ngx_memcpy(text.data, bytes->text, bytes->len);
        return text;
    }

    ngx_memset(text.data, bytes->fill, bytes->len);

    return text;
}


static void
test_hmac_vectors(ngx_aidial_unit_t *u)
{
    u_char                     mac[NGX_AIDIAL_SHA256_LEN];
    ngx_int_t                  rc;
    ngx_str_t                  key, data;
    ngx_uint_t                 i;
    const test_hmac_vector_t  *v;

    for (i = 0; i < sizeof(test_hmac_table) / sizeof(*v); i++) {
        v = &test_hmac_table[i];

        key = test_hmac_bytes(u, &v->key);
        data = test_hmac_bytes(u, &v->data);

        rc = ngx_aidial_hmac_sha256(&key, &data, mac);

        ngx_aidial_unit_ok(u, rc == NGX_OK, "%s: computed", v->name);
        test_hmac_digest(u, v->name, mac, v->mac);
    }

    /* a text of no octets at all */

    ngx_str_set(&key, "Jefe");
    ngx_str_null(&data);

    rc = ngx_aidial_hmac_sha256(&key, &data, mac);

    ngx_aidial_unit_ok(u, rc == NGX_OK, "empty text: computed");
    test_hmac_digest(u, "empty text", mac,
        "923598ca6d64af2a5dba79dcd021a8a0fe5c5f557519adaaf0ad532d4506dd30");
}


/*
 * More keys than states are kept of, in turn and in disorder, each as long as
 * the others: every MAC is that of its key, as OpenSSL's HMAC() makes it.
 */

static void
test_hmac_keys(ngx_aidial_unit_t *u)
{
    u_char        mac[NGX_AIDIAL_SHA256_LEN], other[NGX_AIDIAL_SHA256_LEN];
    u_char        secret[200];
    size_t        len;
    ngx_str_t     key, text;
    ngx_uint_t    i, wrong;
    unsigned int  n;

    wrong = 0;
    key.data = secret;

    for (i = 0; i < 4000; i++) {

        /* the block's length and those beside it are the ones that matter */

        len = (i / 1000) ? 62 + i / 1000 : sizeof(secret);

        memset(secret, 0x61, sizeof(secret));
        secret[len - 1] = (u_char) (i % 100 < 50 ? i % 20 : i * i % 40);
        key.len = len;

        text.data = (u_char *) &i;
        text.len = i % (sizeof(i) + 1);

        HMAC(EVP_sha256(), key.data, (int) key.len, text.data, text.len,
             other, &n);

        wrong += ngx_aidial_hmac_sha256(&key, &text, mac) != NGX_OK
                 || memcmp(mac, other, sizeof(mac)) != 0;

        if (i % 500 == 499) {
            ngx_aidial_hmac_clear();
        }
    }

    ngx_aidial_unit_ok(u, wrong == 0, "%lu MACs of many keys are wrong",
                       (unsigned long) wrong);
}


static void
test_hmac_sha256(ngx_aidial_unit_t *u)
{
    u_char     digest[NGX_AIDIAL_SHA256_LEN];
    ngx_str_t  text;

    ngx_str_null(&text);

    ngx_aidial_unit_ok(u, ngx_aidial_sha256(&text, digest) == NGX_OK,
                       "SHA-256 of nothing: computed");
    test_hmac_digest(u, "SHA-256 of nothing", digest,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    ngx_str_set(&text, "abc");

    ngx_aidial_unit_ok(u, ngx_aidial_sha256(&text, digest) == NGX_OK,
                       "SHA-256 of abc: computed");
    test_hmac_digest(u, "SHA-256 of abc", digest,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}


static void
test_hmac_digest(ngx_aidial_unit_t *u, const char *name, const u_char *digest,
    const char *hex)
{
    u_char  text[2 * NGX_AIDIAL_SHA256_LEN];

    ngx_hex_dump(text, (u_char *) digest, NGX_AIDIAL_SHA256_LEN);

    ngx_aidial_unit_ok(u, memcmp(text, hex, sizeof(text)) == 0,
                       "%s: %.64s, expected %s", name, text, hex);
}


static void
test_hmac_equal(ngx_aidial_unit_t *u)
{
    u_char      a[NGX_AIDIAL_SHA256_LEN], b[NGX_AIDIAL_SHA256_LEN];
    ngx_uint_t  i;

    ngx_memset(a, 0x5a, sizeof(a));
    ngx_memset(b, 0x5a, sizeof(b));

    ngx_aidial_unit_ok(u, ngx_aidial_equal(a, b, sizeof(a)) == 1,
                       "equal octets are equal");
    ngx_aidial_unit_ok(u, ngx_aidial_equal(a, b, 0) == 1,
                       "no octets are equal");

    for (i = 0; i < 8 * sizeof(a); i++) {
        b[i / 8] ^= 1 << i % 8;

        ngx_aidial_unit_ok(u, ngx_aidial_equal(a, b, sizeof(a)) == 0,
                           "bit %lu makes a difference", (unsigned long) i);

        b[i / 8] ^= 1 << i % 8;
    }
}


static void
test_hmac_random(ngx_aidial_unit_t *u)
{
    u_char      a[32], b[32], none[32];
    ngx_uint_t  i;

    ngx_memzero(a, sizeof(a));
    ngx_memzero(b, sizeof(b));
    ngx_memzero(none, sizeof(none));

    ngx_aidial_unit_ok(u, ngx_aidial_random(a, sizeof(a)) == NGX_OK
                          && ngx_aidial_random(b, sizeof(b)) == NGX_OK,
                       "random octets");
    ngx_aidial_unit_ok(u, memcmp(a, b, sizeof(a)) != 0,
                       "two draws differ");
    ngx_aidial_unit_ok(u, memcmp(a + 16, none, 16) != 0,
                       "the buffer is filled to its end");

    ngx_aidial_wipe(a, 31);

    ngx_aidial_unit_ok(u, memcmp(a, none, 31) == 0, "a secret is wiped");

    /* only what was asked for is overwritten */

    for (i = 0; i < sizeof(b); i++) {
        b[i] = (u_char) (i + 1);
    }

    ngx_aidial_wipe(b, 31);

    ngx_aidial_unit_ok(u, b[31] == 32, "the octet behind a secret stays");
}


static void
test_hmac_ring(ngx_aidial_unit_t *u)
{
    ngx_str_t          id;
    ngx_array_t        ring;
    ngx_aidial_key_t  *key;

    if (ngx_array_init(&ring, u->pool, 2, sizeof(ngx_aidial_key_t))
        != NGX_OK)
    {
        ngx_aidial_unit_ok(u, 0, "no memory");
        return;
    }

    ngx_str_set(&id, "k1");

    ngx_aidial_unit_ok(u, ngx_aidial_key_find(&ring, &id) == NULL,
                       "an empty ring has no key");

    key = ngx_array_push_n(&ring, 2);
    ngx_memzero(key, 2 * sizeof(ngx_aidial_key_t));
    ngx_str_set(&key[0].id, "k2");
    ngx_str_set(&key[1].id, "k1");

    ngx_aidial_unit_ok(u, ngx_aidial_key_find(&ring, &id) == &key[1],
                       "a key by its id");

    ngx_str_set(&id, "k");
    ngx_aidial_unit_ok(u, ngx_aidial_key_find(&ring, &id) == NULL,
                       "part of an id is no id");

    ngx_str_set(&id, "k11");
    ngx_aidial_unit_ok(u, ngx_aidial_key_find(&ring, &id) == NULL,
                       "more than an id is no id");

    ngx_str_set(&id, "K1");
    ngx_aidial_unit_ok(u, ngx_aidial_key_find(&ring, &id) == NULL,
                       "ids have case");
}
