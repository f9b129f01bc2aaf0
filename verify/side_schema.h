/*
 * The catalogs of one side: the schemas that are read by default, and those that the mapping names
 * beside them. Input: an open connection and the mapping. Output: a schema.
 */
#ifndef TALLY_VERIFY_SIDE_SCHEMA_H
#define TALLY_VERIFY_SIDE_SCHEMA_H

#include "engine.h"
#include "mapping.h"

/* ERR_USAGE: a schema that the mapping names is not there. Errors name the side, or the mapping's
 * line. */
bool side_schema_read(const struct engine *engine, struct connection *connection, enum side side,
                      const struct mapping *mapping, struct schema *schema,
                      struct err *err) MUST_CHECK;

#endif
