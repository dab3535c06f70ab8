"""The gate in front of everything that the dashboard's server answers: pages, files and the websocket alike.

It asks for the name under which the browser came here, for the page that opens a websocket, for free places, and
for the token of a sign-in, which the pages ask for again on every run (`tracker.ui.page`).
"""

import re
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.messages import sentence
from tracker.storage.database import AWAY
from tracker.ui import cookies, origin
from tracker.ui.connections import Places
from tracker.ui.headers import content_policy, harden
from tracker.ui.sign_in import member_of
from tracker.ui.wiring import settings

# Exactly these are answered to anybody; a prefix would open its neighbours too.
OPEN_PATHS = frozenset({"/login", "/login/school", "/login/school/back", "/_stcore/health"})
# And an address that only whoever was invited knows, and the letters that all pages are written in.
INVITATION = re.compile(r"/invite/[\w-]{43}", re.ASCII)
FONT = re.compile(r"/fonts/[a-z-]+\.woff2")
# Of what Streamlit answers beside pages and their files, the pages need this and no more: nobody uploads a file, there
# are no components of others, and its own figures, sign-in and interface for programs are not used.
OF_STREAMLIT = frozenset({"/_stcore/health", "/_stcore/host-config", "/_stcore/stream"})
CLOSED = re.compile(r"/(?:_stcore|component|auth|app)/.*|/oauth2callback/?", re.DOTALL)
# How soon a browser may come again where all places are taken.
SECONDS_TO_WAIT = 5


class Gate:
    """ASGI middleware: nobody gets past without a valid token, and every answer carries security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = Places()
        content_policy()  # read once at the start, not when the first person waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        https = origin.is_https(HTTPConnection(scope))

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                harden(MutableHeaders(scope=message), scope["path"], message["status"], https=https)
            await send(message)

        scope = cookies.with_plain_names(scope)
        address = scope["client"][0] if scope.get("client") else ""
        with self._places.one(address, settings().forwarded_allow_ips) as is_free:
            refused = await _refusal(scope) if is_free else _full()
            if refused is None:
                await self._app(scope, receive, send_hardened)
            elif scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refused(scope, receive, send_hardened)


async def _refusal(scope: Scope) -> Response | None:
    """Why the connection goes no further; None to let it in."""
    connection = HTTPConnection(scope)
    if not origin.host_is_allowed(connection, settings()):
        return PlainTextResponse(sentence("host_unknown", {"host": origin.host_name(connection) or "…"}), 421)
    if scope["type"] == "websocket" and not origin.websocket_is_ours(connection):
        return PlainTextResponse(sentence("form_from_elsewhere"), 403)
    if scope["path"] in OPEN_PATHS or INVITATION.fullmatch(scope["path"]) or FONT.fullmatch(scope["path"]):
        return None
    try:
        if await run_in_threadpool(member_of, connection.cookies) is None:
            return _to_sign_in(connection)
    except AWAY:
        return PlainTextResponse(sentence("database_away_for_person"), 503)
    if CLOSED.fullmatch(scope["path"]) and scope["path"] not in OF_STREAMLIT:
        return PlainTextResponse(sentence("no_such_address"), 404)
    return None


def _to_sign_in(connection: HTTPConnection) -> Response:
    """A redirect to the sign-in for pages, 401 for the rest."""
    wants_page = connection.scope["type"] == "http" and "text/html" in connection.headers.get("accept", "")
    if not wants_page:
        return PlainTextResponse(sentence("sign_in_needed"), 401)
    query = connection.url.query
    wanted = connection.url.path + (f"?{query}" if query else "")
    return RedirectResponse("/login" if wanted == "/" else "/login?next=" + quote(wanted), 303)


def _full() -> Response:
    return PlainTextResponse(sentence("too_many_connections"), 429, {"Retry-After": str(SECONDS_TO_WAIT)})
