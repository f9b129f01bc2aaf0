/*
 * Which sessions on which server are this process's own, for engines that count the others. Input:
 * every connect() and disconnect(). Thread safe. Knows nothing of engines.
 */
#ifndef TALLY_VERIFY_OWN_SESSIONS_H
#define TALLY_VERIFY_OWN_SESSIONS_H

#include "../diff/base/buffer.h"

/* server: any text that tells servers apart; id: a number as text, for SQL. Both are copied. */
void own_sessions_add(const char *server, const char *id);
void own_sessions_remove(const char *server, const char *id); /* fine when it is not there */

/* Appends "12, 14, 19": all ids on that server. Never empty: "0" stands for none. */
void own_sessions_list(const char *server, struct buffer *out);

#endif
