
/*
 * What is found, line by line, and the sum of it.  A line begins with how bad
 * it is, so that a screenful can be searched; with --json each record is an
 * object of its own.
 */


#include "kit.h"

#include <jansson.h>


static void kit_find(ngx_pool_t *pool, kit_record_t *record, ngx_uint_t fault,
    const char *fmt, va_list args);
static void kit_report_json(kit_record_t *record);
static void kit_print_json(json_t *object);
static void kit_summary_text(kit_t *kit, ngx_uint_t complete,
    kit_count_t *all);
static void kit_summary_json(kit_t *kit, ngx_uint_t complete);


typedef struct {
    const char  *name;
    ngx_uint_t   judged;
} kit_kind_t;


static const kit_kind_t  kit_kinds[] = {
#define X(id, name, judged)  { name, judged },
    KIT_KINDS(X)
#undef X
};


void
kit_fault(ngx_pool_t *pool, kit_record_t *record, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    kit_find(pool, record, 1, fmt, args);
    va_end(args);

    record->faults++;
}


void
kit_warn(ngx_pool_t *pool, kit_record_t *record, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    kit_find(pool, record, 0, fmt, args);
    va_end(args);

    record->warnings++;
}


static void
kit_find(ngx_pool_t *pool, kit_record_t *record, ngx_uint_t fault,
    const char *fmt, va_list args)
{
    u_char         *p;
    kit_finding_t  *finding;

    finding = kit_alloc(pool, sizeof(kit_finding_t));
    p = kit_alloc(pool, KIT_TEXT_MAX);

    finding->fault = fault;
    finding->text.data = p;
    finding->text.len = ngx_vslprintf(p, p + KIT_TEXT_MAX, fmt, args) - p;

    if (record->last == NULL) {
        record->last = &record->findings;
    }

    *record->last = finding;
    record->last = &finding->next;
}


/*
 * The text as it may be printed to any terminal: what is no printable ASCII
 * is escaped, and it does not go on for ever.
 */

const char *
kit_show(ngx_pool_t *pool, const ngx_str_t *text)
{
    return kit_show_max(pool, text, KIT_SHOWN_MAX);
}


const char *
kit_show_max(ngx_pool_t *pool, const ngx_str_t *text, size_t max)
{
    u_char  *p, *start;
    size_t   i, n;

    n = ngx_min(text->len, max);
    start = p = kit_alloc(pool, n * 4 + sizeof("..."));

    for (i = 0; i < n; i++) {

        if (text->data[i] < 0x20 || text->data[i] > 0x7e
            || text->data[i] == '\\')
        {
            p = ngx_sprintf(p, "\\x%02xd", (ngx_int_t) text->data[i]);
            continue;
        }

        *p++ = text->data[i];
    }

    if (n < text->len) {
        p = ngx_cpymem(p, "...", 3);
    }

    *p = '\0';

    return (char *) start;
}


void
kit_report(kit_t *kit, kit_record_t *record)
{
    kit_count_t    *count;
    kit_finding_t  *finding;

    if (record->kind < KIT_KIND_COUNT) {
        count = &kit->count[record->kind];

        count->records++;
        count->faulty += (record->faults > 0);
        count->warned += (record->faults == 0 && record->warnings > 0);

    } else {
        kit->server_faulty += record->faults;
    }

    if (record->findings == NULL
        && (!kit->options.all || record->kind == KIT_SERVER
            || !kit_kinds[record->kind].judged))
    {
        return;
    }

    if (kit->options.json) {
        kit_report_json(record);
        return;
    }

    for (finding = record->findings; finding; finding = finding->next) {
        printf("%-8s %.*s  %.*s\n", finding->fault ? "FAULT" : "warning",
               (int) record->shown.len, record->shown.data,
               (int) finding->text.len, finding->text.data);
    }

    if (record->findings == NULL) {
        printf("%-8s %.*s\n", "conforms", (int) record->shown.len,
               record->shown.data);
    }
}


static void
kit_report_json(kit_record_t *record)
{
    json_t         *faults, *warnings, *text;
    kit_finding_t  *finding;

    faults = json_array();
    warnings = json_array();

    for (finding = record->findings; finding; finding = finding->next) {
        text = json_stringn((char *) finding->text.data, finding->text.len);
        json_array_append_new(finding->fault ? faults : warnings, text);
    }

    kit_print_json(json_pack("{s:s%, s:s, s:b, s:o, s:o}",
                             "key", (char *) record->shown.data,
                             record->shown.len, "kind",
                             record->kind < KIT_KIND_COUNT
                             ? kit_kinds[record->kind].name : "redis",
                             "conforms", record->faults == 0,
                             "faults", faults, "warnings", warnings));
}


static void
kit_print_json(json_t *object)
{
    char  *line;

    line = json_dumps(object, JSON_COMPACT);

    if (line == NULL) {
        fprintf(stderr, "conformance: no memory\n");
        exit(KIT_CANNOT);
    }

    puts(line);
    free(line);
    json_decref(object);
}


int
kit_summary(kit_t *kit, ngx_uint_t complete)
{
    ngx_uint_t   i;
    kit_count_t  all;

    memset(&all, 0, sizeof(all));

    for (i = 0; i < KIT_KIND_COUNT; i++) {
        all.records += kit_kinds[i].judged ? kit->count[i].records : 0;
        all.faulty += kit->count[i].faulty;
        all.warned += kit->count[i].warned;
    }

    if (kit->options.json) {
        kit_summary_json(kit, complete);

    } else {
        kit_summary_text(kit, complete, &all);
    }

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "conformance: cannot write what was found\n");
        return KIT_CANNOT;
    }

    if (!complete || all.records == 0) {
        return KIT_CANNOT;
    }

    if (all.faulty || kit->server_faulty
        || (kit->options.strict && all.warned))
    {
        return KIT_FAULTS;
    }

    return KIT_CONFORMS;
}


static void
kit_summary_text(kit_t *kit, ngx_uint_t complete, kit_count_t *all)
{
    ngx_uint_t    i;
    kit_count_t  *count;

    printf("\n%-18s %9s %9s %9s %9s\n", "", "records", "conform", "do not",
           "warnings");

    for (i = 0; i < KIT_KIND_COUNT; i++) {
        count = &kit->count[i];

        if (kit_kinds[i].judged) {
            printf("%-18s %9lu %9lu %9lu %9lu\n", kit_kinds[i].name,
                   count->records, count->records - count->faulty,
                   count->faulty, count->warned);
            continue;
        }

        printf("%-18s %9lu %9s %9s %9lu\n", kit_kinds[i].name,
               count->records, "-", "-", count->warned);
    }

    if (!complete) {
        printf("\nNot all keys were looked at.\n");

    } else if (all->records == 0) {
        printf("\nNo record was found: is it another prefix or database?\n");

    } else if (all->faulty == 0) {
        printf("\nAll %lu records conform%s.\n", all->records,
               kit->server_faulty ? ", but Redis itself does not" : "");

    } else {
        printf("\n%lu of %lu records do not conform.\n", all->faulty,
               all->records);
    }
}


static void
kit_summary_json(kit_t *kit, ngx_uint_t complete)
{
    json_t       *kinds;
    ngx_uint_t    i;
    kit_count_t  *count;

    kinds = json_object();

    for (i = 0; i < KIT_KIND_COUNT; i++) {
        count = &kit->count[i];

        json_object_set_new(kinds, kit_kinds[i].name,
                            json_pack("{s:I, s:I, s:I}",
                                      "records", (json_int_t) count->records,
                                      "faulty", (json_int_t) count->faulty,
                                      "warned", (json_int_t) count->warned));
    }

    kit_print_json(json_pack("{s:b, s:b, s:o}", "complete", (int) complete,
                             "redis_conforms", kit->server_faulty == 0,
                             "summary", kinds));
}
