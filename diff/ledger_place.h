/*
 * Which file a run's ledger is: the one that the user names, or one of the state folder
 * (ledger_place_folder()), named "PURPOSE-20261121T220045Z-4711.ledger" after the time and the
 * process. Knows nothing of what ledgers hold.
 */
#ifndef TALLY_LEDGER_PLACE_H
#define TALLY_LEDGER_PLACE_H

#include "ledger.h"
#include "base/text_list.h"

#define LEDGER_PLACE_KEPT 20 /* of one purpose, in the state folder */

/* Where ledgers live when the user names no file: $XDG_STATE_HOME/tally, else ~/.local/state/tally;
 * made with mode 0700 when absent. ERR_USAGE: neither is set, or it cannot be made. */
bool ledger_place_folder(struct buffer *path, struct err *err) MUST_CHECK;

/* Puts the path of a new ledger into *path: `asked`, or where that is NULL a new name in the state
 * folder, from which all but the newest LEDGER_PLACE_KEPT - 1 of that purpose are removed, with
 * what stands beside them; none that a run has open. */
bool ledger_place_new(const char *purpose, const char *asked, struct buffer *path,
                      struct err *err) MUST_CHECK;

/* The path of a ledger that is there: `asked`, or the newest of that purpose. ERR_USAGE, in the
 * words of --resume: there is none. */
bool ledger_place_newest(const char *purpose, const char *asked, struct buffer *path,
                         struct err *err) MUST_CHECK;

/* The paths of all of the state folder, the newest first. */
bool ledger_place_list(const char *purpose, struct text_list *paths, struct err *err) MUST_CHECK;

#endif
