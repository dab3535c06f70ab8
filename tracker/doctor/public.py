"""`tracker doctor --public URL`: whether what Zoom sends to the school's address reaches the tracker as it is."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from tracker.doctor.check import Check
from tracker.doctor.installation import is_here
from tracker.errors import Problem
from tracker.services import Services
from tracker.zoom.challenge import Finding, Found, ask, endpoint_of, is_refused_by_name
from tracker.zoom.unreachable import Cause

# Zoom takes no certificates but those of public authorities, whatever this machine trusts besides.
CERTIFICATES = {
    Cause.CERTIFICATE_UNTRUSTED: "public_certificate_untrusted",
    Cause.CERTIFICATE_OUT_OF_DATE: "public_certificate_out_of_date",
    Cause.CERTIFICATE_OF_ANOTHER: "public_certificate_of_another",
}


def way_from_zoom(services: Services, url: str) -> Iterator[Check]:
    """Sends Zoom's challenge, signed with our secret, to the address that Zoom has. Nothing is stored of it."""
    found = Check("public", *_asked(services, url))
    yield found
    if found.ok and is_refused_by_name(url):
        yield Check("public_name", False, Problem("public_name_unknown", {"host": urlsplit(url).hostname or ""}))


def _asked(services: Services, url: str) -> tuple[bool, Problem]:
    secret, host = services.settings.zoom_webhook_secret, urlsplit(url).hostname
    if not host or urlsplit(url).scheme not in ("http", "https"):
        return False, Problem("public_no_address", {"url": url})
    if not secret:
        return False, Problem("webhook_secret_missing")
    if not url.startswith("https://") and not is_here(url):
        return False, Problem("public_not_https", {"url": endpoint_of(url)})
    found = ask(url, secret, services.now())
    return found.what is Finding.REACHED, _told(found, host)


def _told(found: Found, host: str) -> Problem:
    if found.what is not Finding.UNREACHABLE:
        details: dict[str, str | int | float] = {
            "url": found.url,
            "host": host,
            "status": found.status,
            "seconds": round(found.seconds, 1),
        }
        return Problem(found.what.value, {**details, "to": found.where_to})
    if found.cause is None:
        return Problem("public_no_answer", {"host": host})
    return Problem(CERTIFICATES.get(found.cause, found.cause.value), {"host": host})
