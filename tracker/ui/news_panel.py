"""Which e-mails the teacher of a course gets, to turn on and off."""

import streamlit as st

from tracker import news
from tracker.messages.languages import gettext as _
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import page, words
from tracker.ui.wiring import services


def panel(course: Course, member: Member) -> None:
    """Draws the switches for the course's teacher and for admins; nothing for others, whom they do not concern."""
    if not member.is_admin and member.id != course.teacher_id:
        return
    st.header(_("E-mails"), anchor=False)
    if not services().settings.smtp_url and not (course.sends_digest or course.sends_weekly):
        st.caption(_("No e-mails can be sent yet: whoever runs this service has to set up a mail server."))
        return
    st.caption(_("They go to {email} alone.", email=words.markdown(course.teacher_email, 100)))
    # A list is final an hour after the class or later.
    told = _("After each class, once its list is final: who was absent or late")
    digest = _switch(told, f"digest-{course.id}", course.sends_digest)
    weekly = _switch(_("Every Monday morning: who is at risk"), f"weekly-{course.id}", course.sends_weekly)
    if (digest, weekly) != (course.sends_digest, course.sends_weekly):
        with page.shown_errors():
            news.switch(services(), page.acting(), course.id, digest=digest, weekly=weekly)
        st.rerun()


def _switch(label: str, key: str, is_on: bool) -> bool:
    # Of another key when it was switched elsewhere: else the browser would switch it back.
    return st.toggle(label, value=is_on, key=f"news-{key}-{is_on}")
