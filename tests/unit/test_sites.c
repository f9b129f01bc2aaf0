/* Where requests may go: what is read as which host, what is refused and with which sentence, and
 * to which site a tenant's requests go. Nothing is sent; no name is asked of DNS. */
#include "../../replay/origin.h"
#include "../../replay/sites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char *temporary(const char *text)
{
    char *path = strdup("/tmp/tally-test-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    return path;
}

/* ---- URLs ---- */

struct url_case {
    const char *url;
    const char *canonical, *host, *prefix; /* NULL: refused */
    int port;
};

static const struct url_case url_cases[] = {
    {"http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1", "", 8080},
    {"HTTP://Example.ORG", "http://example.org", "example.org", "", 80},
    {"https://example.org:443/", "https://example.org", "example.org", "", 443},
    {"https://example.org:80/a/b//", "https://example.org:80/a/b", "example.org", "/a/b", 80},
    {"http://u:p%40@h:1/x", "http://u:p%40@h:1/x", "h", "/x", 1},
    {"http://h/a@b", "http://h/a@b", "h", "/a@b", 80},
    {"http://[::1]:81", "http://[::1]:81", "::1", "", 81},
    {"http://[2001:DB8::0:1]", "http://[2001:db8::1]", "2001:db8::1", "", 80},
    {"http://[::ffff:8.8.8.8]", "http://8.8.8.8", "8.8.8.8", "", 80},
    {"http://0x7f.1", "http://127.0.0.1", "127.0.0.1", "", 80},
    {"http://2130706433", "http://127.0.0.1", "127.0.0.1", "", 80},
    {"http://0177.0.0.01", "http://127.0.0.1", "127.0.0.1", "", 80},
    {"http://134744072:80", "http://8.8.8.8", "8.8.8.8", "", 80},
    {"http://example.org.", "http://example.org", "example.org", "", 80},
    {"http://a_b-c.example", "http://a_b-c.example", "a_b-c.example", "", 80},
    {"", NULL, NULL, NULL, 0},
    {"example.org", NULL, NULL, NULL, 0},
    {"ftp://example.org", NULL, NULL, NULL, 0},
    {"http://", NULL, NULL, NULL, 0},
    {"http:///x", NULL, NULL, NULL, 0},
    {"http://h?x", NULL, NULL, NULL, 0},
    {"http://h#x", NULL, NULL, NULL, 0},
    {"http://h:", "http://h", "h", "", 80},
    {"http://h:0", NULL, NULL, NULL, 0},
    {"http://h:65536", NULL, NULL, NULL, 0},
    {"http://h:8080x", NULL, NULL, NULL, 0},
    {"http://h:-1", NULL, NULL, NULL, 0},
    {"http://127.0.0.1\\@8.8.8.8", NULL, NULL, NULL, 0},
    {"http://a@b@c", NULL, NULL, NULL, 0},
    {"http://h h", NULL, NULL, NULL, 0},
    {"http://h\th", NULL, NULL, NULL, 0},
    {"http://h\r\nX: y", NULL, NULL, NULL, 0},
    {"http://%31%32%37.0.0.1", NULL, NULL, NULL, 0},
    {"http://b\xc3\xbc"
     "cher.example",
     NULL, NULL, NULL, 0},
    {"http://1\xe3\x80\x82"
     "1.1.1",
     NULL, NULL, NULL, 0},
    {"http://[::1", NULL, NULL, NULL, 0},
    {"http://[::1]x", NULL, NULL, NULL, 0},
    {"http://[127.0.0.1]", NULL, NULL, NULL, 0},
    {"http://[fe80::1%25eth0]", NULL, NULL, NULL, 0},
    {"http://::1", NULL, NULL, NULL, 0},
    {"http://1.2.3.4.5", NULL, NULL, NULL, 0},
    {"http://999.1.1.1", NULL, NULL, NULL, 0},
    {"http://0x", NULL, NULL, NULL, 0},
    {"http://.example.org", NULL, NULL, NULL, 0},
    {"http://a..", NULL, NULL, NULL, 0},
    {"http://0x7f..", NULL, NULL, NULL, 0},
    {"http://a..b", NULL, NULL, NULL, 0},
    {"http://*.example.org", NULL, NULL, NULL, 0},
};

static void urls_have_one_reading_or_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(url_cases); i++) {
        const struct url_case *one = &url_cases[i];
        struct arena arena = ARENA_INIT;
        struct origin origin;
        struct err err = {0};
        bool read = origin_read(&arena, one->url, &origin, &err);
        if (read != (one->canonical != NULL))
            fail_msg("%s: %s", one->url, read ? origin.url : err.text);
        if (read) {
            assert_string_equal(origin.url, one->canonical);
            assert_string_equal(origin.host, one->host);
            assert_string_equal(origin.prefix, one->prefix);
            assert_int_equal(origin.port, one->port);
        } else {
            assert_int_equal(err.code, ERR_USAGE);
        }
        arena_free(&arena);
    }
}

/* ---- what is allowed ---- */

struct settle_case {
    const char *url, *allow, *resolve;
    const char *pin; /* NULL: refused, with: */
    const char *sentence;
};

#define OWN "names as its own"
#define PUBLIC "is a public address"

/* The log names www.example.org and 10.9.9.9. */
static const struct settle_case settle_cases[] = {
    {"http://127.0.0.1:8080", NULL, NULL, "127.0.0.1:8080:127.0.0.1", NULL},
    {"http://[::1]", NULL, NULL, "[::1]:80:::1", NULL},
    {"http://192.168.1.1", NULL, NULL, "192.168.1.1:80:192.168.1.1", NULL},
    {"http://[fd00::1]", NULL, NULL, "[fd00::1]:80:fd00::1", NULL},
    {"http://0x0a000001", NULL, NULL, "10.0.0.1:80:10.0.0.1", NULL},
    {"http://8.8.8.8", NULL, NULL, NULL, PUBLIC},
    {"http://134744072", NULL, NULL, NULL, PUBLIC},
    {"http://010.8.8.8", NULL, NULL, NULL, PUBLIC}, /* octal: 8.8.8.8 */
    {"http://[::ffff:8.8.8.8]", NULL, NULL, NULL, PUBLIC},
    {"http://[::ffff:808:808]", NULL, NULL, NULL, PUBLIC},
    {"http://[::ffff:127.0.0.1]", NULL, NULL, "127.0.0.1:80:127.0.0.1", NULL},
    {"http://[2001:db8::1]", NULL, NULL, NULL, PUBLIC},
    {"http://[64:ff9b::7f00:1]", NULL, NULL, NULL, PUBLIC},
    {"http://0.0.0.0", NULL, NULL, NULL, PUBLIC},
    {"http://0", NULL, NULL, NULL, PUBLIC},
    {"http://[::]", NULL, NULL, NULL, PUBLIC},
    {"http://8.8.8.8", "8.8.8.8", NULL, "8.8.8.8:80:8.8.8.8", NULL},
    {"http://8.8.8.8", "134744072", NULL, "8.8.8.8:80:8.8.8.8", NULL},
    {"http://8.8.8.8", "8.8.8.9", NULL, NULL, PUBLIC},
    {"http://8.8.8.8", "*", NULL, NULL, PUBLIC},
    {"http://[2001:db8::1]", "[2001:DB8::1]:80", NULL, "[2001:db8::1]:80:2001:db8::1", NULL},
    {"http://www.example.org", NULL, NULL, NULL, OWN},
    {"http://WWW.example.org.:8080", NULL, NULL, NULL, OWN},
    {"http://www.example.org", NULL, "www.example.org:80:127.0.0.1", NULL, OWN},
    {"http://www.example.org", "www.example.org", "www.example.org:80:127.0.0.1",
     "www.example.org:80:127.0.0.1", NULL},
    {"http://10.9.9.9", NULL, NULL, NULL, OWN},
    {"http://0x0a.0x90909", NULL, NULL, NULL, OWN},
    {"http://[::ffff:10.9.9.9]", NULL, NULL, NULL, OWN},
    {"http://new.example.org", NULL, "new.example.org:80:127.0.0.1", "new.example.org:80:127.0.0.1",
     NULL},
    {"http://new.example.org", NULL, "NEW.example.org:80:[::1]", "new.example.org:80:::1", NULL},
    {"http://new.example.org", NULL, "new.example.org:80:8.8.8.8", NULL, PUBLIC},
    {"http://new.example.org", NULL, "new.example.org:80:::ffff:8.8.8.8", NULL, PUBLIC},
    {"http://new.example.org", "new.example.org", "new.example.org:80:8.8.8.8",
     "new.example.org:80:8.8.8.8", NULL},
    {"http://new.invalid:81", NULL, "new.invalid:80:127.0.0.1", NULL, "cannot be resolved"},
};

static struct feed *open_feed(struct replay_options *options, const char *format, const char *log,
                              const char **path)
{
    struct feed *feed;
    struct err err = {0};
    *path = temporary(log);
    options->logs = path;
    options->log_count = 1;
    options->log_format = format;
    options->temp_limit = 1;
    if (!feed_open(options, NULL, NULL, NULL, &feed, &err))
        fail_msg("%s", err.text);
    return feed;
}

static void only_private_hosts_that_the_log_does_not_name_are_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(settle_cases); i++) {
        const struct settle_case *one = &settle_cases[i];
        struct replay_options options = {0};
        const char *path;
        struct feed *feed = open_feed(&options, "$http_host $server_addr \"$request\"",
                                      "www.example.org 10.9.9.9 \"GET / HTTP/1.1\"\n", &path);
        if (one->allow)
            text_list_add(&options.allow_hosts, one->allow);
        if (one->resolve)
            text_list_add(&options.resolve, one->resolve);
        struct origin_rules rules = {
            .allow_hosts = &options.allow_hosts, .resolve = &options.resolve, .feed = feed};
        struct arena arena = ARENA_INIT;
        struct origin origin;
        struct err err = {0};
        assert_true(origin_check_resolve(&options.resolve, &err));
        assert_true(origin_read(&arena, one->url, &origin, &err));
        bool settled = origin_settle(&rules, &arena, &origin, &err);
        if (settled != (one->pin != NULL) || (settled && strcmp(origin.pin, one->pin) != 0) ||
            (!settled && !strstr(err.text, one->sentence)))
            fail_msg("%s: %s", one->url, settled ? origin.pin : err.text);
        if (!settled && strcmp(one->sentence, "cannot be resolved") != 0) {
            char option[300];
            snprintf(option, sizeof option, "--allow-host %s", origin.host);
            assert_int_equal(err.code, ERR_USAGE);
            assert_non_null(strstr(err.text, option));
        }
        arena_free(&arena);
        feed_close(feed);
        unlink(path);
        free((void *)path);
        text_list_free(&options.allow_hosts);
        text_list_free(&options.resolve);
    }
}

static void a_wrong_resolve_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",        "a",         "a:80",      "a:80:",      "a:80:b",       "a:x:127.0.0.1",
        "a:0:::1", "a:80:[::1", "a:80:::1]", "a:80:1.2.3", "a::127.0.0.1", "a:80:127.0.0.1:80"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text_list list = {0};
        struct err err = {0};
        text_list_add(&list, cases[i]);
        if (origin_check_resolve(&list, &err))
            fail_msg("%s", cases[i]);
        assert_int_equal(err.code, ERR_USAGE);
        text_list_free(&list);
    }
}

/* ---- tenants ---- */

struct fixture {
    struct replay_options options;
    const char *log, *tenants;
    struct feed *feed;
    struct http *http;
    struct sites *sites;
    struct err err;
    bool opened;
};

static void start_sites(struct fixture *fixture, const char *tenants)
{
    struct http_settings settings = {
        .timeout = 1, .connect_timeout = 1, .body_limit = 1000, .connections = 1};
    fixture->options.tenant = "$arg_t";
    if (!fixture->options.url[SOURCE]) {
        fixture->options.url[SOURCE] = "http://127.0.0.1:1";
        fixture->options.url[TARGET] = "http://127.0.0.1:2";
    }
    fixture->feed = open_feed(&fixture->options, "$http_host \"$request\"",
                              "a.example \"GET /?t=a HTTP/1.1\"\n"
                              "b.example \"GET /?t=b HTTP/1.1\"\n"
                              "a.example \"GET /?t=b HTTP/1.1\"\n"
                              "c.example \"GET /?t=c/../x HTTP/1.1\"\n"
                              "a.example \"GET / HTTP/1.1\"\n",
                              &fixture->log);
    fixture->tenants = tenants ? temporary(tenants) : NULL;
    fixture->options.tenants_path = fixture->tenants;
    assert_true(http_new(&settings, &fixture->http, &fixture->err));
    fixture->opened =
        sites_open(&fixture->options, fixture->feed, fixture->http, &fixture->sites, &fixture->err);
}

static void stop_sites(struct fixture *fixture)
{
    sites_free(fixture->sites);
    http_free(fixture->http);
    feed_close(fixture->feed);
    unlink(fixture->log);
    free((void *)fixture->log);
    if (fixture->tenants)
        unlink(fixture->tenants);
    free((void *)fixture->tenants);
    text_list_free(&fixture->options.resolve);
}

/* "URL HOST PRODUCTION", "-" for what is missing; "unknown". */
static const char *place_of(struct fixture *fixture, const char *tenant, int side, char text[500])
{
    const struct site *site = side < SIDES ? sites_find(fixture->sites, tenant, (enum side)side)
                                           : sites_copy(fixture->sites, tenant);
    if (!site)
        return "unknown";
    assert_non_null(site->http);
    snprintf(text, 500, "%s %s %s", site->home.url, site->home.host ? site->home.host : "-",
             site->home.production ? site->home.production : "-");
    return text;
}

struct find_case {
    const char *name, *tenants; /* the file, or NULL */
    const char *target, *host;  /* of the command line, or NULL */
    const char *tenant;
    const char *source_place, *target_place;
};

static const struct find_case find_cases[] = {
    {"without a file", NULL, NULL, NULL, "a", "http://127.0.0.1:1 - a.example",
     "http://127.0.0.1:2 - a.example"},
    {"several hosts of production: none", NULL, NULL, NULL, "b", "http://127.0.0.1:1 - -",
     "http://127.0.0.1:2 - -"},
    {"no tenant: the most frequent one", NULL, NULL, NULL, NULL, "http://127.0.0.1:1 - a.example",
     "http://127.0.0.1:2 - a.example"},
    {"a tenant that the log does not have", NULL, NULL, NULL, "z", "http://127.0.0.1:1 - -",
     "http://127.0.0.1:2 - -"},
    {"a URL of its own", "a: {target: 'http://127.0.0.1:9/x'}", NULL, NULL, "a",
     "http://127.0.0.1:1 - a.example", "http://127.0.0.1:9/x - a.example"},
    {"a host of its own",
     "a: {source: {host: s.example}, target: {url: 'http://[::1]:7', host: "
     "t.example}}",
     NULL, "other.example", "a", "http://127.0.0.1:1 s.example a.example",
     "http://[::1]:7 t.example a.example"},
    {"a name without anything", "a:\nb: {}", NULL, "t.example", "a",
     "http://127.0.0.1:1 - a.example", "http://127.0.0.1:2 t.example a.example"},
    {"a tenant that the file does not name", "a: {target: 'http://127.0.0.1:9'}", NULL, NULL, "b",
     "unknown", "unknown"},
    {"no tenant, with a file", "a: {target: 'http://127.0.0.1:9'}", NULL, NULL, NULL,
     "http://127.0.0.1:1 - a.example", "http://127.0.0.1:2 - a.example"},
    {"every other tenant", "a: {}\n'*': {target: {host: '{tenant}.new.example'}}", NULL, NULL, "b",
     "http://127.0.0.1:1 - -", "http://127.0.0.1:2 b.new.example -"},
    {"but not this one", "a: {}\n'*': {target: {host: '{tenant}.new.example'}}", NULL, NULL, "a",
     "http://127.0.0.1:1 - a.example", "http://127.0.0.1:2 - a.example"},
    {"a name that cannot stand in a host", "'*': {target: {host: '{tenant}.new.example'}}", NULL,
     NULL, "c/../x", "unknown", "unknown"},
    {"on the command line", NULL, "http://127.0.0.1:2/{tenant}", "{tenant}.{tenant}", "a",
     "http://127.0.0.1:1 - a.example", "http://127.0.0.1:2/a a.a a.example"},
    {"on the command line, and no tenant", NULL, NULL, "{tenant}.new.example", NULL, "unknown",
     "unknown"},
    {"a name that DNS does not know", "a: {}\n'*': {target: 'http://{tenant}.invalid'}", NULL, NULL,
     "b", "unknown", "unknown"},
};

static void requests_go_to_their_tenants_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(find_cases); i++) {
        const struct find_case *one = &find_cases[i];
        struct fixture fixture = {.options = {.host = {NULL, one->host}}};
        if (one->target) {
            fixture.options.url[SOURCE] = "http://127.0.0.1:1";
            fixture.options.url[TARGET] = one->target;
        }
        start_sites(&fixture, one->tenants);
        if (!fixture.opened)
            fail_msg("%s: %s", one->name, fixture.err.text);
        char text[500];
        const char *got = place_of(&fixture, one->tenant, SOURCE, text);
        if (strcmp(got, one->source_place) != 0)
            fail_msg("%s: source %s", one->name, got);
        got = place_of(&fixture, one->tenant, TARGET, text);
        if (strcmp(got, one->target_place) != 0)
            fail_msg("%s: target %s", one->name, got);
        assert_null(sites_copy(fixture.sites, one->tenant));
        stop_sites(&fixture);
    }
}

static void the_copy_of_the_source_has_the_sources_host(void **state)
{
    (void)state;
    struct fixture fixture = {
        .options = {.calibrate_url = "http://127.0.0.1:3", .host = {"s.example", NULL}}};
    start_sites(&fixture,
                "a: {source: {host: '{tenant}.example'}}\nb: {copy: 'http://127.0.0.1:4'}");
    if (!fixture.opened)
        fail_msg("%s", fixture.err.text);
    char text[500];
    assert_string_equal(place_of(&fixture, "a", SIDES, text),
                        "http://127.0.0.1:3 a.example a.example");
    assert_string_equal(place_of(&fixture, "b", SIDES, text), "http://127.0.0.1:4 s.example -");
    stop_sites(&fixture);
}

static void tenants_of_one_place_share_their_site(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.logged_host = "www.example.org"}};
    start_sites(&fixture, NULL);
    assert_true(fixture.opened);
    assert_ptr_equal(sites_find(fixture.sites, "a", SOURCE),
                     sites_find(fixture.sites, "b", SOURCE));
    assert_ptr_not_equal(sites_find(fixture.sites, "a", SOURCE),
                         sites_find(fixture.sites, "a", TARGET));
    stop_sites(&fixture);
}

struct wrong_case {
    const char *source, *target, *tenants, *sentence;
    bool read_only;
};

static const struct wrong_case wrong_cases[] = {
    {"http://127.0.0.1:1", "http://127.0.0.1:1", NULL, "are the same place", false},
    {"http://127.0.0.1:1/", "http://0x7f.1:1", NULL, "are the same place", false},
    {"http://127.0.0.1:1", "http://localhost:1", NULL, "are the same place", false},
    {"http://localhost:1", "http://LOCALHOST.:1/", NULL, "are the same place", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2",
     "a: {target: {url: 'http://127.0.0.1:1', host: 'LocalHost:1'}}", "are the same place", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:1", NULL, NULL, true},
    {"http://127.0.0.1:1/a", "http://127.0.0.1:1/b", NULL, NULL, false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {target: 'http://127.0.0.1:1'}",
     "are the same place", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2",
     "a: {target: {url: 'http://127.0.0.1:1', host: b}}", NULL, false},
    {"http://a.example", "http://127.0.0.1:2", NULL, "--source-url: a.example is a host", false},
    {"http://127.0.0.1:1", "http://9.9.9.9", NULL, "--target-url: 9.9.9.9 is a public", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {target: 'http://9.9.9.9'}",
     "tenant \"a\": target: 9.9.9.9 is a public address", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "unused: {target: 'http://9.9.9.9'}", NULL, false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {target: 'http://x.invalid'}",
     "x.invalid cannot be resolved", false},
    {"http://127.0.0.1:1", "http://{tenant}.9.9.9", NULL, "cannot be used", false},
    {"http://127.0.0.1:1?x", "http://127.0.0.1:2", NULL, "--source-url cannot be used", false},
    {"http://127.0.0.1:1", NULL, "a: {target: 'http://127.0.0.1:2'}", "no --target-url", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: 'http://127.0.0.1:2'",
     ":1:4: \"a\" needs source, target or copy", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {sorce: x}", ":1:5: unknown key \"sorce\"",
     false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {}\na: {}", "repeated", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {source: ftp://x}",
     ":1:13: this URL cannot be used: it is neither", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {source: {host: 'x/y'}}",
     "\"host\" needs the name of a host", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "- a", "a tenants file needs", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "a: {source: {port: 7}}", "unknown key", false},
    {"http://127.0.0.1:1", "http://127.0.0.1:2", "'': {}", "empty", false},
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong_cases); i++) {
        const struct wrong_case *one = &wrong_cases[i];
        struct fixture fixture = {
            .options = {.url = {one->source, one->target}, .read_only = one->read_only}};
        start_sites(&fixture, one->tenants);
        if (fixture.opened != !one->sentence ||
            (one->sentence && !strstr(fixture.err.text, one->sentence)))
            fail_msg("%zu, %s %s: %s", i, one->target ? one->target : "",
                     one->tenants ? one->tenants : "", fixture.err.text);
        stop_sites(&fixture);
    }
}

static void no_password_is_in_a_sentence(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://u:hunter2@8.8.8.8",   "http://u:hunter2@h?x",
                                       "http://u:hunter2@a.example", "http://u:hun@ter2@h",
                                       "http://u:hunter2@x.invalid", "ftp://u:hunter2@h",
                                       "http://u:hunter2/@h"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct fixture fixture = {.options = {.url = {urls[i], "http://127.0.0.1:2"}}};
        start_sites(&fixture, NULL);
        assert_false(fixture.opened);
        if (strstr(fixture.err.text, "hunter2"))
            fail_msg("%s", fixture.err.text);
        stop_sites(&fixture);
    }
}

/* For a script that asks the same again. */
static void a_tenants_place_is_told_without_looking_it_up(void **state)
{
    static const char file[] =
        "a: {source: 'http://u:hunter2@10.0.0.8:8001', target: {host: a.x}}\n"
        "\"*\": {target: 'http://10.0.0.9:8002'}\n";
    static const struct {
        const char *tenant;
        bool tenants;
        const char *url[SIDES], *host[SIDES];
    } places[] = {
        {"a", true, {"http://10.0.0.8:8001", "http://a.invalid"}, {NULL, "a.x"}},
        {"b", true, {"http://127.0.0.1:1", "http://10.0.0.9:8002"}, {NULL, "b.new"}},
        {"c", false, {"http://127.0.0.1:1", "http://c.invalid"}, {NULL, "c.new"}},
        {"c d", false, {"http://127.0.0.1:1", NULL}, {NULL, NULL}},
        {NULL, true, {"http://127.0.0.1:1", NULL}, {NULL, NULL}},
    };
    (void)state;
    const char *path = temporary(file);
    for (size_t i = 0; i < COUNT(places); i++) {
        const struct replay_options options = {
            .url = {"http://127.0.0.1:1", "http://{tenant}.invalid"},
            .host = {NULL, "{tenant}.new"},
            .tenants_path = places[i].tenants ? path : NULL};
        struct arena arena = ARENA_INIT;
        struct err err = {0};
        const char *url[SIDES], *host[SIDES];
        assert_true(sites_place(&options, places[i].tenant, &arena, url, host, &err));
        for (int side = 0; side < SIDES; side++) {
            if (places[i].url[side])
                assert_string_equal(url[side] ? url[side] : "(none)", places[i].url[side]);
            else
                assert_null(url[side]);
            if (places[i].host[side])
                assert_string_equal(host[side] ? host[side] : "(none)", places[i].host[side]);
            else
                assert_null(host[side]);
        }
        arena_free(&arena);
    }
    unlink(path);
    struct arena arena = ARENA_INIT;
    struct err err = {0};
    const char *url[SIDES], *host[SIDES];
    const struct replay_options gone = {.url = {"http://127.0.0.1:1"}, .tenants_path = path};
    assert_false(sites_place(&gone, "a", &arena, url, host, &err));
    assert_null(url[SOURCE]);
    arena_free(&arena);
    free((void *)path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_have_one_reading_or_none),
        cmocka_unit_test(only_private_hosts_that_the_log_does_not_name_are_allowed),
        cmocka_unit_test(a_wrong_resolve_is_refused),
        cmocka_unit_test(requests_go_to_their_tenants_place),
        cmocka_unit_test(the_copy_of_the_source_has_the_sources_host),
        cmocka_unit_test(tenants_of_one_place_share_their_site),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(no_password_is_in_a_sentence),
        cmocka_unit_test(a_tenants_place_is_told_without_looking_it_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
