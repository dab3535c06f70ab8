"""Signing in and out, and the gate in front of everything else that the dashboard's server answers.

The browser holds a random token in a cookie that scripts cannot read; the database holds its hash. The gate
checks it for pages, files and the websocket alike; the pages check again on every run (`tracker.ui.page`).
"""

import asyncio
import html
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker import auth, classes
from tracker.errors import NotConfigured, NotSignedIn, TooManyTries, TrackerError
from tracker.messages import sentence, sentence_of
from tracker.storage.database import AWAY
from tracker.storage.members import Member
from tracker.ui.wiring import services

COOKIE = "tracker_session"
# Exactly these are answered to anybody; a prefix would open its neighbours too.
OPEN_PATHS = frozenset({"/login", "/_stcore/health"})
LARGEST_FORM = 8 * 1024
# Passwords are checked in threads of their own: in those that all requests share, many that wait for their turn would
# keep every page waiting.
SIGN_INS = ThreadPoolExecutor(auth.HASHES_AT_ONCE, "sign-in")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'",
}


def routes() -> Sequence[BaseRoute]:
    """The addresses beside the pages."""
    return (
        Route("/login", show_form, methods=["GET"]),
        Route("/login", submit_form, methods=["POST"]),
        Route("/logout", leave, methods=["POST"]),
        Route("/host", host, methods=["GET"]),
    )


class Gate:
    """ASGI middleware: nobody gets past without a valid token, and every answer carries security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = await _refusal(scope)
        if refused is None:
            await self._app(scope, receive, send_hardened)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refused(scope, receive, send_hardened)


async def _refusal(scope: Scope) -> Response | None:
    """Why the connection goes no further: a redirect to the sign-in for pages, 401 for the rest; None to let in."""
    connection = HTTPConnection(scope)
    if scope["path"] in OPEN_PATHS:
        return None
    try:
        if await run_in_threadpool(member_of, connection.cookies) is not None:
            return None
    except AWAY:
        return PlainTextResponse(sentence("database_away_for_person"), 503)
    wants_page = scope["type"] == "http" and "text/html" in connection.headers.get("accept", "")
    if not wants_page:
        return PlainTextResponse(sentence("sign_in_needed"), 401)
    query = connection.url.query
    wanted = connection.url.path + (f"?{query}" if query else "")
    return RedirectResponse("/login" if wanted == "/" else "/login?next=" + quote(wanted), 303)


def member_of(cookies: Mapping[str, str]) -> Member | None:
    """The person whose browser sent these cookies."""
    token = cookies.get(COOKIE)
    if not token:
        return None
    return services().read(auth.member_signed_in, token, services().now())


async def show_form(request: Request) -> Response:
    """The sign-in form."""
    return _form(_local_path(request.query_params.get("next", "/")))


async def submit_form(request: Request) -> Response:
    """Signs in and goes on to where the person wanted to go."""
    if not _same_origin(request):
        return PlainTextResponse(sentence("form_from_elsewhere"), 403)
    fields = await _fields(request)
    if fields is None:
        return PlainTextResponse(sentence("form_too_large"), 413)
    target = _local_path(fields.get("next", "/"))
    email = fields.get("email", "")
    address = request.client.host if request.client else ""
    try:
        token = await asyncio.get_running_loop().run_in_executor(
            SIGN_INS, auth.sign_in, services().engine, email, fields.get("password", ""), address, services().now()
        )
    except (NotSignedIn, TooManyTries) as error:
        return _form(target, email, sentence_of(error), 429 if isinstance(error, TooManyTries) else 401)
    except AWAY:
        return _form(target, email, sentence("database_away_for_person"), 503)
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(auth.SIGN_IN_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        # Behind a proxy that speaks https, the proxy says so; of several, the one next to the browser speaks first.
        secure=request.url.scheme == "https"
        or request.headers.get("x-forwarded-proto", "").lower().startswith("https"),
    )
    return answer


async def leave(request: Request) -> Response:
    """Signs this browser out: its token is no longer valid, wherever it was copied to."""
    if not _same_origin(request):
        return PlainTextResponse(sentence("form_from_elsewhere"), 403)
    try:
        await run_in_threadpool(auth.sign_out, services().engine, request.cookies.get(COOKIE, ""))
    except AWAY:
        return PlainTextResponse(sentence("database_away_for_person"), 503)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


async def host(request: Request) -> Response:
    """Redirects the teacher of a class to its start link, which is fetched from Zoom now and shown nowhere."""

    def start_url() -> str:
        member = member_of(request.cookies)
        if member is None:
            raise NotSignedIn("sign_in_needed")
        found = classes.host_meeting(services(), member, request.query_params.get("id", ""))
        if not re.fullmatch(r"https?://[\w.-]+(?::[0-9]+)?(?:/[!-~]*)?", found.start_url, re.IGNORECASE | re.ASCII):
            raise NotConfigured("zoom_start_link_missing")
        return found.start_url

    try:
        return RedirectResponse(await run_in_threadpool(start_url), 303)
    except TrackerError as error:
        return _page("Start class", _alert(sentence_of(error)), 409)
    except AWAY:
        return _page("Start class", _alert(sentence("database_away_for_person")), 503)


async def _fields(request: Request) -> dict[str, str] | None:
    """The fields of a small URL-encoded form; None where it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return None
    text = body.decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _same_origin(request: Request) -> bool:
    """Whether a form came from a page of ours; browsers say where it came from."""
    origin = request.headers.get("origin")
    host = request.headers.get("host")
    return origin is None or origin in (f"http://{host}", f"https://{host}")


def _local_path(target: str) -> str:
    """A path on this server; anything else would let a link send people elsewhere after signing in."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else "/"


def _form(target: str, email: str = "", fault: str = "", status: int = 200) -> Response:
    alert = _alert(fault) if fault else ""
    focus = ("", " autofocus") if email else (" autofocus", "")
    body = f"""<form method="post" action="/login">{alert}
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required value="{html.escape(email)}"{focus[0]}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{focus[1]}>
<input type="hidden" name="next" value="{html.escape(target)}">
<button>Sign in</button></form>"""
    return _page("Sign in", body, status)


def _alert(fault: str) -> str:
    return f"<p role='alert' class='fault'>{html.escape(fault)}</p>"


def _page(title: str, body: str, status: int) -> Response:
    return HTMLResponse(
        f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Class attendance</title>
<style>
:root {{ color-scheme: light dark;
  --text: #1b2733; --ground: #f3f6fa; --card: #fff; --line: #c3ced9; --main: #0b5fa5; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e6edf3; --ground: #12181f; --card: #1b242e; --line: #45566a; --main: #2b79ba; }}
}}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }}
main {{ width: min(22rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; }}
h1 {{ margin: 0 0 1rem; font-size: 1.4rem; }}
label {{ display: block; margin: .75rem 0 .25rem; font-weight: 600; }}
input {{ width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .4rem; }}
button {{ width: 100%; margin-top: 1.25rem; padding: .7rem; font: inherit; font-weight: 600; color: #fff;
  background: var(--main); border: 0; border-radius: .4rem; cursor: pointer; }}
.fault {{ margin: 0 0 1rem; padding: .6rem .8rem; border-left: 4px solid #d1495b; background: #d1495b22; }}
</style></head><body><main><h1>Class attendance</h1>{body}</main></body></html>""",
        status,
        {"Cache-Control": "no-store"},
    )
