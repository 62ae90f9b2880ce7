
/*
 * The conformance kit: reads a Redis and says of every record that a portal
 * wrote whether the module can use it.  The verdict is the module's own: it
 * is given by the parsers of core.  What the kit adds are words: where in the
 * record the fault lies, and what the module takes without a fault but reads
 * otherwise than its author meant.
 */


#ifndef _KIT_H_INCLUDED_
#define _KIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>

#include "ngx_aidial_call.h"
#include "ngx_aidial_hmac.h"
#include "ngx_aidial_json.h"
#include "ngx_aidial_key.h"
#include "ngx_aidial_session.h"
#include "ngx_aidial_tenant.h"


/* exit codes */

#define KIT_CONFORMS   0
#define KIT_FAULTS     1
#define KIT_CANNOT     2

#define KIT_BATCH      100      /* keys that are looked at together */
#define KIT_TEXT_MAX   1024     /* bytes of one finding */
#define KIT_SHOWN_MAX  60       /* bytes of a value that is quoted */
#define KIT_KEY_MAX    512      /* bytes of a key that is shown */


/*
 * X(id, name, judged): the kinds of key.  A record of a kind that is not
 * judged is counted, and its value is not read.
 */

#define KIT_KINDS(X)                                                          \
    X(SESSION, "session", 1)                                                  \
    X(CALL, "call", 1)                                                        \
    X(TENANT, "tenant", 1)                                                    \
    X(REVOKED_BEFORE, "revoked-before", 1)                                    \
    X(REVOKED, "revoked", 1)                                                  \
    X(OWN, "the module's own", 0)                                             \
    X(UNCLAIMED, "of no kind", 0)


typedef enum {
#define X(id, name, judged)  KIT_##id,
    KIT_KINDS(X)
#undef X
    KIT_KIND_COUNT,
    KIT_ELSEWHERE = KIT_KIND_COUNT,    /* neither the portal's nor ours */
    KIT_SERVER                         /* Redis itself */
} kit_kind_e;


typedef struct {
    const char                *url;
    const char                *user;
    const char                *password_file;
    ngx_str_t                  prefix;
    ngx_str_t                  template;        /* of the session key */
    ngx_aidial_session_map_t   map;
    time_t                     now;             /* 0: the clock's */
    unsigned                   all:1;
    unsigned                   json:1;
    unsigned                   strict:1;
    unsigned                   eviction:1;
} kit_options_t;


/* what stands before and behind the id in the name of a session's key */

typedef struct {
    ngx_str_t   head;
    ngx_str_t   tail;
    ngx_uint_t  sha256;       /* 1: the name has the SHA-256 of the id */
} kit_session_key_t;


typedef struct kit_finding_s  kit_finding_t;

struct kit_finding_s {
    kit_finding_t  *next;
    ngx_uint_t      fault;    /* 0: a warning */
    ngx_str_t       text;     /* printable ASCII */
};


typedef struct {
    ngx_str_t              key;
    ngx_str_t              shown;     /* the key as it may be printed */
    ngx_uint_t             kind;
    ngx_str_t              id;        /* of the session, call or tenant */

    ngx_str_t              type;      /* Redis' word */
    int64_t                ttl;       /* milliseconds, -1: none */
    ngx_str_t              text;

    ngx_aidial_session_t   session;

    ngx_str_t              other;     /* a second key to look at, or empty */
    ngx_str_t              other_type;
    ngx_str_t              other_text;

    ngx_uint_t             faults;
    ngx_uint_t             warnings;
    kit_finding_t         *findings;
    kit_finding_t        **last;
} kit_record_t;


typedef struct {
    ngx_uint_t  records;
    ngx_uint_t  faulty;
    ngx_uint_t  warned;       /* without a fault, with a warning */
} kit_count_t;


typedef struct {
    kit_options_t       options;
    kit_session_key_t   session_key;
    redisContext       *redis;
    time_t              now;
    ngx_uint_t          server_faulty;
    kit_count_t         count[KIT_KIND_COUNT];
} kit_t;


/* kit_options.c: exits with a word of help when they are not to be followed */

void kit_options(ngx_pool_t *pool, kit_options_t *options, int argc,
    char **argv);

/* kit_url.c and kit_redis.c: NGX_OK, or NGX_ERROR and the reason is said */

redisContext *kit_url_connect(const char *url, unsigned long *database);
ngx_int_t kit_redis_open(kit_t *kit);
ngx_int_t kit_redis_server(kit_t *kit, ngx_pool_t *pool);
ngx_int_t kit_redis_send(kit_t *kit, ngx_uint_t argc, const char **argv,
    const size_t *len);

/* the next reply that is no error of the connection; NULL: said */

redisReply *kit_redis_reply(kit_t *kit);

/* kit_scan.c: all keys; NGX_OK, NGX_ERROR: said, NGX_ABORT: interrupted */

ngx_int_t kit_scan(kit_t *kit);

/* kit_record.c: judges "n" keys; NGX_OK or NGX_ERROR */

ngx_int_t kit_records(kit_t *kit, ngx_pool_t *pool, const ngx_str_t *keys,
    ngx_uint_t n);

/* kit_key.c */

ngx_int_t kit_key_init(kit_t *kit, ngx_pool_t *pool);
void kit_key_classify(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);

/*
 * kit_judge.c, kit_session.c, kit_call.c: the first of each judges what the
 * record says, the second what it means beside record->other.
 */

void kit_judge(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);
void kit_judge_other(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);
void kit_session(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);
void kit_session_other(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);
void kit_call(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);
void kit_call_other(kit_t *kit, ngx_pool_t *pool, kit_record_t *record);

/* kit_json.c: words about what stands somewhere in a record */

/* the place of what the module's parser does not read: " near line 1, ..." */

const char *kit_json_where(ngx_pool_t *pool, const ngx_str_t *text);
const char *kit_json_what(ngx_pool_t *pool, ngx_aidial_json_t *value);
const char *kit_json_identifier(ngx_pool_t *pool, ngx_aidial_json_t *value);
ngx_uint_t kit_json_is_false(ngx_aidial_json_t *value);

/* kit_report.c */

void kit_fault(ngx_pool_t *pool, kit_record_t *record, const char *fmt, ...);
void kit_warn(ngx_pool_t *pool, kit_record_t *record, const char *fmt, ...);
const char *kit_show(ngx_pool_t *pool, const ngx_str_t *text);
const char *kit_show_max(ngx_pool_t *pool, const ngx_str_t *text, size_t max);
void kit_report(kit_t *kit, kit_record_t *record);
int kit_summary(kit_t *kit, ngx_uint_t complete);

/* kit_main.c: no memory, and there is nothing to be said about that */

void *kit_alloc(ngx_pool_t *pool, size_t size);
ngx_pool_t *kit_pool(void);

extern volatile sig_atomic_t  kit_interrupted;


#endif /* _KIT_H_INCLUDED_ */
