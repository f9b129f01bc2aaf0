/* See cut.h. */
#include "cut.h"

#include "../diff/base/memory.h"

#include <stdlib.h>

/* Values low … high exist; nothing is known of those between. */
struct piece {
    int64_t low, high;
};

static uint64_t width(const struct piece *piece)
{
    return (uint64_t)piece->high - (uint64_t)piece->low;
}

static size_t widest(const struct piece *pieces, size_t count)
{
    size_t found = 0;
    for (size_t i = 1; i < count; i++)
        if (width(&pieces[i]) > width(&pieces[found]))
            found = i;
    return found;
}

static int compare_pieces(const void *one, const void *other)
{
    const struct piece *a = one, *b = other;
    return (a->low > b->low) - (a->low < b->low);
}

/* Cuts the widest piece, until there are enough or all are single values. */
static bool find_pieces(struct piece *pieces, size_t *count, size_t most,
                        bool (*find)(void *, int64_t, struct cut_gap *, struct err *),
                        void *context, struct err *err)
{
    for (int lookups = 0; *count < most && lookups < CUT_LOOKUPS; lookups++) {
        struct piece *piece = &pieces[widest(pieces, *count)];
        if (width(piece) == 0)
            break;
        int64_t middle = (int64_t)((uint64_t)piece->low + width(piece) / 2 + 1);
        struct cut_gap gap;
        if (!find(context, middle, &gap, err))
            return false;
        /* Rows may come and go meanwhile: what is found must lie where it is looked for. */
        bool below = gap.has_below && gap.below >= piece->low && gap.below < middle;
        bool above = gap.has_above && gap.above <= piece->high && gap.above >= middle;
        if (below && above) {
            pieces[(*count)++] = (struct piece){gap.above, piece->high};
            piece->high = gap.below;
        } else {
            piece->low = above ? gap.above : piece->low;
            piece->high = below ? gap.below : piece->high;
            if (!below && !above)
                break;
        }
    }
    qsort(pieces, *count, sizeof *pieces, compare_pieces);
    return true;
}

/* Shares the rest of the ranges among the pieces by their width, and cuts each piece evenly. */
static size_t add_bounds(const struct piece *pieces, size_t count, size_t wanted, int64_t *bounds)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += (double)width(&pieces[i]) + 1;
    size_t used = 0, spare = wanted - count;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            bounds[used++] = pieces[i].low;
        double share = ((double)width(&pieces[i]) + 1) / total;
        uint64_t parts = 1 + (uint64_t)(share * (double)spare);
        if (parts > width(&pieces[i]) + 1 && width(&pieces[i]) != UINT64_MAX)
            parts = width(&pieces[i]) + 1;
        uint64_t step = width(&pieces[i]) / parts + (width(&pieces[i]) % parts == parts - 1);
        for (uint64_t part = 1; part < parts && step && used + (count - 1 - i) + 1 < wanted; part++)
            bounds[used++] = (int64_t)((uint64_t)pieces[i].low + step * part);
    }
    return used;
}

bool cut_key(int64_t low, int64_t high, size_t wanted,
             bool (*gap)(void *context, int64_t middle, struct cut_gap *gap, struct err *err),
             void *context, int64_t *bounds, size_t *count, struct err *err)
{
    *count = 0;
    if (wanted < 2 || low >= high)
        return true;
    struct piece *pieces = mem_alloc((wanted + 1) * sizeof *pieces);
    size_t piece_count = 1;
    pieces[0] = (struct piece){low, high};
    bool ok = find_pieces(pieces, &piece_count, wanted, gap, context, err);
    if (ok)
        *count = add_bounds(pieces, piece_count, wanted, bounds);
    free(pieces);
    return ok;
}
