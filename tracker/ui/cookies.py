"""The dashboard's cookies, which browsers keep more strictly where they speak https.

There their names begin with `__Host-`: a browser takes such a cookie from this very host over https alone. So no
neighbour in the school's domain, and nobody who answers in its place over http, can plant a sign-in of theirs. The
gate takes the prefix away for whatever is behind it, together with all cookies of ours that came without it.
"""

from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from tracker.ui.origin import is_https

STRICT = "__Host-"
# How the names of all cookies of ours begin.
OURS = "tracker_"


def put(answer: Response, request: HTTPConnection, name: str, value: str, age: timedelta) -> None:
    """Has the browser keep this cookie, out of reach of scripts and of other sites."""
    strict = is_https(request)
    answer.set_cookie(
        STRICT + name if strict else name,
        value,
        max_age=int(age.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=strict,
    )


def drop(answer: Response, request: HTTPConnection, name: str) -> None:
    """Has the browser forget this cookie."""
    put(answer, request, name, "", timedelta(0))


def with_plain_names(scope: Scope) -> Scope:
    """The connection with the cookies of ours that count, under their names without a prefix."""
    strict = is_https(HTTPConnection(scope))
    headers = []
    for name, value in scope["headers"]:
        if name != b"cookie":
            headers.append((name, value))
            continue
        kept = (_counting(cookie.strip(), strict=strict) for cookie in value.decode("latin-1").split(";"))
        headers.append((name, "; ".join(cookie for cookie in kept if cookie).encode("latin-1")))
    return {**scope, "headers": headers}


def _counting(cookie: str, *, strict: bool) -> str:
    """The cookie under its plain name; nothing where it is one of ours and not of this scheme."""
    plain = cookie.removeprefix(STRICT)
    if not plain.startswith(OURS):
        return cookie
    return plain if (plain != cookie) == strict else ""
