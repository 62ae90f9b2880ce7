
/*
 * The metrics in Prometheus' text format, 0.0.4.
 *
 * A metric is a row: its name, type and help, where its values stand in a
 * scrape, and the labels by which they are counted, the last one fastest.
 * All values of a row are there from the start, with 0.
 */


#include "ngx_http_aidial_metrics.h"


/* a label and its values: words, or what a function has for 0 ... n - 1 */

typedef struct {
    ngx_str_t          name;
    ngx_uint_t         n;
    const ngx_str_t   *words;
    const ngx_str_t  *(*word)(ngx_uint_t i);
} ngx_http_aidial_label_t;


typedef struct {
    ngx_str_t                       name;
    ngx_str_t                       type;
    ngx_str_t                       help;
    size_t                          offset;     /* of the first value */
    size_t                          step;       /* bytes to the next outer */
    const ngx_http_aidial_label_t  *outer;      /* or NULL */
    const ngx_http_aidial_label_t  *inner;      /* or NULL */
    ngx_uint_t                      histogram;  /* 1: of it, no inner */
} ngx_http_aidial_metric_t;


static ngx_uint_t ngx_http_aidial_metric_series(
    const ngx_http_aidial_metric_t *row);
static u_char *ngx_http_aidial_metric_values(u_char *p,
    const ngx_http_aidial_metric_t *row, ngx_uint_t outer,
    const u_char *values);
static u_char *ngx_http_aidial_metric_histogram(u_char *p,
    const ngx_http_aidial_metric_t *row, ngx_uint_t outer,
    const ngx_aidial_histogram_t *histogram);
static u_char *ngx_http_aidial_metric_name(u_char *p,
    const ngx_http_aidial_metric_t *row, const char *suffix, ngx_uint_t outer,
    const ngx_http_aidial_label_t *label, ngx_uint_t inner);
static u_char *ngx_http_aidial_metric_label(u_char *p,
    const ngx_http_aidial_label_t *label, ngx_uint_t i);

static const ngx_str_t *ngx_http_aidial_label_problem(ngx_uint_t i);
static const ngx_str_t *ngx_http_aidial_label_reason(ngx_uint_t i);
static const ngx_str_t *ngx_http_aidial_label_action(ngx_uint_t i);
static const ngx_str_t *ngx_http_aidial_label_cut(ngx_uint_t i);


#define NGX_HTTP_AIDIAL_PREFIX  "aidial_recording_"

/* bytes of a series but its name, more than any needs */

#define NGX_HTTP_AIDIAL_SERIES_LEN  128


static const ngx_str_t  ngx_http_aidial_endpoints[] = {
    ngx_string("status"),
    ngx_string("grant"),
    ngx_string("media")
};


#define X(code)  ngx_string(#code),

static const ngx_str_t  ngx_http_aidial_codes[] = {
    NGX_HTTP_AIDIAL_CODES(X)
    ngx_string("other")
};

#undef X


static const ngx_str_t  ngx_http_aidial_kinds[] = {
    ngx_string("closings"),
    ngx_string("refusals")
};


#define X(id, name)  ngx_string(name),

static const ngx_str_t  ngx_http_aidial_redis_classes[] = {
    NGX_AIDIAL_REDIS_CLASSES(X)
};

static const ngx_str_t  ngx_http_aidial_redis_ends[] = {
    NGX_AIDIAL_REDIS_ENDS(X)
};

static const ngx_str_t  ngx_http_aidial_redis_states[] = {
    NGX_AIDIAL_REDIS_STATES(X)
};

#undef X


static const ngx_str_t  ngx_http_aidial_version[] = {
    ngx_string(NGX_AIDIAL_VERSION)
};

static const ngx_str_t  ngx_http_aidial_nginx[] = {
    ngx_string(NGINX_VERSION)
};


#define ngx_http_aidial_label(by, name, words)                                \
    static const ngx_http_aidial_label_t  ngx_http_aidial_by_##by = {         \
        ngx_string(name), sizeof(words) / sizeof(ngx_str_t), words, NULL      \
    }

ngx_http_aidial_label(endpoint, "endpoint", ngx_http_aidial_endpoints);
ngx_http_aidial_label(code, "code", ngx_http_aidial_codes);
ngx_http_aidial_label(kind, "kind", ngx_http_aidial_kinds);
ngx_http_aidial_label(class, "class", ngx_http_aidial_redis_classes);
ngx_http_aidial_label(end, "reason", ngx_http_aidial_redis_ends);
ngx_http_aidial_label(state, "state", ngx_http_aidial_redis_states);
ngx_http_aidial_label(version, "version", ngx_http_aidial_version);
ngx_http_aidial_label(nginx, "nginx", ngx_http_aidial_nginx);


static const ngx_http_aidial_label_t  ngx_http_aidial_by_problem = {
    ngx_string("code"), NGX_AIDIAL_PROBLEM_COUNT - 1, NULL,
    ngx_http_aidial_label_problem
};

static const ngx_http_aidial_label_t  ngx_http_aidial_by_reason = {
    ngx_string("reason"), NGX_AIDIAL_REASON_COUNT, NULL,
    ngx_http_aidial_label_reason
};

static const ngx_http_aidial_label_t  ngx_http_aidial_by_action = {
    ngx_string("action"), NGX_AIDIAL_ACTIONS - 1, NULL,
    ngx_http_aidial_label_action
};

static const ngx_http_aidial_label_t  ngx_http_aidial_by_cut = {
    ngx_string("reason"), NGX_HTTP_AIDIAL_CUT_COUNT, NULL,
    ngx_http_aidial_label_cut
};

static const ngx_http_aidial_label_t  ngx_http_aidial_by_bound = {
    ngx_string("le"), NGX_AIDIAL_HISTOGRAM_BUCKETS, NULL,
    ngx_aidial_histogram_bound
};


#define ngx_http_aidial_at(member)                                            \
    offsetof(ngx_http_aidial_scrape_t, member)

#define ngx_http_aidial_plain(name, type, member, help)                       \
    { ngx_string(name), ngx_string(type), ngx_string(help),                   \
      ngx_http_aidial_at(member), 0, NULL, NULL, 0 }

#define ngx_http_aidial_by_one(name, type, member, label, help)               \
    { ngx_string(name), ngx_string(type), ngx_string(help),                   \
      ngx_http_aidial_at(member), 0, NULL, &ngx_http_aidial_by_##label, 0 }

#define ngx_http_aidial_by_two(name, member, first, outer, inner, help)       \
    { ngx_string(name), ngx_string("counter"), ngx_string(help),              \
      ngx_http_aidial_at(member[0][first]),                                   \
      ngx_http_aidial_at(member[1]) - ngx_http_aidial_at(member[0]),          \
      &ngx_http_aidial_by_##outer, &ngx_http_aidial_by_##inner, 0 }


static const ngx_http_aidial_metric_t  ngx_http_aidial_rows[] = {
    ngx_http_aidial_by_two("requests_total", counters.requests,
        0, endpoint, code,
        "Requests that have ended, by status."),

    ngx_http_aidial_by_two("refusals_total", counters.refusals,
        NGX_AIDIAL_PROBLEM_NONE + 1, endpoint, problem,
        "Requests answered with a problem, by its code."),

    ngx_http_aidial_by_one("blocked_total", "counter", counters.blocked,
        reason, "Reasons why the policy has blocked requests."),

    ngx_http_aidial_by_one("grants_issued_total", "counter",
        counters.issued[NGX_AIDIAL_ACTION_PLAYBACK], action,
        "Grants issued."),

    ngx_http_aidial_by_one("grants_redeemed_total", "counter",
        counters.redeemed[NGX_AIDIAL_ACTION_PLAYBACK], action,
        "Grants used for the first time."),

    ngx_http_aidial_plain("grants_resumed_total", "counter", counters.resumed,
        "Downloads resumed."),

    ngx_http_aidial_plain("grants_expired_total", "counter", expired,
        "Media requests refused since the grant has expired."),

    ngx_http_aidial_plain("grants_used_total", "counter", used,
        "Media requests refused since the grant has been used."),

    ngx_http_aidial_by_one("sent_bytes_total", "counter",
        counters.sent[NGX_AIDIAL_ACTION_PLAYBACK], action,
        "Bytes of recordings sent, added when a response ends."),

    ngx_http_aidial_by_one("streams", "gauge",
        counters.streams[NGX_AIDIAL_ACTION_PLAYBACK], action,
        "Responses with a recording that run now."),

    ngx_http_aidial_by_one("responses_cut_total", "counter", counters.cut,
        cut, "Running responses cut, by what a new request is answered."),

    { ngx_string("request_added_seconds"), ngx_string("histogram"),
      ngx_string("Time from a request's first step to its decision."),
      ngx_http_aidial_at(counters.added), sizeof(ngx_aidial_histogram_t),
      &ngx_http_aidial_by_endpoint, NULL, 1 },

    ngx_http_aidial_plain("redis_commands_total", "counter",
        counters.redis.commands,
        "Commands sent to Redis, those of handshakes not counted."),

    ngx_http_aidial_by_one("redis_errors_total", "counter",
        counters.redis.errors, class, "Error replies of Redis."),

    ngx_http_aidial_by_one("redis_connections", "gauge", connections,
        state, "Connections to Redis of all workers, by state."),

    ngx_http_aidial_by_one("redis_disconnects_total", "counter",
        counters.redis.ends, end,
        "Connections to Redis, and attempts at one, that ended."),

    ngx_http_aidial_plain("redis_reconnects_total", "counter",
        counters.redis.reconnects,
        "Connections to Redis that were lost and are back."),

    ngx_http_aidial_plain("redis_deadline_misses_total", "counter",
        counters.redis.misses,
        "Operations that Redis did not answer within timeout=."),

    { ngx_string("redis_round_trip_seconds"), ngx_string("histogram"),
      ngx_string("Time from sending an operation to its last reply."),
      ngx_http_aidial_at(counters.redis.round_trip), 0, NULL, NULL, 1 },

    ngx_http_aidial_by_one("audit_backlog", "gauge", counters.owed,
        kind, "Entries that the audit stream has yet to get."),

    ngx_http_aidial_by_one("audit_lost_total", "counter", counters.lost,
        kind, "Entries that the audit stream will never get."),

    ngx_http_aidial_plain("zone_size_bytes", "gauge", zone_size,
        "Size of the shared memory zone."),

    ngx_http_aidial_plain("zone_free_bytes", "gauge", zone_free,
        "Free pages of the shared memory zone."),

    ngx_http_aidial_plain("workers", "gauge", workers,
        "Workers of this edge, those that are on their way out included."),

    { ngx_string("build_info"), ngx_string("gauge"),
      ngx_string("The module's version, and the nginx it was built for."),
      ngx_http_aidial_at(one), 0, &ngx_http_aidial_by_version,
      &ngx_http_aidial_by_nginx, 0 }
};


#define NGX_HTTP_AIDIAL_ROWS                                                  \
    (sizeof(ngx_http_aidial_rows) / sizeof(ngx_http_aidial_rows[0]))


size_t
ngx_http_aidial_exposition_size(void)
{
    size_t                           size;
    ngx_uint_t                       i;
    const ngx_http_aidial_metric_t  *row;

    size = 0;

    for (i = 0; i < NGX_HTTP_AIDIAL_ROWS; i++) {
        row = &ngx_http_aidial_rows[i];

        size += 2 * NGX_HTTP_AIDIAL_SERIES_LEN + row->help.len
                + ngx_http_aidial_metric_series(row)
                  * (row->name.len + NGX_HTTP_AIDIAL_SERIES_LEN);
    }

    return size;
}


static ngx_uint_t
ngx_http_aidial_metric_series(const ngx_http_aidial_metric_t *row)
{
    ngx_uint_t  n;

    /* a histogram has its buckets, a sum and a count */

    n = row->histogram ? NGX_AIDIAL_HISTOGRAM_BUCKETS + 2
        : row->inner ? row->inner->n
        : 1;

    return row->outer ? row->outer->n * n : n;
}


u_char *
ngx_http_aidial_exposition(u_char *p, const ngx_http_aidial_scrape_t *scrape)
{
    ngx_uint_t                       i, n, outers;
    const u_char                    *values;
    const ngx_http_aidial_metric_t  *row;

    for (i = 0; i < NGX_HTTP_AIDIAL_ROWS; i++) {
        row = &ngx_http_aidial_rows[i];
        values = (const u_char *) scrape + row->offset;

        p = ngx_sprintf(p, "# HELP " NGX_HTTP_AIDIAL_PREFIX "%V %V\n"
                        "# TYPE " NGX_HTTP_AIDIAL_PREFIX "%V %V\n",
                        &row->name, &row->help, &row->name, &row->type);

        outers = row->outer ? row->outer->n : 1;

        for (n = 0; n < outers; n++) {
            p = ngx_http_aidial_metric_values(p, row, n, values);
            values += row->step;
        }
    }

    return p;
}


/* those for one value of the outer label */

static u_char *
ngx_http_aidial_metric_values(u_char *p, const ngx_http_aidial_metric_t *row,
    ngx_uint_t outer, const u_char *values)
{
    ngx_uint_t           i, inners;
    const ngx_atomic_t  *value;

    if (row->histogram) {
        return ngx_http_aidial_metric_histogram(p, row, outer,
                                     (const ngx_aidial_histogram_t *) values);
    }

    value = (const ngx_atomic_t *) values;
    inners = row->inner ? row->inner->n : 1;

    for (i = 0; i < inners; i++) {
        p = ngx_http_aidial_metric_name(p, row, "", outer, row->inner, i);
        p = ngx_sprintf(p, " %uA\n", value[i]);
    }

    return p;
}


/* buckets are cumulative here, each by itself in memory */

static u_char *
ngx_http_aidial_metric_histogram(u_char *p,
    const ngx_http_aidial_metric_t *row, ngx_uint_t outer,
    const ngx_aidial_histogram_t *histogram)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n, sum;

    n = 0;

    for (i = 0; i < NGX_AIDIAL_HISTOGRAM_BUCKETS; i++) {
        n += histogram->buckets[i];

        p = ngx_http_aidial_metric_name(p, row, "_bucket", outer,
                                        &ngx_http_aidial_by_bound, i);
        p = ngx_sprintf(p, " %uA\n", n);
    }

    sum = histogram->sum;

    p = ngx_http_aidial_metric_name(p, row, "_sum", outer, NULL, 0);
    p = ngx_sprintf(p, " %uA.%06uA\n", sum / 1000000, sum % 1000000);

    p = ngx_http_aidial_metric_name(p, row, "_count", outer, NULL, 0);

    return ngx_sprintf(p, " %uA\n", n);
}


static u_char *
ngx_http_aidial_metric_name(u_char *p, const ngx_http_aidial_metric_t *row,
    const char *suffix, ngx_uint_t outer,
    const ngx_http_aidial_label_t *label, ngx_uint_t inner)
{
    p = ngx_sprintf(p, NGX_HTTP_AIDIAL_PREFIX "%V%s", &row->name, suffix);

    if (row->outer == NULL && label == NULL) {
        return p;
    }

    *p++ = '{';

    if (row->outer) {
        p = ngx_http_aidial_metric_label(p, row->outer, outer);
    }

    if (row->outer && label) {
        *p++ = ',';
    }

    if (label) {
        p = ngx_http_aidial_metric_label(p, label, inner);
    }

    *p++ = '}';

    return p;
}


/* nothing needs escaping: the values are words and numbers of our tables */

static u_char *
ngx_http_aidial_metric_label(u_char *p, const ngx_http_aidial_label_t *label,
    ngx_uint_t i)
{
    const ngx_str_t  *word;

    word = label->words ? &label->words[i] : label->word(i);

    return ngx_sprintf(p, "%V=\"%V\"", &label->name, word);
}


static const ngx_str_t *
ngx_http_aidial_label_problem(ngx_uint_t i)
{
    return &ngx_aidial_problem(NGX_AIDIAL_PROBLEM_NONE + 1 + i)->code;
}


static const ngx_str_t *
ngx_http_aidial_label_reason(ngx_uint_t i)
{
    return ngx_aidial_reason_code(i);
}


static const ngx_str_t *
ngx_http_aidial_label_action(ngx_uint_t i)
{
    return ngx_aidial_action_word(NGX_AIDIAL_ACTION_PLAYBACK + i);
}


static const ngx_str_t *
ngx_http_aidial_label_cut(ngx_uint_t i)
{
    static const ngx_str_t  unverifiable = ngx_string("unverifiable");

    static const ngx_aidial_problem_e  problems[NGX_HTTP_AIDIAL_CUT_COUNT] = {
        NGX_AIDIAL_SESSION_REQUIRED,
        NGX_AIDIAL_RECORDING_NOT_FOUND,
        NGX_AIDIAL_RECORDING_BLOCKED,
        NGX_AIDIAL_PROBLEM_NONE
    };

    return problems[i] ? &ngx_aidial_problem(problems[i])->code
                       : &unverifiable;
}
