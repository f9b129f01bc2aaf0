/*
 * One spelling for the singular and the plural of a name, so that the path /bookings and the field
 * booking_id mean the table `booking`. It need be no word, only the same for both:
 *
 *     bookings, booking -> "booking"      rates, rate -> "rat"      categories -> "categori"
 */
#ifndef TALLY_BASE_STEM_H
#define TALLY_BASE_STEM_H

#include <stddef.h>

#define STEM_SIZE 64 /* bytes of a stem, the ending NUL included */

/* Shortens a word in lower case, in place. */
void stem_word(char *word);

/* The stem of a name: its letters and digits in lower case, "hotel_bookings" -> "hotelbooking". A
 * name that is too long is cut. */
void stem_name(char stem[STEM_SIZE], const char *name);

#endif
