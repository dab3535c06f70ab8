"""Who did what: the list for admins with its filters and files, and the part of it on the page of a class."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial

import streamlit as st

from tracker import audit, auth, classes, clock, report
from tracker.audit import Action
from tracker.messages import origin_in_words
from tracker.storage.audit import Entry, Which
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import page, words
from tracker.ui.wiring import services

PAGE_SIZE = 50
MOST_OF_A_CLASS = 50
LONGEST_WORDS = 300
# The details of an entry that are times.
MOMENTS = {"start", "old_start"}
# Who acts without an account.
OTHERS = (auth.OPERATOR.name, audit.SCHEDULE.name, auth.PROGRAM.name)


def asked_for() -> Which:
    """The filters; they are in the page's address, so that a link to what is shown can be kept."""
    everybody = [one.email for one in page.read(auth.list_members)] + list(OTHERS)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.selectbox(
            "Who", everybody, None, key="who", bind="query-params", accept_new_options=True, placeholder="Anybody"
        )
        what = st.selectbox(
            "What",
            [one.value for one in Action],
            None,
            format_func=_label,
            key="what",
            bind="query-params",
            placeholder="Anything",
        )
        class_id = st.text_input("Class, by its id", key="class", bind="query-params")
        since = st.date_input("From", None, format="YYYY-MM-DD", key="since", bind="query-params", width=160)
        until = st.date_input("To", None, format="YYYY-MM-DD", key="until", bind="query-params", width=160)
    zone = clock.zone(words.viewer_zone())
    return Which(
        actor=(who or "").strip(),
        class_id=(class_id or "").strip(),
        action=what or "",
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    )


def table(found: Sequence[Entry]) -> None:
    """The entries of one page of the list."""
    st.dataframe(
        {
            "When": [_local(one.at) for one in found],
            "Who": [words.plain(one.actor) for one in found],
            "From": [words.plain(origin_in_words(one.origin)) for one in found],
            "What": [words.plain(_in_words(one), LONGEST_WORDS) for one in found],
            "Class": [words.plain(one.title or one.class_id or "") for one in found],
        },
        hide_index=True,
        height="content",
        column_config={"What": st.column_config.TextColumn(width="large")},
    )


def files(which: Which) -> None:
    """A button for each file with all that is asked for; it is made when somebody presses it, and that is noted."""
    who = page.acting_later()

    def made(write: Callable[[Sequence[Entry]], bytes]) -> bytes:
        return write(audit.export(services(), who(), which))

    with st.container(horizontal=True):
        for label, write, ending, kind in (
            ("CSV", csv_bytes, "csv", "text/csv"),
            ("JSON", json_bytes, "json", "application/json"),
        ):
            st.download_button(
                label,
                partial(made, write),
                f"activity-{services().now():%Y-%m-%d}.{ending}",
                kind,
                on_click="ignore",
                icon=":material/download:",
            )


def csv_bytes(found: Sequence[Entry]) -> bytes:
    """One row an entry, with times in UTC."""
    columns = ("When", "Who", "From", "Action", "What", "Class", "Title")
    rows = (
        (clock.to_zoom(one.at), one.actor, one.origin, one.action, audit.in_words(one), one.class_id, one.title)
        for one in found
    )
    return report.csv_bytes(report.Table(columns, tuple(rows)))


def json_bytes(found: Sequence[Entry]) -> bytes:
    """The same with the details of each entry."""
    return json.dumps([audit.record(one) for one in found], ensure_ascii=False, indent=2).encode()


def of_class(found: Class, member: Member) -> None:
    """Who has looked at a class and what was changed, folded; from where they did is for admins alone."""
    with page.shown_errors():
        entries = page.read(classes.history, member, found.id, MOST_OF_A_CLASS)
    with st.expander("Who has looked at this and what was changed", icon=":material/visibility:"):
        st.table(
            {
                "When": [_local(one.at) for one in entries],
                "Who": [words.markdown(one.actor, 60) for one in entries],
                "What": [words.markdown(_in_words(one), LONGEST_WORDS) for one in entries],
            },
            hide_index=True,
        )
        if member.is_admin:
            st.page_link(page.ACTIVITY, label="All of it", query_params={"class": found.id})


def _label(action: str) -> str:
    return action.replace("_", " ")


def _in_words(entry: Entry) -> str:
    """What was done, with planned times as the viewer's clock has them."""
    moments = {name: clock.parse_utc(value) for name, value in entry.details.items() if name in MOMENTS}
    local = {name: f"{_local(at)}"[:-3] for name, at in moments.items() if at is not None}
    return audit.in_words(replace(entry, details={**entry.details, **local}))


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(clock.zone(words.viewer_zone())):%Y-%m-%d %H:%M:%S}"
