/*
 * Hosts as URLs, Host headers and logs spell them, and which addresses are nobody's but ours. Pure.
 */
#ifndef TALLY_REPLAY_HOST_H
#define TALLY_REPLAY_HOST_H

#include "../diff/base/buffer.h"

#include <sys/socket.h>

/*
 * Appends the host in one spelling: small letters, without port, brackets and a last dot; an
 * address as inet_ntop() writes it, an IPv4 address in IPv6 clothes as IPv4.
 *
 *     WWW.Example.org.:8080     -> www.example.org
 *     [::FFFF:10.0.0.1]:80      -> 10.0.0.1
 *     0x7f.1, 2130706433, 0177.0.0.1  -> 127.0.0.1     (what inet_aton() and getaddrinfo() read)
 */
void host_normal(struct buffer *out, const char *text, size_t length);

/* Is it loopback, private (RFC 1918, RFC 4193), link-local or a carrier's shared space (RFC 6598)?
 * Of IPv4 in IPv6 clothes (::ffff:a.b.c.d) the IPv4 address counts. What is none of these (0.0.0.0,
 * multicast, other families) is public. */
bool host_is_private(const struct sockaddr *address);

#endif
