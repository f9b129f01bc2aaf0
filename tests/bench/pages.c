/*
 * How long does it take to compare two pages, beside the least that libxml2 takes to read both?
 * Used by tests/bench/pages.
 *
 *   pages RUNS generated       pages made here, of several sizes, and XML, JSON and text
 *   pages RUNS FILE FILE       two pages
 *
 * Both are measured in turn, RUNS times; the ratio is the median of the runs' ratios. The parser is
 * given the options that diff/html.c gives it, and handlers that do nothing. Prints a line per
 * pair: name, kB of both, milliseconds of the parser and of the comparison, ratio, MB/s,
 * differences, and the largest resident set (kB) of a process that compares the pair once; JSON
 * and text know no parser but ours. 1: a verdict is wrong. Ratios fail nothing.
 */
#include "../../diff/base/memory.h"
#include "../../diff/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* others use the machine, too */
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- the least that the parser takes --- */

static void start_nothing(void *context, const xmlChar *name, const xmlChar **attributes)
{
    (void)context, (void)name, (void)attributes;
}

static void end_nothing(void *context, const xmlChar *name)
{
    (void)context, (void)name;
}

static void text_nothing(void *context, const xmlChar *text, int length)
{
    (void)context, (void)text, (void)length;
}

static void sax_parse_html(const struct answer *answer)
{
    xmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(answer->bytes, (int)answer->length);
    *parser->sax = (htmlSAXHandler){
        .startElement = start_nothing,
        .endElement = end_nothing,
        .characters = text_nothing,
        .ignorableWhitespace = text_nothing,
        .cdataBlock = text_nothing,
        .comment = end_nothing,
    };
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    htmlParseDocument(parser);
    xmlFreeDoc(parser->myDoc);
    htmlFreeParserCtxt(parser);
}

static void sax_parse_xml(const struct answer *answer)
{
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt(answer->bytes, (int)answer->length);
    *parser->sax = (xmlSAXHandler){
        .startElement = start_nothing,
        .endElement = end_nothing,
        .characters = text_nothing,
        .ignorableWhitespace = text_nothing,
        .comment = end_nothing,
    };
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                  XML_PARSE_IGNORE_ENC | XML_PARSE_SAX1);
    xmlParseDocument(parser);
    xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
}

static void (*const sax_parse[CONTENT_TYPES])(const struct answer *answer) = {
    [CONTENT_HTML] = sax_parse_html,
    [CONTENT_XML] = sax_parse_xml,
};

/* --- measuring --- */

/* The type is the answers' own, as their headers say. */
static bool compare(const struct answer answers[SIDES], struct comparison *found)
{
    struct err err;
    if (compare_answers(answers, CONTENT_AUTO, NULL, found, &err))
        return true;
    fprintf(stderr, "pages: %s\n", err.text);
    return false;
}

static int order_doubles(const void *one, const void *other)
{
    double first = *(const double *)one, second = *(const double *)other;
    return (first > second) - (first < second);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, order_doubles);
    return values[count / 2];
}

/* The largest resident set of a process that compares them once, in kB. */
static long memory_of(const struct answer answers[SIDES])
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct comparison found;
        _exit(compare(answers, &found) ? 0 : 1);
    }
    struct rusage usage;
    int status;
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status)
        return -1;
    return usage.ru_maxrss;
}

static bool measure(const char *name, const struct answer answers[SIDES], bool equal, size_t runs)
{
    double *parser = mem_zero(runs, sizeof *parser), *ours = mem_zero(runs, sizeof *ours);
    double *ratio = mem_zero(runs, sizeof *ratio);
    struct comparison found = {0};
    bool right = true;
    for (size_t run = 0; run <= runs && right; run++) {
        size_t at = run ? run - 1 : 0; /* the first does not count */
        comparison_free(&found);
        double start = now();
        right = compare(answers, &found);
        ours[at] = now() - start;
        if (!right || !sax_parse[found.type])
            continue;
        start = now();
        sax_parse[found.type](&answers[SOURCE]);
        sax_parse[found.type](&answers[TARGET]);
        parser[at] = now() - start;
        ratio[at] = ours[at] / parser[at];
    }
    double bytes = (double)(answers[SOURCE].length + answers[TARGET].length);
    double time = median(ours, runs);
    printf("%-22s %8.0f ", name, bytes / 1e3);
    if (sax_parse[found.type])
        printf("%9.2f %9.2f %7.2f", median(parser, runs) * 1e3, time * 1e3, median(ratio, runs));
    else
        printf("%9s %9.2f %7s", "-", time * 1e3, "-");
    printf(" %8.1f %8zu %8ld%s\n", bytes / 1e6 / time, found.total, memory_of(answers),
           found.fallback[0] ? "  not read as what it is" : "");
    right = right && found.equal == equal && !found.fallback[0];
    if (!right)
        fprintf(stderr, "pages: %s: the verdict is wrong: %s\n", name, found.fallback);
    comparison_free(&found);
    free(parser);
    free(ours);
    free(ratio);
    return right;
}

/* --- pages --- */

static uint32_t chance;
static uint32_t chance_of(uint32_t below)
{
    chance = chance * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(chance >> 8) * below >> 24);
}

enum shape { SAME, ONE_CHANGE, ROW_ON_TOP, OTHER_ORDER, ALL_ROWS, SHAPES };
static const char *const shape_name[SHAPES] = {"same bytes", "one change", "a row on top",
                                               "other order", "every row"};

static void add_row(struct buffer *page, uint32_t row, uint32_t price)
{
    static const char *const words[] = {"harbour", "garden", "attic", "sea", "view", "double"};
    chance = row + 1;
    buffer_printf(
        page,
        "  <tr class=\"row\" data-id=\"%u\">\n    <td>%u</td>\n"
        "    <td class=\"name\"><a href=\"/rooms/%u?from=1&amp;to=2\">%s %s %s %u</a></td>\n"
        "    <td class=\"price\">%u.%02u</td>\n"
        "    <td><input type=\"hidden\" name=\"id[%u]\" value=\"%u\"></td>\n  </tr>\n",
        row, row, row, words[chance_of(6)], words[chance_of(6)], words[chance_of(6)],
        chance_of(100000), price / 100, price % 100, row, chance_of(1000000));
}

static void make_table(struct buffer *page, size_t size, enum shape shape)
{
    uint32_t rows = (uint32_t)(size / 220);
    buffer_add_text(page, "<!DOCTYPE html>\n<html><head><title>Rates</title></head>\n<body>\n"
                          "<table id=\"rates\">\n");
    if (shape == ROW_ON_TOP)
        add_row(page, rows + 1, 1);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t row = shape == OTHER_ORDER ? (i + rows / 3) % rows : i;
        bool changed = shape == ALL_ROWS || (shape == ONE_CHANGE && i == rows / 2);
        add_row(page, row, 1000 + row % 5000 + changed);
    }
    buffer_add_text(page, "</table>\n</body></html>\n");
}

/* Random markup: two of unlike seeds have nothing in common. */
static void make_random(struct buffer *page, size_t size, uint32_t seed)
{
    static const char *const names[] = {"div", "p", "span", "ul", "li", "section", "b", "td"};
    chance = seed;
    buffer_add_text(page, "<!DOCTYPE html>\n<html><body>\n");
    const char *open[6];
    size_t depth = 0;
    while (page->length < size) {
        if (depth < 6 && chance_of(2)) {
            open[depth] = names[chance_of(8)];
            buffer_printf(page, "<%s class=\"c%u\" title=\"%u\">", open[depth++], chance_of(1000),
                          chance_of(1 << 20));
        } else if (depth && chance_of(2)) {
            buffer_printf(page, "</%s>\n", open[--depth]);
        } else {
            buffer_printf(page, "text %u of %u and %u more words ", chance_of(1 << 20),
                          chance_of(1 << 20), chance_of(1 << 20));
        }
    }
    while (depth)
        buffer_printf(page, "</%s>\n", open[--depth]);
    buffer_add_text(page, "</body></html>\n");
}

static void add_record(struct buffer *out, enum content_type type, uint32_t row, uint32_t price)
{
    if (type == CONTENT_XML)
        buffer_printf(out,
                      "  <row id=\"%u\">\n    <name>Room %u &amp; view</name>\n"
                      "    <price currency=\"EUR\">%u.%02u</price>\n  </row>\n",
                      row, row, price / 100, price % 100);
    else if (type == CONTENT_JSON)
        buffer_printf(out,
                      "  {\"id\": %u, \"name\": \"Room %u\\n\", \"price\": %u.%02u,\n"
                      "   \"tags\": [\"sea\", \"view\"], \"free\": true},\n",
                      row, row, price / 100, price % 100);
    else
        buffer_printf(out, "%u\tRoom %u with a view of the sea\t%u.%02u EUR a night\n", row, row,
                      price / 100, price % 100);
}

/* The same rows in other types; one of them may be changed. */
static void make_records(struct buffer *out, enum content_type type, size_t size, bool changed)
{
    static const char *const frames[CONTENT_TYPES][2] = {
        [CONTENT_XML] = {"<?xml version=\"1.0\"?>\n<rooms>\n", "</rooms>\n"},
        [CONTENT_JSON] = {"[\n", "  null\n]\n"},
        [CONTENT_TEXT] = {"", ""},
    };
    buffer_add_text(out, frames[type][0]);
    for (uint32_t row = 0, middle = (uint32_t)(size / 200); out->length < size; row++)
        add_record(out, type, row, 1000 + row % 5000 + (changed && row == middle));
    buffer_add_text(out, frames[type][1]);
}

static struct answer answer_of(const struct buffer *page, enum content_type type)
{
    static const char *const headers[CONTENT_TYPES] = {
        [CONTENT_HTML] = "text/html; charset=utf-8",
        [CONTENT_XML] = "application/xml",
        [CONTENT_JSON] = "application/json",
        [CONTENT_TEXT] = "text/plain; charset=utf-8",
    };
    return (struct answer){page->data, page->length, headers[type]};
}

static bool measure_made(const char *name, enum content_type type, struct buffer pages[SIDES],
                         bool equal, size_t runs)
{
    const struct answer answers[SIDES] = {answer_of(&pages[SOURCE], type),
                                          answer_of(&pages[TARGET], type)};
    char title[64];
    snprintf(title, sizeof title, "%s", name);
    bool right = measure(title, answers, equal, runs);
    buffer_free(&pages[SOURCE]);
    buffer_free(&pages[TARGET]);
    return right;
}

static bool measure_generated(size_t runs)
{
    static const size_t sizes[] = {20000, 200000, 2000000};
    bool right = true;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int shape = SAME; shape < SHAPES; shape++) {
            struct buffer pages[SIDES] = {BUFFER_INIT(1 << 24), BUFFER_INIT(1 << 24)};
            make_table(&pages[SOURCE], sizes[i], SAME);
            make_table(&pages[TARGET], sizes[i], (enum shape)shape);
            right &= measure_made(shape_name[shape], CONTENT_HTML, pages, shape == SAME, runs);
        }
        struct buffer pages[SIDES] = {BUFFER_INIT(1 << 24), BUFFER_INIT(1 << 24)};
        make_random(&pages[SOURCE], sizes[i], 1);
        make_random(&pages[TARGET], sizes[i], 2);
        right &= measure_made("nothing in common", CONTENT_HTML, pages, false, runs);
    }
    return right;
}

static bool measure_types(size_t runs)
{
    static const char *const names[CONTENT_TYPES] = {
        [CONTENT_XML] = "XML, one change",
        [CONTENT_JSON] = "JSON, one change",
        [CONTENT_TEXT] = "text, one change",
    };
    bool right = true;
    for (int type = CONTENT_XML; type <= CONTENT_TEXT; type++) {
        struct buffer pages[SIDES] = {BUFFER_INIT(1 << 24), BUFFER_INIT(1 << 24)};
        make_records(&pages[SOURCE], (enum content_type)type, 200000, false);
        make_records(&pages[TARGET], (enum content_type)type, 200000, true);
        right &= measure_made(names[type], (enum content_type)type, pages, false, runs);
    }
    return right;
}

static bool read_page(const char *path, struct buffer *page)
{
    FILE *file = fopen(path, "rb");
    unsigned char piece[1 << 16];
    size_t got;
    if (!file) {
        perror(path);
        return false;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(page, piece, got);
    fclose(file);
    return true;
}

int main(int argc, char **argv)
{
    size_t runs = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (!runs || (argc != 3 && argc != 4)) {
        fprintf(stderr, "usage: pages RUNS generated | RUNS FILE FILE\n");
        return 64;
    }
    compare_setup(); /* for the parser's own memory, too */
    if (argc == 3)
        return !(measure_types(runs) & measure_generated(runs));
    struct buffer pages[SIDES] = {BUFFER_INIT(1 << 26), BUFFER_INIT(1 << 26)};
    if (!read_page(argv[2], &pages[SOURCE]) || !read_page(argv[3], &pages[TARGET]))
        return 64;
    const char *name = strrchr(argv[2], '/') ? strrchr(argv[2], '/') + 1 : argv[2];
    char title[23];
    snprintf(title, sizeof title, "%.*s", (int)strcspn(name, "."), name);
    return !measure_made(title, CONTENT_HTML, pages, false, runs);
}
