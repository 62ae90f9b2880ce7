
/*
 * Verifies a token: the ladder of docs/token-format.md, one small function a
 * rung, in that order.
 *
 * Until the MAC is right, no field but version and key id is looked at, and
 * these are only measured.  Nothing is allocated or kept for a forged token.
 */


#include "ngx_aidial_token_format.h"
#include "ngx_aidial_base64url.h"
#include "ngx_aidial_json.h"
#include "ngx_aidial_memo.h"


/* the token between two rungs */

typedef struct {
    ngx_str_t                  payload_text;
    ngx_str_t                  mac_text;

    ngx_aidial_token_input_t   input;
    u_char                     mac[NGX_AIDIAL_SHA256_LEN];

    u_char                    *pos;         /* the next field to be read */
    u_char                    *last;
    ngx_str_t                  key_id;
    const ngx_aidial_key_t    *key;
} ngx_aidial_token_ctx_t;


static ngx_int_t ngx_aidial_token_split(ngx_aidial_token_ctx_t *ctx,
    const ngx_str_t *text);
static ngx_int_t ngx_aidial_token_decode(ngx_aidial_token_ctx_t *ctx);
static ngx_int_t ngx_aidial_token_key_id(ngx_aidial_token_ctx_t *ctx);
static ngx_int_t ngx_aidial_token_key(ngx_aidial_token_ctx_t *ctx,
    const ngx_array_t *ring);
static ngx_int_t ngx_aidial_token_authenticate(ngx_aidial_token_ctx_t *ctx);
static ngx_int_t ngx_aidial_token_fields(ngx_aidial_token_ctx_t *ctx,
    ngx_aidial_token_t *token);
static u_char *ngx_aidial_token_take(ngx_aidial_token_ctx_t *ctx, size_t len);
static ngx_int_t ngx_aidial_token_take_identifier(ngx_aidial_token_ctx_t *ctx,
    ngx_str_t *id);
static ngx_int_t ngx_aidial_token_keep(ngx_pool_t *pool,
    ngx_aidial_token_t *token);


ngx_int_t
ngx_aidial_token_verify(ngx_pool_t *pool, const ngx_array_t *ring,
    const ngx_str_t *text, ngx_aidial_token_t *token)
{
    ngx_int_t               rc;
    ngx_aidial_token_t      found;
    ngx_aidial_token_ctx_t  ctx;

    ngx_memzero(token, sizeof(ngx_aidial_token_t));

    rc = ngx_aidial_token_split(&ctx, text);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_token_decode(&ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_token_key_id(&ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_token_key(&ctx, ring);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_token_authenticate(&ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_token_fields(&ctx, &found);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_aidial_token_keep(pool, &found);
    if (rc != NGX_OK) {
        return rc;
    }

    found.key = ctx.key;
    *token = found;

    return NGX_OK;
}


/* rungs 1 and 2: length, and the only dot */

static ngx_int_t
ngx_aidial_token_split(ngx_aidial_token_ctx_t *ctx, const ngx_str_t *text)
{
    u_char  *dot;

    if (text->len > NGX_AIDIAL_TOKEN_MAX
        || text->len < 1 + NGX_AIDIAL_TOKEN_MAC_LEN)
    {
        return NGX_DECLINED;
    }

    /* the MAC's length is fixed, hence so is the place of the dot */

    ctx->mac_text.len = NGX_AIDIAL_TOKEN_MAC_LEN;
    ctx->mac_text.data = text->data + text->len - NGX_AIDIAL_TOKEN_MAC_LEN;

    dot = ctx->mac_text.data - 1;

    if (*dot != '.') {
        return NGX_DECLINED;
    }

    /* a second dot is no digit: decoding refuses it */

    ctx->payload_text.len = dot - text->data;
    ctx->payload_text.data = text->data;

    return NGX_OK;
}


/* rung 3: both parts in the one spelling their octets have */

static ngx_int_t
ngx_aidial_token_decode(ngx_aidial_token_ctx_t *ctx)
{
    u_char  *payload;

    payload = ngx_aidial_token_payload(&ctx->input);

    if (ngx_aidial_base64url_decode(&ctx->payload_text, payload) != NGX_OK
        || ngx_aidial_base64url_decode(&ctx->mac_text, ctx->mac) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ctx->input.len = ngx_aidial_base64url_len(ctx->payload_text.len);
    ctx->pos = payload;
    ctx->last = payload + ctx->input.len;

    return NGX_OK;
}


/* rung 4: which format, and which key it says it was signed with */

static ngx_int_t
ngx_aidial_token_key_id(ngx_aidial_token_ctx_t *ctx)
{
    u_char  *p;

    p = ngx_aidial_token_take(ctx, 2);

    if (p == NULL || p[0] != NGX_AIDIAL_TOKEN_VERSION) {
        return NGX_DECLINED;
    }

    ctx->key_id.len = p[1];

    if (ctx->key_id.len == 0 || ctx->key_id.len > NGX_AIDIAL_KEY_ID_MAX) {
        return NGX_DECLINED;
    }

    ctx->key_id.data = ngx_aidial_token_take(ctx, ctx->key_id.len);

    return ctx->key_id.data ? NGX_OK : NGX_DECLINED;
}


/* rung 5 */

static ngx_int_t
ngx_aidial_token_key(ngx_aidial_token_ctx_t *ctx, const ngx_array_t *ring)
{
    ctx->key = ngx_aidial_key_find(ring, &ctx->key_id);

    return ctx->key ? NGX_OK : NGX_DECLINED;
}


/*
 * Rung 6: all octets of the MAC, in a time that tells nothing.  The right MAC
 * of a payload that was presented with it is kept, and saves computing it for
 * the next request with this token; it is compared in the same way.
 */

static ngx_int_t
ngx_aidial_token_authenticate(ngx_aidial_token_ctx_t *ctx)
{
    u_char                  mac[NGX_AIDIAL_SHA256_LEN], *kept;
    ngx_uint_t              equal;
    const u_char           *known;
    ngx_aidial_memo_key_t   key;

    key.kind = NGX_AIDIAL_MEMO_MAC;
    key.form = ctx->key->secret;
    key.id.data = ngx_aidial_token_payload(&ctx->input);
    key.id.len = ctx->input.len;
    ngx_str_set(&key.text, "");

    known = ngx_aidial_memo_find(&key);

    if (known) {
        return ngx_aidial_equal(known, ctx->mac, NGX_AIDIAL_SHA256_LEN)
               ? NGX_OK : NGX_DECLINED;
    }

    if (ngx_aidial_token_mac(ctx->key, &ctx->input, mac) != NGX_OK) {
        return NGX_ERROR;
    }

    equal = ngx_aidial_equal(mac, ctx->mac, NGX_AIDIAL_SHA256_LEN);

    kept = equal ? ngx_aidial_memo_keep(&key, NGX_AIDIAL_SHA256_LEN) : NULL;

    if (kept) {
        ngx_memcpy(kept, mac, NGX_AIDIAL_SHA256_LEN);
    }

    /* the right MAC of a forged payload is the forger's missing half */

    ngx_aidial_wipe(mac, NGX_AIDIAL_SHA256_LEN);

    return equal ? NGX_OK : NGX_DECLINED;
}


/* rung 7: the fields, now that they are ours */

static ngx_int_t
ngx_aidial_token_fields(ngx_aidial_token_ctx_t *ctx, ngx_aidial_token_t *token)
{
    u_char      *p;
    uint64_t     seconds;
    ngx_uint_t   i;

    p = ngx_aidial_token_take(ctx, 1 + 8 + NGX_AIDIAL_GRANT_ID_LEN
                                   + NGX_AIDIAL_SCOPE_LEN);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    token->action = *p++;

    if (token->action != NGX_AIDIAL_ACTION_PLAYBACK
        && token->action != NGX_AIDIAL_ACTION_DOWNLOAD)
    {
        return NGX_DECLINED;
    }

    seconds = 0;

    for (i = 0; i < 8; i++) {
        seconds = seconds << 8 | *p++;
    }

    if (seconds >= NGX_AIDIAL_SECONDS_MAX) {
        return NGX_DECLINED;
    }

    token->expires_at = (time_t) seconds;

    ngx_memcpy(token->id, p, NGX_AIDIAL_GRANT_ID_LEN);
    p += NGX_AIDIAL_GRANT_ID_LEN;

    ngx_memcpy(token->scope, p, NGX_AIDIAL_SCOPE_LEN);

    if (ngx_aidial_token_take_identifier(ctx, &token->tenant) != NGX_OK
        || ngx_aidial_token_take_identifier(ctx, &token->user) != NGX_OK
        || ngx_aidial_token_take_identifier(ctx, &token->call) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return ctx->pos == ctx->last ? NGX_OK : NGX_DECLINED;
}


/* the next "len" octets of the payload, NULL when there are not so many */

static u_char *
ngx_aidial_token_take(ngx_aidial_token_ctx_t *ctx, size_t len)
{
    u_char  *p;

    p = ctx->pos;

    if ((size_t) (ctx->last - p) < len) {
        return NULL;
    }

    ctx->pos = p + len;

    return p;
}


static ngx_int_t
ngx_aidial_token_take_identifier(ngx_aidial_token_ctx_t *ctx, ngx_str_t *id)
{
    u_char  *p;

    p = ngx_aidial_token_take(ctx, 1);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    id->len = *p;

    id->data = ngx_aidial_token_take(ctx, id->len);
    if (id->data == NULL) {
        return NGX_DECLINED;
    }

    return ngx_aidial_is_identifier(id) ? NGX_OK : NGX_DECLINED;
}


/* moves the strings out of the payload, which ends with the call */

static ngx_int_t
ngx_aidial_token_keep(ngx_pool_t *pool, ngx_aidial_token_t *token)
{
    u_char      *p;
    ngx_str_t   *strings[3];
    ngx_uint_t   i;

    strings[0] = &token->tenant;
    strings[1] = &token->user;
    strings[2] = &token->call;

    p = ngx_pnalloc(pool, token->tenant.len + token->user.len
                          + token->call.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < 3; i++) {
        ngx_memcpy(p, strings[i]->data, strings[i]->len);
        strings[i]->data = p;
        p += strings[i]->len;
    }

    return NGX_OK;
}
