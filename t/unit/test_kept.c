
/*
 * What is kept of a good token opens nothing for another key or a forger.
 */


#include "aidial_unit.h"
#include "ngx_aidial_memo.h"
#include "ngx_aidial_token.h"


static ngx_int_t test_kept_verify(ngx_aidial_unit_t *u, ngx_array_t *ring,
    const ngx_str_t *text);


void
test_kept(ngx_aidial_unit_t *u)
{
    u_char               secret[] = "an-example-of-a-key-of-32-octets";
    ngx_str_t            text;
    ngx_uint_t           i, wrong;
    ngx_array_t         *ring;
    ngx_aidial_key_t    *key;
    ngx_aidial_token_t   token;

    ring = ngx_array_create(u->pool, 1, sizeof(ngx_aidial_key_t));
    key = ngx_array_push(ring);

    ngx_str_set(&key->id, "k1");
    key->secret.data = secret;
    key->secret.len = sizeof(secret) - 1;

    ngx_memzero(&token, sizeof(ngx_aidial_token_t));
    token.action = NGX_AIDIAL_ACTION_PLAYBACK;
    ngx_str_set(&token.tenant, "t_1");
    ngx_str_set(&token.user, "u_81");
    ngx_str_set(&token.call, "c_9");

    ngx_aidial_unit_ok(u, ngx_aidial_token_build(u->pool, key, &token, &text)
                          == NGX_OK, "a token");

    ngx_aidial_memo_clear();

    text.data[text.len - 20] ^= 1;
    ngx_aidial_unit_ok(u, test_kept_verify(u, ring, &text) == NGX_DECLINED
                          && ngx_aidial_memo_size() == 0,
                       "nothing is kept of a forged token");

    text.data[text.len - 20] ^= 1;
    ngx_aidial_unit_ok(u, test_kept_verify(u, ring, &text) == NGX_OK
                          && ngx_aidial_memo_size() > 0,
                       "the MAC of a good token is kept");

    wrong = 0;

    for (i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        wrong += test_kept_verify(u, ring, &text) != NGX_DECLINED;
        text.data[i] ^= 1;
        wrong += test_kept_verify(u, ring, &text) != NGX_OK;
    }

    ngx_aidial_unit_ok(u, wrong == 0, "any other token is refused");

    secret[0] ^= 1;
    ngx_aidial_unit_ok(u, test_kept_verify(u, ring, &text) == NGX_DECLINED,
                       "the key was replaced under its id");

    secret[0] ^= 1;
    ngx_aidial_unit_ok(u, test_kept_verify(u, ring, &text) == NGX_OK,
                       "the key is back");

    ngx_str_set(&key->id, "k2");
    ngx_aidial_unit_ok(u, test_kept_verify(u, ring, &text) == NGX_DECLINED,
                       "the key was removed");

    ngx_aidial_memo_clear();
}


static ngx_int_t
test_kept_verify(ngx_aidial_unit_t *u, ngx_array_t *ring,
    const ngx_str_t *text)
{
    ngx_aidial_token_t  token;

    return ngx_aidial_token_verify(u->pool, ring, text, &token);
}
