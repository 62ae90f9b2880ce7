
/*
 * With padding=keep the "=" of a signed cookie has to be there, with
 * padding=strip it must not.
 */


#include "aidial_unit.h"
#include "ngx_aidial_cookie.h"


void test_padding(ngx_aidial_unit_t *u);


#define TEST_SID  "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
#define TEST_MAC  "Rep3/Fvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6618"
#define TEST_RAW  "s:" TEST_SID "." TEST_MAC
#define TEST_PCT                                                              \
    "s%3A" TEST_SID ".Rep3%2FFvg0qav4rmx0KMMPMPLPqwiVeA7cAX7m1k6618"


void
test_padding(ngx_aidial_unit_t *u)
{
    ngx_str_t    value, sid;
    ngx_uint_t   i, padded, good;
    ngx_array_t  secrets;

    static ngx_str_t    prefix = ngx_string("s:");
    static ngx_str_t    secret = ngx_string("keyboard cat");
    static const char  *values[] = {
        TEST_RAW, TEST_PCT, TEST_RAW "=",
        TEST_PCT "%3D", TEST_RAW "==", TEST_RAW "A",
        TEST_RAW "%3", "s:" TEST_SID "=." TEST_MAC, NULL
    };

    ngx_memzero(&secrets, sizeof(ngx_array_t));
    secrets.elts = &secret;
    secrets.nelts = 1;

    for (i = 0; values[i]; i++) {
        value.data = (u_char *) values[i];
        value.len = strlen(values[i]);

        for (padded = 0; padded < 2; padded++) {
            good = padded ? (i == 2 || i == 3) : (i == 0 || i == 1);

            ngx_aidial_unit_ok(u, ngx_aidial_cookie_signed(u->pool, &value,
                                         &prefix, &secrets, padded, &sid)
                                  == (good ? NGX_OK : NGX_DECLINED),
                               "padded %lu: %s", (unsigned long) padded,
                               values[i]);
        }
    }
}
