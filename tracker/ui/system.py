"""The parts of the page System: figures of the queue, webhooks, rate limits, checks, processes."""

import platform
from datetime import datetime
from importlib.metadata import version

import streamlit as st

from tracker import clock, health, sample_data
from tracker.doctor import Check
from tracker.errors import Problem
from tracker.health import Health
from tracker.messages import name_of_check, sentence, sentence_of
from tracker.messages.languages import ngettext as _n
from tracker.settings import Plan
from tracker.storage.classes import Class
from tracker.storage.webhook_log import REFUSED, LoggedWebhook
from tracker.ui import page, words
from tracker.ui.wiring import services
from tracker.zoom.rate_limit import RATES, Category

# The key in Streamlit's session state of what the last run did, which is shown once.
REMOVED = "sample-data-removed"
# The outcomes of webhooks in an operator's words.
OUTCOMES = {
    "noted": "noted with a class",
    "repeat": "repeated, and noted already",
    "not_ours": "about meetings that are no classes",
    "nothing_to_note": "of no concern here",
    "url_validation": "validations of the address",
    "failed": "failed here, and sent again by Zoom",
}


def figures(current: Health) -> None:
    """How many fetches are where."""
    queue = current.queue
    shown = {
        "Planned": (queue.open - queue.due, "Fetches whose time has not come, or not come again"),
        "Due": (queue.due, "Fetches that are due now, or being worked on"),
        "Late": (queue.late, "Due for more than five minutes, and taken by nobody"),
        "Failing": (queue.failing, "They failed, and are tried again"),
        "Given up": (queue.given_up, "Held classes whose participants Zoom does not give"),
    }
    with st.container(horizontal=True, gap="large"):
        for label, (number, text) in shown.items():
            st.metric(label, number, help=text, width="content")


def sample_data_of_demo() -> None:
    """What `tracker demo` has left on this machine, and the way to remove it; nothing where there is none."""
    if done := st.session_state.pop(REMOVED, ""):
        st.success(done, icon=":material/check:")
    folders = sample_data.folders(services().settings)
    if not folders:
        return
    st.subheader("Sample data", anchor=False)
    if sample_data.is_own_database(services().settings):
        st.markdown("All that you see here is sample data. Stop the demo, and `tracker demo --remove` deletes it.")
        return
    where = ", ".join(words.plain(str(folder), 300) for folder in folders)
    st.markdown(f"What `tracker demo` has made is still there, in {words.markdown(where, 400)}. None of it is real.")
    if st.button("Remove the sample data", icon=":material/delete:"):
        with page.shown_errors():
            sample_data.remove(services(), page.acting())
        st.session_state[REMOVED] = "The sample data is removed."
        st.rerun()


def failure(found: Class, zone: str) -> str:
    """Why the fetch of a class fails, and when it is tried again."""
    if found.fetch is None:
        return ""
    tries = _n("{number} try", "{number} tries", found.fetch.attempts)
    again = f"Next try at {_local(found.fetch.due_at, zone)}." if found.fetch.due_at else "Given up."
    why = sentence_of(found.fetch.error) if found.fetch.error else ""
    return f"{why} {tries} so far. {again}".strip()


def webhooks(current: Health, noted: list[LoggedWebhook], zone: str) -> None:
    """When the last webhook came, today's by outcome, and the last ones about classes."""
    last = current.last_webhook
    st.markdown(f"The last one came at {_local(last, zone)}." if last else "None has come yet.")
    if current.webhooks:
        st.dataframe(
            {
                "Today (UTC)": [_outcome(one.outcome) for one in current.webhooks],
                "Number": [one.count for one in current.webhooks],
                "Last": [_local(one.last_at, zone) for one in current.webhooks],
            },
            hide_index=True,
            column_config={"Today (UTC)": st.column_config.TextColumn(width="medium")},
        )
    if noted:
        with st.expander("The last webhooks about classes"):
            st.dataframe(
                {
                    "When": [_local(one.received_at, zone) for one in noted],
                    "Event": [one.event for one in noted],
                    "Class": [words.plain(one.title) for one in noted],
                },
                hide_index=True,
            )


def rates(current: Health, plan: Plan, zone: str) -> None:
    """How much of Zoom's rates is used."""
    used = [one for one in current.rates if one.category in set(RATES[plan])]
    if not used:
        st.markdown("Zoom has not been asked anything yet.")
        return
    allowed = [RATES[plan][Category(one.category)] for one in used]
    st.dataframe(
        {
            "Calls": [one.category for one in used],
            "Today (UTC)": [one.calls for one in used],
            "Refused as too many": [one.refused for one in used],
            "Allowed": [
                f"{rate.per_second:g} a second" + (f", {rate.per_day} a day" if rate.per_day else "")
                for rate in allowed
            ],
            "Paused until": [
                _local(one.paused_until, zone) if one.paused_until and one.is_paused(current.now) else "–"
                for one in used
            ],
        },
        hide_index=True,
    )


def examination(checks: list[Check]) -> None:
    """What `tracker doctor` finds: settings, token and scopes, database, clock."""
    scopes = [check for check in checks if check.code.startswith("scope:")]
    granted = [check for check in scopes if check.ok]
    summed_up = Check("scopes", True, Problem("scopes_granted", {"granted": len(granted), "all": len(scopes)}))
    shown = [check for check in checks if check not in granted] + ([summed_up] if scopes else [])
    for check in shown:
        mark = ":green[:material/check:]" if check.ok else ":red[:material/error:]"
        name, sentence = name_of_check(check.code), sentence_of(check.problem)
        st.markdown(f"{mark} **{words.markdown(name)}**: {words.markdown(sentence, 1000)}")


def processes(current: Health, zone: str) -> None:
    """The trackers that were seen, and the versions of this dashboard."""
    if current.trackers:
        st.dataframe(
            {
                "Tracker": [one.name for one in current.trackers],
                "State": ["running" if one.is_alive(current.now) else "not heard of" for one in current.trackers],
                "Version": [one.version for one in current.trackers],
                "Since": [_local(one.started_at, zone) for one in current.trackers],
                "Last sign of life": [_local(one.seen_at, zone) for one in current.trackers],
            },
            hide_index=True,
        )
    engine = services().engine
    versions = {
        "zoom-participant-tracking": health.VERSION,
        "Python": platform.python_version(),
        "Streamlit": version("streamlit"),
        "SQLModel": version("sqlmodel"),
        "database": engine.dialect.name,
    }
    st.caption("This dashboard: " + " · ".join(f"{name} {number}" for name, number in versions.items()))


def version_of(current: Health, failing: list[Class]) -> object:
    """A value that differs when the page has to be redrawn; counters are redrawn on their own."""
    alive = [(one.name, one.is_alive(current.now), one.started_at) for one in current.trackers]
    paused = [one.category for one in current.rates if one.is_paused(current.now)]
    return current.alarms, current.queue, paused, alive, [(one.id, one.fetch) for one in failing]


def _outcome(code: str) -> str:
    if code.startswith(REFUSED):
        return f"refused: {sentence(code.removeprefix(REFUSED))}"
    return OUTCOMES.get(code) or sentence(code)


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(clock.zone(zone)):%Y-%m-%d %H:%M:%S}"
