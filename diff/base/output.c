/* See output.h. */
#include "output.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_open(const char *path, struct output *output, struct err *err)
{
    *output = (struct output){.file = STDOUT_FILENO};
    if (!path || strcmp(path, "-") == 0)
        return true;
    output->path = path;
    output->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    output->created = output->file >= 0;
    if (output->file < 0 && errno == EEXIST)
        output->file = open(path, O_WRONLY | O_CLOEXEC);
    if (output->file < 0)
        return err_set(err, ERR_USAGE, "cannot write to the output file \"%s\": %s.", path,
                       strerror(errno));
    return true;
}

void output_drop(struct output *output)
{
    if (output->created)
        unlink(output->path);
}

bool output_write(struct output *output, const struct buffer *text, struct err *err)
{
    struct stat file;
    bool done = true;
    if (output->path && fstat(output->file, &file) == 0 && S_ISREG(file.st_mode))
        done = ftruncate(output->file, 0) == 0;
    done = done && file_write_all(output->file, text->data, text->length);
    /* Some file systems tell only here that the disk is full. */
    done = close(output->file) == 0 && done;
    if (done)
        return true;
    return err_set(err, ERR_INTERNAL,
                   "cannot write the report to %s%s%s: %s; the report is lost or cut.",
                   output->path ? "\"" : "", output->path ? output->path : "standard output",
                   output->path ? "\"" : "", strerror(errno));
}

bool output_print(const struct buffer *text, struct err *err)
{
    return file_write_all(STDOUT_FILENO, text->data, text->length) ||
           err_set(err, ERR_INTERNAL, "cannot write to standard output: %s.", strerror(errno));
}

bool output_has_colour(const struct output *output)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(output->file) && (!no_color || !*no_color) && term && *term &&
           strcmp(term, "dumb") != 0;
}
