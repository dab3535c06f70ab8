"""Who did what: the list for admins with its filters and files, and the part of it on the page of a class."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from html import escape
from urllib.parse import quote

import streamlit as st

from tracker import audit, auth, classes, clock, report
from tracker.audit import Action
from tracker.messages import action_in_words, formats, origin_in_words
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.vocabulary import ROLES
from tracker.storage.audit import Entry, Which
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import components, page, words
from tracker.ui.components import Cell, Column, Html
from tracker.ui.wiring import services

PAGE_SIZE = 50
MOST_OF_A_CLASS = 50
LONGEST_WORDS = 300
# The details of an entry that are times.
MOMENTS = {"start", "old_start"}
# Who acts without an account.
OTHERS: Mapping[str, str] = {
    auth.OPERATOR.name: marked("The operator"),
    audit.SCHEDULE.name: marked("The tracker"),
    auth.PROGRAM.name: marked("A program"),
    "student": marked("A student"),
    "unknown": marked("Somebody"),
}
# Words among the details of an entry, by the name of the detail and what is stored.
DETAILS: Mapping[str, Mapping[str, str]] = {
    "role": ROLES,
    "kind": {"class": marked("class"), "course": marked("course")},
    "shape": {
        "people": marked("people"),
        "stays": marked("joins and leaves"),
        "people and stays": marked("people, joins and leaves"),
    },
    "format": {"csv": marked("CSV"), "xlsx": marked("Excel"), "json": marked("JSON")},
    "mark": {
        "set aside": marked("not to be counted"),
        "person": marked("a person"),
        "host": marked("a host"),
        "participant": marked("no host"),
    },
}


def asked_for() -> Which:
    """The filters; they are in the page's address, so that a link to what is shown can be kept."""
    names = {one.email: one.name for one in page.read(auth.list_members)} | _others()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = _chosen("who", _("Who"), _("Anybody"), list(names), lambda one: _account(one, names), free=True)
        what = _chosen("what", _("What"), _("Anything"), [one.value for one in Action], _label)
        since, until = (
            st.date_input(label, None, format=formats.order_of_date(), key=key, bind="query-params", width=160)
            for key, label in (("since", _("From")), ("until", _("To")))
        )
    class_id = st.query_params.get("class", "").strip()
    if class_id:
        st.caption(_("Only what was done with one class."))
        st.page_link(page.ACTIVITY, label=_("Show everything"), icon=":material/filter_alt_off:")
    zone = words.zone()
    return Which(
        actor=(who or "").strip(),
        class_id=class_id,
        action=what or "",
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    )


def _chosen(
    key: str, label: str, placeholder: str, options: list[str], in_words: Callable[[str], str], *, free: bool = False
) -> str | None:
    """What is chosen of these; the code is in the page's address, whatever the language of the words is."""
    asked = st.query_params.get(key, "").strip()
    if asked and key not in st.session_state and (free or asked in options):
        st.session_state[key] = asked
    if asked and free and asked not in options:
        options = [*options, asked]
    chosen = st.selectbox(label, options, None, in_words, key=key, placeholder=placeholder, accept_new_options=free)
    if chosen:
        st.query_params[key] = chosen
    else:
        st.query_params.pop(key, None)
    return chosen


def _others() -> dict[str, str]:
    return {code: _(name) for code, name in OTHERS.items()}


def _names(found: Sequence[Entry]) -> dict[str, str]:
    """What everybody is called who has done something of this, by what is noted of them."""
    return page.read(auth.names_of, {one.actor for one in found}) | _others()


def table(found: Sequence[Entry]) -> None:
    """The entries of one page of the list."""
    if not found:
        components.empty(":material/inbox:", _("Nothing was done of this kind, and in this time."))
        return
    names = _names(found)
    components.table(
        _("Activity"),
        (
            Column(_("When"), look="when"),
            Column(_("What"), look="plain"),
            Column(_("Class"), look="plain roomy"),
            Column(_("From where"), look="quiet plain roomy"),
        ),
        ((words.stamp(one.at), _told(one, names), _class(one), origin_in_words(one.origin)) for one in found),
        look="stacks log",
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
                f"activity-{services().now().date().isoformat()}.{ending}",
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
        names = _names(entries)
    with st.expander(_("Who has looked at this and what was changed"), icon=":material/visibility:"):
        components.table(
            _("Who has looked at this and what was changed"),
            (Column(_("When"), look="when"), Column(_("What"), look="plain")),
            ((words.stamp(one.at), _told(one, names)) for one in entries),
            look="stacks log",
        )
        if member.is_admin:
            st.page_link(page.ACTIVITY, label=_("All of it"), query_params={"class": found.id})


def _told(entry: Entry, names: Mapping[str, str]) -> Html:
    """Who did what, as a sentence that begins with her name."""
    who = words.plain(names.get(entry.actor) or entry.actor, 120)
    return Html(f"<b>{escape(who)}</b> {escape(words.plain(_in_words(entry), LONGEST_WORDS))}")


def _class(entry: Entry) -> Cell:
    """The class of an entry, with the way to it."""
    if not entry.class_id or entry.title is None:
        return entry.class_id or ""
    title = escape(words.plain(entry.title))
    return Html(f"<a href='class?id={quote(entry.class_id, safe='')}' target='_self'>{title}</a>")


def _account(code: str, names: Mapping[str, str]) -> str:
    if code in OTHERS or not names.get(code):
        return words.plain(names.get(code) or code, 120)
    return f"{words.plain(names[code], 60)} ({words.plain(code, 60)})"


def _label(action: str) -> str:
    """What an action is called among others to choose from: its words, with a sign for what differs."""
    return action_in_words(action, {})


def _in_words(entry: Entry) -> str:
    """What was done, in the reader's words: planned times as her clock has them."""
    shown = dict(entry.details)
    for name, value in entry.details.items():
        at = clock.parse_utc(value) if name in MOMENTS else None
        word = DETAILS.get(name, {}).get(value) if isinstance(value, str) else None
        if at is not None:
            shown[name] = words.stamp(at)
        elif word:
            shown[name] = _(word)
    return audit.in_words(replace(entry, details=shown))
