/* Pairs of ids in a ledger (ids.h): for whoever looks at a finished run's rows again. */
#include "ids.h"

#include "../diff/base/bytes.h"

#include <string.h>

#define RECORD "ids"

bool ids_ledger_put(const struct ids *ids, struct ledger *ledger, struct err *err)
{
    if (!ids->count)
        return true;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bytes_put_size(&bytes, ids->count);
    for (size_t i = 0; i < ids->count; i++) {
        bytes_put_text(&bytes, ids->pairs[i].kind);
        bytes_put_text(&bytes, ids->pairs[i].source);
        bytes_put_text(&bytes, ids->pairs[i].target);
    }
    bool ok = ledger_put(ledger, RECORD, 0, 0, bytes.data, bytes.length, err);
    buffer_free(&bytes);
    return ok;
}

bool ids_ledger_get(struct ledger *ledger, struct ids *ids, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    *ids = (struct ids){.arena = ARENA_INIT};
    bool ok = ledger_get(ledger, RECORD, 0, 0, &bytes, &found, err);
    if (ok && found) {
        struct bytes in = bytes_of(&bytes);
        size_t count = bytes_count(&in, 3 * sizeof(uint32_t));
        ids->pairs = mem_zero(count + 1, sizeof *ids->pairs);
        for (; ids->count < count; ids->count++) {
            struct verify_id_pair *pair = &ids->pairs[ids->count];
            pair->kind = bytes_name(&in, &ids->arena);
            pair->source = bytes_name(&in, &ids->arena);
            pair->target = bytes_name(&in, &ids->arena);
        }
        ok = bytes_at_end(&in) ||
             err_set(err, ERR_USAGE, "%s: its pairs of ids are damaged.", ledger_path(ledger));
    }
    buffer_free(&bytes);
    return ok;
}
