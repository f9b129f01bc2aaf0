/*
 * Fuzzes the comparison of pages: fuzz_compare.h says what must hold. The input is two pages with a
 * byte 0xff between them; without one, a page and the same with a byte changed.
 */
#include "fuzz_compare.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t length)
{
    return fuzz_compare(data, length, CONTENT_HTML);
}
