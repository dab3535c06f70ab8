"""The parts of the page People: the list, the form to invite somebody, and changes of one account."""

from urllib.parse import urlsplit

import streamlit as st

from tracker import auth
from tracker.storage.members import ROLES, Member, Role
from tracker.ui import page, words
from tracker.ui.wiring import services

RESETTING = "The present password, the second factor, all sign-ins and API tokens end."
# Keys in Streamlit's session state: what the last run did, which is shown once.
DONE, LINK = "people-done", "people-link"


def news() -> None:
    """What was done a moment ago, and the link to hand on."""
    if done := st.session_state.pop(DONE, ""):
        st.success(words.markdown(done, 300), icon=":material/check:")
    if link := st.session_state.pop(LINK, ""):
        days = auth.INVITATION_LIFE.days
        st.markdown(f"Send this link: it sets the password, once, and is good for {days} days. It is shown this once.")
        st.code(link, language=None)


def table(everybody: list[Member]) -> None:
    """Everybody with an account."""
    st.dataframe(
        {
            "Name": [words.plain(one.name) for one in everybody],
            "E-mail": [words.plain(one.email) for one in everybody],
            "Role": [one.role for one in everybody],
            "Account": ["closed" if one.disabled_at else "open" for one in everybody],
            "Zoom host": [words.plain(one.zoom_user) for one in everybody],
        },
        hide_index=True,
    )


def invitation() -> None:
    """The form that adds somebody and makes the link for her password."""
    st.subheader("Invite somebody", anchor=False)
    with st.form("invitation", clear_on_submit=True):
        email = st.text_input("E-mail")
        name = st.text_input("Name")
        role: Role = st.selectbox("Role", ROLES, help="Teachers see their own classes, admins all of them.")
        zoom_user = st.text_input("Zoom user", help="The person's Zoom user, where it is not the e-mail.")
        if not st.form_submit_button("Make an invitation", icon=":material/person_add:"):
            return
    with page.shown_errors():
        token = auth.invite(services().engine, page.acting(), email, name, role, services().now(), zoom_user)
    _show_next(f"{email.strip()} is invited.", _link(token))


def changes(everybody: list[Member]) -> None:
    """Role, closing, a new password and removing, of one account that is chosen."""
    st.subheader("Change an account", anchor=False)
    chosen = st.selectbox("Account", everybody, None, format_func=lambda one: words.plain(one.email), key="chosen")
    if chosen is None:
        return
    engine, now = services().engine, services().now()
    other: Role = "teacher" if chosen.is_admin else "admin"
    with st.container(horizontal=True):
        if st.button(f"Make {'a teacher' if other == 'teacher' else 'an admin'}", icon=":material/badge:"):
            with page.shown_errors():
                auth.change_role(engine, page.acting(), chosen.email, other, now)
            _show_next(f"{chosen.email} is {'a teacher' if other == 'teacher' else 'an admin'} now.")
        if chosen.disabled_at and st.button("Open again", icon=":material/lock_open:"):
            with page.shown_errors():
                auth.enable(engine, page.acting(), chosen.email, now)
            _show_next(f"{chosen.email} can sign in again.")
        if not chosen.disabled_at and st.button(
            "Close", icon=":material/lock:", help="Signs out at once; classes stay."
        ):
            with page.shown_errors():
                auth.disable(engine, page.acting(), chosen.email, now)
            _show_next(f"{chosen.email} cannot sign in any more.")
        if not chosen.disabled_at and st.button(
            "Reset password",
            icon=":material/key:",
            help=RESETTING,
        ):
            with page.shown_errors():
                token = auth.invite_again(engine, page.acting(), chosen.email, now)
            _show_next(f"{chosen.email} needs a new password.", _link(token))
    heirs = [one for one in everybody if one.id != chosen.id and one.disabled_at is None]
    _handing_over(chosen, heirs)
    _removal(chosen, heirs)


def named(member: Member) -> str:
    """Somebody among others to choose from."""
    return f"{words.plain(member.name, 60)} ({words.plain(member.email, 60)})"


def _handing_over(chosen: Member, heirs: list[Member]) -> None:
    with st.expander("Hand the classes to somebody else"):
        st.caption("All classes and courses, and what was said about people in them. The account stays.")
        to = st.selectbox("Who gets them", heirs, None, format_func=named, key=f"to-{chosen.id}")
        if st.button("Hand over", icon=":material/move_up:", disabled=to is None) and to is not None:
            with page.shown_errors():
                auth.hand_over(services().engine, page.acting(), chosen.email, to.email, services().now())
            _show_next(f"{to.email} has the classes of {chosen.email} now.")


def _removal(chosen: Member, heirs: list[Member]) -> None:
    with st.expander("Remove this account"):
        to = st.selectbox(
            "Who gets the classes", heirs, None, format_func=lambda one: words.plain(one.email), key=f"heir-{chosen.id}"
        )
        sure = st.checkbox("Yes, remove it for good", key=f"sure-{chosen.id}")
        if st.button("Remove", icon=":material/delete:", disabled=not sure):
            with page.shown_errors():
                auth.remove(services().engine, page.acting(), chosen.email, to.email if to else None, services().now())
            _show_next(f"{chosen.email} is removed.")


def _show_next(done: str, link: str = "") -> None:
    """Redraws the page, and shows this above it."""
    st.session_state[DONE], st.session_state[LINK] = done, link
    st.session_state.pop("chosen", None)
    st.rerun()


def _link(token: str) -> str:
    """The address of an invitation, at the server that the admin's browser uses."""
    here = urlsplit(st.context.url or "")
    start = f"{here.scheme}://{here.netloc}" if here.netloc else ""
    return f"{start}/invite/{token}"
