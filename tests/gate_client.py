"""The dashboard's gate with an application behind it, and a client that signs in."""

import html
import re
from typing import Any

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.asgi import Answer, post, request
from tests.makers import NOW, member
from tracker import auth
from tracker.storage.members import Member, Role
from tracker.ui import fonts, healthz, invitation, language_choice, own_page, school_account, sign_in
from tracker.ui.gate import Gate
from tracker.ui.sign_in import COOKIE

EMAIL, PASSWORD = "ana@school.example", "correct horse Bätterie"
PAGE = {"accept": "text/html,*/*;q=0.8"}
BEHIND = "what is behind the gate"


def gated_app() -> Starlette:
    """The gate with the routes beside the pages, and something behind it at every other address."""
    return Starlette(
        routes=[
            *sign_in.routes(),
            *fonts.routes(),
            *healthz.routes(),
            *invitation.routes(),
            *school_account.routes(),
            *language_choice.routes(),
            *own_page.routes(),
            Route("/{path:path}", _inside),
            WebSocketRoute("/{path:path}", _live),
        ],
        middleware=[Middleware(Gate)],
    )


def account(engine: Engine, email: str = EMAIL, role: Role = "teacher") -> Member:
    """Somebody who can sign in with PASSWORD."""
    made = member(engine, email, role)
    auth.set_password(engine, auth.OPERATOR, email, PASSWORD, NOW)
    return made


def log_in(app: Starlette, email: str = EMAIL, password: str = PASSWORD, target: str = "/", **more: Any) -> Answer:
    """The answer to the filled sign-in form."""
    return post(app, "/login", {"email": email, "password": password, "next": target}, **more)


def cookie_of(app: Starlette, email: str = EMAIL) -> dict[str, str]:
    """The header that a browser sends once it is signed in."""
    return {"cookie": f"{COOKIE}={log_in(app, email).cookie.value}"}


def get(app: Starlette, path: str, cookie: dict[str, str] | None = None, query: str = "") -> Answer:
    """The answer to a browser that goes there."""
    return request(app, "GET", path, query=query, headers=PAGE | (cookie or {}))


def fault(answer: Answer) -> str:
    """The sentence in the page that says what is the matter."""
    found = re.search(r"<p role='alert' class='fault'>(.*?)</p>", answer.text)
    return html.unescape(found[1]) if found else ""


async def _inside(request: Request) -> PlainTextResponse:
    return PlainTextResponse(BEHIND)


async def _live(connection: WebSocket) -> None:
    await connection.accept()
    await connection.close()
