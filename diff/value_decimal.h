/*
 * The digits of an exact number, read back from its canonical value: what printing, ordering and
 * rounding it have in common. Used by value*.c, and by canon_*.c for floats and tolerances.
 */
#ifndef TALLY_VALUE_DECIMAL_H
#define TALLY_VALUE_DECIMAL_H

#include "value.h"

enum decimal_class { DECIMAL_MINUS_INFINITY, DECIMAL_FINITE, DECIMAL_INFINITY, DECIMAL_NAN };

struct decimal {
    enum decimal_class class;
    bool negative;
    const unsigned char *digits; /* ASCII, no leading or trailing zero; in `own` or in the value */
    size_t count;                /* 0: the number is 0 */
    int64_t power;               /* of ten, of the last digit */
    unsigned char own[20];
};

enum { DECIMAL_POWER_SIZE = 12 }; /* "-1000000000" and one to spare */

/* Fills *decimal from a VALUE_INT or VALUE_DECIMAL. A payload that no writer wrote gives some
 * number. */
void decimal_read(const struct value *value, struct decimal *decimal);

/* <0, 0, >0 by mathematical value; -Infinity first, Infinity and NaN last. */
int decimal_compare(const struct decimal *one, const struct decimal *other);

/* Writes a power of at most ten digits in decimal; returns its size. */
size_t decimal_write_power(unsigned char *place, int64_t power);

#endif
