"""A student's own page, behind the link that her teacher has given her: her attendance, and "this is not right".

The address is the key: whoever knows it sees the page and may ask, as its student. So no form of another site can do
anything here without having it.
"""

import html
from collections import Counter
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tracker import clock, courses
from tracker.attendance.matching import Why
from tracker.courses import OwnAttendance, OwnClass
from tracker.courses.own_page import LONGEST_TEXT, KnownAs
from tracker.errors import InvalidInput, NotFound, TooManyTries
from tracker.messages import formats, sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.database import AWAY
from tracker.ui import forms, language, origin
from tracker.ui.people_panel import minutes, status_mark
from tracker.ui.short_queue import ShortQueue
from tracker.ui.sign_in import SECONDS_TO_WAIT, address_of
from tracker.ui.wiring import services
from tracker.ui.words import plain

TITLE = marked("Your attendance")
LONGEST_NAME = 120
# A register takes a while where a course is large; meanwhile all other pages go on being drawn.
REGISTERS = ShortQueue(1, "own-page", "page_busy")
# One link takes no more places in that queue than somebody who reloads a page.
MOST_AT_ONCE_BY_LINK = 2
_drawing: Counter[str] = Counter()


def routes() -> Sequence[BaseRoute]:
    """The address of a student's own page."""
    return (Route("/my/{token}", show, methods=["GET"]), Route("/my/{token}", submit, methods=["POST"]))


async def show(request: Request) -> Response:
    """The page, for whoever has a link that is good."""
    return await _page(request)


async def submit(request: Request) -> Response:
    """Stores what a student says of a class, or takes it back."""
    if not origin.form_is_ours(request):
        return forms.refusal(request, _(TITLE), sentence("form_from_elsewhere"), 403)
    fields = await forms.fields(request)
    if fields is None:
        return forms.refusal(request, _(TITLE), sentence("form_too_large"), 413)
    token, address = request.path_params["token"], address_of(request)
    class_id, text = fields.get("class", ""), fields.get("text", "")
    does: Callable[..., None] = courses.withdraw if "request" in fields else courses.ask
    arguments = (fields["request"],) if "request" in fields else (class_id, text)
    try:
        await run_in_threadpool(does, services(), token, *arguments, address)
    except InvalidInput as error:
        return await _page(request, sentence_of(error), 400, typed=(class_id, text))
    except NotFound as error:
        if error.code == "student_link_over":
            return _over(request, error)
        return await _page(request, sentence_of(error), 404)
    except AWAY:
        return _away()
    return RedirectResponse(request.url.path, 303)


async def _page(request: Request, fault: str = "", status: int = 200, typed: tuple[str, str] = ("", "")) -> Response:
    token = request.path_params["token"]
    if _drawing[token] >= MOST_AT_ONCE_BY_LINK:
        return _busy(sentence("page_busy"), 429)
    _drawing[token] += 1
    try:
        shown = await REGISTERS.run(courses.own_attendance, services(), token, known_browser=False)
    except NotFound as error:
        return _over(request, error)
    except TooManyTries as error:
        return _busy(sentence_of(error), 503)
    except AWAY:
        return _away()
    finally:
        _drawing[token] -= 1
        if not _drawing[token]:
            del _drawing[token]
    alert = forms.alert(fault) if fault else ""
    body = f"{alert}{_head(shown)}{_classes(shown, typed)}{_notes(shown)}"
    return forms.page(_(TITLE), body + language.switch(request.url.path), status, wide=True)


def _over(request: Request, error: NotFound) -> Response:
    return forms.page(_(TITLE), forms.alert(sentence_of(error)) + language.switch(request.url.path), 404)


def _busy(fault: str, status: int) -> Response:
    answer = forms.page(_(TITLE), forms.alert(fault), status)
    answer.headers["Retry-After"] = str(SECONDS_TO_WAIT)
    return answer


def _away() -> Response:
    return forms.page(_(TITLE), forms.alert(sentence("database_away_for_person")), 503)


def _head(shown: OwnAttendance) -> str:
    """Whose page it is, and her figures."""
    name, course, teacher = (
        f"<strong><bdi>{_safe(text)}</bdi></strong>" for text in (shown.name, shown.course, shown.teacher)
    )
    told = _("{name}, in “{course}” with {teacher}", name=name, course=course, teacher=teacher)
    if not shown.counted:
        return f"<p>{told}</p><p>{_safe(_('No class of yours has been counted yet.'))}</p>"
    came = _n(
        "You came to {came} of {number} class ({percent}).",
        "You came to {came} of {number} classes ({percent}).",
        shown.counted,
        came=formats.number(shown.came),
        percent=formats.percent(shown.rate or 0),
    )
    late = _n("You were late {number} time.", "You were late {number} times.", shown.late) if shown.late else ""
    return f"<p>{told}</p><p class='came'>{_safe(came)} {_safe(late)}</p>"


def _classes(shown: OwnAttendance, typed: tuple[str, str]) -> str:
    if not shown.classes:
        return ""
    usual = _usually_found_by(shown)
    told = f"<p>{_safe(_('{found}, unless it says otherwise.', found=usual))}</p>" if usual else ""
    rows = "".join(_class(one, usual, typed[1] if one.of.id == typed[0] else "") for one in shown.classes)
    return f"<h2>{_safe(_('Your classes'))}</h2>{told}<ul class='classes'>{rows}</ul>"


def _usually_found_by(shown: OwnAttendance) -> str:
    """What is said of how she was found in most of several classes, so that it is said once."""
    found = Counter(_found_by(known) for one in shown.classes for known in one.known_as)
    (usual, times), *_others = found.most_common(1) or [("", 0)]
    return usual if times > 1 else ""


def _class(one: OwnClass, usual: str, typed: str) -> str:
    start = one.of.start.astimezone(clock.zone(one.of.timezone))
    facts = []
    if one.percent is not None and one.seconds:
        share = formats.percent(one.percent)
        facts.append(_("{minutes} minutes in class, {percent}", minutes=minutes(one.seconds), percent=share))
    if one.by_hand:
        facts.append(_("set by your teacher"))
    told = "".join(f"<span class='quiet'>{_safe(fact)}</span>" for fact in facts)
    found = [line for line in map(_found_by, one.known_as) if line != usual]
    told_of = "".join(f"<p class='quiet'>{_safe(line)}</p>" for line in found)
    return f"""<li><div class="when"><strong><bdi>{_safe(one.of.title)}</bdi></strong>
<span class="quiet">{_safe(formats.day(start))}, {_safe(formats.time(start))}</span></div>
<div class="when">{status_mark(one.status).text}{told}</div>{told_of}{_request(one)}
{_form(one, typed) if one.may_ask else ""}</li>"""


def _found_by(known: KnownAs) -> str:
    """Why somebody in a class is taken for her: others may have joined under her name."""
    if not known.name:
        return _("On a device that you share")
    if known.why is Why.EMAIL:
        return _("Found by the e-mail {address}, as “{name}”", address=known.address, name=known.name)
    if known.why is Why.NAME:
        return _("Found by the name “{name}”", name=known.name)
    return _("As “{name}”, by your teacher's word", name=known.name)


def _request(one: OwnClass) -> str:
    """What she has said of it, and what became of it."""
    asked = one.request
    if asked is None or asked.is_withdrawn:
        return ""
    said = f"<p class='said'>{_safe(_('You wrote: {text}', text=asked.text))}</p>"
    if asked.is_open:
        return f"""{said}<form method="post"><p class="quiet">{_safe(_("Your teacher has not answered yet."))}</p>
<input type="hidden" name="request" value="{_safe(asked.id)}">
<button class="small">{_safe(_("Take it back"))}</button></form>"""
    outcome = _("Your teacher has accepted it.") if asked.accepted else _("Your teacher has left it as it is.")
    answer = f"<br>{_safe(_('Answer: {text}', text=asked.answer))}" if asked.answer else ""
    return f"{said}<p class='said'><strong>{_safe(outcome)}</strong>{answer}</p>"


def _form(one: OwnClass, typed: str) -> str:
    field = f"text-{_safe(one.of.id)}"
    label = _("What is not right? Your teacher reads it.")
    return f"""<details{" open" if typed else ""}><summary>{_safe(_("This is not right"))}</summary>
<form method="post"><input type="hidden" name="class" value="{_safe(one.of.id)}">
<label for="{field}">{_safe(label)}</label>
<textarea id="{field}" name="text" rows="3" maxlength="{LONGEST_TEXT}" required>{_safe(typed, LONGEST_TEXT)}</textarea>
<button class="small">{_safe(_("Send"))}</button></form></details>"""


def _notes(shown: OwnAttendance) -> str:
    """What she has to know of this page."""
    zones = dict.fromkeys(formats.place_of(clock.zone(one.of.timezone)) for one in shown.classes)
    notes = [
        _("Times are those of {zone}.", zone=formats.listed(list(zones))) if zones else "",
        _("Zoom takes any name that somebody types. Where you were found by a name that was not you, say so."),
        _("Whoever has this link sees this page. Keep it for yourself."),
    ]
    return "".join(f"<p class='quiet'>{_safe(note)}</p>" for note in notes if note)


def _safe(text: str, limit: int = LONGEST_NAME * 4) -> str:
    return html.escape(plain(text, limit))
