/*
 * Fuzzes the comparison of XML documents: fuzz_compare.h says what must hold.
 */
#include "fuzz_compare.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t length)
{
    return fuzz_compare(data, length, CONTENT_XML);
}
