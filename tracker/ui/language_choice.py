"""The address that takes the choice of a language: in a cookie, and in the account of whoever is signed in."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tracker import auth
from tracker.messages import languages, sentence
from tracker.messages.languages import gettext as _
from tracker.storage.database import AWAY
from tracker.ui import cookies, forms, language, origin
from tracker.ui.sign_in import address_of, member_of
from tracker.ui.wiring import services


def routes() -> Sequence[BaseRoute]:
    """The address of the choice."""
    return (Route(language.ADDRESS, choose, methods=["POST"]),)


async def choose(request: Request) -> Response:
    """Keeps the language, none for that of the browser, and goes back to where it was chosen."""
    if not origin.form_is_ours(request):
        return forms.refusal(request, _("Language"), sentence("form_from_elsewhere"), 403)
    fields = await forms.fields(request)
    if fields is None:
        return forms.refusal(request, _("Language"), sentence("form_too_large"), 413)
    chosen = fields.get("language", "") or None
    if chosen not in (None, *languages.offered()):
        return forms.refusal(request, _("Language"), sentence("language_unknown"), 400)

    def keep() -> None:
        member = member_of(request.cookies, address_of(request))
        if member is not None:
            auth.set_language(services().engine, member, chosen, services().now())

    try:
        await run_in_threadpool(keep)
    except AWAY:
        return forms.refusal(request, _("Language"), sentence("database_away_for_person"), 503)
    answer = RedirectResponse(_back(request, fields), 303)
    if chosen is None:
        cookies.drop(answer, request, language.COOKIE)
    else:
        cookies.put(answer, request, language.COOKIE, chosen, auth.BROWSER_KNOWN_FOR)
    return answer


def _back(request: Request, fields: dict[str, str]) -> str:
    """Where the form says, or else the page of ours in which it was."""
    if fields.get("back"):
        return forms.local_path(fields["back"])
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if f"{page.scheme}://{page.netloc}" != origin.own_origin(request):
        return "/"
    return forms.local_path(page.path + (f"?{page.query}" if page.query else ""))
