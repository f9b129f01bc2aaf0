/* See stem.h. */
#include "stem.h"

#include <ctype.h>
#include <string.h>

void stem_word(char *word)
{
    size_t length = strlen(word);
    if (length > 3 && word[length - 1] == 's' && word[length - 2] != 's')
        word[--length] = '\0';
    if (length > 3 && word[length - 1] == 'e')
        word[--length] = '\0';
    if (length > 3 && word[length - 1] == 'y')
        word[length - 1] = 'i';
}

void stem_name(char stem[STEM_SIZE], const char *name)
{
    size_t used = 0;
    for (; *name && used + 4 < STEM_SIZE; name++) {
        unsigned char byte = (unsigned char)*name;
        if (isalnum(byte) || byte >= 0x80)
            stem[used++] = (char)tolower(byte);
    }
    stem[used] = '\0';
    stem_word(stem);
}
