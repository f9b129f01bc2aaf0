/*
 * What must hold for any two answers, whatever they are: an answer is equal to itself; the verdict
 * is the same both ways round; equal answers have one canonical spelling and unequal ones do not;
 * there are differences if and only if they are unequal; the script leads from source to target;
 * equal JSON has one canonical text (json_canon.h, which is another parser).
 */
#ifndef TALLY_FUZZ_COMPARE_H
#define TALLY_FUZZ_COMPARE_H

#include "../../diff/base/memory.h"
#include "../../diff/compare.h"
#include "../../diff/json_canon.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void fuzz_pair(const struct answer answers[SIDES], enum content_type type, bool *equal)
{
    struct comparison found;
    struct err err;
    demand(compare_answers(answers, type, NULL, &found, &err));
    demand(found.equal == !found.total);
    if (found.has_trees) {
        struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
        tree_add_canonical(&one, &found.trees[SOURCE], 0);
        tree_add_canonical(&other, &found.trees[TARGET], 0);
        bool same = one.length == other.length && !memcmp(one.data, other.data, one.length);
        /* Equal text that was read in unlike charsets is compared as bytes. */
        demand(same == found.equal || (same && found.type == CONTENT_BYTES));
        buffer_free(&one);
        buffer_free(&other);
    }
    if (found.has_trees && !found.equal && found.type != CONTENT_BYTES) {
        struct tree result;
        tree_diff_apply(&found.trees[SOURCE], &found.trees[TARGET], &found.diff, &result);
        demand(tree_same(tree_at(&result, 0), tree_at(&found.trees[TARGET], 0)));
        tree_free(&result);
    }
    if (found.equal && found.type == CONTENT_JSON && found.has_trees) {
        struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
        demand(json_canon(&one, (char *)found.trees[SOURCE].bytes.data,
                          found.trees[SOURCE].bytes.length));
        demand(json_canon(&other, (char *)found.trees[TARGET].bytes.data,
                          found.trees[TARGET].bytes.length));
        demand(one.length == other.length && !memcmp(one.data, other.data, one.length));
        buffer_free(&one);
        buffer_free(&other);
    }
    *equal = found.equal;
    comparison_free(&found);
}

static int fuzz_compare(const unsigned char *data, size_t length, enum content_type type)
{
    const unsigned char *border = length ? memchr(data, 0xff, length) : NULL;
    size_t first = border ? (size_t)(border - data) : length;
    char *source = mem_copy_bytes(data, first), *again = mem_copy_bytes(data, first);
    char *target =
        border ? mem_copy_bytes(border + 1, length - first - 1) : mem_copy_bytes(data, length);
    size_t target_length = border ? length - first - 1 : length;
    if (!border && length)
        target[data[0] * 7u % length] ^= 1;
    const struct answer answers[SIDES] = {{source, first, NULL}, {target, target_length, NULL}};
    const struct answer back[SIDES] = {{target, target_length, NULL}, {source, first, NULL}};
    /* The same text by other bytes (a byte order mark) is not taken for equal unread. */
    char *marked = mem_format("\xef\xbb\xbf");
    marked = mem_resize(marked, first + 4, 1);
    memcpy(marked + 3, again, first);
    const struct answer self[SIDES] = {{source, first, NULL}, {marked, first + 3, NULL}};
    bool equal, other;
    fuzz_pair(answers, type, &equal);
    fuzz_pair(back, type, &other);
    demand(equal == other);
    bool starts_with_mark =
        first >= 2 && (!memcmp(source, "\xff\xfe", 2) || !memcmp(source, "\xfe\xff", 2));
    bool declares = memmem(source, first, "encoding", 8) || memmem(source, first, "charset", 7) ||
                    memmem(source, first, "ENCODING", 8) || memmem(source, first, "CHARSET", 7);
    bool has_mark = first >= 3 && !memcmp(source, "\xef\xbb\xbf", 3);
    bool private_plane = memmem(source, first, "\xf4\x8f", 2);
    if (!starts_with_mark && !declares && !has_mark && !private_plane) {
        fuzz_pair(self, type, &equal);
        demand(equal);
    }
    free(source);
    free(again);
    free(target);
    free(marked);
    return 0;
}

#endif
