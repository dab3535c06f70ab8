"""The links to students' own pages: of one student on hers, and of a whole course in a file to hand out."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

import streamlit as st

from tracker import courses, report
from tracker.attendance.matching import Enrolled
from tracker.courses import StudentHistory
from tracker.courses.student_links import MOST_DAYS, USUAL_DAYS
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.storage.student_links import Link
from tracker.ui import page, words
from tracker.ui.wiring import services

# The key in Streamlit's session state of a link that was made a moment ago, which is shown once.
MADE = "student-link-made"


def of_student(shown: StudentHistory) -> None:
    """A student's own page: whether she has a link to it, a new one, and closing it."""
    made = st.session_state.pop(MADE, "")
    with st.expander(_("The student's own page"), icon=":material/link:", key="own-page", expanded=bool(made)):
        st.caption(
            _(
                "By a link the student sees this attendance without the remarks, and nothing of anybody else, and can "
                "tell you what is not right."
            )
        )
        if made:
            st.markdown(_("Give the student this link. It is not shown again."))
            st.code(made, language=None, wrap_lines=True)
        _one(shown.course.id, shown.row.enrolled, shown.link)


def _one(course_id: str, enrolled: Enrolled, link: Link | None) -> None:
    now = services().now()
    is_open = link is not None and link.is_open(now)
    st.markdown(_state(link, now))
    until = _last_day(f"link-until-{enrolled.id}", now)
    with st.container(horizontal=True):
        label = _("Make a new link") if is_open else _("Make a link")
        if st.button(label, icon=":material/add_link:", key="make-link"):
            with page.shown_errors():
                ends = _end_of(until, now)
                tokens = courses.make_links(services(), page.acting(), course_id, [enrolled.id], ends)
            st.session_state[MADE] = _address(_start_of_addresses(), tokens[enrolled.id])
            st.rerun()
        if is_open and st.button(_("Close the link"), icon=":material/link_off:", key="close-link"):
            with page.shown_errors():
                courses.close_links(services(), page.acting(), course_id, [enrolled.id])
            st.rerun()
    if is_open:
        st.caption(_("A new link closes the present one."))


def _state(link: Link | None, now: datetime) -> str:
    """How it stands with the link of a student."""
    if link is None:
        return _("There is no link yet.")
    if link.revoked_at is not None:
        return _("The link was closed on {day}.", day=_day(link.revoked_at))
    if not link.is_open(now):
        return _("The link was good until {day}.", day=_day(link.last))
    made, last = _day(link.created_at), _day(link.last)
    return _("There is a link, made on {made}, which is good until {day}.", made=made, day=last)


def panel(member: Member, course: Course) -> None:
    """The links of a course's students: how many have one, new ones in a file to hand out, and closing them all."""
    students, now = page.read(courses.list_links, member, course.id), services().now()
    if not students:
        return
    with_link = [one.id for one, link in students if link is not None and link.is_open(now)]
    with st.expander(_("Links to the students' own pages"), icon=":material/link:", key="own-pages"):
        st.caption(
            _(
                "By a link students see their own attendance and nothing of anybody else, and can tell you what is not "
                "right."
            )
        )
        have = _n(
            "{number} of {all} students has a link.",
            "{number} of {all} students have a link.",
            len(with_link),
            all=formats.number(len(students)),
        )
        st.markdown(have)
        without = [one for one, _link in students if one.id not in with_link]
        everybody = bool(with_link) and st.checkbox(
            _("New links for everybody: those that were given out stop working"), key="links-anew"
        )
        chosen = [one for one, _link in students] if everybody else without
        until = _last_day(f"links-until-{course.id}", now)
        with st.container(horizontal=True):
            _file(course, chosen, until, only_without=not everybody)
            if with_link and st.button(_("Close all links"), icon=":material/link_off:", key="close-links"):
                with page.shown_errors():
                    courses.close_links(services(), page.acting(), course.id, with_link)
                st.rerun()


def _file(course: Course, chosen: Sequence[Enrolled], until: date, *, only_without: bool) -> None:
    """The button for the file. The links are made when somebody asks for it, and are in no other place.

    `only_without`: who has got a link since the page was drawn keeps it, and is not in the file.
    """
    who, start, now = page.acting_later(), _start_of_addresses(), services().now()
    ends = _end_of(until, now)

    def made() -> bytes:
        ids = [one.id for one in chosen]
        tokens = courses.make_links(services(), who(), course.id, ids, ends, only_without=only_without)
        rows = tuple(
            (one.student.name, one.student.email, one.student.number, _address(start, tokens[one.id]))
            for one in chosen
            if one.id in tokens
        )
        return report.csv_bytes(report.Table(("Name", "Email", "Number", "Link"), rows))

    st.download_button(
        _n("CSV with {number} new link", "CSV with {number} new links", len(chosen)),
        made,
        report.file_name(course.name, now.astimezone(words.zone()), "links", "csv"),
        "text/csv",
        on_click="rerun",
        disabled=not chosen,
        icon=":material/download:",
    )


def _last_day(key: str, now: datetime) -> date:
    """Until when new links last, as somebody chooses."""
    today = words.today(now)
    chosen = st.date_input(
        _("New links are good until"),
        today + timedelta(days=USUAL_DAYS),
        min_value=today,
        max_value=today + timedelta(days=MOST_DAYS),
        format=formats.order_of_date(),
        key=key,
        width=220,
    )
    return chosen or today


def _end_of(day: date, now: datetime) -> datetime:
    """The end of a day of the reader's."""
    return datetime.combine(day + timedelta(days=1), time(), words.zone()).astimezone(now.tzinfo)


def _day(moment: datetime) -> str:
    return formats.day(moment.astimezone(words.zone()))


def _start_of_addresses() -> str:
    """How the addresses of the server begin that the teacher's browser uses."""
    here = urlsplit(st.context.url or "")
    return f"{here.scheme}://{here.netloc}" if here.netloc else ""


def _address(start: str, token: str) -> str:
    return f"{start}/my/{token}"
