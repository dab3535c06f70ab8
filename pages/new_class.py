"""The page New class: plans a class, or one every week, with a Zoom meeting that is made or that a link names."""

from collections.abc import Sequence

import streamlit as st

from tracker import auth, classes, courses
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions
from tracker.errors import InvalidInput, TrackerError
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import class_facts, meeting_options, page, people, series, words
from tracker.ui.plan import fill_in, fresh_plan, plan_fields, plan_of
from tracker.ui.wiring import services

MADE = "made-class"
NEW_MEETING, LINK = marked("Make a new Zoom meeting"), marked("Use a meeting that exists")
# How many earlier classes can be copied, and how many of a course tell on which days it is.
MOST_COPIED, MOST_OF_COURSE = 6, 8

member = page.gate("New class")
# A list that is there before Zoom is asked: an impatient second click ends this run at its next call to Streamlit,
# and writing into the session state is such a call. Kept in the list, the class is made once.
made: list[str] = st.session_state.setdefault(MADE, [])
if made:
    st.switch_page(page.CLASS, query_params={"id": made.pop()})


def asked_for(viewer: Member) -> Class | None:
    """The class that the address names, to make one like it."""
    try:
        return page.read(classes.visible_class, viewer, st.query_params["like"]) if "like" in st.query_params else None
    except TrackerError:
        return None


def course_asked_for(viewer: Member) -> str | None:
    """The name of the viewer's own course that the address names, to make a class of it."""
    try:
        wanted = st.query_params.get("course")
        found = page.read(courses.visible_course, viewer, wanted) if wanted else None
    except TrackerError:
        return None
    return found.name if found is not None and found.teacher_id == viewer.id else None


def copy(earlier: Sequence[Class]) -> None:
    """Fills the form in for the class after the one that was chosen: the same, on the same day of the week."""
    chosen = next((one for one in earlier if one.id == st.session_state["new-copied"]), None)
    if chosen is not None and (plan := classes.next_plan([chosen], services().now())) is not None:
        fill_in(plan, chosen.course, "new")
        meeting_options.fill_in(chosen.meeting_asked, "new")


def follow_course(earlier: Sequence[Class]) -> None:
    """Offers the course's next day and time, and its usual length, unless somebody has chosen a time already."""
    state = st.session_state
    if (state["new-date"], state["new-time"]) != state["new-offered"]:
        return
    of_course = [one for one in earlier if one.course and one.course == state["new-course"]]
    plan = classes.next_plan(of_course[:MOST_OF_COURSE], services().now())
    if plan is not None:
        course = state["new-course"]
        title = state["new-title"] or ""
        fill_in(classes.Plan(title, plan.start, plan.minutes, plan.timezone), course, "new")
        state["new-offered"] = (plan.start.date(), plan.start.time())


def next_of(course: str | None, earlier: Sequence[Class]) -> classes.Plan | None:
    """The plan of a course's next class; None where it has no class yet, or no course is asked for."""
    of_course = [one for one in earlier if course and one.course == course]
    return classes.next_plan(of_course[:MOST_OF_COURSE], services().now())


def named(one: Class) -> str:
    """An earlier class in the list of those to copy."""
    return f"{words.plain(one.title, 60)} · {words.when(one)}"


def pasted_link() -> str:
    """Draws the field for the link of a meeting that exists; what it says now."""
    return st.text_input(
        _("Zoom link or meeting ID"),
        key="new-link",
        placeholder="https://zoom.us/j/1234567890",
        help=_("The invitation link of the meeting. A class that was held already can be taken in this way too."),
    )


def options_of_made() -> tuple[MeetingOptions, bool]:
    """Draws the options of a meeting that is made, as those of the class to copy; and whether to share the class."""
    asked = like.meeting_asked if like is not None else NOTHING_SAID
    return meeting_options.fields(asked, "new", in_charge=True)


def share(ids: Sequence[str]) -> None:
    """Shares the classes just made with their substitutes, where that is wanted."""
    if shares and (without := meeting_options.share(ids, options)):
        class_facts.say(ids[0], meeting_options.not_shared(without))


def to_copy(earlier: Sequence[Class]) -> list[Class]:
    """The last few of them, each title once."""
    return list({(one.title, one.course): one for one in reversed(earlier)}.values())[::-1][:MOST_COPIED]


st.title(_("New class"), anchor=False)
with st.container(width=760):
    teacher = member
    with page.shown_errors():
        if member.is_admin:
            others = [one for one in page.read(auth.list_members) if one.id != member.id and one.disabled_at is None]
            teacher = st.selectbox(_("Teacher"), [member, *others], format_func=people.named, key="new-teacher")
        known = page.read(classes.list_courses, teacher)
        earlier = page.read(classes.latest_of, teacher)
        like = asked_for(member)
    if earlier:
        st.selectbox(
            _("Copy an earlier class (optional)"),
            [one.id for one in to_copy(earlier)],
            None,
            format_func={one.id: named(one) for one in earlier}.__getitem__,
            key="new-copied",
            placeholder=_("The same again, a week later"),
            on_change=copy,
            args=(earlier,),
        )
    of_course = course_asked_for(member)
    usual = plan_of(like) if like else next_of(of_course, earlier) or fresh_plan(earlier)
    st.session_state.setdefault("new-offered", (usual.start.date(), usual.start.time()))
    plan, course = plan_fields(
        usual, "new", known, like.course if like else of_course, on_course=lambda: follow_course(earlier)
    )
    if series.how_often(plan, "new"):
        weekly = series.fields(plan, "new")
        chosen = st.radio(
            _("Zoom meeting"),
            [series.ONE_LINK, series.LINK_EACH, LINK],
            format_func=_,
            captions=[
                _("One recurring meeting"),
                _("A meeting each, made one after another"),
                _("Its link is the link of all classes"),
            ],
            key="new-links",
        )
        link = pasted_link() if chosen == LINK else None
        options, shares = options_of_made() if chosen != LINK else (NOTHING_SAID, False)
        one_meeting = chosen == series.ONE_LINK
        number = series.preview(weekly, one_meeting=one_meeting)
        label = _n("Create {number} class", "Create {number} classes", number) if number else _("Create class")
        if st.button(label, type="primary", icon=":material/add_circle:", disabled=not number, key="new-create"):
            with page.shown_errors(), st.spinner(_("Asking Zoom …")):
                if chosen == LINK and not (link or "").strip():
                    raise InvalidInput("link_not_pasted")
                ids = classes.create_series(
                    services(),
                    page.acting(),
                    weekly,
                    one_meeting=one_meeting,
                    teacher=teacher,
                    course=course,
                    link=link,
                    options=options,
                )
                made.append(ids[0])
                share(ids)
            st.rerun()
        st.stop()
    source = st.radio(_("Zoom meeting"), [NEW_MEETING, LINK], format_func=_, key="new-source", horizontal=True)
    link = pasted_link() if source == LINK else None
    options, shares = options_of_made() if source == NEW_MEETING else (NOTHING_SAID, False)
    if st.button(_("Create class"), type="primary", icon=":material/add_circle:", key="new-create"):
        with page.shown_errors(), st.spinner(_("Asking Zoom …")):
            if source == LINK and not (link or "").strip():
                raise InvalidInput("link_not_pasted")
            if source == NEW_MEETING and plan.checked().start < services().now():
                raise InvalidInput("start_passed")
            made.append(
                classes.create_class(
                    services(), page.acting(), plan, teacher=teacher, link=link, course=course, options=options
                )
            )
            share(made)
        st.rerun()
