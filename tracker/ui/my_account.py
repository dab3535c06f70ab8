"""The parts of the page My account: a new password, a second factor, where one is signed in, API tokens."""

import io
from datetime import datetime

import segno
import streamlit as st

from tracker import auth
from tracker.errors import InvalidInput
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.storage.api_tokens import Token
from tracker.storage.members import Member
from tracker.storage.sign_ins import SignedIn
from tracker.ui import language, page, words
from tracker.ui.sign_in import COOKIE
from tracker.ui.wiring import services

# The parts of what browsers call themselves: each claims to be its ancestors too, so the first that fits is meant.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": marked("an iPhone"),
    "iPad": marked("an iPad"),
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": marked("a Mac"),
    "CrOS": marked("a Chromebook"),
    "Linux": "Linux",
}
VALID_FOR = {30: marked("30 days"), 90: marked("90 days"), 365: marked("a year"), None: marked("until I revoke it")}
# Keys in Streamlit's session state: what the last run did, which is shown once.
DONE, NEW_TOKEN = "account-done", "account-new-token"
FACTOR_DONE = "account-factor-done"
# The key of a second factor that is being set up.
KEY = "account-factor-key"


def languages() -> None:
    """The language of the pages, to be chosen."""
    st.header(_("Language"), anchor=False)
    st.html(language.switch(browsers=True))


def password(member: Member) -> None:
    """The form for a new password."""
    st.header(_("Password"), anchor=False)
    if done := st.session_state.pop(DONE, ""):
        st.success(done, icon=":material/check:")
    with st.form("password", clear_on_submit=True):
        present = st.text_input(_("Present password"), type="password", autocomplete="current-password")
        new = st.text_input(_("New password"), type="password", autocomplete="new-password")
        again = st.text_input(_("New password again"), type="password", autocomplete="new-password")
        st.caption(_("Your other browsers are signed out then, and your API tokens end."))
        if not st.form_submit_button(_("Change password")):
            return
    with page.shown_errors():
        if new != again:
            raise InvalidInput("passwords_differ")
        auth.change_password(services().engine, page.acting(), _token(), present, new, services().now())
    st.session_state[DONE] = _("Your password is changed.")
    st.rerun()


def second_factor(member: Member) -> None:
    """For admins: a code of an app, which is asked for when one signs in with the password."""
    with page.shown_errors():
        on = page.read(auth.second_factor_is_on, member)
    if not (on or member.is_admin):
        return
    st.header(_("Second factor"), anchor=False)
    if done := st.session_state.pop(FACTOR_DONE, ""):
        st.success(done, icon=":material/check:")
    if on:
        _switch_off(member)
    elif KEY not in st.session_state:
        st.caption(
            _("Your password and a code of an app on your phone: a password that somebody has seen is not enough.")
        )
        if st.button(_("Set up"), icon=":material/phonelink_lock:"):
            st.session_state[KEY] = auth.new_second_factor()
            st.rerun()
    else:
        _switch_on(member, st.session_state[KEY])


def _switch_on(member: Member, key: str) -> None:
    picture = io.BytesIO()
    segno.make(auth.address_for_app(key, member)).save(picture, kind="png", scale=5)
    st.markdown(_("Scan this with an authenticator app, or type the key into it; then type the code that it shows."))
    st.image(picture.getvalue(), caption=_("The key as a QR code"))
    st.code(key, language=None)
    with st.form("second-factor-on", clear_on_submit=True):
        code = st.text_input(_("Code"), autocomplete="one-time-code")
        if not st.form_submit_button(_("Switch on")):
            return
    with page.shown_errors():
        auth.switch_on_second_factor(services().engine, page.acting(), key, code, services().now())
    del st.session_state[KEY]
    st.session_state[FACTOR_DONE] = _(
        "The second factor is on. An admin, or whoever runs this service, can take it away."
    )
    st.rerun()


def _switch_off(member: Member) -> None:
    with st.form("second-factor-off", clear_on_submit=True):
        st.caption(_("It is on: signing in with the password takes a code of your app."))
        code = st.text_input(_("Code"), autocomplete="one-time-code")
        if not st.form_submit_button(_("Switch off")):
            return
    with page.shown_errors():
        auth.switch_off_second_factor(services().engine, page.acting(), code, services().now())
    st.session_state[FACTOR_DONE] = _("The second factor is off.")
    st.rerun()


def sign_ins(member: Member) -> None:
    """The browsers in which one is signed in, each with a way to end it."""
    with page.shown_errors():
        found = page.read(auth.list_sign_ins, member, services().now())
    st.header(_("Where you are signed in"), anchor=False)
    for number, one in enumerate(found):
        here = auth.is_of(one, _token())
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap=None):
                st.markdown(f"**{browser_in_words(one.user_agent)}**" + (f" · {_('this browser')}" if here else ""))
                st.caption(_sign_in_facts(one))
            if not here and st.button(_("Sign out"), key=f"end-{number}", width="content"):
                with page.shown_errors():
                    auth.end_sign_in(services().engine, page.acting(), one, services().now())
                st.rerun()
    if len(found) > 1 and st.button(_("Sign out everywhere else"), icon=":material/logout:"):
        with page.shown_errors():
            auth.end_other_sign_ins(services().engine, page.acting(), _token(), services().now())
        st.rerun()


def api_tokens(member: Member) -> None:
    """The API tokens, each with a way to end it, and a form for another one."""
    with page.shown_errors():
        found = page.read(auth.list_api_tokens, member)
    st.header(_("API tokens"), anchor=False)
    st.caption(_("For programs of yours that ask this service over HTTP. Whoever has one may do what you may."))
    if made := st.session_state.pop(NEW_TOKEN, ""):
        st.success(_("Copy the token now: it is shown this once."), icon=":material/key:")
        st.code(made, language=None)
    for number, one in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap=None):
                st.markdown(f"**{words.markdown(one.name, 60)}**")
                st.caption(_token_facts(one))
            if st.button(_("Revoke"), key=f"revoke-{number}", width="content"):
                with page.shown_errors():
                    auth.revoke_api_tokens(services().engine, page.acting(), member.email, services().now(), one.name)
                st.rerun()
    with st.form("token", clear_on_submit=True):
        name = st.text_input(_("Name"), max_chars=60, placeholder=_("What it is for"))
        valid_for = st.selectbox(_("Valid for"), list(VALID_FOR), format_func=lambda days: _(VALID_FOR[days]))
        if not st.form_submit_button(_("Make a token")):
            return
    with page.shown_errors():
        acting = page.acting()
        st.session_state[NEW_TOKEN] = auth.new_api_token(
            services().engine, acting, acting.email, services().now(), name, valid_for
        )
    st.rerun()


def browser_in_words(user_agent: str) -> str:
    """What a browser calls itself, as a person would say it."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "")
    system = next((_(name) for sign, name in SYSTEMS.items() if sign in user_agent), "")
    if not system:
        return browser or _("A browser")
    if not browser:
        return _("A browser on {system}", system=system)
    return _("{browser} on {system}", browser=browser, system=system)


def _sign_in_facts(one: SignedIn) -> str:
    """When and from where a browser has been signed in, in Markdown."""
    used, since = _local(one.last_used_at), _local(one.created_at)
    if not one.address:
        return _("Last used {used}. Signed in {since}.", used=used, since=since)
    place = words.markdown(one.address, 60)
    return _("Last used {used}. Signed in {since} from {address}.", used=used, since=since, address=place)


def _token_facts(one: Token) -> str:
    """When an API token was made and used, and how long it is good."""
    facts = [_("Made {when}.", when=_local(one.created_at))]
    facts.append(_("Last used {when}.", when=_local(one.last_used_at)) if one.last_used_at else _("Never used."))
    if one.expires_at and one.expires_at <= services().now():
        facts.append(_("Expired {when}.", when=_local(one.expires_at)))
    elif one.expires_at:
        facts.append(_("Expires {when}.", when=_local(one.expires_at)))
    return " ".join(facts)


def _token() -> str:
    return page.sign_in_cookies().get(COOKIE, "")


def _local(moment: datetime) -> str:
    """A moment in the reader's zone: `Thu, 14 May 2026, 14:30`."""
    local = moment.astimezone(words.zone())
    return f"{formats.day(local)}, {formats.time(local)}"
