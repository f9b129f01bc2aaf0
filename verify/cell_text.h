/*
 * A value that a person writes as a cell, as an engine would hand it over. Input: a type, which of
 * the engines it is of, and text: NULL, or a value as the reports print it; in single quotes when
 * it would be mistaken ('NULL', '', ' x', with '' for a quote). Output: a cell. Asks no server.
 */
#ifndef TALLY_VERIFY_CELL_TEXT_H
#define TALLY_VERIFY_CELL_TEXT_H

#include "engine.h"

/* The cell's bytes live in the arena. ERR_USAGE: not a value of the type. */
bool cell_from_text(const struct type *type, const char *text, struct arena *arena,
                    struct cell *cell, struct err *err) MUST_CHECK;

#endif
