"""With whom classes and courses are shared: the dialog on the page of a class, and the list on My account."""

from collections.abc import Iterable

import streamlit as st

from tracker import auth
from tracker.errors import InvalidInput
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.storage.shares import Kind, Share
from tracker.ui import components, page, words
from tracker.ui.wiring import services

WHAT_IT_MEANS = marked(
    "A colleague with whom you share sees and changes the class as you do. She cannot share it on, and its start link "
    "stays the teacher's."
)

# Who has what: whether it is the reader herself, whether its title is said, and the kind.
SENTENCES: dict[tuple[bool, bool, Kind], str] = {
    (True, True, "course"): marked("You have the course {title} of {teacher}"),
    (True, True, "class"): marked("You have the class {title} of {teacher}"),
    (True, False, "course"): marked("You have the whole course of {teacher}"),
    (True, False, "class"): marked("You have this class of {teacher}"),
    (False, True, "course"): marked("{colleague} has the course {title}"),
    (False, True, "class"): marked("{colleague} has the class {title}"),
    (False, False, "course"): marked("{colleague} has the whole course"),
    (False, False, "class"): marked("{colleague} has this class"),
}


def facts(found: Class, member: Member, *, joinable: bool) -> None:
    """With whom a class is shared; and how a co-teacher comes into it, as long as it may be held."""
    if found.shared_with:
        given = page.read(auth.shares_of, member, found)
        # Somebody may have both the class and its course.
        names = dict.fromkeys(_("you") if one.colleague.id == member.id else one.colleague.name for one in given)
        st.caption(_("Shared with {names}.", names=words.listed(list(names))))
    if joinable and member.id in found.shared_with and member.id != found.teacher_id:
        teacher = words.markdown(found.teacher_name, 60)
        st.caption(
            _(
                "The start link stays with {teacher}, since it opens Zoom in that name. Join by the link above.",
                teacher=teacher,
            )
        )


@page.dialog("Share", width="medium")
def share(found: Class) -> None:
    """Shows with whom a class and its course are shared, and shares them or takes that back."""
    member = page.acting()
    with page.shown_errors():
        given = page.read(auth.shares_of, member, found)
    if not given:
        st.markdown(_("It is shared with nobody yet."))
    _list(given, member, found)
    if not auth.is_in_charge(member, found):
        st.caption(_("Only the class's teacher and admins share it with others."))
        return
    st.caption(_(WHAT_IT_MEANS))
    with st.form("share", border=False):
        email = st.text_input(_("E-mail of the colleague"), key=f"share-{page.openings()}-email")
        kinds: list[Kind] = ["class", "course"] if found.course_id else ["class"]
        kind = st.radio(_("What"), kinds, format_func=lambda kind: _kind_in_words(kind, found), horizontal=True)
        if not st.form_submit_button(_("Share"), type="primary"):
            return
    with page.shown_errors():
        if not email.strip():
            raise InvalidInput("email_unusable", email="")
        made = auth.share(services().engine, page.acting(), found.id, email, services().now(), kind)
    name = words.markdown(made.colleague.name, 60)
    st.toast(_("{name} can see and change it now.", name=name), icon=":material/check:")
    page.close_dialog()
    st.rerun()


def of_course(course: Course, member: Member) -> None:
    """With whom a course is shared, and the form that shares it or takes that back."""
    with page.shown_errors():
        given = page.read(auth.shares_of_course, member, course.id)
    if not given:
        st.markdown(_("It is shared with nobody yet."))
    _list(given, member, named=False)
    if not auth.is_in_charge_of_course(member, course):
        st.caption(_("Only the course's teacher or an admin does this."))
        return
    st.caption(_("A colleague with whom you share sees and changes all classes of the course, and its register."))
    with st.form("share-course", border=False):
        email = st.text_input(_("E-mail of the colleague"))
        if not st.form_submit_button(_("Share")):
            return
    with page.shown_errors():
        if not email.strip():
            raise InvalidInput("email_unusable", email="")
        made = auth.share_course(services().engine, page.acting(), course.id, email, services().now())
    name = words.markdown(made.colleague.name, 60)
    st.toast(_("{name} can see and change it now.", name=name), icon=":material/check:")
    st.rerun()


def of_account(member: Member) -> None:
    """Everything that somebody shares and that is shared with her, each with a way to end it."""
    with page.shown_errors():
        given, taken = page.read(auth.shares_by, member), page.read(auth.shares_with, member)
    st.header(_("Shared classes"), anchor=False)
    if not given and not taken:
        components.empty(
            ":material/inbox:", _("You share nothing, and nothing is shared with you. A class is shared on its page.")
        )
    _list([*given, *taken], member)


def _list(given: Iterable[Share], member: Member, found: Class | None = None, *, named: bool | None = None) -> None:
    """Shares, each with the button that ends it for whoever may: of one class or course, or else `named`."""
    named = found is None if named is None else named
    for one in given:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(_in_words(one, member, named=named), width="stretch")
            hers = one.colleague.id == member.id
            may_end = hers or member.is_admin or one.teacher.id == member.id
            key = f"end-{one.kind}-{one.id}-{one.colleague.id}"
            if may_end and st.button(_("Give back") if hers else _("Take back"), key=key, width="content"):
                with page.shown_errors():
                    class_id = found.id if found else None
                    auth.end_share(services().engine, page.acting(), one, services().now(), class_id)
                if hers and not named:
                    st.switch_page(page.CLASSES)  # the page of the class is not hers to read any more
                page.close_dialog()
                st.rerun()


def _kind_in_words(kind: Kind, found: Class) -> str:
    if kind == "class":
        return _("This class alone")
    return _("The whole course {course}", course=words.markdown(found.course or "", 60))


def _in_words(one: Share, member: Member, *, named: bool) -> str:
    """Who has what of whom, in Markdown; `named`: the title of it is said too."""
    details = {
        "title": f"**{words.markdown(one.title)}**",
        "teacher": words.markdown(one.teacher.name, 60),
        "colleague": f"{words.markdown(one.colleague.name, 60)} ({words.markdown(one.colleague.email, 60)})",
    }
    return _(SENTENCES[one.colleague.id == member.id, named, one.kind], **details)
