"""The parts of the page My account: a new password, a second factor, where one is signed in, API tokens."""

import io
from datetime import datetime

import segno
import streamlit as st

from tracker import auth, clock
from tracker.errors import InvalidInput
from tracker.storage.members import Member
from tracker.ui import page, words
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
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "a Mac",
    "CrOS": "a Chromebook",
    "Linux": "Linux",
}
VALID_FOR = {"30 days": 30, "90 days": 90, "a year": 365, "until I revoke it": None}
# Keys in Streamlit's session state: what the last run did, which is shown once.
DONE, NEW_TOKEN = "account-done", "account-new-token"
FACTOR_DONE = "account-factor-done"
# The key of a second factor that is being set up.
KEY = "account-factor-key"


def password(member: Member) -> None:
    """The form for a new password."""
    st.subheader("Password", anchor=False)
    if done := st.session_state.pop(DONE, ""):
        st.success(done, icon=":material/check:")
    with st.form("password", clear_on_submit=True):
        present = st.text_input("Present password", type="password", autocomplete="current-password")
        new = st.text_input("New password", type="password", autocomplete="new-password")
        again = st.text_input("New password again", type="password", autocomplete="new-password")
        st.caption("Your other browsers are signed out then, and your API tokens end.")
        if not st.form_submit_button("Change password"):
            return
    with page.shown_errors():
        if new != again:
            raise InvalidInput("passwords_differ")
        auth.change_password(services().engine, page.acting(), _token(), present, new, services().now())
    st.session_state[DONE] = "Your password is changed."
    st.rerun()


def second_factor(member: Member) -> None:
    """For admins: a code of an app, which is asked for when one signs in with the password."""
    with page.shown_errors():
        on = page.read(auth.second_factor_is_on, member)
    if not (on or member.is_admin):
        return
    st.subheader("Second factor", anchor=False)
    if done := st.session_state.pop(FACTOR_DONE, ""):
        st.success(done, icon=":material/check:")
    if on:
        _switch_off(member)
    elif KEY not in st.session_state:
        st.caption("Your password and a code of an app on your phone: a password that somebody has seen is not enough.")
        if st.button("Set up", icon=":material/phonelink_lock:"):
            st.session_state[KEY] = auth.new_second_factor()
            st.rerun()
    else:
        _switch_on(member, st.session_state[KEY])


def _switch_on(member: Member, key: str) -> None:
    picture = io.BytesIO()
    segno.make(auth.address_for_app(key, member)).save(picture, kind="png", scale=5)
    st.markdown("Scan this with an authenticator app, or type the key into it; then type the code that it shows.")
    st.image(picture.getvalue(), caption="The key as a QR code")
    st.code(key, language=None)
    with st.form("second-factor-on", clear_on_submit=True):
        code = st.text_input("Code", autocomplete="one-time-code")
        if not st.form_submit_button("Switch on"):
            return
    with page.shown_errors():
        auth.switch_on_second_factor(services().engine, page.acting(), key, code, services().now())
    del st.session_state[KEY]
    st.session_state[FACTOR_DONE] = "The second factor is on. An admin, or whoever runs this service, can take it away."
    st.rerun()


def _switch_off(member: Member) -> None:
    with st.form("second-factor-off", clear_on_submit=True):
        st.caption("It is on: signing in with the password takes a code of your app.")
        code = st.text_input("Code", autocomplete="one-time-code")
        if not st.form_submit_button("Switch off"):
            return
    with page.shown_errors():
        auth.switch_off_second_factor(services().engine, page.acting(), code, services().now())
    st.session_state[FACTOR_DONE] = "The second factor is off."
    st.rerun()


def sign_ins(member: Member) -> None:
    """The browsers in which one is signed in, each with a way to end it."""
    with page.shown_errors():
        found = page.read(auth.list_sign_ins, member, services().now())
    st.subheader("Where you are signed in", anchor=False)
    for number, one in enumerate(found):
        here = auth.is_of(one, _token())
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap=None):
                st.markdown(f"**{browser_in_words(one.user_agent)}**" + (" · this browser" if here else ""))
                place = words.markdown(one.address or "unknown", 60)
                used = f"last used {_local(one.last_used_at)}, signed in {_local(one.created_at)}"
                st.caption(f"{used}, from {place}")
            if not here and st.button("Sign out", key=f"end-{number}", width="content"):
                with page.shown_errors():
                    auth.end_sign_in(services().engine, page.acting(), one, services().now())
                st.rerun()
    if len(found) > 1 and st.button("Sign out everywhere else", icon=":material/logout:"):
        with page.shown_errors():
            auth.end_other_sign_ins(services().engine, page.acting(), _token(), services().now())
        st.rerun()


def api_tokens(member: Member) -> None:
    """The API tokens, each with a way to end it, and a form for another one."""
    with page.shown_errors():
        found = page.read(auth.list_api_tokens, member)
    st.subheader("API tokens", anchor=False)
    st.caption("For programs of yours that ask this service over HTTP. Whoever has one may do what you may.")
    if made := st.session_state.pop(NEW_TOKEN, ""):
        st.success("Copy the token now: it is shown this once.", icon=":material/key:")
        st.code(made, language=None)
    for number, one in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap=None):
                st.markdown(f"**{words.markdown(one.name, 60)}**")
                st.caption(", ".join(_facts(one.created_at, one.last_used_at, one.expires_at)))
            if st.button("Revoke", key=f"revoke-{number}", width="content"):
                with page.shown_errors():
                    auth.revoke_api_tokens(services().engine, page.acting(), member.email, services().now(), one.name)
                st.rerun()
    with st.form("token", clear_on_submit=True):
        name = st.text_input("Name", max_chars=60, placeholder="What it is for")
        valid_for = st.selectbox("Valid for", list(VALID_FOR))
        if not st.form_submit_button("Make a token"):
            return
    with page.shown_errors():
        acting, days = page.acting(), VALID_FOR[valid_for]
        st.session_state[NEW_TOKEN] = auth.new_api_token(
            services().engine, acting, acting.email, services().now(), name, days
        )
    st.rerun()


def browser_in_words(user_agent: str) -> str:
    """What a browser calls itself, as a person would say it."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return " on ".join(part for part in (browser or "A browser", system) if part)


def _facts(made: datetime, used: datetime | None, expires: datetime | None) -> list[str]:
    found = [f"made {_local(made)}", f"last used {_local(used)}" if used else "never used"]
    if expires:
        found.append(f"{'expired' if expires <= services().now() else 'expires'} {_local(expires)}")
    return found


def _token() -> str:
    return page.sign_in_cookies().get(COOKIE, "")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(clock.zone(words.viewer_zone())):%Y-%m-%d %H:%M}"
