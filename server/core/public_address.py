"""Which addresses a stranger's link may lead us to: public ones only. Pure.

Whoever may type a link could otherwise have us ask machines that only we can reach (server-side request forgery): this
one, its neighbours, a cloud's metadata service.
"""

import ipaddress

# RFC 6052: an IPv4 address within an IPv6 one, as networks without IPv4 translate them.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address, as the resolver gives it, is one of the public internet.

    Not private, loopback, link-local, shared (RFC 6598), multicast, reserved or unspecified, and no IPv6 way of writing
    an IPv4 address (mapped, 6to4, Teredo), through which each of those could be meant.
    """
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip.ipv4_mapped is not None or ip.sixtofour is not None or ip.teredo is not None or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
