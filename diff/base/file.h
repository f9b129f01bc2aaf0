/*
 * What every program of the house does with files: writes whole blocks, keeps rows on disk for a
 * while, starts with its standard streams open. Knows nothing of what is written.
 */
#ifndef TALLY_BASE_FILE_H
#define TALLY_BASE_FILE_H

#include "error.h"

#include <stddef.h>

/* Writes all of it; false with errno. */
bool file_write_all(int file, const void *bytes, size_t length) MUST_CHECK;

/* A file without a name in file_temporary_folder(), which goes with the process. -1 with errno.
 * owner: "tally-verify"; its name while it has one begins so. */
int file_temporary(const char *owner);
const char *file_temporary_folder(void); /* $TMPDIR, else /tmp */

/* A closed standard stream would lend its number to the next file or socket, and a report or
 * message would go there. One that cannot be written makes the write fail instead, and that is
 * said. To be called first; ends the process with ERR_INTERNAL when it cannot be done. */
void file_fill_standard_streams(void);

#endif
