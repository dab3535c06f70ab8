"""Addresses: where a caller counts as coming from, and who it is behind the web servers in front of this one."""

import ipaddress
from functools import lru_cache

# Whoever has an IPv6 address has at least a network of this length to take others from (RFC 6177).
IPV6_NETWORK = 64
LONGEST_PLACE = 64


@lru_cache(maxsize=4096)
def place_of(address: str) -> str:
    """Where an address counts as coming from: itself, or the network of an IPv6 address."""
    found = _read(address)
    if found is None:
        return address[:LONGEST_PLACE]
    return str(found if found.version == 4 else ipaddress.ip_network((found, IPV6_NETWORK), strict=False))


@lru_cache(maxsize=4096)
def is_proxy(address: str, proxies: str) -> bool:
    """Whether this address is one of ours in front, by the setting FORWARDED_ALLOW_IPS: addresses, networks, or `*`."""
    found = _read(address)
    return found is not None and any(part == "*" or found in ipaddress.ip_network(part) for part in proxies.split(","))


def caller_of(peer: str, forwarded_for: str, proxies: str) -> str:
    """The address behind the web servers in front: `forwarded_for` is what they have written, the nearest one last.

    Only those in `proxies` are believed, as the dashboard's web server does with it.
    """
    caller = peer
    for said in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not is_proxy(caller, proxies):
            break
        caller = said
    return caller


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, an IPv4 one that is written as IPv6 as what it is; None for what is none."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
