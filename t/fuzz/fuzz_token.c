
/*
 * An input is tried twice.
 *
 * As the text of a token: what is accepted must be what an independent writer
 * makes of the fields, character by character.
 *
 * As a payload, signed with the right key, since no fuzzer finds a MAC: it
 * must be accepted exactly when an independent reader finds it sound.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_aidial_token.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef struct {
    u_char  octets[2048];
    size_t  len;
} fuzz_token_buf_t;


static void fuzz_token_try(ngx_pool_t *pool, const u_char *text, size_t size,
    ngx_int_t expected);
static void fuzz_token_sign(const ngx_aidial_key_t *key,
    const u_char *payload, size_t len, fuzz_token_buf_t *text);
static void fuzz_token_base64url(fuzz_token_buf_t *out, const u_char *p,
    size_t len);
static ngx_int_t fuzz_token_reference(const ngx_aidial_key_t *key,
    const u_char *p, size_t len);
static void fuzz_token_again(const ngx_aidial_token_t *token,
    const u_char *text, size_t size);
static void fuzz_token_add(fuzz_token_buf_t *out, const void *p, size_t len);


#define FUZZ_TOKEN_ALPHABET                                                   \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


/* the ring of most cases of t/data/token, and a second key */

static u_char  fuzz_token_secret[] =
    "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
    "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";

static ngx_aidial_key_t  fuzz_token_keys[] = {
    { ngx_string("k2"), ngx_string("another secret of thirty-two byte") },
    { ngx_string("k1"), { 32, fuzz_token_secret } }
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_uint_t        i;
    ngx_pool_t       *pool;
    fuzz_token_buf_t  text;

    pool = ngx_create_pool(1024, ngx_cycle->log);

    /* NGX_AGAIN: either is right */

    fuzz_token_try(pool, data, size, NGX_AGAIN);

    for (i = 0; i < 2 && size <= 600; i++) {
        fuzz_token_sign(&fuzz_token_keys[i], data, size, &text);

        fuzz_token_try(pool, text.octets, text.len,
                       fuzz_token_reference(&fuzz_token_keys[i], data, size));
    }

    ngx_destroy_pool(pool);

    return 0;
}


static void
fuzz_token_try(ngx_pool_t *pool, const u_char *text, size_t size,
    ngx_int_t expected)
{
    ngx_int_t            rc;
    ngx_str_t            copy;
    ngx_array_t          ring;
    ngx_aidial_token_t   token;

    copy.len = size;
    copy.data = ngx_pnalloc(pool, size);
    ngx_memcpy(copy.data, text, size);

    ngx_memzero(&ring, sizeof(ngx_array_t));
    ring.elts = fuzz_token_keys;
    ring.nelts = 2;

    rc = ngx_aidial_token_verify(pool, &ring, &copy, &token);

    if (rc != NGX_OK && rc != NGX_DECLINED) {
        abort();
    }

    if (expected != NGX_AGAIN && rc != expected) {
        abort();
    }

    if (rc == NGX_OK) {
        fuzz_token_again(&token, text, size);
    }
}


static void
fuzz_token_sign(const ngx_aidial_key_t *key, const u_char *payload, size_t len,
    fuzz_token_buf_t *text)
{
    u_char            mac[NGX_AIDIAL_SHA256_LEN], be[4];
    ngx_str_t         input;
    fuzz_token_buf_t  all;

    be[0] = be[1] = 0;
    be[2] = (u_char) (len / 256);
    be[3] = (u_char) (len % 256);

    all.len = 0;
    fuzz_token_add(&all, "aidial-recording-grant-v1", 26);
    fuzz_token_add(&all, be, 4);
    fuzz_token_add(&all, payload, len);

    input.len = all.len;
    input.data = all.octets;

    if (ngx_aidial_hmac_sha256(&key->secret, &input, mac) != NGX_OK) {
        abort();
    }

    text->len = 0;
    fuzz_token_base64url(text, payload, len);
    fuzz_token_add(text, ".", 1);
    fuzz_token_base64url(text, mac, sizeof(mac));
}


/* bit by bit */

static void
fuzz_token_base64url(fuzz_token_buf_t *out, const u_char *p, size_t len)
{
    size_t      bit, i;
    ngx_uint_t  digit;

    for (bit = 0; bit < len * 8; bit += 6) {
        digit = 0;

        for (i = bit; i < bit + 6; i++) {
            digit *= 2;
            digit += (i < len * 8) ? (p[i / 8] >> (7 - i % 8)) & 1 : 0;
        }

        fuzz_token_add(out, &FUZZ_TOKEN_ALPHABET[digit], 1);
    }
}


/* by fixed offsets, since all ids of the ring have two characters */

static ngx_int_t
fuzz_token_reference(const ngx_aidial_key_t *key, const u_char *p, size_t len)
{
    size_t      at, i, n;
    ngx_uint_t  field;
    uint64_t    seconds;

    if (len < 45 || memcmp(p, "\x01\x02", 2) != 0
        || memcmp(p + 2, key->id.data, 2) != 0 || (p[4] != 1 && p[4] != 2))
    {
        return NGX_DECLINED;
    }

    for (seconds = 0, i = 5; i < 13; i++) {
        seconds = seconds * 256 + p[i];
    }

    at = 45;

    for (field = 0; field < 3; field++) {
        n = (at < len) ? p[at] : 0;

        if (n < 1 || n > 128 || at + 1 + n > len) {
            return NGX_DECLINED;
        }

        for (i = at + 1; i <= at + n; i++) {
            if (!isalnum(p[i]) && !(p[i] && strchr("_.:-", p[i]))) {
                return NGX_DECLINED;
            }
        }

        at += 1 + n;
    }

    return (at == len && seconds < 100000000000) ? NGX_OK : NGX_DECLINED;
}


static void
fuzz_token_again(const ngx_aidial_token_t *token, const u_char *text,
    size_t size)
{
    u_char            c;
    ngx_int_t         shift;
    ngx_uint_t        i, k;
    const ngx_str_t  *strings[3];
    fuzz_token_buf_t  payload, again;

    strings[0] = &token->tenant;
    strings[1] = &token->user;
    strings[2] = &token->call;

    for (k = 0; k < 2; k++) {
        payload.len = 0;
        fuzz_token_add(&payload, "\x01\x02", 2);
        fuzz_token_add(&payload, fuzz_token_keys[k].id.data, 2);

        c = (u_char) token->action;
        fuzz_token_add(&payload, &c, 1);

        for (shift = 56; shift >= 0; shift -= 8) {
            c = (u_char) ((uint64_t) token->expires_at >> shift);
            fuzz_token_add(&payload, &c, 1);
        }

        fuzz_token_add(&payload, token->id, 16);
        fuzz_token_add(&payload, token->scope, 16);

        for (i = 0; i < 3; i++) {
            c = (u_char) strings[i]->len;
            fuzz_token_add(&payload, &c, 1);
            fuzz_token_add(&payload, strings[i]->data, strings[i]->len);
        }

        fuzz_token_sign(&fuzz_token_keys[k], payload.octets, payload.len,
                        &again);

        if (again.len == size && memcmp(again.octets, text, size) == 0) {
            return;
        }
    }

    abort();
}


static void
fuzz_token_add(fuzz_token_buf_t *out, const void *p, size_t len)
{
    if (len > sizeof(out->octets) - out->len) {
        abort();
    }

    if (len) {
        memcpy(out->octets + out->len, p, len);
        out->len += len;
    }
}
