"""The two addresses of the sign-in with the school's account: on the way to the provider, and back from it."""

import base64
import binascii
import json
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tracker import auth
from tracker.auth.school_account import PENDING_LIFE, Pending
from tracker.errors import NotConfigured, NotFound, NotSignedIn, TooManyTries
from tracker.messages import sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.storage.database import AWAY
from tracker.ui import cookies, forms
from tracker.ui.origin import own_origin
from tracker.ui.short_queue import ShortQueue
from tracker.ui.sign_in import SCHOOL, SCHOOL_BACK, browser_of, signed_in
from tracker.ui.wiring import services

# What the browser keeps until it comes back.
COOKIE = "tracker_school"
# Providers are slow at times, and whoever waits for one must keep nobody else waiting.
WAITING = ShortQueue(threads=4, name="provider")


def routes() -> Sequence[BaseRoute]:
    """The addresses of this sign-in."""
    return (Route(SCHOOL, leave, methods=["GET"]), Route(SCHOOL_BACK, come_back, methods=["GET"]))


async def leave(request: Request) -> Response:
    """Sends the browser to the provider."""
    target = forms.local_path(request.query_params.get("next", "/"))
    try:
        address, pending = await WAITING.run(
            auth.begin_at_provider, services().settings, _back_to(request), known_browser=False
        )
    except (NotSignedIn, NotConfigured, TooManyTries) as error:
        return _failed(sentence_of(error))
    answer = RedirectResponse(address, 303)
    cookies.put(answer, request, COOKIE, _packed(pending, target), PENDING_LIFE)
    return answer


async def come_back(request: Request) -> Response:
    """Signs in whoever comes back from the provider, and goes on to where she wanted to go."""
    pending, target = _unpacked(request.cookies.get(COOKIE, ""))
    state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
    if pending is None or not state or not code:
        refused = "school_account_denied" if pending and request.query_params.get("error") else "school_account_failed"
        return _failed(sentence(refused))
    settings, engine, now = services().settings, services().engine, services().now()
    try:
        who = await WAITING.run(
            auth.identity_of, settings, pending, state, code, _back_to(request), now, known_browser=False
        )
        browser, known = await WAITING.run(browser_of, request, known_browser=False)
        limits = auth.limits_of(settings)
        token = await WAITING.run(auth.sign_in_with, engine, settings, who, browser, now, limits, known_browser=known)
    except (NotSignedIn, NotFound, NotConfigured, TooManyTries) as error:
        return _failed(sentence_of(error))
    except AWAY:
        return _failed(sentence("database_away_for_person"), 503)
    answer = signed_in(request, target, token, browser)
    cookies.drop(answer, request, COOKIE)
    return answer


def _back_to(request: Request) -> str:
    """The address that the provider sends back to: of this server, as the browser knows it.

    The provider takes it only where it is registered there.
    """
    return own_origin(request) + SCHOOL_BACK


def _failed(fault: str, status: int = 401) -> Response:
    return forms.page(_("Sign in"), forms.alert(fault) + forms.way(_("Back to the sign-in"), "/login"), status)


def _packed(pending: Pending, target: str) -> str:
    content = [pending.state, pending.nonce, pending.verifier, target]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _unpacked(cookie: str) -> tuple[Pending | None, str]:
    """What `_packed` has made; nothing of what makes no sense. A browser that makes it up harms only itself."""
    try:
        state, nonce, verifier, target = json.loads(base64.urlsafe_b64decode(cookie.encode()))
        return Pending(str(state), str(nonce), str(verifier)), forms.local_path(str(target))
    except (ValueError, binascii.Error, TypeError):
        return None, "/"
