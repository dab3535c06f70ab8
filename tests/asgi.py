"""A client for ASGI applications in a few lines: one request or one websocket at a time, no network."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

HOST = "classes.school.example"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str

    def header(self, name: str) -> str:
        """The header's value, empty where it is missing. Fails where it was sent twice."""
        found = [value for key, value in self.headers if key == name.lower()]
        assert len(found) < 2
        return found[0] if found else ""

    @property
    def cookie(self) -> Morsel[str]:
        """The cookie that was set first."""
        return next(iter(self.cookies.values()))

    @property
    def cookies(self) -> dict[str, Morsel[str]]:
        """The cookies that were set, by their names."""
        set_here = [value for key, value in self.headers if key == "set-cookie"]
        return {name: found for line in set_here for name, found in SimpleCookie(line).items()}


def request(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: Iterable[bytes] = (),
    address: str = "192.0.2.1",
) -> Answer:
    """The application's answer to one HTTP request, whose body comes in these pieces."""
    return asyncio.run(requested(app, method, path, query=query, headers=headers, body=body, address=address))


async def requested(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: Iterable[bytes] = (),
    address: str = "192.0.2.1",
) -> Answer:
    """The same beside other requests."""
    pieces = list(body) or [b""]
    incoming = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, start=1)
    ]
    sent = await _run(app, _scope("http", path, query, headers, address) | {"method": method}, incoming)
    start = sent[0]
    text = b"".join(message.get("body", b"") for message in sent[1:])
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], fields, text.decode())


def post(app: ASGIApp, path: str, fields: Mapping[str, str], **more: Any) -> Answer:
    """The answer to a form."""
    headers = {"content-type": "application/x-www-form-urlencoded"} | more.pop("headers", {})
    return request(app, "POST", path, body=[urlencode(fields).encode()], headers=headers, **more)


def websocket(app: ASGIApp, path: str, headers: Mapping[str, str] | None = None) -> list[str]:
    """The types of the messages with which the application answers a websocket's opening and its leaving."""
    incoming: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]
    scope = _scope("websocket", path, "", {"origin": f"http://{HOST}"} | dict(headers or {}), "192.0.2.1")
    sent = asyncio.run(_run(app, scope | {"subprotocols": []}, incoming))
    return [message["type"] for message in sent]


def _scope(kind: str, path: str, query: str, headers: Mapping[str, str] | None, address: str) -> dict[str, Any]:
    fields = {"host": HOST} | dict(headers or {})
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()],
        "client": (address, 50_000),
        "server": ("127.0.0.1", 8501),
    }


async def _run(app: ASGIApp, scope: dict[str, Any], incoming: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0) if incoming else {"type": f"{scope['type']}.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent
