/* See report.h. */
#include "report.h"

#include "../diff/base/file.h"
#include "../diff/base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Formats
 * -------------------------------------------------------------------------------------------- */

static const struct format {
    const char *name;
    /* NULL: the text report, which alone has colours and another form with --explain */
    void (*write)(const struct verify_result *result, const struct verify_options *options,
                  struct buffer *out);
} formats[] = {
    {"text", NULL},
    {"json", report_json},
    {"html", report_html},
    {"junit", report_junit},
    {"prometheus", report_prometheus},
};

static const struct format *find_format(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strlen(formats[i].name) == length && strncmp(formats[i].name, name, length) == 0)
            return &formats[i];
    return NULL;
}

void report_compose(const char *name, const struct verify_result *result,
                    const struct verify_options *options, bool colour, struct buffer *out)
{
    const struct format *format = find_format(name, strlen(name));
    if (format && format->write)
        format->write(result, options, out);
    else if (options->explain)
        report_explain(result, options, colour, out);
    else
        report_text(result, options, colour, out);
}

void report_since(const struct result_since *since, struct buffer *out)
{
    char number[32];
    const struct {
        uint64_t count;
        const char *word;
    } parts[] = {{since->fresh, "new"}, {since->persisting, "persist"}, {since->gone, "gone"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_printf(out, "%s%s %s", i ? ", " : "", human_count(parts[i].count, number),
                      parts[i].word);
}

/* ---- Files
 * ---------------------------------------------------------------------------------------------- */

/* In the file's own folder, so that it can be renamed; hidden, and of another ending, so that
 * whoever collects *.prom or *.xml does not find half of it. */
static char *temporary_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return mem_format("%.*s.%s.tally-XXXXXX", (int)(name - path), path, name);
}

static bool cannot_write(const char *path, enum err_code code, struct err *err)
{
    return err_set(err, code, "cannot write the report to \"%s\": %s.", path, strerror(errno));
}

static MUST_CHECK bool open_file(struct report_file *of, struct err *err)
{
    struct stat status;
    bool there = stat(of->path, &status) == 0;
    if (there && !S_ISREG(status.st_mode)) {
        of->file = open(of->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return of->file >= 0 || cannot_write(of->path, ERR_USAGE, err);
    }
    of->temporary = temporary_path(of->path);
    of->file = mkostemp(of->temporary, O_CLOEXEC);
    if (of->file < 0) {
        cannot_write(of->path, ERR_USAGE, err);
        free(of->temporary);
        of->temporary = NULL;
        return false;
    }
    /* As any new file: others may have to collect it. */
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(of->file, there ? status.st_mode & 0777 : 0666 & ~mask) != 0)
        return cannot_write(of->path, ERR_USAGE, err);
    return true;
}

/* "junit=tally.xml" */
static MUST_CHECK bool read_wish(const char *wish, struct report_file *of, struct err *err)
{
    const char *equals = strchr(wish, '=');
    const struct format *format = equals ? find_format(wish, (size_t)(equals - wish)) : NULL;
    *of = (struct report_file){.file = -1};
    if (!format || !equals[1])
        return err_set(err, ERR_USAGE, "--report wants FORMAT=FILE, with a FORMAT of %s.",
                       REPORT_FORMATS);
    of->format = format->name;
    of->path = equals + 1;
    return true;
}

bool report_files_open(const struct text_list *wanted, struct report_files *files, struct err *err)
{
    *files = (struct report_files){.items = mem_zero(wanted->count + 1, sizeof *files->items)};
    for (size_t i = 0; i < wanted->count; i++) {
        struct report_file *of = &files->items[i];
        if (!read_wish(wanted->items[i], of, err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(files->items[k].path, of->path) == 0)
                return err_set(err, ERR_USAGE, "two reports cannot go to one file, \"%s\".",
                               of->path);
        files->count++;
        if (!open_file(of, err))
            return false;
    }
    return true;
}

static MUST_CHECK bool write_file(struct report_file *of, const struct buffer *text,
                                  struct err *err)
{
    bool done = file_write_all(of->file, text->data, text->length);
    if (done && of->temporary)
        done = fsync(of->file) == 0;
    /* Some file systems tell only here that the disk is full. */
    done = close(of->file) == 0 && done;
    of->file = -1;
    if (done && of->temporary && (done = rename(of->temporary, of->path) == 0)) {
        free(of->temporary);
        of->temporary = NULL;
    }
    return done || cannot_write(of->path, ERR_INTERNAL, err);
}

bool report_files_write(struct report_files *files, const struct verify_result *result,
                        const struct verify_options *options, struct err *err)
{
    struct verify_options shown = *options;
    shown.quiet = false; /* a file is read later: it says everything */
    bool done = true;
    for (size_t i = 0; i < files->count; i++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct err failed;
        report_compose(files->items[i].format, result, &shown, false, &text);
        if (!write_file(&files->items[i], &text, &failed) && done) {
            *err = failed; /* the first; the other files are still written */
            done = false;
        }
        buffer_free(&text);
    }
    report_files_drop(files);
    return done;
}

void report_files_drop(struct report_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct report_file *of = &files->items[i];
        if (of->file >= 0)
            close(of->file);
        if (of->temporary)
            unlink(of->temporary);
        free(of->temporary);
    }
    free(files->items);
    *files = (struct report_files){0};
}
