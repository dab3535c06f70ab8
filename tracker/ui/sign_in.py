"""Signing in and out, and the way of a class's host into its meeting.

The browser holds a random token in a cookie that scripts cannot read; the database holds its hash. The gate
(`tracker.ui.gate`) asks here whose it is.
"""

import html
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tracker import audit, auth, classes
from tracker.errors import NotConfigured, NotSignedIn, TooManyTries, TrackerError
from tracker.messages import languages, sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.storage.database import AWAY, Transaction
from tracker.storage.members import Member
from tracker.ui import cookies, forms, language, origin
from tracker.ui.short_queue import ShortQueue
from tracker.ui.wiring import services

log = logging.getLogger(__name__)

COOKIE = "tracker_session"
# By this one a browser is known again that has signed in before. It opens nothing: see `tracker.auth.guessing`.
BROWSER_COOKIE = "tracker_browser"
# How soon a browser may try again where too many were signing in.
SECONDS_TO_WAIT = 5
CODE_ASKED_FOR = ("code_needed", "code_wrong")
PASSWORDS = ShortQueue(auth.HASHES_AT_ONCE, "password")
# The sign-in with the school's account, on the way to the provider and back from it (`tracker.ui.school_account`).
SCHOOL, SCHOOL_BACK = "/login/school", "/login/school/back"


def routes() -> Sequence[BaseRoute]:
    """The addresses beside the pages."""
    return (
        Route("/login", show_form, methods=["GET"]),
        Route("/login", submit_form, methods=["POST"]),
        Route("/logout", leave, methods=["POST"]),
        Route("/host", host, methods=["GET"]),
    )


def member_of(sent: Mapping[str, str], address: str = "") -> Member | None:
    """The person whose browser, at this address, sent these cookies."""
    token = sent.get(COOKIE)
    if not token:
        return None
    now = services().now()
    try:
        member, note = services().read(_member_and_whether_to_note, token, now)
    except ValueError:  # a row that makes no sense lets nobody in
        log.exception("a sign-in could not be read")
        return None
    if note:
        with suppress(*AWAY):  # a database that can only be read shows its pages all the same
            auth.note_use(services().engine, token, now, auth.limits_of(services().settings))
    return audit.from_where(member, address) if member is not None else None


def _member_and_whether_to_note(tx: Transaction, token: str, now: datetime) -> tuple[Member | None, bool]:
    member = auth.member_signed_in(tx, token, now)
    return member, member is not None and auth.use_is_to_be_noted(tx, token, now)


async def show_form(request: Request) -> Response:
    """The sign-in form; where nobody can sign in it says so."""
    told = "" if await run_in_threadpool(_has_accounts) else sentence("accounts_none_for_person")
    return _form(forms.local_path(request.query_params.get("next", "/")), fault=told)


def _has_accounts() -> bool:
    """Whether there is any account, as far as can be told now."""
    try:
        return services().read(auth.has_accounts)
    except (TrackerError, *AWAY):
        return True


async def submit_form(request: Request) -> Response:
    """Signs in and goes on to where the person wanted to go."""
    if not origin.form_is_ours(request):
        return forms.refusal(request, _("Sign in"), sentence("form_from_elsewhere"), 403)
    fields = await forms.fields(request)
    if fields is None:
        return forms.refusal(request, _("Sign in"), sentence("form_too_large"), 413)
    target = forms.local_path(fields.get("next", "/"))
    email, password, code = (fields.get(name, "") for name in ("email", "password", "code"))
    try:
        browser, known = await run_in_threadpool(browser_of, request)
        now, limits = services().now(), auth.limits_of(services().settings)
        token = await PASSWORDS.run(
            auth.sign_in, services().engine, email, password, browser, now, limits, code, known_browser=known
        )
    except NotSignedIn as error:
        return _form(target, email, sentence_of(error), 401, with_code=error.code in CODE_ASKED_FOR)
    except TooManyTries as error:
        return _too_many(request, target, email, error)
    except AWAY:
        return _form(target, email, sentence("database_away_for_person"), 503)
    return signed_in(request, target, token, browser)


def browser_of(request: Request) -> tuple[auth.Browser, bool]:
    """The browser that asks, and whether it has signed in before; one that has not gets a cookie to be known by."""
    token = request.cookies.get(BROWSER_COOKIE, "")
    known = services().read(auth.is_known_browser, token)
    agent = request.headers.get("user-agent", "")
    return auth.Browser(address_of(request), agent, token if known else secrets.token_urlsafe(32)), known


def address_of(request: Request) -> str:
    """From where a browser asks; of one behind a web server of FORWARDED_ALLOW_IPS, what that says."""
    return request.client.host if request.client else ""


def signed_in(request: Request, target: str, token: str, browser: auth.Browser) -> Response:
    """Sends a browser that has just signed in on its way, with its cookies."""
    answer = RedirectResponse(target, 303)
    ages = {
        COOKIE: (token, auth.limits_of(services().settings).absolute),
        BROWSER_COOKIE: (browser.token, auth.BROWSER_KNOWN_FOR),
    }
    for name, (value, age) in ages.items():
        cookies.put(answer, request, name, value, age)
    return answer


def _too_many(request: Request, target: str, email: str, error: TooManyTries) -> Response:
    if error.code != "sign_in_busy":
        return _form(target, email, sentence_of(error), 429)
    auth.log_refusal(address_of(request), services().now())
    answer = _form(target, email, sentence_of(error), 503)
    answer.headers["Retry-After"] = str(SECONDS_TO_WAIT)
    return answer


async def leave(request: Request) -> Response:
    """Signs this browser out: its token is no longer valid, wherever it was copied to."""
    if not origin.form_is_ours(request):
        return forms.refusal(request, _("Sign out"), sentence("form_from_elsewhere"), 403)
    try:
        token, address = request.cookies.get(COOKIE, ""), address_of(request)
        await run_in_threadpool(auth.sign_out, services().engine, token, services().now(), address)
    except AWAY:
        return forms.refusal(request, _("Sign out"), sentence("database_away_for_person"), 503)
    answer = RedirectResponse("/login", 303)
    cookies.drop(answer, request, COOKIE)
    return answer


async def host(request: Request) -> Response:
    """Redirects the teacher of a class to its start link, which is fetched from Zoom now and shown nowhere."""
    class_id = request.query_params.get("id", "")

    def who() -> Member | None:
        return member_of(request.cookies, address_of(request))

    def start_url(member: Member) -> str:
        found = classes.host_meeting(services(), member, class_id)
        if not re.fullmatch(r"https?://[\w.-]+(?::[0-9]+)?(?:/[!-~]*)?", found.start_url, re.IGNORECASE | re.ASCII):
            raise NotConfigured("zoom_start_link_missing")
        return found.start_url

    languages.speak(language.of_request(request))
    if origin.is_led_from_elsewhere(request):
        return _not_started(class_id, sentence("host_from_elsewhere"), 403)
    try:
        member = await run_in_threadpool(who)
        if member is None:
            raise NotSignedIn("sign_in_needed")
        languages.speak(language.of_request(request, member))
        return RedirectResponse(await run_in_threadpool(start_url, member), 303)
    except TrackerError as error:
        return _not_started(class_id, sentence_of(error), 409)
    except AWAY:
        return _not_started(class_id, sentence("database_away_for_person"), 503)


def _not_started(class_id: str, fault: str, status: int) -> Response:
    """The page in place of a class that cannot be started: why, and what can be done now."""
    address = quote(class_id, safe="")
    ways = forms.way(_("Try again"), f"/host?id={address}") + forms.way(_("Back to the class"), f"/class?id={address}")
    return forms.page(_("The class cannot be started now"), forms.alert(fault) + ways, status)


def _form(target: str, email: str = "", fault: str = "", status: int = 200, *, with_code: bool = False) -> Response:
    alert = forms.alert(fault) if fault else ""
    focus = ("", " autofocus") if email else (" autofocus", "")
    typed = f'required value="{html.escape(email)}"{focus[0]}'
    fields = [
        forms.field("email", _("E-mail"), f'type="email" autocomplete="username" {typed}'),
        forms.field("password", _("Password"), f'type="password" autocomplete="current-password" required{focus[1]}'),
    ]
    if with_code:
        more = 'inputmode="numeric" autocomplete="one-time-code" required'
        fields.append(forms.field("code", _("Code of your app"), more))
    body = f"""<form method="post" action="/login">{alert}
{"".join(fields)}
<input type="hidden" name="next" value="{html.escape(target)}">
{forms.button(_("Sign in"))}</form>"""
    switch = language.switch("/login" if target == "/" else f"/login?next={quote(target)}")
    return forms.page(_("Sign in"), body + _way_to_provider(target) + switch, status)


def _way_to_provider(target: str) -> str:
    """The button that leads to the school's sign-in; nothing where there is none, or where nothing works."""
    try:
        settings = services().settings
    except (TrackerError, *AWAY):
        return ""
    if not auth.is_offered(settings):
        return ""
    name = auth.provider_name(settings)
    label = _("Sign in with {name}", name=name) if name else _("Sign in with the school's account")
    return f"<p>{forms.way(label, SCHOOL if target == '/' else f'{SCHOOL}?next={quote(target)}')}</p>"
