"""Where a request comes from, as the browser and the web servers in between say: scheme, host name, page."""

import ipaddress
import platform
import re

from starlette.requests import HTTPConnection

from tracker.settings import Settings

# A name or an address, and perhaps a port.
HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
# No name server has a say in these, so no other site can make them lead here.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_https(connection: HTTPConnection) -> bool:
    """Whether the browser speaks https. Behind a proxy, the proxy says so; of several, the one next to the browser.

    No page can have a browser send this header to another site, so it is believed of everybody.
    """
    forwarded = connection.headers.get("x-forwarded-proto", "").lower()
    return connection.url.scheme in ("https", "wss") or forwarded.startswith(("https", "wss"))


def own_origin(connection: HTTPConnection) -> str:
    """The origin of this dashboard's pages, as browsers write it."""
    return f"{'https' if is_https(connection) else 'http'}://{connection.headers.get('host', '')}"


def form_is_ours(request: HTTPConnection) -> bool:
    """Whether a form came from a page of ours; browsers say where it came from."""
    return request.headers.get("origin", own_origin(request)) == own_origin(request)


def websocket_is_ours(connection: HTTPConnection) -> bool:
    """Whether a page of ours opens this websocket. Every browser says which page does."""
    return connection.headers.get("origin") == own_origin(connection)


def is_led_from_elsewhere(request: HTTPConnection) -> bool:
    """Whether a page of another site, or of a neighbour of this one, made the browser come here.

    Where somebody typed the address or took a bookmark it says `none`; over http, or if it is old, nothing.
    """
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def host_name(connection: HTTPConnection) -> str:
    """The name under which the browser knows this server; empty where it is not said once, or makes no sense."""
    said = connection.headers.getlist("host")
    found = HOST.fullmatch(said[0]) if len(said) == 1 else None
    return found[1].lower().strip("[]").rstrip(".") if found else ""


def host_is_allowed(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the browser knows this server under one of its names.

    Otherwise somebody has had a name of theirs lead here (DNS rebinding), and their page would read what ours may.
    """
    name = host_name(connection)
    if not name:
        return False
    if name in LOOPBACK or name == settings.tracker_host.lower() or name == _address_reached(connection):
        return True
    own = platform.node().lower()
    short = own.partition(".")[0]
    given = settings.allowed_hosts.split(",") if settings.allowed_hosts else [own, short, f"{short}.local"]
    return any(_matches(name, pattern) for pattern in given)


def _matches(name: str, pattern: str) -> bool:
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _address_reached(connection: HTTPConnection) -> str:
    """The address of this machine at which the connection arrived. An address in place of a name is nobody else's."""
    server = connection.scope.get("server")
    try:
        found = ipaddress.ip_address(server[0] if server else "")
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
