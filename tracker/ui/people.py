"""The parts of the page People: the list, the form to invite somebody, and changes of one account."""

from math import ceil
from urllib.parse import urlsplit

import streamlit as st

from tracker import auth
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import NO_NAME
from tracker.messages.vocabulary import ROLES as ROLE_WORDS
from tracker.storage.members import ROLES, Member, Role
from tracker.text import order_of
from tracker.ui import components, page, words
from tracker.ui.components import Column
from tracker.ui.wiring import services

# Up to so many are seen at a glance; more are searched, and come in pages.
PAGE_SIZE = 50
# Keys in Streamlit's session state: what the last run did, which is shown once.
DONE, LINK = "people-done", "people-link"
# Of each role: the button that gives it, and what is said once it is given.
GIVING: dict[Role, tuple[str, str]] = {
    "teacher": (marked("Make a teacher"), marked("{email} is a teacher now.")),
    "admin": (marked("Make an admin"), marked("{email} is an admin now.")),
}


def news() -> None:
    """What was done a moment ago, and the link to hand on."""
    if done := st.session_state.pop(DONE, ""):
        st.success(words.markdown(done, 300), icon=":material/check:")
    if link := st.session_state.pop(LINK, ""):
        st.markdown(
            _n(
                "Send this link. It sets the password, works once and for {number} day, and is not shown again.",
                "Send this link. It sets the password, works once and for {number} days, and is not shown again.",
                auth.INVITATION_LIFE.days,
            )
        )
        st.code(link, language=None, wrap_lines=True)


def table(everybody: list[Member]) -> None:
    """Everybody with an account; of many, those who are searched for, a page at a time."""
    found = sorted(everybody, key=lambda one: (order_of(one.name), one.email))
    if len(everybody) > PAGE_SIZE:
        asked = st.text_input(_("Search"), key="people-search", placeholder=_("Name or e-mail"), width=420)
        wanted = asked.casefold().strip()
        found = [one for one in found if wanted in one.name.casefold() or wanted in one.email.casefold()]
    if not found:
        components.empty(":material/inbox:", _("Nobody has this name or e-mail."))
        return
    st.caption(_n("{number} account", "{number} accounts", len(found)))
    pages = ceil(len(found) / PAGE_SIZE)
    rows = st.container()
    number = min(st.pagination(pages, key="people-part"), pages) if pages > 1 else 1
    opened, closed = components.mark("✓", _("open"), "green"), components.mark("✕", _("closed"), "gray")
    with rows:
        components.table(
            _("Accounts"),
            (
                Column(_("Name")),
                Column(_("E-mail"), look="plain"),
                *map(Column, (_("Role"), _("Account"), _("Other Zoom host"))),
            ),
            (
                (
                    words.plain(one.name) or _(NO_NAME),
                    one.email,
                    role_in_words(one.role),
                    closed if one.disabled_at else opened,
                    "" if one.zoom_user == one.email else one.zoom_user,
                )
                for one in found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
            ),
            look="stacks",
        )


def role_in_words(role: str) -> str:
    """A role; one that nobody knows, as another program has written it."""
    return _(ROLE_WORDS[role]) if role in ROLES else words.plain(role, 60)


def invitation() -> None:
    """The form that adds somebody and makes the link for her password."""
    with st.expander(_("Invite somebody"), icon=":material/person_add:"):
        with st.form("invitation", clear_on_submit=True, border=False):
            email = st.text_input(_("E-mail"))
            name = st.text_input(_("Name"))
            seen = _("Teachers see their own classes and those that are shared with them, admins all of them.")
            role: Role = st.selectbox(_("Role"), ROLES, help=seen, format_func=role_in_words)
            zoom_user = st.text_input(_("Zoom host"), help=_("Only where Zoom knows this person by another e-mail."))
            if not st.form_submit_button(_("Make an invitation"), type="primary"):
                return
        with page.shown_errors():
            token = auth.invite(services().engine, page.acting(), email, name, role, services().now(), zoom_user)
        _show_next(_("{email} is invited.", email=email.strip()), _link(token))


def changes(everybody: list[Member]) -> None:
    """Role, closing, a new password and removing, of one account that is chosen."""
    chosen = st.selectbox(_("Account"), everybody, None, format_func=named, key="chosen", placeholder=_("Choose one"))
    if chosen is None:
        return
    st.markdown(words.markdown(_as_what(chosen), 300))
    _role(chosen)
    if chosen.disabled_at:
        _opening(chosen)
    else:
        _closing(chosen)
        _new_password(chosen)
    heirs = [one for one in everybody if one.id != chosen.id and one.disabled_at is None]
    _handing_over(chosen, heirs)
    _removal(chosen, heirs)


def named(member: Member) -> str:
    """Somebody among others to choose from."""
    return f"{words.plain(member.name, 60)} ({words.plain(member.email, 60)})"


def _as_what(chosen: Member) -> str:
    name = named(chosen)
    if chosen.role == "admin":
        return _("{name} is an admin.", name=name)
    if chosen.role == "teacher":
        return _("{name} is a teacher.", name=name)
    return _("{name} has a role that is unknown here: {role}.", name=name, role=role_in_words(chosen.role))


def _role(chosen: Member) -> None:
    st.caption(_("A teacher has her own classes; an admin has all of them, and pages like this one."))
    with st.container(horizontal=True):
        for role in ROLES:
            label, done = GIVING[role]
            if role != chosen.role and st.button(_(label), icon=":material/badge:"):
                with page.shown_errors():
                    auth.change_role(services().engine, page.acting(), chosen.email, role, services().now())
                _show_next(_(done, email=chosen.email))


def _opening(chosen: Member) -> None:
    st.caption(_("This account is closed: nobody can sign in with it."))
    if st.button(_("Open again"), icon=":material/lock_open:"):
        with page.shown_errors():
            auth.enable(services().engine, page.acting(), chosen.email, services().now())
        _show_next(_("{email} can sign in again.", email=chosen.email))


def _closing(chosen: Member) -> None:
    with st.expander(_("Close this account"), icon=":material/lock:"):
        st.caption(
            _(
                "Nobody can sign in with it until it is opened again. Its API tokens end, and so does what colleagues "
                "share with it. Its classes stay, and go on being counted."
            )
        )
        sure = st.checkbox(_("Yes, close it"), key=f"close-{chosen.id}")
        if st.button(_("Close account"), disabled=not sure):
            with page.shown_errors():
                auth.disable(services().engine, page.acting(), chosen.email, services().now())
            _show_next(_("{email} cannot sign in any more.", email=chosen.email))


def _new_password(chosen: Member) -> None:
    with st.expander(_("Have a new password set"), icon=":material/key:"):
        st.caption(
            _(
                "You get a link to hand on, which sets a new password. The present password, the second factor, all "
                "sign-ins and all API tokens end at once."
            )
        )
        sure = st.checkbox(_("Yes, end them"), key=f"reset-{chosen.id}")
        if st.button(_("Reset password"), disabled=not sure):
            with page.shown_errors():
                token = auth.invite_again(services().engine, page.acting(), chosen.email, services().now())
            _show_next(_("{email} needs a new password.", email=chosen.email), _link(token))


def _handing_over(chosen: Member, heirs: list[Member]) -> None:
    with st.expander(_("Hand the classes to somebody else"), icon=":material/move_up:"):
        st.caption(
            _("All classes and courses go, with what was said about people in them. The account stays, without them.")
        )
        to = st.selectbox(
            _("Who gets them"), heirs, None, format_func=named, key=f"to-{chosen.id}", placeholder=_("Choose one")
        )
        if st.button(_("Hand over"), disabled=to is None) and to is not None:
            with page.shown_errors():
                auth.hand_over(services().engine, page.acting(), chosen.email, to.email, services().now())
            _show_next(_("{heir} has the classes of {email} now.", heir=to.email, email=chosen.email))


def _removal(chosen: Member, heirs: list[Member]) -> None:
    with st.expander(_("Remove this account"), icon=":material/delete:"):
        st.caption(_("It is gone for good. Its classes go to somebody else, who has to be chosen if there are any."))
        to = st.selectbox(
            _("Who gets the classes"),
            heirs,
            None,
            format_func=named,
            key=f"heir-{chosen.id}",
            placeholder=_("Choose one"),
        )
        sure = st.checkbox(_("Yes, remove it for good"), key=f"sure-{chosen.id}")
        if st.button(_("Remove"), disabled=not sure):
            with page.shown_errors():
                auth.remove(services().engine, page.acting(), chosen.email, to.email if to else None, services().now())
            _show_next(_("{email} is removed.", email=chosen.email))


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
