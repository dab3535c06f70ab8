"""The page behind an invitation's link: it sets a password, once, and signs in."""

import html
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tracker import auth
from tracker.errors import InvalidInput, NotFound, NotSignedIn, TooManyTries
from tracker.messages import sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.storage.database import AWAY
from tracker.ui import forms, language, origin
from tracker.ui.sign_in import PASSWORDS, browser_of, signed_in
from tracker.ui.wiring import services


def routes() -> Sequence[BaseRoute]:
    """The address of an invitation."""
    return (Route("/invite/{token}", show, methods=["GET"]), Route("/invite/{token}", submit, methods=["POST"]))


async def show(request: Request) -> Response:
    """The form, for whoever has a link that is good."""
    return await _form(request)


async def submit(request: Request) -> Response:
    """Sets the password and signs in."""
    if not origin.form_is_ours(request):
        return forms.refusal(request, _("Your account"), sentence("form_from_elsewhere"), 403)
    fields = await forms.fields(request)
    if fields is None:
        return forms.refusal(request, _("Your account"), sentence("form_too_large"), 413)
    token, password = request.path_params["token"], fields.get("password", "")
    try:
        if password != fields.get("again", ""):
            raise InvalidInput("passwords_differ")
        # Who has no good link gets no place in the queue.
        await run_in_threadpool(services().read, auth.invited, token, services().now())
        browser, known = await run_in_threadpool(browser_of, request)
        now, limits = services().now(), auth.limits_of(services().settings)
        made = await PASSWORDS.run(
            auth.accept, services().engine, token, password, browser, now, limits, known_browser=known
        )
    except InvalidInput as error:
        return await _form(request, sentence_of(error), 400)
    except (NotSignedIn, NotFound) as error:
        return _over(error)
    except TooManyTries as error:
        return await _form(request, sentence_of(error), 503)
    except AWAY:
        return _away()
    return signed_in(request, "/", made, browser)


async def _form(request: Request, fault: str = "", status: int = 200) -> Response:
    try:
        member = await run_in_threadpool(services().read, auth.invited, request.path_params["token"], services().now())
    except NotSignedIn as error:
        return _over(error)
    except AWAY:
        return _away()
    alert = forms.alert(fault) if fault else ""
    hint = _("Choose the password for your account. Several words that have nothing to do with you are a good one.")
    new = 'type="password" autocomplete="new-password" required'
    known = f'type="email" autocomplete="username" readonly value="{html.escape(member.email)}"'
    body = f"""<form method="post">{alert}
<p>{html.escape(hint)}</p>
{forms.field("email", _("E-mail"), known)}
{forms.field("password", _("New password"), f"{new} autofocus")}
{forms.field("again", _("New password again"), new)}
{forms.button(_("Set password and sign in"))}</form>"""
    return forms.page(_("Your account"), body + language.switch(request.url.path), status)


def _over(error: NotSignedIn | NotFound) -> Response:
    return forms.page(_("Your account"), forms.alert(sentence_of(error)) + forms.way(_("Sign in"), "/login"), 410)


def _away() -> Response:
    return forms.page(_("Your account"), forms.alert(sentence("database_away_for_person")), 503)
