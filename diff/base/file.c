/* See file.h. */
#include "file.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool file_write_all(int file, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length) {
        ssize_t written = write(file, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

const char *file_temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

int file_temporary(const char *owner)
{
    char *path = mem_format("%s/%s-XXXXXX", file_temporary_folder(), owner);
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    int why = errno;
    free(path);
    errno = why;
    return file;
}

void file_fill_standard_streams(void)
{
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            exit(ERR_INTERNAL);
}
