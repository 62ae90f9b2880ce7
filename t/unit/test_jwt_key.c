
/*
 * Files of keys: which of t/data/jwt-keys an algorithm takes, how many keys
 * there are in it, and the words for what it does not take.
 */


#include "aidial_unit.h"
#include "ngx_aidial_jwt.h"


void test_jwt_key(ngx_aidial_unit_t *u);


typedef struct {
    const char        *file;
    ngx_aidial_alg_e   alg;
    ngx_uint_t         keys;
    ngx_uint_t         skipped;
    const char        *why;       /* NULL: accepted */
} test_jwt_key_row_t;


static void test_jwt_key_file(ngx_aidial_unit_t *u,
    const test_jwt_key_row_t *row);
static void test_jwt_key_algs(ngx_aidial_unit_t *u);
static void test_jwt_key_together(ngx_aidial_unit_t *u);


#define HS256  NGX_AIDIAL_ALG_HS256
#define RS256  NGX_AIDIAL_ALG_RS256
#define ES256  NGX_AIDIAL_ALG_ES256
#define EDDSA  NGX_AIDIAL_ALG_EDDSA

#define WHOLE    "whole PEM blocks"
#define OCT      "a JWK Set of \"oct\" keys for \"HS256\""
#define LABEL    "\"BEGIN PUBLIC KEY\" in each PEM block"
#define LINES    "a file with a secret on each line"
#define SHORT    "a file with a secret of at least 32 bytes on each line"
#define TYPE_RSA "an RSA key for \"RS256\""
#define TYPE_EC  "a key on P-256 for \"ES256\""
#define TYPE_ED  "an Ed25519 key for \"EdDSA\""
#define BITS     "an RSA key of 2048 to 8192 bits"
#define NUMBERS  "numbers that make a public key"
#define SOUND    "a sound public key"
#define NUMBER   "each number of a key of the JWK Set in base64url"
#define NO_SET   "a JWK Set: an object whose \"keys\" is an array"
#define NO_KEY   "a JWK Set with a signature key for the algorithm"
#define NO_JSON  "PEM public keys or a JWK Set, one JSON object without "      \
                 "repeated members"
#define NEITHER  "PEM public keys or a JWK Set"
#define KID      "a \"kid\" that is a string of at most 256 bytes"
#define MANY     "at most 16 keys"


static const test_jwt_key_row_t  test_jwt_key_rows[] = {
    { "secrets", HS256, 1, 0, NULL },
    { "secrets-two", HS256, 2, 0, NULL },
    { "secrets-short", HS256, 1, 0, SHORT },
    { "secrets-none", HS256, 0, 0, LINES },
    { "secrets-17", HS256, 16, 0, MANY },

    { "rs256.pem", RS256, 1, 0, NULL },
    { "rs256-two.pem", RS256, 2, 0, NULL },
    { "es256.pem", ES256, 1, 0, NULL },
    { "eddsa.pem", EDDSA, 1, 0, NULL },
    { "17.pem", EDDSA, 16, 0, MANY },
    { "rs256.pem", HS256, 0, 0, OCT },
    { "rs256.pem", ES256, 0, 0, TYPE_EC },
    { "rs256.pem", EDDSA, 0, 0, TYPE_ED },
    { "es256.pem", RS256, 0, 0, TYPE_RSA },
    { "eddsa.pem", ES256, 0, 0, TYPE_EC },
    { "rsa-pss.pem", RS256, 0, 0, TYPE_RSA },
    { "rsa-1024.pem", RS256, 0, 0, BITS },
    { "p-384.pem", ES256, 0, 0, TYPE_EC },
    { "secp256k1.pem", ES256, 0, 0, TYPE_EC },
    { "ed448.pem", EDDSA, 0, 0, TYPE_ED },
    { "cut.pem", RS256, 0, 0, WHOLE },
    { "wrong-octets.pem", RS256, 0, 0,
      "a key that OpenSSL can read in each PEM block" },
    { "private.pem", ES256, 0, 0, NGX_AIDIAL_PRIVATE_KEY },
    { "private-ec.pem", ES256, 0, 0, NGX_AIDIAL_PRIVATE_KEY },
    { "pkcs1.pem", RS256, 0, 0, LABEL },
    { "certificate.pem", RS256, 0, 0, "a public key, not a certificate" },
    { "no-block.pem", EDDSA, 0, 0, NEITHER },

    { "mixed.json", HS256, 1, 7, NULL },
    { "mixed.json", RS256, 1, 7, NULL },
    { "mixed.json", ES256, 2, 6, NULL },
    { "mixed.json", EDDSA, 1, 7, NULL },
    { "no-kid.json", ES256, 1, 0, NULL },
    { "none-fits.json", RS256, 0, 9, NO_KEY },
    { "empty.json", RS256, 0, 0, NO_KEY },
    { "single.json", ES256, 0, 0, NO_SET },
    { "repeated.json", ES256, 0, 0, NO_JSON },
    { "cut.json", ES256, 0, 0, NO_JSON },
    { "private.json", ES256, 0, 0, NGX_AIDIAL_PRIVATE_KEY },
    { "private-ed.json", EDDSA, 0, 0, NGX_AIDIAL_PRIVATE_KEY },
    { "oct-short.json", HS256, 0, 0, "\"oct\" keys of at least 32 bytes" },
    { "oct-padded.json", HS256, 0, 0, NUMBER },
    { "oct-none.json", HS256, 0, 0, NUMBER },
    { "kid-number.json", ES256, 0, 0, KID },
    { "kid-long.json", ES256, 0, 0, KID },
    { "point-off.json", ES256, 0, 0, NUMBERS },
    { "point-short.json", ES256, 0, 0, "\"x\" and \"y\" of 32 bytes" },
    { "exponent-1.json", RS256, 0, 0, SOUND },
    { "exponent-even.json", RS256, 0, 0, SOUND },
    { "rsa-1024.json", RS256, 0, 0, BITS },
    { "rsa-no-e.json", RS256, 0, 0, NUMBER },
    { "ed-short.json", EDDSA, 0, 0, "\"x\" of 32 bytes" },

    { NULL, HS256, 0, 0, NULL }
};


void
test_jwt_key(ngx_aidial_unit_t *u)
{
    ngx_uint_t  i;

    for (i = 0; test_jwt_key_rows[i].file; i++) {
        test_jwt_key_file(u, &test_jwt_key_rows[i]);
    }

    test_jwt_key_algs(u);
    test_jwt_key_together(u);
}


static void
test_jwt_key_file(ngx_aidial_unit_t *u, const test_jwt_key_row_t *row)
{
    char                    path[128];
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_uint_t              skipped;
    const char             *why;
    ngx_aidial_jwt_conf_t  *conf;

    snprintf(path, sizeof(path), "jwt-keys/%s", row->file);

    why = "";
    skipped = 0;
    text = ngx_aidial_unit_file(u, path);
    conf = ngx_aidial_jwt_conf_create(u->pool, row->alg);

    ngx_aidial_unit_ok(u, text.data != NULL, "%s is there", path);

    if (strncmp(row->file, "secrets", 7) == 0) {
        rc = ngx_aidial_jwt_add_secrets(conf, &text, &why);

    } else {
        rc = ngx_aidial_jwt_add_keys(u->pool, conf, &text, &skipped, &why);
    }

    ngx_aidial_unit_ok(u, rc == (row->why ? NGX_DECLINED : NGX_OK)
                          && (row->why == NULL || strcmp(why, row->why) == 0),
                       "%s for %s: %ld, %s", row->file,
                       ngx_aidial_alg_name(row->alg)->data, (long) rc, why);

    ngx_aidial_unit_ok(u, conf->keys.nelts == row->keys
                          && skipped == row->skipped,
                       "%s: %lu keys, %lu skipped", row->file,
                       (unsigned long) conf->keys.nelts,
                       (unsigned long) skipped);
}


static void
test_jwt_key_algs(ngx_aidial_unit_t *u)
{
    ngx_str_t   name;
    ngx_uint_t  i;

    static const char  *others[] = {
        "", "none", "hs256", "HS2560", "HS25", "EDDSA", "PS256", "Ed25519",
        NULL
    };

    for (i = 0; i < NGX_AIDIAL_ALG_COUNT; i++) {
        name = *ngx_aidial_alg_name(i);

        ngx_aidial_unit_ok(u, ngx_aidial_alg_find(&name) == i, "%s",
                           name.data);
    }

    for (i = 0; others[i]; i++) {
        name.data = (u_char *) others[i];
        name.len = strlen(others[i]);

        ngx_aidial_unit_ok(u, ngx_aidial_alg_find(&name)
                              == NGX_AIDIAL_ALG_COUNT,
                           "\"%s\" is no algorithm", others[i]);
    }
}


/* files add up, and the limit holds for all of them */

static void
test_jwt_key_together(ngx_aidial_unit_t *u)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_uint_t              i, skipped;
    const char             *why;
    ngx_aidial_jwt_conf_t  *conf;

    text = ngx_aidial_unit_file(u, "jwt-keys/eddsa.pem");
    conf = ngx_aidial_jwt_conf_create(u->pool, EDDSA);

    for (i = 1; i <= NGX_AIDIAL_JWT_KEYS_MAX + 1; i++) {
        why = "";
        rc = ngx_aidial_jwt_add_keys(u->pool, conf, &text, &skipped, &why);

        ngx_aidial_unit_ok(u, rc == (i > NGX_AIDIAL_JWT_KEYS_MAX
                                     ? NGX_DECLINED : NGX_OK)
                              && conf->keys.nelts
                                 == ngx_min(i, NGX_AIDIAL_JWT_KEYS_MAX),
                           "file %lu, %s", (unsigned long) i, why);
    }
}
