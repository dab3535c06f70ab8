"""The parts of the page People's data: what is kept on one person, handing it out and erasing it; retention."""

import json
from datetime import datetime

import streamlit as st

from tracker import clock, privacy
from tracker.messages import sentence, sentence_of
from tracker.privacy import Findings, Preview
from tracker.storage.members import Member
from tracker.storage.retention import CourseDays
from tracker.ui import page, words
from tracker.ui.wiring import services

# Keys in Streamlit's session state: what the last run did, which is shown once, and how many forms there have been.
DONE, FORM = "peoples-data-done", "peoples-data-form"
# Looking through all classes takes seconds: what was found, by whom and on whom, stays until somebody looks up again.
FOUND = "peoples-data-found"
WHO_HELP = "An e-mail address, or a name as Zoom gives it; blanks and case do not matter."
WITH_EMAILS_HELP = "Of a name, only records without e-mail are meant, or else those of whoever has this name."
REMOVED = {"names_removed": "names removed", "records_removed": "records removed"}
ACTIONS = {"names": "names become “Person 1 … n”", "records": "the class's records go"}


def news() -> None:
    """What was done a moment ago."""
    for done in st.session_state.pop(DONE, ()):
        st.success(words.markdown(done, 500), icon=":material/check:")


def person(member: Member) -> None:
    """Asks whom it is about, shows what is kept on her, and offers to hand it out and to erase it."""
    with st.form("whom"):
        # A form with another key is an empty one, also in the browser.
        number = st.session_state.setdefault(FORM, 0)
        who = st.text_input("Whom", help=WHO_HELP, key=f"who-{number}")
        with_emails = st.checkbox("Also with an e-mail address", help=WITH_EMAILS_HELP, key=f"with-emails-{number}")
        again = st.form_submit_button("Look up", icon=":material/person_search:")
    asked = (member.id, who, with_emails)
    if again or st.session_state.get(FOUND, (None,))[0] != asked:
        st.session_state.pop(FOUND, None)
    if not who.strip():
        return
    if FOUND not in st.session_state:
        with page.shown_errors(), st.spinner("Looking through all classes …"):
            st.session_state[FOUND] = asked, privacy.find(services(), member, who, with_emails=with_emails)
    found: Findings = st.session_state[FOUND][1]
    _findings(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        _download(who, with_emails)
    _erasing(found, who, with_emails)


def _findings(found: Findings) -> None:
    st.markdown(words.markdown(sentence_of(found.problem), 400))
    if found.classes:
        st.dataframe(
            {
                "Class": [words.plain(one.title) for one, _ in found.classes],
                "Start": [_local(one.scheduled_start) for one, _ in found.classes],
                "Teacher": [words.plain(one.teacher_name) for one, _ in found.classes],
                "Records": [number for _, number in found.classes],
            },
            hide_index=True,
        )
    untouched = [sentence_of(other.problem) for other in found.others]
    untouched += [sentence("person_in_title", {"title": title}) for title in found.titles]
    untouched += [sentence("person_unreadable", {"id": class_id}) for class_id in found.unreadable]
    untouched += [sentence_of(found.noted)] if found.noted else []
    for text in untouched:
        st.caption(words.markdown(text, 300))


def _download(who: str, with_emails: bool) -> None:
    """The button for a file of it, which is made when somebody presses it, and noted."""
    acting = page.acting_later()

    def made() -> bytes:
        content = privacy.export(services(), acting(), who, with_emails=with_emails)
        return json.dumps(content, indent=2, ensure_ascii=False).encode()

    st.download_button(
        "Download what is kept",
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
    sure = st.checkbox("Yes, erase all of this for good. Counts stay as they are.", key=f"sure-{who}-{with_emails}")
    if st.button("Erase", icon=":material/delete_forever:", disabled=not sure):
        with page.shown_errors(), st.spinner("Erasing …"):
            done = privacy.erase(services(), page.acting(), who, with_emails=with_emails)
        told = [sentence("person_erased", {"classes": done.classes, "sightings": done.sightings})]
        told += [sentence("erased_but_in_copy", {"file": str(copy)}) for copy in done.copies]
        told += [] if done.compacted else [sentence("erased_not_compacted")]
        told += [sentence_of(done.noted)] if done.noted else []
        st.session_state[DONE] = [*told, sentence("zooms_own_copy")]
        st.session_state[FORM] += 1
        st.rerun()


def other_days() -> int | None:
    """Asks for days to look at before they are set; None for those that are."""
    set_here = services().settings.retention_days
    label = "What would go with another number of days"
    help_text = f"Only shown, and not done. RETENTION_DAYS is {set_here or 'not set'}."
    days = st.number_input(label, 1, privacy.MOST_DAYS, None, key="other-days", help=help_text, width=420)
    return None if days == set_here else days


def retention(found: Preview) -> None:
    """What is set, which classes are due, which is next, and what was done lately."""
    if not found.is_on:
        st.info(sentence("retention_off"), icon=":material/all_inclusive:")
        return
    days = f"{found.days} days after a class" if found.days else "Only in the courses below"
    if found.days != services().settings.retention_days:
        st.warning(f"So it would be with {found.days} days. Nothing is done.", icon=":material/preview:")
    st.markdown(f"{days}: {ACTIONS[found.action]}; what was counted stays.")
    if found.next_class is not None and found.next_at is not None:
        title = words.markdown(found.next_class.title, 100)
        st.markdown(f"The next class: {title}, {_local(found.next_at)}.")
    if found.due:
        st.markdown(f"Due now{', and more' if found.more else ''}; the tracker does a hundred of them a minute:")
        st.dataframe(
            {
                "Class": [words.plain(one.title) for one in found.due],
                "Start": [_local(one.scheduled_start) for one in found.due],
                "Teacher": [words.plain(one.teacher_name) for one in found.due],
                "People": [one.participant_count for one in found.due],
            },
            hide_index=True,
        )
    if found.done:
        st.markdown("Done lately:")
        st.dataframe(
            {
                "When": [_local(one.at) for one in found.done],
                "Class": [words.plain(one.title) for one in found.done],
                "People": [one.people for one in found.done],
                "What": [REMOVED.get(one.action, one.action) for one in found.done],
            },
            hide_index=True,
        )


def course_days(found: Preview) -> None:
    """The courses with days of their own, and a form to set them."""
    own = [course for course in found.courses if course.days is not None]
    if own:
        st.dataframe(
            {
                "Course": [words.plain(one.name) for one in own],
                "Teacher": [words.plain(one.teacher_email) for one in own],
                "Days": ["no limit" if one.days == 0 else str(one.days) for one in own],
            },
            hide_index=True,
        )
    if not found.courses:
        return
    with st.form("course-days", border=True):
        course = st.selectbox("Course", found.courses, None, format_func=_course, key="course-of-days")
        days = st.number_input("Days", 0, value=None, help="0: no limit. Empty: as the setting says.")
        if not st.form_submit_button("Set its days", icon=":material/event_repeat:") or course is None:
            return
    with page.shown_errors():
        privacy.set_course_days(services(), page.acting(), course.teacher_email, course.name, days)
    st.rerun()


def _course(course: CourseDays) -> str:
    return words.plain(f"{course.name} · {course.teacher_email}")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(clock.zone(words.viewer_zone())):%Y-%m-%d %H:%M}"
