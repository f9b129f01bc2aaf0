/* See host.h. */
#include "host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>

/* ::ffff:0:0/96, RFC 4291, 2.5.5.2 */
static bool is_mapped(const unsigned char bytes[16])
{
    static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(bytes, prefix, sizeof prefix) == 0;
}

void host_normal(struct buffer *out, const char *text, size_t length)
{
    char name[300], spelled[INET6_ADDRSTRLEN];
    const char *close = length && *text == '[' ? memchr(text, ']', length) : NULL;
    const char *colon = memchr(text, ':', length);
    if (close) {
        text++;
        length = (size_t)(close - text);
    } else if (colon && !memchr(colon + 1, ':', length - (size_t)(colon - text) - 1)) {
        length = (size_t)(colon - text);
    }
    if (length && text[length - 1] == '.')
        length--;
    if (length >= sizeof name) /* no host (253 bytes at most); only told apart from others */
        length = sizeof name - 1;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)tolower((unsigned char)text[i]);
    name[length] = '\0';
    unsigned char bytes[16];
    struct in_addr four;
    if (inet_pton(AF_INET6, name, bytes) == 1) {
        bool mapped = is_mapped(bytes);
        inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? bytes + 12 : bytes, spelled,
                  sizeof spelled);
        buffer_add_text(out, spelled);
    } else if (!strpbrk(name, " \t\n") && inet_aton(name, &four)) {
        inet_ntop(AF_INET, &four, spelled, sizeof spelled);
        buffer_add_text(out, spelled);
    } else {
        buffer_add_text(out, name);
    }
}

struct range {
    unsigned char first[16];
    int bits;
};

static bool is_in(const unsigned char *bytes, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int bits = ranges[i].bits, rest = bits % 8;
        size_t whole = (size_t)bits / 8;
        unsigned char mask = (unsigned char)(0xff << (8 - rest));
        if (memcmp(bytes, ranges[i].first, whole) == 0 &&
            (!rest || ((bytes[whole] ^ ranges[i].first[whole]) & mask) == 0))
            return true;
    }
    return false;
}

static bool is_private_four(const unsigned char bytes[4])
{
    static const struct range ranges[] = {
        {{127}, 8}, {{10}, 8}, {{172, 16}, 12}, {{192, 168}, 16}, {{169, 254}, 16}, {{100, 64}, 10},
    };
    return is_in(bytes, ranges, sizeof ranges / sizeof *ranges);
}

static bool is_private_six(const unsigned char bytes[16])
{
    static const struct range ranges[] = {{{[15] = 1}, 128}, {{0xfc}, 7}, {{0xfe, 0x80}, 10}};
    return is_mapped(bytes) ? is_private_four(bytes + 12)
                            : is_in(bytes, ranges, sizeof ranges / sizeof *ranges);
}

bool host_is_private(const struct sockaddr *address)
{
    unsigned char bytes[16];
    if (address->sa_family == AF_INET) {
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
        return is_private_four(bytes);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
        return is_private_six(bytes);
    }
    return false;
}
