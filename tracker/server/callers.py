"""From where a request comes. Of one that a web server has passed on, that web server says so."""

from ipaddress import ip_address, ip_network


def caller_of(peer: str, forwarded_for: str, trusted: str) -> str:
    """The address behind the web servers in front: `forwarded_for` is what they have written, the nearest one last.

    Only those in `trusted` (addresses and networks, or `*`) are believed, as the dashboard's server does with it.
    """
    caller = peer
    for said in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not _is_in(caller, trusted):
            break
        caller = said
    return caller


def _is_in(address: str, trusted: str) -> bool:
    if trusted == "*":
        return True
    try:
        found = ip_address(address)
        return any(found in ip_network(one) for one in trusted.split(","))
    except ValueError:
        return False
