
/*
 * The command line says what the nginx configuration says of the portal, and
 * is held to the same rules.
 */


#include "kit.h"

#include <getopt.h>


enum {
    KIT_OPTION_PREFIX = 256,
    KIT_OPTION_SESSION_KEY,
    KIT_OPTION_FIELD,
    KIT_OPTION_ROLE,
    KIT_OPTION_USER,
    KIT_OPTION_PASSWORD_FILE,
    KIT_OPTION_EVICTION,
    KIT_OPTION_NOW,
    KIT_OPTION_ALL,
    KIT_OPTION_JSON,
    KIT_OPTION_STRICT,
    KIT_OPTION_HELP
};


static void kit_option(ngx_pool_t *pool, kit_options_t *options, int option,
    char *value);
static void kit_option_field(ngx_aidial_session_map_t *map, char *value);
static void kit_option_unit(ngx_aidial_field_t *field, ngx_uint_t time);
static void kit_option_role(ngx_pool_t *pool, ngx_aidial_session_map_t *map,
    char *value);
static void kit_option_words(ngx_pool_t *pool, ngx_array_t *words,
    ngx_str_t *list);
static void kit_option_roles_differ(ngx_aidial_session_map_t *map);
static void kit_option_split(char *value, ngx_str_t *name, ngx_str_t *rest);
static time_t kit_option_now(const char *value);
static ngx_str_t kit_option_text(char *value);
static void kit_option_wrong(const char *option, const char *value,
    const char *expected);


static const struct option  kit_longopts[] = {
    { "prefix", required_argument, NULL, KIT_OPTION_PREFIX },
    { "session-key", required_argument, NULL, KIT_OPTION_SESSION_KEY },
    { "field", required_argument, NULL, KIT_OPTION_FIELD },
    { "role", required_argument, NULL, KIT_OPTION_ROLE },
    { "user", required_argument, NULL, KIT_OPTION_USER },
    { "password-file", required_argument, NULL, KIT_OPTION_PASSWORD_FILE },
    { "eviction-allowed", no_argument, NULL, KIT_OPTION_EVICTION },
    { "now", required_argument, NULL, KIT_OPTION_NOW },
    { "all", no_argument, NULL, KIT_OPTION_ALL },
    { "json", no_argument, NULL, KIT_OPTION_JSON },
    { "strict", no_argument, NULL, KIT_OPTION_STRICT },
    { "help", no_argument, NULL, KIT_OPTION_HELP },
    { NULL, 0, NULL, 0 }
};


static const char  kit_help[] =
"usage: conformance [options] redis://host[:port][/db] | unix:/path[:db]\n"
"\n"
"Reads (and only reads) what a portal wrote to Redis, and says which records\n"
"the module can use, and why not.  Give it what nginx.conf says:\n"
"\n"
"  --prefix aidial:              aidial_recording_key_prefix\n"
"  --session-key 'sess:{sid}'    aidial_recording_session_key\n"
"  --field user=/user/id         aidial_recording_session_field\n"
"  --field created_at=/made,ms   the same with unit=ms\n"
"  --role client_admin=owner,admin\n"
"                                aidial_recording_role, again for more words\n"
"  --eviction-allowed            aidial_recording_redis eviction=allowed\n"
"\n"
"  --user name                   ACL user; the password is the first line of\n"
"  --password-file file          this file, or REDISCLI_AUTH\n"
"\n"
"  --all                         also list the records that conform\n"
"  --strict                      a warning counts as a fault\n"
"  --json                        one JSON object a line\n"
"  --now seconds                 judge what has ended as of this Unix time\n"
"\n"
"exit code: 0 all records conform, 1 some do not, 2 could not look\n";


void
kit_options(ngx_pool_t *pool, kit_options_t *options, int argc, char **argv)
{
    int         option;
    ngx_uint_t  i;

    ngx_str_set(&options->prefix, "aidial:");
    ngx_str_set(&options->template, "{prefix}session:{sid}");

    for (i = 0; i < NGX_AIDIAL_FIELD_COUNT; i++) {
        options->map.fields[i].pointer = ngx_aidial_session_pointer(i);
    }

    for ( ;; ) {
        option = getopt_long(argc, argv, "", kit_longopts, NULL);

        if (option == -1) {
            break;
        }

        kit_option(pool, options, option, optarg);
    }

    if (argc - optind != 1) {
        fputs(kit_help, stderr);
        exit(KIT_CANNOT);
    }

    options->url = argv[optind];
    kit_option_roles_differ(&options->map);
}


static void
kit_option(ngx_pool_t *pool, kit_options_t *options, int option, char *value)
{
    switch (option) {

    case KIT_OPTION_PREFIX:
        options->prefix = kit_option_text(value);
        break;

    case KIT_OPTION_SESSION_KEY:
        options->template = kit_option_text(value);

        if (ngx_aidial_key_template_check(&options->template) != NGX_OK) {
            kit_option_wrong("session-key", value, "a template with {sid} or "
                             "{sha256}, and {prefix}");
        }

        break;

    case KIT_OPTION_FIELD:
        kit_option_field(&options->map, value);
        break;

    case KIT_OPTION_ROLE:
        kit_option_role(pool, &options->map, value);
        break;

    case KIT_OPTION_USER:
        options->user = value;
        break;

    case KIT_OPTION_PASSWORD_FILE:
        options->password_file = value;
        break;

    case KIT_OPTION_EVICTION:
        options->eviction = 1;
        break;

    case KIT_OPTION_NOW:
        options->now = kit_option_now(value);
        break;

    case KIT_OPTION_ALL:
        options->all = 1;
        break;

    case KIT_OPTION_JSON:
        options->json = 1;
        break;

    case KIT_OPTION_STRICT:
        options->strict = 1;
        break;

    case KIT_OPTION_HELP:
        fputs(kit_help, stdout);
        exit(KIT_CONFORMS);

    default:
        /* getopt_long() has said what it does not know */
        exit(KIT_CANNOT);
    }
}


static void
kit_option_field(ngx_aidial_session_map_t *map, char *value)
{
    ngx_str_t            word, pointer;
    ngx_uint_t           field;
    ngx_aidial_field_t  *f;

    kit_option_split(value, &word, &pointer);
    field = ngx_aidial_session_field(&word);

    if (field == NGX_AIDIAL_FIELD_COUNT) {
        kit_option_wrong("field", value, "user, role, tenant, client, "
                         "projects, expires_at or created_at, and \"=\"");
    }

    f = &map->fields[field];
    f->pointer = pointer;
    f->ms = 0;

    kit_option_unit(f, field == NGX_AIDIAL_FIELD_EXPIRES_AT
                       || field == NGX_AIDIAL_FIELD_CREATED_AT);

    if (ngx_aidial_json_pointer_check(&f->pointer) != NGX_OK) {
        kit_option_wrong("field", value, "a JSON pointer (RFC 6901) behind "
                         "the \"=\"");
    }
}


/* ",s" or ",ms" behind the pointer of a time; elsewhere it is a name's */

static void
kit_option_unit(ngx_aidial_field_t *field, ngx_uint_t time)
{
    ngx_str_t  *pointer;

    pointer = &field->pointer;

    if (!time) {
        return;
    }

    if (pointer->len >= 3
        && ngx_memcmp(pointer->data + pointer->len - 3, ",ms", 3) == 0)
    {
        pointer->len -= 3;
        field->ms = 1;

    } else if (pointer->len >= 2
               && ngx_memcmp(pointer->data + pointer->len - 2, ",s", 2) == 0)
    {
        pointer->len -= 2;
    }
}


static void
kit_option_role(ngx_pool_t *pool, ngx_aidial_session_map_t *map, char *value)
{
    ngx_str_t   name, list;
    ngx_uint_t  role;

    kit_option_split(value, &name, &list);
    role = ngx_aidial_role_find(&name);

    if (role == NGX_AIDIAL_ROLE_UNKNOWN) {
        kit_option_wrong("role", value, "client_admin, client_manager or "
                         "client_staff, and \"=\"");
    }

    if (map->roles[role] == NULL) {
        map->roles[role] = ngx_array_create(pool, 2, sizeof(ngx_str_t));
    }

    if (map->roles[role]) {
        kit_option_words(pool, map->roles[role], &list);
    }
}


static void
kit_option_words(ngx_pool_t *pool, ngx_array_t *words, ngx_str_t *list)
{
    u_char     *p, *end, *last;
    ngx_str_t  *word;

    last = list->data + list->len;

    for (p = list->data; p <= last; p = end + 1) {

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        if (end == p || end - p > NGX_AIDIAL_ID_MAX) {
            kit_option_wrong("role", (char *) list->data,
                             "words of 1 to 128 bytes");
        }

        word = ngx_array_push(words);
        if (word) {
            word->data = p;
            word->len = end - p;
        }
    }
}


/* nginx does not start with such a word either */

static void
kit_option_roles_differ(ngx_aidial_session_map_t *map)
{
    ngx_str_t   *words;
    ngx_uint_t   i, n, role;

    for (role = 1; role < NGX_AIDIAL_ROLES; role++) {

        if (map->roles[role] == NULL) {
            continue;
        }

        words = map->roles[role]->elts;
        n = map->roles[role]->nelts;

        for (i = 0; i < n; i++) {
            if (ngx_aidial_session_role(map, &words[i], role)) {
                kit_option_wrong("role", (char *) words[i].data,
                                 "a word that means one role only");
            }
        }
    }
}


static void
kit_option_split(char *value, ngx_str_t *name, ngx_str_t *rest)
{
    char  *end;

    end = strchr(value, '=');
    *rest = kit_option_text(end ? end + 1 : value + strlen(value));

    name->data = (u_char *) value;
    name->len = end ? (size_t) (end - value) : 0;
}


static time_t
kit_option_now(const char *value)
{
    ngx_int_t  now;

    now = ngx_atoi((u_char *) value, strlen(value));

    if (now <= 0 || now >= NGX_AIDIAL_SECONDS_MAX) {
        kit_option_wrong("now", value, "Unix seconds");
    }

    return now;
}


static ngx_str_t
kit_option_text(char *value)
{
    ngx_str_t  text;

    text.data = (u_char *) value;
    text.len = strlen(value);

    return text;
}


static void
kit_option_wrong(const char *option, const char *value, const char *expected)
{
    fprintf(stderr, "conformance: --%s \"%s\": expected %s\n", option, value,
            expected);
    exit(KIT_CANNOT);
}
