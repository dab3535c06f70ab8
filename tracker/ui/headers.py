"""What every answer of the dashboard says to the browser of how to handle it."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from streamlit.file_util import get_static_dir

from tracker.ui import look

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Forms need it: without a referrer a browser does not say either from where it sends them.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Pages whose address is a secret: no page that they lead to is told it, and nothing lists it.
PRIVATE_ADDRESSES = "/my/"
OF_PRIVATE_ADDRESSES = {"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex, nofollow"}
YEAR = 365 * 24 * 60 * 60
# Scripts, styles and fonts: they are nobody's data, and the names of Streamlit's change with what is in them.
STATIC = ("/static/", "/fonts/")


@cache
def content_policy() -> str:
    """What a page may load and run: Streamlit's files and its one inline script, and ours.

    Streamlit writes its styles into the page, and tables draw images that they have made themselves, so both may be
    anything. Scripts may not. WebAssembly may: its reader of messages has some, and by itself it can do nothing.
    """
    index = Path(get_static_dir(), "index.html").read_text("utf-8")
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in [*re.findall(r"<script>(.*?)</script>", index, re.DOTALL), look.own("blank.js")]
    ]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", "'wasm-unsafe-eval'", *hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def harden(headers: MutableHeaders, path: str, status: int, *, https: bool) -> None:
    """Adds to the headers of an answer. Only files that are the same for everybody may be kept by the browser."""
    headers.update({**HEADERS, "Content-Security-Policy": content_policy()})
    if path.startswith(PRIVATE_ADDRESSES):
        headers.update(OF_PRIVATE_ADDRESSES)
    is_file = path.startswith(STATIC) and status in (200, 304) and "html" not in headers.get("content-type", "")
    if not is_file:
        headers["Cache-Control"] = "no-store"
        headers.add_vary_header("Accept-Language, Cookie")
    if https:
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        for number, (name, value) in enumerate(headers.raw):
            if name == b"set-cookie" and b"; secure" not in value.lower():  # one of Streamlit's
                headers.raw[number] = (name, value + b"; Secure")
