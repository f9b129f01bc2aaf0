/* The two sides of every comparison: what is moved from, and what it is moved to. */
#ifndef TALLY_BASE_SIDE_H
#define TALLY_BASE_SIDE_H

enum side { SOURCE, TARGET };
#define SIDES 2
extern const char *const side_name[SIDES]; /* "source", "target" */

#endif
