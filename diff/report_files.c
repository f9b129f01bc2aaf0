/* See report_files.h. */
#include "report_files.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Is the name one of "text|json|html"? */
static bool is_format(const char *name, size_t length, const char *formats)
{
    for (const char *at = formats; *at;) {
        size_t size = strcspn(at, "|");
        if (size == length && memcmp(at, name, size) == 0)
            return true;
        at += size + (at[size] == '|');
    }
    return false;
}

/* "junit=tally.xml" */
static MUST_CHECK bool read_wish(const char *wish, const char *formats, struct report_file *of,
                                 struct err *err)
{
    size_t length = strcspn(wish, "=");
    *of = (struct report_file){.file = -1};
    if (!wish[length] || !wish[length + 1] || length >= sizeof of->format ||
        !is_format(wish, length, formats))
        return err_set(err, ERR_USAGE, "--report wants FORMAT=FILE, with a FORMAT of %s.", formats);
    memcpy(of->format, wish, length);
    of->path = wish + length + 1;
    return true;
}

bool report_files_open(const struct text_list *wanted, const char *formats,
                       struct report_files *files, struct err *err)
{
    *files = (struct report_files){.items = mem_zero(wanted->count + 1, sizeof *files->items)};
    for (size_t i = 0; i < wanted->count; i++) {
        struct report_file *of = &files->items[i];
        if (!read_wish(wanted->items[i], formats, of, err))
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

bool report_files_write(struct report_files *files,
                        void (*compose)(const void *data, const char *format, struct buffer *out),
                        const void *data, struct err *err)
{
    bool done = true;
    for (size_t i = 0; i < files->count; i++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct err failed;
        compose(data, files->items[i].format, &text);
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
