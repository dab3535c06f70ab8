"""The parts of the page People's data: what is kept on one person, handing it out and erasing it; retention."""

import json

import streamlit as st

from tracker import privacy
from tracker.messages import formats, people_in_words, sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.privacy import Findings, Preview
from tracker.storage.members import Member
from tracker.storage.retention import CourseDays
from tracker.ui import components, page, words
from tracker.ui.components import Column, Figure
from tracker.ui.wiring import services

# Keys in Streamlit's session state: what the last run did, what that leaves to be done and what has to be known of it,
# which is shown once; and how many forms there have been.
DONE, TO_DO, TO_KNOW, FORM = (f"peoples-data-{one}" for one in ("done", "to-do", "to-know", "form"))
MOST_CLASSES = 100
# Looking through all classes takes seconds: what was found, by whom and on whom, stays until somebody looks up again.
FOUND = "peoples-data-found"
WHO_HELP = marked("An e-mail address, or a name as Zoom gives it; blanks and case do not matter.")
WITH_EMAILS_HELP = marked(
    "Two people may have one name. Unless this is ticked, only somebody without an e-mail address is meant."
)
REMOVED = {"names_removed": marked("names removed"), "records_removed": marked("joins and leaves removed")}


def news() -> None:
    """What was done a moment ago, and what that leaves."""
    for key, draw, icon in ((DONE, st.success, "check"), (TO_DO, st.warning, "warning"), (TO_KNOW, st.info, "info")):
        if told := st.session_state.pop(key, ()):
            draw("\n\n".join(words.markdown(one, 500) for one in told), icon=f":material/{icon}:")


def person(member: Member) -> None:
    """Asks whom it is about, shows what is kept on her, and offers to hand it out and to erase it."""
    with st.form("whom"):
        # A form with another key is an empty one, also in the browser.
        number = st.session_state.setdefault(FORM, 0)
        who = st.text_input(_("Whom"), help=_(WHO_HELP), key=f"who-{number}")
        also = _("Also whoever has this name and an e-mail address")
        with_emails = st.checkbox(also, help=_(WITH_EMAILS_HELP), key=f"with-emails-{number}")
        again = st.form_submit_button(_("Look up"), icon=":material/person_search:")
    asked = (member.id, who, with_emails)
    if again or st.session_state.get(FOUND, (None,))[0] != asked:
        st.session_state.pop(FOUND, None)
    if not who.strip():
        return
    if FOUND not in st.session_state:
        with page.shown_errors(), st.spinner(_("Looking through all classes …")):
            st.session_state[FOUND] = asked, privacy.find(services(), member, who, with_emails=with_emails)
    found: Findings = st.session_state[FOUND][1]
    _findings(found)
    if not found.nothing:
        _download(who, with_emails)
    _erasing(found, who, with_emails)


def _findings(found: Findings) -> None:
    """What is kept on a person, before anything is done with it."""
    if found.nothing:
        components.empty(":material/inbox:", _("Nothing is kept on this person."))
    else:
        components.figures(
            Figure(name, formats.number(number), note)
            for name, number, note in (
                (_("Classes"), len(found.classes), _("in which this person was")),
                (_("Zoom's lists"), found.lists, _("joins of this person in them")),
                (_("Seen live"), found.sightings, _("joins and leaves as they happened")),
                (_("Rosters"), len({one.course_id for one in found.students}), _("with this person as a student")),
                (
                    _("Said by teachers"),
                    len(found.words),
                    _("that somebody is the same, a host, set aside, or a student"),
                ),
            )
        )
    if found.classes:
        _classes(found)
    for on_roster in found.named_in:
        st.caption(words.markdown(sentence_of(on_roster), 300))
    untouched = [sentence_of(other.problem) for other in found.others]
    untouched += [sentence("person_in_title", {"title": title}) for title in found.titles]
    untouched += [sentence("person_unreadable", {"id": class_id}) for class_id in found.unreadable]
    untouched += [sentence_of(found.noted)] if found.noted else []
    for text in untouched:
        st.caption(words.markdown(text, 300))


def _classes(found: Findings) -> None:
    """The classes with somebody in them; a term is seen at once, and of more the rest is counted."""
    components.table(
        _("Classes with this person"),
        (Column(_("Class")), Column(_("Began")), Column(_("Teacher")), Column(_("Joins"), numbers=True)),
        (
            (one.title, words.stamp(one.scheduled_start), one.teacher_name, formats.number(number))
            for one, number in found.classes[:MOST_CLASSES]
        ),
        look="stacks",
    )
    if (rest := len(found.classes) - MOST_CLASSES) > 0:
        st.caption(
            _n(
                "And {number} more class, which is in the file.",
                "And {number} more classes, which are in the file.",
                rest,
            )
        )


def _download(who: str, with_emails: bool) -> None:
    """The button for a file of it, which is made when somebody presses it, and noted."""
    acting = page.acting_later()

    def made() -> bytes:
        content = privacy.export(services(), acting(), who, with_emails=with_emails)
        return json.dumps(content, indent=2, ensure_ascii=False).encode()

    st.download_button(
        _("Download what is kept"),
        made,
        "personal-data.json",
        "application/json",
        on_click="ignore",
        icon=":material/download:",
    )


def _erasing(found: Findings, who: str, with_emails: bool) -> None:
    if found.account is not None:
        st.info(words.markdown(sentence("erase_has_account", {"email": found.account.email}), 300))
        return
    if found.nothing:
        return
    sure = st.checkbox(_("Yes, erase all of this for good. Counts stay as they are."), key=f"sure-{who}-{with_emails}")
    if st.button(_("Erase"), icon=":material/delete_forever:", disabled=not sure):
        with page.shown_errors(), st.spinner(_("Erasing …")):
            done = privacy.erase(services(), page.acting(), who, with_emails=with_emails)
        told = [sentence("person_erased", {"classes": done.classes, "sightings": done.sightings})]
        told += [sentence("person_off_rosters", {"rosters": done.rosters})] if done.rosters else []
        st.session_state[DONE] = told
        st.session_state[TO_DO] = [sentence("erased_but_in_copy", {"file": str(copy)}) for copy in done.copies]
        known = [] if done.compacted else [sentence("erased_not_compacted")]
        known += [sentence_of(done.noted)] if done.noted else []
        st.session_state[TO_KNOW] = [*known, sentence("zooms_own_copy")]
        st.session_state[FORM] += 1
        st.rerun()


def other_days() -> int | None:
    """Asks for days to look at before they are set; None for those that are."""
    set_here = services().settings.retention_days
    label = _("See what would go with another number of days")
    now = _("not set") if not set_here else formats.number(set_here)
    told = _("Nothing is done. The setting RETENTION_DAYS, which the operator changes, is: {days}.", days=now)
    days = st.number_input(label, 1, privacy.MOST_DAYS, None, key="other-days", help=told, width=420)
    return None if days == set_here else days


def retention(found: Preview) -> None:
    """What is set, which classes are due, which is next, and what was done lately."""
    if not found.is_on:
        off = _("Names are kept without a limit. The operator sets one for all classes with RETENTION_DAYS.")
        st.info(words.markdown(off, 300), icon=":material/all_inclusive:")
        return
    if found.days != services().settings.retention_days:
        seen = _n(
            "So it would be with {number} day. Nothing is done.",
            "So it would be with {number} days. Nothing is done.",
            found.days,
        )
        st.warning(seen, icon=":material/preview:")
    st.markdown(_rule(found))
    if found.next_class is not None and found.next_at is not None:
        title = words.markdown(found.next_class.title, 100)
        st.markdown(_("The next class: {title}, on {when}.", title=title, when=words.stamp(found.next_at)))
    if found.due:
        st.subheader(_("Due now"), anchor=False)
        more = _("There are more than these.") if found.more else ""
        st.markdown(f"{_('The tracker does a hundred of them a minute.')} {more}".strip())
        components.table(
            _("Due now"),
            (Column(_("Class")), Column(_("Began")), Column(_("Teacher")), Column(_("People"), numbers=True)),
            (
                (
                    one.title,
                    words.stamp(one.scheduled_start),
                    one.teacher_name,
                    people_in_words(one.participant_count),
                )
                for one in found.due
            ),
            look="stacks",
        )
    if found.done:
        st.subheader(_("Done lately"), anchor=False)
        components.table(
            _("Done lately"),
            (Column(_("Class")), Column(_("When")), Column(_("What")), Column(_("People"), numbers=True)),
            (
                (
                    one.title,
                    words.stamp(one.at),
                    _(REMOVED[one.action]) if one.action in REMOVED else one.action,
                    formats.number(one.people),
                )
                for one in found.done
            ),
            look="stacks",
        )


def _rule(found: Preview) -> str:
    """What becomes of names, and when."""
    if not found.days:
        return _("Names go in the courses below alone. What was counted stays.")
    if found.action == "records":
        return _n(
            "{number} day after a class everything about who was there goes. What was counted stays.",
            "{number} days after a class everything about who was there goes. What was counted stays.",
            found.days,
        )
    return _n(
        "{number} day after a class its names become “Person 1, 2, …”. What was counted stays.",
        "{number} days after a class its names become “Person 1, 2, …”. What was counted stays.",
        found.days,
    )


def course_days(found: Preview) -> None:
    """The courses with days of their own, and a form to set them."""
    own = [course for course in found.courses if course.days is not None]
    if not found.courses:
        return
    st.subheader(_("Courses with days of their own"), anchor=False)
    if own:
        components.table(
            _("Courses with days of their own"),
            (Column(_("Course")), Column(_("Teacher")), Column(_("Names are kept for"))),
            ((one.name, one.teacher_email, _days(one.days)) for one in own),
            look="stacks",
        )
    with st.form("course-days", border=True):
        course = st.selectbox(
            _("Course"), found.courses, None, format_func=_course, key="course-of-days", placeholder=_("Choose one")
        )
        days = st.number_input(_("Days"), 0, value=None, help=_("0: no limit. Empty: as the setting says."))
        if not st.form_submit_button(_("Set its days"), icon=":material/event_repeat:") or course is None:
            return
    with page.shown_errors():
        privacy.set_course_days(services(), page.acting(), course.teacher_email, course.name, days)
    st.rerun()


def _days(days: int | None) -> str:
    return _n("{number} day", "{number} days", days) if days else _("no limit")


def _course(course: CourseDays) -> str:
    return words.plain(f"{course.name} · {course.teacher_email}")
