/* See side.h. */
#include "side.h"

const char *const side_name[SIDES] = {"source", "target"};
