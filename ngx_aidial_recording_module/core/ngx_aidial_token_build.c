
/*
 * Writes a token, and the two digests that writer and verifier share.
 */


#include "ngx_aidial_token_format.h"
#include "ngx_aidial_json.h"
#include "ngx_aidial_memo.h"


static ngx_uint_t ngx_aidial_token_sound(const ngx_aidial_key_t *key,
    const ngx_aidial_token_t *token);
static void ngx_aidial_token_write(const ngx_aidial_key_t *key,
    const ngx_aidial_token_t *token, ngx_aidial_token_input_t *input);
static u_char *ngx_aidial_token_put(u_char *p, const ngx_str_t *string);
static ngx_int_t ngx_aidial_token_encode(ngx_pool_t *pool,
    ngx_aidial_token_input_t *input, u_char mac[NGX_AIDIAL_SHA256_LEN],
    ngx_str_t *text);


ngx_int_t
ngx_aidial_token_build(ngx_pool_t *pool, const ngx_aidial_key_t *key,
    const ngx_aidial_token_t *token, ngx_str_t *text)
{
    u_char                    mac[NGX_AIDIAL_SHA256_LEN];
    ngx_aidial_token_input_t  input;

    if (!ngx_aidial_token_sound(key, token)) {
        return NGX_ERROR;
    }

    ngx_aidial_token_write(key, token, &input);

    if (ngx_aidial_token_mac(key, &input, mac) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_aidial_token_encode(pool, &input, mac, text);
}


/* 1 when the token would be accepted by those who verify it */

static ngx_uint_t
ngx_aidial_token_sound(const ngx_aidial_key_t *key,
    const ngx_aidial_token_t *token)
{
    if (key->id.len == 0 || key->id.len > NGX_AIDIAL_KEY_ID_MAX) {
        return 0;
    }

    if (token->action != NGX_AIDIAL_ACTION_PLAYBACK
        && token->action != NGX_AIDIAL_ACTION_DOWNLOAD)
    {
        return 0;
    }

    if (token->expires_at < 0 || token->expires_at >= NGX_AIDIAL_SECONDS_MAX) {
        return 0;
    }

    return ngx_aidial_is_identifier(&token->tenant)
           && ngx_aidial_is_identifier(&token->user)
           && ngx_aidial_is_identifier(&token->call);
}


static void
ngx_aidial_token_write(const ngx_aidial_key_t *key,
    const ngx_aidial_token_t *token, ngx_aidial_token_input_t *input)
{
    u_char     *p, *payload;
    uint64_t    seconds;
    ngx_int_t   shift;

    payload = ngx_aidial_token_payload(input);
    p = payload;

    *p++ = NGX_AIDIAL_TOKEN_VERSION;
    p = ngx_aidial_token_put(p, &key->id);
    *p++ = (u_char) token->action;

    seconds = token->expires_at;

    for (shift = 56; shift >= 0; shift -= 8) {
        *p++ = (u_char) (seconds >> shift);
    }

    p = ngx_cpymem(p, token->id, NGX_AIDIAL_GRANT_ID_LEN);
    p = ngx_cpymem(p, token->scope, NGX_AIDIAL_SCOPE_LEN);
    p = ngx_aidial_token_put(p, &token->tenant);
    p = ngx_aidial_token_put(p, &token->user);
    p = ngx_aidial_token_put(p, &token->call);

    input->len = p - payload;
}


static u_char *
ngx_aidial_token_put(u_char *p, const ngx_str_t *string)
{
    *p++ = (u_char) string->len;

    return ngx_cpymem(p, string->data, string->len);
}


ngx_int_t
ngx_aidial_token_mac(const ngx_aidial_key_t *key,
    ngx_aidial_token_input_t *input, u_char mac[NGX_AIDIAL_SHA256_LEN])
{
    u_char     *p;
    ngx_str_t   text;

    p = ngx_cpymem(input->octets, NGX_AIDIAL_TOKEN_DOMAIN,
                   sizeof(NGX_AIDIAL_TOKEN_DOMAIN));

    *p++ = (u_char) (input->len >> 24);
    *p++ = (u_char) (input->len >> 16);
    *p++ = (u_char) (input->len >> 8);
    *p++ = (u_char) input->len;

    text.len = NGX_AIDIAL_TOKEN_HEAD + input->len;
    text.data = input->octets;

    return ngx_aidial_hmac_sha256(&key->secret, &text, mac);
}


static ngx_int_t
ngx_aidial_token_encode(ngx_pool_t *pool, ngx_aidial_token_input_t *input,
    u_char mac[NGX_AIDIAL_SHA256_LEN], ngx_str_t *text)
{
    ngx_str_t  payload, digest, part;

    payload.len = input->len;
    payload.data = ngx_aidial_token_payload(input);

    digest.len = NGX_AIDIAL_SHA256_LEN;
    digest.data = mac;

    text->data = ngx_pnalloc(pool, ngx_base64_encoded_length(payload.len) + 1
                                   + ngx_base64_encoded_length(digest.len));
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    part.data = text->data;
    ngx_encode_base64url(&part, &payload);

    part.data[part.len] = '.';
    text->len = part.len + 1;

    part.data = text->data + text->len;
    ngx_encode_base64url(&part, &digest);

    text->len += part.len;

    return NGX_OK;
}


ngx_int_t
ngx_aidial_token_scope(const ngx_str_t *client, const ngx_str_t *project,
    u_char scope[NGX_AIDIAL_SCOPE_LEN])
{
    u_char                 *p, *kept, digest[NGX_AIDIAL_SHA256_LEN];
    u_char                  input[sizeof(NGX_AIDIAL_TOKEN_SCOPE)
                                  + 2 * (1 + NGX_AIDIAL_ID_MAX)];
    ngx_str_t               text;
    const u_char           *known;
    ngx_aidial_memo_key_t   key;

    if (!ngx_aidial_is_identifier(client)
        || !ngx_aidial_is_identifier(project))
    {
        return NGX_ERROR;
    }

    p = ngx_cpymem(input, NGX_AIDIAL_TOKEN_SCOPE,
                   sizeof(NGX_AIDIAL_TOKEN_SCOPE));
    p = ngx_aidial_token_put(p, client);
    p = ngx_aidial_token_put(p, project);

    text.len = p - input;
    text.data = input;

    /* there are few projects, and many requests for each */

    key.kind = NGX_AIDIAL_MEMO_SCOPE;
    key.id = text;
    ngx_str_set(&key.form, "");
    ngx_str_set(&key.text, "");

    known = ngx_aidial_memo_find(&key);

    if (known) {
        ngx_memcpy(scope, known, NGX_AIDIAL_SCOPE_LEN);
        return NGX_OK;
    }

    if (ngx_aidial_sha256(&text, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(scope, digest, NGX_AIDIAL_SCOPE_LEN);

    kept = ngx_aidial_memo_keep(&key, NGX_AIDIAL_SCOPE_LEN);

    if (kept) {
        ngx_memcpy(kept, digest, NGX_AIDIAL_SCOPE_LEN);
    }

    return NGX_OK;
}
