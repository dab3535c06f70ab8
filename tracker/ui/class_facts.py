"""The top of a class's page: what and when it is, its join link, and the buttons to start, change and cancel it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tracker import auth, classes, fetching, listing
from tracker.attendance.types import ClassStatus
from tracker.errors import ClassNotReady, NoMeeting, NotEnded, ZoomError
from tracker.messages import sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import join_link, meeting_options, page, series, sharing, words
from tracker.ui.plan import plan_fields, plan_of
from tracker.ui.wiring import services

START_LABELS = {
    ClassStatus.SCHEDULED: marked("Start class"),
    ClassStatus.LIVE: marked("Go to class"),
    ClassStatus.ENDED: marked("Start again"),
}
# The names of the dialogs of a class.
CHANGE, CANCEL, SHARE = "change", "cancel", "share"
# In Streamlit's session state: what is to be said of a class after a dialog, and until when.
NOTICE = "notice-of-class"
NOTICE_FOR = timedelta(minutes=5)
# In Streamlit's session state: what came of the last “Fetch participants now”, and until when that is shown.
FETCHED = "result-of-fetch"
# So long a class counts as just made: its invitation is unfolded then.
JUST_MADE = timedelta(minutes=5)


def head(found: Class, member: Member) -> None:
    """Draws title, facts in one line, and what is to be said of how the class stands."""
    now = services().now()
    seen = st.session_state.get(page.CLASSES_AS_SEEN)
    st.page_link(page.CLASSES, label=_("Classes"), icon=":material/arrow_back:", query_params=seen)
    st.title(words.markdown(found.title, 200), anchor=False)
    _facts(found, member, now)
    _notices(found, now)
    _seen_to(found, now)
    if found.status is ClassStatus.CANCELLED:
        _cancelled(found, member, now)


def buttons(found: Class, member: Member) -> None:
    """Draws the buttons to start, change, cancel and share the class, and opens the dialog that is wanted."""
    planned, counted = found.status is ClassStatus.SCHEDULED, _is_counted(found)
    may_start = found.teacher_id == member.id and classes.may_be_held(found, services().now()) and found.zoom_meeting_id
    if may_start and not counted:
        _start(found)
    if planned and st.button(_("Change"), icon=":material/edit:"):
        page.open_dialog(CHANGE)
    if planned and st.button(_("Cancel class"), icon=":material/event_busy:"):
        page.open_dialog(CANCEL)
    if st.button(_("Share"), icon=":material/group_add:", type=_weight(found)):
        page.open_dialog(SHARE)
    if may_start and counted:
        with st.popover(_("More"), icon=":material/more_horiz:", type=_weight(found)):
            _start(found)
            join_link.link(found)
    opened = page.dialog_open()
    if planned and opened == CHANGE:
        change(found, member)
    elif planned and opened == CANCEL:
        cancel(found, member)
    elif opened == SHARE:
        sharing.share(found)


def below_buttons(found: Class, member: Member) -> None:
    """Draws when the class was counted, or its join link; and with whom it is shared."""
    now = services().now()
    joinable = classes.may_be_held(found, now)
    state = words.state(found, now)
    if state.code == "counted":
        st.caption(words.markdown(state.sentence, 300))
    if joinable:
        meeting_options.told(found)
        meeting_options.registration(found, member)
    if joinable and not _is_counted(found):
        is_fresh = _is_fresh(found, now)
        if is_fresh and found.zoom_join_url:
            told = _("The class is planned. Now send your students the join link, or the whole invitation.")
            if found.series_id is not None and (found.zoom_occurrence_id is not None or not found.zoom_meeting_made):
                told = _(
                    "The classes are planned. Now send your students the join link: it is the same for all of them."
                )
            st.success(told, icon=":material/check:")
        join_link.show(found, member, opened=is_fresh)
    if found.zoom_api_meeting_id:
        st.caption(
            _(
                "This meeting uses the host's personal meeting ID, so other meetings held there are told apart by time "
                "only. For a meeting of its own for each class, switch off “Use Personal Meeting ID (PMI) when "
                "scheduling a meeting” in the host's Zoom settings."
            )
        )
    sharing.facts(found, member, joinable=joinable)


def fetch_button(found: Class, below: DeltaGenerator) -> None:
    """“Fetch participants now”; `below` it what it does, its progress and its result, or why it cannot be clicked.

    Nothing before the class is over, or where it has no meeting: the state says so.
    """
    reason = None
    try:
        fetching.check_fetchable(found, services().now())
    except (NoMeeting, NotEnded):
        return
    except ClassNotReady as error:
        reason = sentence_of(error)
    what = _("Asks Zoom for its list of who was there.")
    counted = _is_counted(found)
    clicked = st.button(
        _("Fetch participants now"),
        icon=":material/sync:",
        disabled=reason is not None,
        key="fetch",
        type=_weight(found),
        help=what if counted else None,
    )
    if reason or not counted:
        below.caption(words.markdown(reason, 400) if reason else what)
    if not clicked:
        _result_of_fetch(found, below)
        return
    state: Literal["complete", "error"] = "complete"
    with below, st.status(_("Asking Zoom for the participants …")) as status:
        try:
            with page.shown_errors(ClassNotReady, ZoomError):
                attendance = fetching.fetch_now(
                    services(),
                    page.acting(),
                    found.id,
                    lambda joins: status.update(label=_n("{number} join so far …", "{number} joins so far …", joins)),
                )
        except (ClassNotReady, ZoomError) as error:
            label, state = words.markdown(sentence_of(error), 400), "error"
        else:
            label = _n(
                "Zoom has {number} join of {people}.",
                "Zoom has {number} joins of {people}.",
                attendance.total_records,
                people=words.people(attendance.unique_count),
            )
        status.update(label=label, state=state)
        # What has changed in the class draws the page anew, which would take the result away.
        st.session_state[FETCHED] = (found.id, label, state, services().now() + NOTICE_FOR)


def _result_of_fetch(found: Class, below: DeltaGenerator) -> None:
    class_id, label, state, until = st.session_state.get(FETCHED, ("", "", "complete", services().now()))
    if class_id == found.id and services().now() < until:
        below.status(label, state=state)


def _facts(found: Class, member: Member, now: datetime) -> None:
    """State, time, course and teacher in one line; what else is to be said of the state below."""
    state = words.state(found, now)
    known = [words.when(found), words.markdown(found.course or "", 60)]
    if found.teacher_id != member.id:
        known.append(words.markdown(found.teacher_name, 60))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(state.word, icon=state.icon, color=state.color)
        st.markdown(" · ".join(fact for fact in known if fact), width="content")
    if state.sentence and state.code != "counted":
        st.markdown(words.markdown(state.sentence, 300))
    if found.series_id is not None and found.status is not ClassStatus.CANCELLED and (told := series.told_of(found)):
        st.caption(words.markdown(told, 300))


def _seen_to(found: Class, now: datetime) -> None:
    """That somebody has seen to what is the matter with the class, and the way back."""
    if found.seen_to is None or found.seen_to != listing.trouble_of(found, now):
        return
    with st.container(key="seen-to", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_("Somebody has seen to this: Today does not name it any more."), width="content")
        if st.button(_("Name it again"), icon=":material/undo:", type="tertiary"):
            with page.shown_errors():
                listing.undo_seen_to(services(), page.acting(), found.id)
            st.rerun()


def _is_counted(found: Class) -> bool:
    return found.status is ClassStatus.ENDED and found.participants_fetched_at is not None


def _weight(found: Class) -> Literal["secondary", "tertiary"]:
    """How a button looks that is rarely wanted once the class is counted."""
    return "tertiary" if _is_counted(found) else "secondary"


def _start(found: Class) -> None:
    running = found.status is not ClassStatus.ENDED
    st.link_button(
        _(START_LABELS[found.status]),
        f"/host?id={found.id}",
        icon=":material/video_call:",
        type="primary" if running else "secondary",
        help=_("Opens Zoom as the host, in a new tab. The link is for you only."),
    )


def _cancelled(found: Class, member: Member, now: datetime) -> None:
    """What becomes of a cancelled class: it can be put back for a while, and made again after that."""
    if not classes.may_be_undone(found, now):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("It does not take place. To hold it after all, make it again."), width="content")
            if st.button(_("Make it again"), icon=":material/add_circle:"):
                st.switch_page(page.NEW_CLASS, query_params={"like": found.id})
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_what_becomes_of_meeting(found, now), width="content")
        others = page.read(classes.cancelled_with, member, found, now)
        undone = st.button(_("Undo for this class") if others else _("Undo"), icon=":material/undo:")
        label = _n("Undo for {number} class", "Undo for all {number} classes", len(others) + 1)
        undone_for_all = bool(others) and st.button(label, icon=":material/undo:", key="undo-for-all")
        if undone or undone_for_all:
            with page.shown_errors():
                classes.undo_cancelling(services(), page.acting(), found.id, with_others=undone_for_all)
            st.rerun()


def _what_becomes_of_meeting(found: Class, now: datetime) -> str:
    """What is said of a class that was cancelled a moment ago."""
    in_series = found.zoom_occurrence_id is not None
    gone_at = found.cancelled_at + classes.UNDO_FOR if in_series and found.cancelled_at else None
    deleted_at = found.zoom_deletion_due_at or (None if page.read(classes.others_in_meeting, found) else gone_at)
    if deleted_at is not None:
        time = words.moment(deleted_at, now, seconds=False)
        return _("It does not take place. Its Zoom meeting is deleted {when}.", when=time)
    if found.zoom_meeting_id is None:
        return _("It does not take place.")
    if gone_at is not None:
        time = words.moment(gone_at, now, seconds=False)
        return _("It does not take place. Its date is taken out of the Zoom meeting {when}.", when=time)
    return _("It does not take place. Its Zoom meeting stays as it is.")


def _notices(found: Class, now: datetime) -> None:
    """What has come of a dialog."""
    opened = page.dialog_open()
    if found.status is not ClassStatus.SCHEDULED and opened in (CHANGE, CANCEL):
        page.close_dialog()
        if opened == CHANGE:
            say(found.id, _("While you were changing this class, it began or was cancelled. It stays as it was."))
    class_id, text, until = st.session_state.get(NOTICE, ("", "", now))
    if class_id == found.id and now < until:
        st.warning(text, icon=":material/info:")


def say(class_id: str, text: str) -> None:
    """Has the page of the class say something for a while."""
    st.session_state[NOTICE] = (class_id, text, services().now() + NOTICE_FOR)


def _is_fresh(found: Class, now: datetime) -> bool:
    """Whether the class was made a moment ago, and is still to come."""
    return found.status is ClassStatus.SCHEDULED and now - found.created_at < JUST_MADE


@page.dialog("Change class", width="medium")
def change(found: Class, member: Member) -> None:
    """Changes title, course and time, here and at Zoom."""
    with page.shown_errors():
        found = page.read(classes.visible_class, member, found.id)
        courses = page.read(classes.courses_beside, found)
    if found.status is not ClassStatus.SCHEDULED:
        st.warning(_("This class has begun or was cancelled meanwhile, so it cannot be changed any more."))
        return
    key = f"change-{found.id}-{page.openings()}"
    may_move = auth.is_in_charge(member, found)
    later = series.with_following(found, member, key)
    plan, course = plan_fields(plan_of(found), key, courses, found.course, may_move=may_move)
    if later:
        st.caption(_("Those that follow move by as many days and by as much on the clock."))
    elif found.zoom_occurrence_id is not None:
        st.caption(_("At Zoom all classes with this link have the same title."))
        st.caption(_("Their meeting options are the same too."))
    options, shares = None, False
    if found.zoom_meeting_made:
        options, shares = meeting_options.fields(found.meeting_asked, key, in_charge=may_move)
    if st.button(_("Save"), type="primary"):
        with page.shown_errors(), st.spinner(_("Telling Zoom …")):
            classes.change_class(
                services(),
                page.acting(),
                found.id,
                plan,
                course=course if may_move else None,
                with_following=bool(later),
                options=options,
            )
            without = (
                meeting_options.share([found.id, *(one.id for one in later)], options) if options and shares else []
            )
            after = page.read(classes.visible_class, member, found.id)
        if without:
            say(found.id, meeting_options.not_shared(without))
        if after.zoom_join_url != found.zoom_join_url:
            say(found.id, _("The join link of this class is another one now. Send it to your students again."))
        page.close_dialog()
        st.rerun()


@page.dialog("Cancel class")
def cancel(found: Class, member: Member) -> None:
    """Asks once more, and cancels the class, or it and all that follow."""
    later = series.with_following(found, member, f"cancel-{found.id}-{page.openings()}")
    title = words.markdown(found.title)
    if later:
        text = _n(
            "“{title}” and the class that follows will not take place.",
            "“{title}” and the {number} classes that follow will not take place.",
            len(later),
            title=title,
        )
    else:
        text = _("“{title}” will not take place.", title=title)
    st.markdown(text)
    cancelled = {found.id, *(one.id for one in later)}
    others = [one for one in page.read(classes.others_in_meeting, found) if one.id not in cancelled]
    if found.zoom_meeting_id is not None and (told := _what_will_become_of_meeting(found, later, len(others))):
        st.markdown(told)
    st.caption(_("You can undo this for ten minutes."))
    label = _n("Cancel {number} class", "Cancel {number} classes", len(cancelled))
    with st.container(horizontal=True):
        if st.button(label if later else _("Cancel this class"), type="primary"):
            with page.shown_errors():
                classes.cancel_class(services(), page.acting(), found.id, with_following=bool(later))
            page.close_dialog()
            st.rerun()
        if st.button(_("Keep it")):
            page.close_dialog()
            st.rerun()


def _what_will_become_of_meeting(found: Class, later: Sequence[Class], others: int) -> str:
    """What is said before a class, or it and those that follow, are cancelled while `others` use its meeting."""
    if found.zoom_meeting_made and others and found.zoom_occurrence_id is not None:
        return _n(
            "Its date is taken out of the Zoom meeting ten minutes later. The join link stays: "
            "{number} other class is held there.",
            "Its date is taken out of the Zoom meeting ten minutes later. The join link stays: "
            "{number} other classes are held there.",
            others,
        )
    if found.zoom_meeting_made and others:
        return _n(
            "Its Zoom meeting and the join link stay as they are, because {number} other class is held there.",
            "Its Zoom meeting and the join link stay as they are, because {number} other classes are held there.",
            others,
        )
    if not found.zoom_meeting_made:
        return _("Its Zoom meeting and the join link stay as they are.")
    if later and found.zoom_occurrence_id is None:
        return _("Their Zoom meetings are deleted ten minutes later, and their join links stop working.")
    if found.zoom_api_meeting_id is None:
        return _("Its Zoom meeting is deleted ten minutes later, and its join link stops working.")
    return _("Its Zoom meeting is deleted ten minutes later. The link still leads into the host's personal room.")
