#include "log_input.h"

#include "../diff/base/memory.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAW_BYTES (256U << 10)
#define LOOK_MILLISECONDS 200 /* between two looks at a pipe that gives nothing */

struct log_input {
    int file;
    const char *path;    /* borrowed */
    const char *problem; /* static text */
    struct log_watch *watch;
    uint64_t taken; /* bytes of the file */
    bool pipe;      /* or whatever may let us wait */
    bool ended;
    struct unpack *unpack; /* NULL: the file is plain */
    size_t raw_at, raw_length;
    unsigned char raw[RAW_BYTES];
};

/* Until there is something to read. read() itself would go on waiting after a signal. */
static MUST_CHECK bool wait_for_bytes(struct log_input *input, struct err *err)
{
    struct pollfd wait = {.fd = input->file, .events = POLLIN};
    while (input->pipe && poll(&wait, 1, LOOK_MILLISECONDS) <= 0)
        if (!log_watch_look(input->watch, err))
            return false;
    return true;
}

/* Up to `room` bytes of the file; *got 0: its end. */
static MUST_CHECK bool take(struct log_input *input, unsigned char *place, size_t room, size_t *got,
                            struct err *err)
{
    ssize_t count;
    do {
        if (!wait_for_bytes(input, err))
            return false;
        count = read(input->file, place, room);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    if (count < 0)
        return err_set(err, ERR_USAGE, "cannot read the log \"%s\": %s.", input->path,
                       strerror(errno));
    *got = (size_t)count;
    if (!input->watch)
        return true;
    uint64_t before = input->taken / LOG_WATCH_MB;
    input->taken += *got;
    input->watch->done += input->taken / LOG_WATCH_MB - before;
    return log_watch_look(input->watch, err);
}

/* Reads more raw bytes behind those that are there; *got 0: the file's end. */
static MUST_CHECK bool fill(struct log_input *input, size_t *got, struct err *err)
{
    if (input->raw_at == input->raw_length)
        input->raw_at = input->raw_length = 0;
    if (!take(input, input->raw + input->raw_length, RAW_BYTES - input->raw_length, got, err))
        return false;
    input->raw_length += *got;
    return true;
}

/* Does a gzip member begin here? */
static bool is_member(const struct log_input *input)
{
    const unsigned char *at = input->raw + input->raw_at;
    return input->raw_length - input->raw_at >= 2 && at[0] == 0x1f && at[1] == 0x8b;
}

/* At least two bytes, unless the file ends before; a pipe may give them one by one. */
static MUST_CHECK bool fill_two(struct log_input *input, struct err *err)
{
    size_t left = input->raw_length - input->raw_at, got = 1;
    memmove(input->raw, input->raw + input->raw_at, left);
    input->raw_at = 0;
    input->raw_length = left;
    while (input->raw_length < 2 && got)
        if (!fill(input, &got, err))
            return false;
    return true;
}

/* A named pipe that nobody writes to yet would let open() wait, whatever signal comes. */
static int open_path(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int flags = file < 0 ? -1 : fcntl(file, F_GETFL);
    if (flags >= 0)
        (void)fcntl(file, F_SETFL, flags & ~O_NONBLOCK);
    return file;
}

bool log_input_open(const char *path, struct log_watch *watch, struct log_input **result,
                    struct err *err)
{
    struct log_input *input = mem_zero(1, sizeof *input);
    bool standard = strcmp(path, "-") == 0;
    input->path = standard ? "standard input" : path;
    input->watch = watch;
    input->file = standard ? STDIN_FILENO : open_path(path);
    *result = input;
    struct stat what = {0};
    if (input->file >= 0 && fstat(input->file, &what) == 0 && S_ISDIR(what.st_mode)) {
        close(input->file);
        input->file = -1;
        errno = EISDIR;
    }
    bool done = input->file >= 0;
    input->pipe = done && !S_ISREG(what.st_mode);
    if (!done)
        err_set(err, ERR_USAGE, "cannot read the log \"%s\": %s.", path, strerror(errno));
    if (done && !standard)
        posix_fadvise(input->file, 0, 0, POSIX_FADV_SEQUENTIAL);
    done = done && fill_two(input, err);
    if (done && is_member(input))
        input->unpack = unpack_new(UNPACK_GZIP);
    if (done)
        return true;
    log_input_close(input);
    *result = NULL;
    return false;
}

static MUST_CHECK bool read_plain(struct log_input *input, unsigned char *place, size_t room,
                                  size_t *got, struct err *err)
{
    size_t there = input->raw_length - input->raw_at;
    if (!there) {
        /* Past the first bytes, without a copy. */
        return take(input, place, room, got, err);
    }
    *got = there < room ? there : room;
    memcpy(place, input->raw + input->raw_at, *got);
    input->raw_at += *got;
    return true;
}

/* One member has ended: is there another? */
static MUST_CHECK bool next_member(struct log_input *input, struct err *err)
{
    if (!fill_two(input, err))
        return false;
    if (is_member(input)) {
        unpack_again(input->unpack);
        return true;
    }
    input->ended = true;
    if (input->raw_length)
        input->problem = "other bytes follow the gzip data";
    return true;
}

static MUST_CHECK bool read_gzip(struct log_input *input, unsigned char *place, size_t room,
                                 size_t *got, struct err *err)
{
    *got = 0;
    while (!input->ended && !*got) {
        size_t more = 1;
        if (input->raw_at == input->raw_length && !fill(input, &more, err))
            return false;
        if (!more) {
            input->problem = "the gzip data is cut";
            input->ended = true;
            break;
        }
        struct slice in = {input->raw + input->raw_at, input->raw_length - input->raw_at};
        enum unpack_state state = unpack_step(input->unpack, &in, place, room, got);
        input->raw_at = input->raw_length - in.length;
        if (state == UNPACK_END && !next_member(input, err))
            return false;
        if (state == UNPACK_DAMAGED) {
            input->problem = "the gzip data is damaged";
            input->ended = true;
        }
    }
    return true;
}

bool log_input_read(struct log_input *input, unsigned char *place, size_t room, size_t *got,
                    struct err *err)
{
    return input->unpack ? read_gzip(input, place, room, got, err)
                         : read_plain(input, place, room, got, err);
}

const char *log_input_problem(const struct log_input *input)
{
    return input->problem;
}

void log_input_close(struct log_input *input)
{
    if (!input)
        return;
    unpack_free(input->unpack);
    if (input->file > STDIN_FILENO)
        close(input->file);
    free(input);
}
