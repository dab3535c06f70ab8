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

from tracker.messages import languages, sentence
from tracker.messages.languages import gettext as _
from tracker.storage.database import AWAY
from tracker.ui import cookies, forms, healthz, index_page, language, origin, uploads
from tracker.ui.connections import Places
from tracker.ui.headers import content_policy, harden
from tracker.ui.sign_in import member_of
from tracker.ui.wiring import settings

# Exactly these are answered to anybody; a prefix would open its neighbours too.
OPEN_PATHS = frozenset({"/login", "/login/school", "/login/school/back", "/_stcore/health", healthz.ADDRESS})
# And addresses that only whoever was invited knows, or has got one for her own attendance, and the letters that all
# pages are written in.
SECRET = re.compile(r"/(?:invite|my)/[\w-]{43}", re.ASCII)
FONT = re.compile(r"/fonts/[a-z-]+\.woff2")
# Of what Streamlit answers beside pages and their files, the pages need this and uploads, and no more: there are no
# components of others, and its own figures, sign-in and interface for programs are not used.
OF_STREAMLIT = frozenset({"/_stcore/health", "/_stcore/host-config", "/_stcore/stream"})
CLOSED = re.compile(r"/(?:_stcore|component|auth|app)/.*|/oauth2callback/?", re.DOTALL)
# Where somebody who has typed an address, or follows a link, finds something.
SHOWN = frozenset({*index_page.ADDRESSES, "/host"})
FILES = re.compile(r"/(?:static|media|fonts|_stcore)/.*", re.DOTALL)
# How soon a browser may come again where all places are taken.
SECONDS_TO_WAIT = 5


class Gate:
    """ASGI middleware: nobody gets past without a valid token, and every answer carries security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = Places()
        uploads.keep_off_disk()
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
        with (
            languages.speaking(language.of_request(HTTPConnection(scope))),
            self._places.one(address, settings().forwarded_allow_ips) as is_free,
        ):
            refused = await _refusal(scope) if is_free else _full(scope)
            if refused is None:
                await self._app(scope, receive, send_hardened)
            elif scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refused(scope, receive, send_hardened)


async def _refusal(scope: Scope) -> Response | None:
    """Why the connection goes no further; None to let it in. From then on its member is spoken to."""
    connection = HTTPConnection(scope)
    if not origin.host_is_allowed(connection, settings()):
        told = sentence("host_unknown", {"host": origin.host_name(connection) or "…"})
        return forms.refusal(connection, _("Unknown address"), told, 421)
    if scope["type"] == "websocket" and not origin.websocket_is_ours(connection):
        return PlainTextResponse(sentence("form_from_elsewhere"), 403)
    if _is_open(scope):
        return None
    try:
        member = await run_in_threadpool(member_of, connection.cookies)
    except AWAY:
        return forms.refusal(connection, _("One moment"), sentence("database_away_for_person"), 503)
    if member is None:
        return _to_sign_in(connection)
    languages.speak(language.of_request(connection, member))
    if uploads.is_one(scope):
        if not uploads.is_ours(connection):
            return PlainTextResponse(sentence("form_from_elsewhere"), 403)
        uploads.make_room(scope)
        return None
    if _is_there(connection):
        return None
    return forms.refusal(connection, _("Page not found"), sentence("no_such_address"), 404)


def _is_open(scope: Scope) -> bool:
    """Whether this is answered to anybody; a language may be chosen before one signs in."""
    path = scope["path"]
    if path == language.ADDRESS:
        return scope.get("method") == "POST"
    return path in OPEN_PATHS or SECRET.fullmatch(path) is not None or FONT.fullmatch(path) is not None


def _is_there(connection: HTTPConnection) -> bool:
    """Whether there is something at this address; a browser is told of a page that there is not."""
    path = connection.scope["path"]
    if CLOSED.fullmatch(path):
        return path in OF_STREAMLIT
    as_page = path.rstrip("/") or "/"  # Streamlit leads from `/classes/` to `/classes`
    leads_to_a_page = connection.scope.get("method") in ("GET", "HEAD") and forms.wants_page(connection)
    return not leads_to_a_page or as_page in SHOWN or FILES.fullmatch(path) is not None


def _to_sign_in(connection: HTTPConnection) -> Response:
    """A redirect to the sign-in for pages, 401 for the rest."""
    if not forms.wants_page(connection):
        return PlainTextResponse(sentence("sign_in_needed"), 401)
    query = connection.url.query
    wanted = connection.url.path + (f"?{query}" if query else "")
    return RedirectResponse("/login" if wanted == "/" else "/login?next=" + quote(wanted), 303)


def _full(scope: Scope) -> Response:
    told, again = sentence("too_many_connections"), {"Retry-After": str(SECONDS_TO_WAIT)}
    return forms.refusal(HTTPConnection(scope), _("One moment"), told, 429, again)
