/*
 * Fuzzes the comparison of pages: fuzz_compare.h says what must hold. The input is two pages with a
 * byte 0xff between them; without one, a page and the same with a byte changed. A page is the same
 * tree by its outline and whole (html_outline.h), if it is one to both.
 */
#include "../../diff/html.h"
#include "fuzz_compare.h"

static bool read_tree(const unsigned char *data, size_t length, bool whole, struct buffer *spelt)
{
    struct tree_names names = {0};
    struct tree tree;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char reason[MARKUP_REASON_SIZE];
    for (size_t i = 0; i < length; i++) /* ASCII: the charset's work is done elsewhere */
        buffer_add_byte(&text, data[i] & 0x7f);
    bool read = (whole ? html_tree_unabridged : html_tree)(&tree, &names, &text, reason);
    tree_hash(&tree);
    tree_add_canonical(spelt, &tree, 0);
    tree_free(&tree);
    tree_names_free(&names);
    return read;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t length)
{
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (read_tree(data, length, false, &one) && read_tree(data, length, true, &other))
        demand(one.length == other.length && memcmp(one.data, other.data, one.length) == 0);
    buffer_free(&one);
    buffer_free(&other);
    return fuzz_compare(data, length, CONTENT_HTML);
}
