/*
 * What differs by itself: learnt from answers of the source and of a second copy of it (A/A), and
 * written as a rules file (diff/rule.h) that a person can read and edit. Input: exchanges of which
 * the "target" is the copy, with findings of a check_exchange() whose settings say `learn`. Output:
 * YAML. One thread.
 *
 *     struct noise *noise = noise_new();
 *     noise_add(noise, exchange, &findings);          … any number
 *     noise_write(noise, &out);
 *     noise_free(noise);
 *
 * A rule is as narrow as what was seen: of the route, the place, and there of what its values have
 * in common between what stands around them:
 *
 *     # 12 of 30 answers: 0.012 / 0.013
 *     - route: GET /rates
 *       css: html > body > footer > p
 *       mask: '(?<=built in )[0-9]+\.[0-9]{3}(?= s)'
 *
 * Places that differ in one step, the rows of a table or list, become one rule when there are three
 * of them or more. What is masked must still be there on both sides. What only one answer has is
 * left out only where its id, class or name finds nothing else on the other side. What no narrow
 * rule covers (a status, a cookie, a page of another shape) is listed in a comment and stays
 * different. Secrets are not written; examples are cut.
 *
 * Memory: at most NOISE_PLACES places and about 128 MB; what comes beyond is counted and said.
 */
#ifndef TALLY_REPLAY_NOISE_H
#define TALLY_REPLAY_NOISE_H

#include "check.h"

#define NOISE_PLACES 5000
#define NOISE_LEARNT 200 /* differences of one pair of answers that are learnt from */

struct noise;

struct noise *noise_new(void);
void noise_free(struct noise *noise); /* NULL is fine */

void noise_add(struct noise *noise, const struct exchange *exchange,
               const struct findings *findings);
/* Appends the file; without anything learnt it holds comments alone. */
void noise_write(struct noise *noise, struct buffer *out);

#endif
