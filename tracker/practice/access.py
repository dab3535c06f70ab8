"""Who may call Zoom's API and in what shape it answers: tokens, scopes, errors and pages of lists."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tracker.practice.state import PracticeState
from tracker.practice.wire import Answer, Refusal, Request, Route, json_answer, make_token, read_token

PAGE_TOKEN_SECONDS = 15 * 60


def zoom_error(
    status: int, code: int, message: str, errors: list[dict[str, str]] | None = None, **headers: str
) -> Refusal:
    """An API error in Zoom's shape; `code` is Zoom's own and often differs from the HTTP status."""
    content: dict[str, Any] = {"code": code, "message": message}
    if errors:
        content["errors"] = errors
    answer = json_answer(status, content)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Refusal(replace(answer, headers={**answer.headers, **named}))


def no_such_meeting(meeting_id: str) -> Refusal:
    """Zoom's answer for ids that never were, are deleted, still run, or are wrongly encoded."""
    return zoom_error(404, 3001, f"Meeting does not exist: {meeting_id}.")


def invalid(fields: list[str]) -> Refusal:
    """Zoom's answer to wrong fields, all of them at once."""
    errors = [{"field": field, "message": "Invalid field."} for field in fields]
    return zoom_error(400, 300, "Validation Failed.", errors)


def token(state: PracticeState, request: Request) -> Answer:
    """POST /oauth/token: a Server-to-Server token, for fields in the body or the query string."""
    settings = state.settings
    pair = f"{settings.client_id}:{settings.client_secret}".encode()
    if request.headers.get("Authorization") != "Basic " + base64.b64encode(pair).decode():
        return _token_error("Invalid client_id or client_secret", "invalid_client")
    given = {**request.query, **request.form()}
    if given.get("grant_type") != "account_credentials":
        return _token_error("unsupported grant type", "unsupported_grant_type")
    if given.get("account_id") != settings.account_id:
        return _token_error("Bad Request", "invalid_request")
    scope = " ".join(settings.scopes)
    expires = state.now() + timedelta(seconds=settings.token_seconds)
    content = {
        "access_token": make_token(settings.client_secret, "access", {"scope": scope, "exp": expires.timestamp()}),
        "token_type": "bearer",
        "expires_in": settings.token_seconds,
        "scope": scope,
        "api_url": state.base_url,
    }
    return json_answer(200, content)


def _token_error(reason: str, error: str) -> Answer:
    return json_answer(400, {"reason": reason, "error": error})


def needs(scope: str, handler: Callable[..., Answer]) -> Callable[..., Answer]:
    """`handler` behind Zoom's checks of the token and its scopes."""

    def checked(state: PracticeState, request: Request, *groups: str) -> Answer:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        content = read_token(state.settings.client_secret, "access", text) if kind.lower() == "bearer" else None
        if content is None:
            raise zoom_error(401, 124, "Invalid access token.")
        if content["exp"] <= state.now().timestamp():
            raise zoom_error(401, 124, "Access token is expired.")
        # A token keeps the scopes that it was made with, whatever the app has gained since.
        if scope not in content["scope"].split():
            either = f"{scope.removesuffix(':admin')}, {scope}"
            raise zoom_error(400, 4711, f"Invalid access token, does not contain scopes:[{either}].")
        return handler(state, request, *groups)

    return checked


def page_of(state: PracticeState, request: Request, what: str, key: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One page of `rows`; `what` binds its token to this list."""
    size = request.query.get("page_size", "30")
    if not re.fullmatch(r"[0-9]{1,3}", size) or not 1 <= int(size) <= 300:
        raise invalid(["page_size"])
    offset = _offset(state, what, request.query.get("next_page_token", ""))
    after = offset + int(size)
    next_token = ""
    if after < len(rows):
        expires = state.now().timestamp() + PAGE_TOKEN_SECONDS
        content = {"of": what, "offset": after, "exp": expires}
        next_token = make_token(state.settings.client_secret, "page", content)
    return {
        "next_page_token": next_token,
        "page_count": -(-len(rows) // int(size)),
        "page_size": int(size),
        "total_records": len(rows),
        key: rows[offset:after],
    }


def _offset(state: PracticeState, what: str, page_token: str) -> int:
    if not page_token:
        return 0
    content = read_token(state.settings.client_secret, "page", page_token)
    if content is None or content["of"] != what or content["exp"] <= state.now().timestamp():
        raise zoom_error(400, 300, "The next page token is invalid or expired.")
    return int(content["offset"])


ROUTES: tuple[Route, ...] = (("POST", r"/oauth/token", token),)
