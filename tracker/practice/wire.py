"""Requests, answers and signed tokens as plain values, which all routes use."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """One HTTP request. `path` is still percent-encoded: how a UUID was encoded matters to Zoom."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """The fields of a form body; none when the body is of another kind."""
        if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return fields(self.body.decode("utf-8", "replace"))


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. The shell adds Content-Length."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


# Method, pattern of the path, and what answers; the pattern's groups are its further arguments.
Route = tuple[str, str, Callable[..., Answer]]


class Refusal(Exception):
    """Carries the answer that says why a request is refused."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


def fields(text: str) -> dict[str, str]:
    """The fields of a query string or form; the last one counts where a name comes twice."""
    return dict(parse_qsl(text, keep_blank_values=True))


def json_answer(status: int, content: object) -> Answer:
    """`content` as a JSON answer."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json;charset=UTF-8"})


def json_of(request: Request) -> Any:
    """The JSON in the body, or None where there is none.

    Half a surrogate pair is legal in JSON and yet is no text that could be sent on, so it counts as none.
    """
    try:
        content = json.loads(request.body)
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return content


def make_token(secret: str, kind: str, content: Mapping[str, Any]) -> str:
    """A token that carries `content` and cannot be altered.

    Nothing has to be remembered for it, so it outlives a restart. `kind` keeps one sort of token from
    passing for another.
    """
    text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return f"{text}.{_mac(secret, kind, text)}"


def read_token(secret: str, kind: str, token: str) -> dict[str, Any] | None:
    """What `make_token` put into the token, or None when the token is not one of ours."""
    text, _, mac = token.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(secret, kind, text).encode()):
        return None
    try:
        content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def short_mac(secret: str, kind: str, text: str) -> str:
    """Thirty letters and digits that only the holder of `secret` can compute for `text`."""
    return _mac(secret, kind, text)[:30]


def _mac(secret: str, kind: str, text: str) -> str:
    return hmac.new(secret.encode(), f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()
