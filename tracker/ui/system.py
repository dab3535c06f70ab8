"""The half of the page System for the operator: the queue and what fails, webhooks, rate limits, trackers, checks."""

import platform
from html import escape
from importlib.metadata import version

import streamlit as st

from tracker import fetching, health, sample_data
from tracker.doctor import Check
from tracker.errors import Problem
from tracker.health import Health
from tracker.messages import formats, name_of_check, sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.settings import Plan
from tracker.storage.classes import Class
from tracker.storage.rates import Usage
from tracker.storage.webhook_log import REFUSED, LoggedWebhook
from tracker.ui import all_well, components, page, words
from tracker.ui.components import Column, Figure, Html
from tracker.ui.wiring import services
from tracker.zoom.rate_limit import RATES, Category

# The key in Streamlit's session state of what the last run did, which is shown once.
REMOVED = "sample-data-removed"
# Of what fails, so many are seen at once; the rest is folded.
SHOWN_AT_ONCE = 5
# The outcomes of webhooks in an operator's words.
OUTCOMES = {
    "noted": marked("noted with a class"),
    "repeat": marked("repeated, and noted already"),
    "not_ours": marked("about meetings that are no classes"),
    "nothing_to_note": marked("of no concern here"),
    "url_validation": marked("validations of the address"),
    "failed": marked("failed here, and sent again by Zoom"),
}
# What Zoom announces of a meeting, by its names of it.
EVENTS = {
    "meeting.started": marked("the meeting began"),
    "meeting.ended": marked("the meeting ended"),
    "meeting.participant_joined": marked("somebody joined"),
    "meeting.participant_left": marked("somebody left"),
    "meeting.participant_joined_breakout_room": marked("somebody joined a breakout room"),
    "meeting.participant_left_breakout_room": marked("somebody left a breakout room"),
    "meeting.participant_joined_waiting_room": marked("somebody joined the waiting room"),
    "meeting.participant_put_in_waiting_room": marked("somebody was put in the waiting room"),
    "meeting.participant_left_waiting_room": marked("somebody left the waiting room"),
    "meeting.participant_admitted": marked("somebody was let in"),
}
# What Zoom counts calls by.
CATEGORIES = {
    Category.LIGHT: marked("light calls"),
    Category.MEDIUM: marked("medium calls"),
    Category.HEAVY: marked("heavy calls"),
}


def figures(current: Health) -> None:
    """How many fetches are where."""
    queue = current.queue
    shown = (
        (_("For later"), queue.open - queue.due, _("Their time has not come, or not come again.")),
        (_("Due"), queue.due, _("Due now, or being worked on.")),
        (_("Overdue"), queue.late, _("Due for more than five minutes, and taken by nobody.")),
        (_("Failing"), queue.failing, _("They failed, and are tried again.")),
        (_("Given up"), queue.given_up, _("Classes that were held, and that Zoom does not give.")),
    )
    components.figures(Figure(name, formats.number(number), note) for name, number, note in shown)


def failing_fetches(found: list[Class], current: Health) -> None:
    """The fetches that fail, each with its reason and a way to try it again."""
    if not found:
        components.empty(":material/check:", _("No fetch fails, and none was given up."))
    for one in found[:SHOWN_AT_ONCE]:
        _failing_fetch(one)
    if folded := found[SHOWN_AT_ONCE:]:
        with st.expander(_n("{number} more", "{number} more", len(folded))):
            for one in folded:
                _failing_fetch(one)
    rest = current.queue.failing + current.queue.given_up - len(found)
    if found and rest > 0:
        st.caption(
            _n("And {number} more, which is not shown here.", "And {number} more, which are not shown here.", rest)
        )


def _failing_fetch(found: Class) -> None:
    """One class whose participants do not come."""
    state = words.state(found, services().now())
    key = f"failing-{found.id}"
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=key):
        with st.container(gap=None):
            label = f"**{words.markdown(found.title)}** · {words.markdown(found.teacher_name, 60)}"
            st.page_link(page.CLASS, label=label, query_params={"id": found.id})
            st.caption(words.markdown(failure(found), 400))
        st.badge(state.word, icon=state.icon, color=state.color, width="content")
        if st.button(_("Try again"), key=f"retry-{found.id}", width="content"):
            with page.shown_errors():
                fetching.try_again(services(), page.acting(), found.id)
            st.rerun()


def sample_data_of_demo() -> None:
    """What `tracker demo` has left on this machine, and the way to remove it; nothing where there is none."""
    if done := st.session_state.pop(REMOVED, ""):
        st.success(done, icon=":material/check:")
    folders = sample_data.folders(services().settings)
    if not folders:
        return
    st.subheader(_("Sample data"), anchor=False)
    if sample_data.is_own_database(services().settings):
        st.markdown(_("All that you see here is sample data. Stop the demo, and `tracker demo --remove` deletes it."))
        return
    where = ", ".join(words.markdown(str(folder), 300) for folder in folders)
    st.markdown(_("What `tracker demo` has made is still there, in {where}. None of it is real.", where=where))
    if st.button(_("Remove the sample data"), icon=":material/delete:"):
        with page.shown_errors():
            sample_data.remove(services(), page.acting())
        st.session_state[REMOVED] = _("The sample data is removed.")
        st.rerun()


def failure(found: Class) -> str:
    """Why the fetch of a class fails, and when it is tried again."""
    if found.fetch is None:
        return ""
    tries = _n("Tried {number} time.", "Tried {number} times.", found.fetch.attempts)
    due = found.fetch.due_at
    again = _("Next try: {when}.", when=words.stamp(due)) if due else _("It is not tried again by itself.")
    why = sentence_of(found.fetch.error) if found.fetch.error else ""
    return f"{why} {tries} {again}".strip()


def webhooks(current: Health, noted: list[LoggedWebhook]) -> None:
    """When the last webhook came, today's by outcome, and the last ones about classes."""
    last = current.last_webhook
    st.markdown(
        _("The last one came: {when}.", when=words.stamp(last, seconds=True)) if last else _("None has come yet.")
    )
    if current.webhooks:
        components.table(
            _("Webhooks of today by what became of them"),
            (Column(_("Today (UTC)")), Column(_("Number"), numbers=True), Column(_("Last"))),
            (
                (_outcome(one.outcome), formats.number(one.count), words.stamp(one.last_at, seconds=True))
                for one in current.webhooks
            ),
            look="stacks",
        )
    if noted:
        with st.expander(_("The last webhooks about classes")):
            components.table(
                _("The last webhooks about classes"),
                (Column(_("Class")), Column(_("Event")), Column(_("When"))),
                ((one.title, _event(one.event), words.stamp(one.received_at, seconds=True)) for one in noted),
                look="stacks",
            )


def rates(current: Health, plan: Plan) -> None:
    """How much of Zoom's rates is used."""
    used = [one for one in current.rates if one.category in set(RATES[plan])]
    if not used:
        st.markdown(_("Zoom has not been asked anything yet."))
        return
    headings = (_("Today (UTC)"), _("Refused as too many"))
    components.table(
        _("How much of Zoom's limits is used"),
        (
            Column(_("Kind of call")),
            *(Column(heading, numbers=True) for heading in headings),
            Column(_("Allowed")),
            Column(_("Paused until")),
        ),
        (
            (
                _(CATEGORIES[Category(one.category)]),
                formats.number(one.calls),
                formats.number(one.refused),
                _allowed(plan, one),
                words.stamp(one.paused_until) if one.paused_until and one.is_paused(current.now) else formats.DASH,
            )
            for one in used
        ),
        look="stacks",
    )


def _allowed(plan: Plan, used: Usage) -> str:
    rate = RATES[plan][Category(used.category)]
    second = formats.number(rate.per_second)
    if rate.per_day:
        return _("{second} a second, {day} a day", second=second, day=formats.number(rate.per_day))
    return _("{second} a second", second=second)


def examination(checks: list[Check]) -> None:
    """What `tracker doctor` finds: settings, token and scopes, database, clock."""
    scopes = [check for check in checks if check.code.startswith("scope:")]
    granted = [check for check in scopes if check.ok]
    summed_up = Check("scopes", True, Problem("scopes_granted", {"granted": len(granted), "all": len(scopes)}))
    shown = [check for check in checks if check not in granted] + ([summed_up] if scopes else [])
    fine, amiss = components.mark("✓", _("fine"), "green"), components.mark("!", _("to be mended"), "red")
    not_made = components.mark("?", _("not checked"), "gray")
    components.table(
        _("What was checked"),
        (Column(_("Check")), Column(_("State")), Column(_("What was found"), look="plain")),
        (
            (
                name_of_check(check.code),
                not_made if all_well.could_not_be_made(check, checks) else fine if check.ok else amiss,
                Html(escape(words.plain(all_well.found_in_words(check), 1000))),
            )
            for check in shown
        ),
        look="stacks",
    )


def processes(current: Health) -> None:
    """The trackers that were seen, and the versions of this dashboard."""
    if current.trackers:
        running, gone = components.mark("✓", _("running"), "green"), components.mark("!", _("not heard of"), "orange")
        components.table(
            _("The trackers that were seen"),
            tuple(map(Column, (_("Tracker"), _("State"), _("Version"), _("Since"), _("Last sign of life")))),
            (
                (
                    one.name,
                    running if one.is_alive(current.now) else gone,
                    one.version,
                    words.stamp(one.started_at),
                    words.stamp(one.seen_at, seconds=True),
                )
                for one in current.trackers
            ),
            look="stacks",
        )
    else:
        components.empty(":material/inbox:", _("No tracker has been seen yet."))
    versions = {
        "zoom-participant-tracking": health.VERSION,
        "Python": platform.python_version(),
        "Streamlit": version("streamlit"),
        "SQLModel": version("sqlmodel"),
        services().engine.dialect.name: "",
    }
    listed = " · ".join(f"{name} {number}".strip() for name, number in versions.items())
    st.caption(_("This dashboard: {versions}", versions=listed))


def version_of(current: Health, failing: list[Class]) -> object:
    """A value that differs when the page has to be redrawn; counters are redrawn on their own."""
    alive = [(one.name, one.is_alive(current.now), one.started_at) for one in current.trackers]
    paused = [one.category for one in current.rates if one.is_paused(current.now)]
    return (
        current.alarms,
        current.queue,
        current.mails,
        paused,
        alive,
        sorted((one.code, one.tracker) for one in health.of_trackers(current)),
        [(one.id, one.fetch, one.seen_to) for one in failing],
    )


def _event(name: str) -> str:
    return _(EVENTS[name]) if name in EVENTS else name


def _outcome(code: str) -> str:
    if code.startswith(REFUSED):
        return _("refused: {why}", why=sentence(code.removeprefix(REFUSED)))
    return _(OUTCOMES[code]) if code in OUTCOMES else sentence(code)
