/* See report.h. */
#include "report.h"

#include "../diff/base/output.h"
#include "../diff/report_files.h"

#include <stdlib.h>
#include <string.h>

static void compose_text_plain(const struct replay_result *result, struct buffer *out)
{
    report_replay_text(result, false, false, out);
}

static const struct format {
    const char *name;
    void (*write)(const struct replay_result *result, struct buffer *out);
} formats[] = {
    {"text", compose_text_plain}, /* which alone has colours and --quiet */
    {"json", report_replay_json},
    {"html", report_replay_html},
    {"junit", report_replay_junit},
};

void report_replay_compose(const char *format, const struct replay_result *result, bool quiet,
                           bool colour, struct buffer *out)
{
    const struct format *found = &formats[0];
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, format) == 0)
            found = &formats[i];
    if (found == &formats[0])
        report_replay_text(result, quiet, colour, out);
    else
        found->write(result, out);
}

/* ---- files ---- */

struct report_replay_files {
    const char *format;
    bool quiet;
    struct output output;
    struct report_files files;
};

static void compose_file(const void *data, const char *format, struct buffer *out)
{
    report_replay_compose(format, data, false, false, out); /* read later: it says everything */
}

bool report_replay_open(const struct report_replay_wish *wish, struct report_replay_files **files,
                        struct err *err)
{
    static const struct text_list none;
    struct report_replay_files *opened = mem_zero(1, sizeof *opened);
    opened->format = wish->format;
    opened->quiet = wish->quiet;
    if (output_open(wish->output_path, &opened->output, err) &&
        report_files_open(wish->reports ? wish->reports : &none, REPORT_REPLAY_FORMATS,
                          &opened->files, err)) {
        *files = opened;
        return true;
    }
    report_replay_drop(opened);
    *files = NULL;
    return false;
}

bool report_replay_write(struct report_replay_files *files, const struct replay_result *result,
                         struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err unwritten;
    bool quiet = files->quiet && !files->output.path;
    report_replay_compose(files->format, result, quiet, output_has_colour(&files->output), &text);
    bool done = report_files_write(&files->files, compose_file, result, &unwritten);
    if (!output_write(&files->output, &text, err))
        done = false;
    else if (!done)
        *err = unwritten;
    buffer_free(&text);
    report_files_drop(&files->files);
    free(files);
    return done;
}

void report_replay_drop(struct report_replay_files *files)
{
    if (!files)
        return;
    output_drop(&files->output);
    report_files_drop(&files->files);
    free(files);
}
