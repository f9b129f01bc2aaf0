/* See result_ledger.h. */
#include "result_ledger.h"

#include "result_code.h"

#define KIND "result"

bool result_ledger_put(struct ledger *ledger, const struct verify_result *result,
                       const struct verify_options *options, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    result_code_put_head(result, options, &bytes);
    bool ok = ledger_put(ledger, KIND, 0, 0, bytes.data, bytes.length, err);
    for (size_t i = 0; i < result->table_count && ok; i++) {
        buffer_clear(&bytes);
        result_code_put_table(&result->tables[i], !options->no_values, &bytes);
        ok = ledger_put(ledger, KIND, (int64_t)i + 1, 0, bytes.data, bytes.length, err);
    }
    buffer_free(&bytes);
    return ok;
}

bool result_ledger_drop(struct ledger *ledger, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found = true, ok = true;
    for (int64_t id = 0; ok && found; id++) {
        ok = ledger_get(ledger, KIND, id, 0, &bytes, &found, err);
        if (ok && found)
            ok = ledger_remove(ledger, KIND, id, 0, err);
    }
    buffer_free(&bytes);
    return ok;
}

static bool get_tables(struct ledger *ledger, struct verify_result *result, struct buffer *bytes,
                       struct err *err)
{
    for (size_t i = 0; i < result->table_count; i++) {
        bool found;
        if (!ledger_get(ledger, KIND, (int64_t)i + 1, 0, bytes, &found, err))
            return false;
        if (!found || !result_code_get_table(bytes, &result->arena, &result->tables[i]))
            return err_set(err, ERR_USAGE,
                           "%s: the result of table %zu of %zu cannot be understood.",
                           ledger_path(ledger), i + 1, result->table_count);
    }
    return true;
}

bool result_ledger_get(struct ledger *ledger, struct verify_result *result,
                       struct verify_options *options, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    bool ok = ledger_get(ledger, KIND, 0, 0, &bytes, &found, err);
    if (ok && !found)
        ok = err_set(err, ERR_USAGE,
                     "%s holds no result: its run was interrupted, or is still running, or an "
                     "earlier version of Tally kept it.",
                     ledger_path(ledger));
    if (ok && !result_code_get_head(&bytes, result, options))
        ok = err_set(err, ERR_USAGE,
                     "%s: the result cannot be understood; another version of Tally kept it.",
                     ledger_path(ledger));
    ok = ok && get_tables(ledger, result, &bytes, err);
    if (ok)
        result->ledger_path = mem_copy_string(ledger_path(ledger));
    buffer_free(&bytes);
    return ok;
}
