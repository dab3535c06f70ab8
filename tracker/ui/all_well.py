"""Whether all is well, and for whatever is not, what to do: the half of the page System that is for the school."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from tracker import clock, health, listing
from tracker.doctor import CHECKS, Check, is_said
from tracker.errors import Problem
from tracker.health import Condition, Health
from tracker.messages import Detail, formats, name_of_check, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.ui import components, words
from tracker.ui.wiring import services, wrong_settings

FETCHES = "fetches"
# What the state of the installation says of itself, and says sooner.
SAID_BY_HEALTH = frozenset(("trackers", "webhooks"))
SCOPE = "scope:"
# The details of what was checked that are times; the command says them in UTC.
MOMENTS = frozenset(("moment", "since"))
# A check that was made and could not tell.
UNKNOWN = frozenset(("clock_unknown",))
# Why a check waits for another one, which is told.
WAITING = frozenset(("waits_for_database", "waits_for_zoom"))
# What is wrong by `tracker.health`, and is said here in a way of its own.
SAID_HERE = frozenset(
    (
        *("tracker_not_running", "webhooks_silent", "webhooks_unsigned", "webhooks_changed"),
        *("fetches_late", "fetches_stuck", "mails_late", "mails_failing"),
    )
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not well: a sentence, and what to do, step by step, in Markdown.

    `stops`: because of it classes are not counted, or not made.
    """

    code: str
    sentence: str
    steps: tuple[str, ...]
    stops: bool = False


def troubles(
    current: Health, failing: Sequence[Class], checks: Collection[Check], wrong: Sequence[Condition] = ()
) -> list[Trouble]:
    """Whatever is not well, the worst first; nothing only where all was checked and all works."""
    found = [*_of_health(current, failing), *_of_zoom(checks), *_of_mails(current, checks)]
    found += _of_conditions(one for one in wrong if one.code not in SAID_HERE and not is_said(one, checks))
    found += _of_other_checks(checks)
    if not found:
        found = _of_conditions(current.reasons)
    return sorted(found, key=lambda one: not one.stops)


def of_this_dashboard(wrong: Collection[Condition], checks: Collection[Check]) -> list[Condition]:
    """What is wrong with the settings of this dashboard, beyond what trackers and checks say already.

    It may be on another machine than they are, with an `.env` of its own.
    """
    told = [health.fields_of(one) for one in wrong]
    own = [one for one in wrong_settings() if health.fields_of(one) not in told and not is_said(one, checks)]
    return [replace(one, tracker=_("Settings of this dashboard")) for one in own]


def by_the_tracker() -> None:
    """What the tracker of this machine says is wrong, for when the database says nothing."""
    answer = health.ask_tracker(services().settings)
    for one in _of_conditions(answer.conditions if answer else ()):
        steps(one)


def _of_conditions(wrong: Iterable[Condition]) -> list[Trouble]:
    """What is wrong, each once, with the names of the trackers that have it where there are several."""
    found: dict[Trouble, list[str]] = {}
    for one in wrong:
        told = sentence_of(_with_times(one.problem))
        trouble = Trouble(one.code, told, (sentence_of(one.cure),), stops=one.is_down)
        found.setdefault(trouble, []).extend([one.tracker] if one.tracker else [])
    return [
        replace(one, sentence=_("{tracker}: {what}", tracker=formats.listed(names), what=one.sentence))
        if names
        else one
        for one, names in found.items()
    ]


def answer(found: Sequence[Trouble], checked_at: datetime) -> None:
    """Says in one sentence whether all is well."""
    stopping = sum(one.stops for one in found)
    if stopping:
        told = _n(
            "Not everything works: {number} thing has to be mended.",
            "Not everything works: {number} things have to be mended.",
            stopping,
        )
        components.notice("!", told, "red")
    elif found:
        told = _n(
            "Classes are counted. {number} thing needs your attention.",
            "Classes are counted. {number} things need your attention.",
            len(found),
        )
        components.notice("!", told, "orange")
    else:
        components.notice("✓", _("All is well. Classes are counted by themselves."), "green")
    when = formats.time(checked_at.astimezone(words.zone()))
    st.caption(_("The connection to Zoom and the settings were checked at {time}.", time=when))


def steps(found: Trouble) -> None:
    """Says what is the matter, and what to do."""
    sign = ":red[:material/error:]" if found.stops else ":orange[:material/warning:]"
    st.subheader(f"{sign} {words.markdown(found.sentence, 600)}", anchor=False)
    marks = [""] if len(found.steps) == 1 else [f"{number}. " for number in range(1, len(found.steps) + 1)]
    st.markdown("\n".join(f"{mark}{step}" for mark, step in zip(marks, found.steps, strict=False)))


def _of_health(current: Health, failing: Sequence[Class]) -> Iterator[Trouble]:
    alarms, queue = current.alarms, current.queue
    if alarms.no_tracker:
        yield Trouble(
            "no_tracker",
            _("No tracker is running, so no class is counted."),
            (
                _("Start it on the machine of this service: `tracker up`, or `tracker serve` beside a dashboard."),
                _("Wait a minute. Nothing is lost: what was missed is caught up."),
            ),
            stops=True,
        )
    elif queue.late:
        yield Trouble(
            "late",
            _n(
                "{number} class should have been counted more than five minutes ago.",
                "{number} classes should have been counted more than five minutes ago.",
                queue.late,
            ),
            (
                _("Wait a few minutes: after a break the tracker catches up by itself."),
                _("If the number does not go down, somebody has to look into the tracker's log."),
            ),
            stops=True,
        )
    yield from _of_webhooks(current)
    unseen = [one for one in failing if one.seen_to is None or one.seen_to != listing.trouble_of(one, current.now)]
    if unseen:
        yield Trouble(
            FETCHES,
            _n(
                "Zoom has not given the participants of {number} class.",
                "Zoom has not given the participants of {number} classes.",
                max(len(unseen), queue.failing + queue.given_up - (len(failing) - len(unseen))),
            ),
            (
                _("Press **Try all again**. Zoom is asked once more for each class."),
                _("If that does not help: further down is what Zoom says of each class, with a button for it alone."),
            ),
        )


def _of_webhooks(current: Health) -> Iterator[Trouble]:
    alarms = current.alarms
    if alarms.unsigned and alarms.changed:
        changed = _(
            "What stands between Zoom and the tracker (a proxy, tunnel or firewall) must not change any request."
        )
        yield Trouble(
            "webhooks_changed",
            _("What Zoom announces is changed on its way, and is refused."),
            (changed, _own_pace()),
        )
    elif alarms.unsigned:
        yield Trouble(
            "webhooks_unsigned",
            _("What is announced in Zoom's name has the wrong signature, and is refused."),
            (*_secret_token(), _own_pace()),
        )
    if alarms.silent_since is not None:
        yield Trouble(
            "webhooks_silent",
            _("Classes were held, and Zoom has announced none since {when}.", when=words.stamp(alarms.silent_since)),
            (
                _(
                    "In the Zoom app, on the page Feature, look at the event subscription. Its address has to be "
                    "`https://<your address>/api/webhooks/zoom`, with the events Start Meeting and End Meeting, for "
                    "all users of the account."
                ),
                _("Press Validate there, and see that the app is activated."),
                _own_pace(),
            ),
        )


def _own_pace() -> str:
    return _("Until then classes are counted half an hour after their planned end, and are not seen live.")


def _secret_token() -> tuple[str, str]:
    return (
        _("In the Zoom app, on the page Feature, copy the Secret Token."),
        _("Make it the setting `ZOOM_WEBHOOK_SECRET`, and start tracker and dashboard again."),
    )


def _of_zoom(checks: Collection[Check]) -> Iterator[Trouble]:
    """The connection to Zoom, and what the app may do there."""
    for check in checks:
        if check.ok:
            continue
        if check.code == "zoom":
            why = words.markdown(found_in_words(check), 600)
            doing: tuple[str, ...] = (_("See that this machine can reach Zoom, then press **Check again**."),)
            if check.problem.code != "zoom_asked":
                doing = (
                    _("In Zoom's App Marketplace open the app (Server-to-Server OAuth), and see that it is activated."),
                    _(
                        "Make its Account ID, Client ID and Client Secret the settings `ZOOM_ACCOUNT_ID`, "
                        "`ZOOM_CLIENT_ID` and `ZOOM_CLIENT_SECRET`, and start tracker and dashboard again."
                    ),
                )
            told = () if check.problem.code == "zoom_not_connected" else (why,)
            yield Trouble("zoom", _("Zoom is not connected."), (*told, *doing), stops=True)
        if check.code == "webhook_secret":
            yield Trouble(
                "webhook_secret", _("What Zoom announces cannot be checked, and is refused."), _secret_token()
            )
    lacking = [check for check in checks if check.code.startswith(SCOPE) and not check.ok]
    if lacking:
        names = ", ".join(f"`{check.code.removeprefix(SCOPE)}`" for check in lacking)
        yield Trouble(
            "scopes",
            _n("The Zoom app lacks {number} permission.", "The Zoom app lacks {number} permissions.", len(lacking)),
            (
                _("In the Zoom app, on the page Scopes, add {names}.", names=names),
                _(
                    "If they are ticked there: whoever made the app needs a role in Zoom that may view and edit users "
                    "and meetings."
                ),
            ),
            stops=True,
        )


def _of_mails(current: Health, checks: Collection[Check]) -> Iterator[Trouble]:
    """E-mails to teachers that do not go; that the mail server cannot be used is a check of its own."""
    mails = current.mails
    if any(check.code == "mail" and not check.ok for check in checks):
        return
    if mails.late:
        yield Trouble(
            "mails_late",
            _n("{number} e-mail to a teacher is overdue.", "{number} e-mails to teachers are overdue.", mails.late),
            (_("See that a tracker is running, and that it has the setting `SMTP_URL` too."),),
        )
    elif mails.failing:
        why = (words.markdown(sentence_of(mails.why), 600),) if mails.why else ()
        yield Trouble(
            "mails_failing",
            _n(
                "{number} e-mail to a teacher could not be sent.",
                "{number} e-mails to teachers could not be sent.",
                mails.failing,
            ),
            (*why, _("It is tried again by itself, for two days.")),
        )


def _of_other_checks(checks: Collection[Check]) -> Iterator[Trouble]:
    """Whatever else was found, and what could not be checked."""
    connected = _is_connected(checks)
    said = SAID_BY_HEALTH | {"zoom", "webhook_secret"}
    if not connected:
        said |= {"clock"}  # it is Zoom that says what time it is
    for check in checks:
        if check.ok or check.code in said or check.problem.code in WAITING:
            continue
        if not check.code.startswith(SCOPE):
            name = name_of_check(check.code)
            yield Trouble(
                check.code, _("To be mended: {what}.", what=name), (words.markdown(found_in_words(check), 600),)
            )
    unknown = {check.code for check in checks if check.problem.code in UNKNOWN} if connected else set()
    if open_questions := (CHECKS - {check.code for check in checks}) | unknown:
        what = formats.listed([name_of_check(code) for code in sorted(open_questions)])
        again = _("Press **Check again** in a few minutes.")
        yield Trouble("unchecked", _("Not everything could be checked: {what}.", what=what), (again,))


def could_not_be_made(check: Check, checks: Collection[Check]) -> bool:
    """Whether a check waits for something else that does not work, so that nothing of its own has to be mended."""
    # It is Zoom that says what time it is.
    without_zoom = check.code == "clock" and not check.ok and not _is_connected(checks)
    return without_zoom or check.problem.code in WAITING | UNKNOWN


def _is_connected(checks: Collection[Check]) -> bool:
    return any(check.code == "zoom" and check.ok for check in checks)


def found_in_words(check: Check) -> str:
    """What a check has found, with times as the reader's clock has them."""
    return sentence_of(_with_times(check.problem))


def _with_times(problem: Problem) -> Problem:
    """The same problem with its times as the reader's clock has them."""
    details: dict[str, Detail] = {}
    for name, value in problem.details.items():
        details[name] = value
        if isinstance(value, tuple):
            details[name] = tuple(_with_times(Problem(one.code, one.details)) for one in value)
        elif name in MOMENTS and (at := clock.parse_utc(str(value).removesuffix(" UTC"))) is not None:
            details[name] = words.stamp(at)
    return Problem(problem.code, details)
