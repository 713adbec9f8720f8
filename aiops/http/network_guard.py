"""The guard against requests to addresses that only this host can reach.

A URL of an endpoint may come from somebody who should not reach the inside of the network through this program
(server-side request forgery). What counts is the address that is connected to, not how the URL spells it: decimal
numbers, names that point inside, and IPv4 wrapped in IPv6 all end here as plain addresses.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Addresses at which clouds hand out credentials: link-local ones, and those that look like anybody's. No on-call tool
# lives there, and `allow_private` does not open them.
METADATA: frozenset[Address] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Google Cloud, Azure, OpenStack, DigitalOcean, Oracle
        "169.254.170.2",  # AWS ECS task roles
        "169.254.170.23",  # AWS EKS pod identity
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS EKS pod identity
        "fd20:ce::254",  # Google Cloud
        "100.100.100.200",  # Alibaba Cloud
        "192.0.0.192",  # Oracle Cloud, classic
        "168.63.129.16",  # Azure's wire server: a public address that answers inside only
    )
)
# RFC 6052: what a NAT64 gateway reaches is in the last 32 bits.
_NAT64 = ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ip_network("2002::/16")
# RFC 4291: all that is routed on the internet; site-local, unique local and link-local addresses are outside.
_GLOBAL_UNICAST = ip_network("2000::/3")
_THIS_NETWORK = ip_network("0.0.0.0/8")
# RFC 6890: for protocols between neighbours. Older releases of Python count most of it as global.
_PROTOCOLS = ip_network("192.0.0.0/24")


def refusal(address: str, *, allow_private: bool = False) -> str | None:
    """Return the reason why `address` (an IP address) is refused; None if it is permitted.

    >>> refusal("93.184.215.14") is None
    True
    >>> refusal("::ffff:10.0.0.1"), refusal("10.0.0.1", allow_private=True)
    ('a private address', None)
    """
    try:
        found = unwrapped(ip_address(address))
    except ValueError:
        return "no IP address"
    if found in METADATA:
        return "a cloud's metadata service"
    if _is_nobody(found):
        return "no host's address"
    if allow_private or _is_global(found):
        return None
    if found.is_loopback:
        return "this host"
    return "a link-local address" if found.is_link_local else "a private address"


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for; the address itself if it stands for none."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    # Without its zone: `fe80::1%eth0` must compare equal to `fe80::1`.
    return IPv6Address(int(address))


def _is_nobody(address: Address) -> bool:
    if address.is_multicast or address.is_unspecified:
        return True
    if isinstance(address, IPv4Address):
        return address in _THIS_NETWORK or address.is_reserved
    # Python counts the loopback address among the reserved ones.
    return address.is_reserved and not address.is_loopback


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and address not in _PROTOCOLS
    return address.is_global and address in _GLOBAL_UNICAST
