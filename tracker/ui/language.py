"""In which language somebody is spoken to, and the buttons with which she chooses another one."""

import html
from collections.abc import Mapping, Sequence

import streamlit as st
from babel import Locale
from starlette.requests import HTTPConnection

from tracker.messages import languages
from tracker.messages.languages import gettext as _
from tracker.storage.members import Member

# What somebody chose who is not signed in, or was when she chose.
COOKIE = "tracker_language"
# The address that the buttons send to (`tracker.ui.language_choice`).
ADDRESS = "/language"


def of_tab(member: Member | None) -> Locale:
    """For a page: by her account, else by what she chose in this browser, else by what the browser says."""
    return _best(member, st.context.cookies, st.context.locale, st.context.headers.get("Accept-Language"))


def of_request(request: HTTPConnection, member: Member | None = None) -> Locale:
    """For an address beside the pages, in the same order."""
    return _best(member, request.cookies, request.headers.get("accept-language"))


def switch(back: str = "", *, browsers: bool = False) -> str:
    """The buttons to choose a language, each in its own name, as HTML; with `browsers`, one for that of the browser.

    They lead to `back`, or to where they stand.
    """
    spoken = languages.language_of(languages.spoken())
    buttons = [_button(one, languages.own_name(one), one == spoken) for one in languages.offered()]
    if browsers:
        buttons.append(_button("", _("As the browser says"), pressed=False))
    target = f'<input type="hidden" name="back" value="{html.escape(back)}">' if back else ""
    label = html.escape(_("Language"))
    return (
        f'<form class="languages" method="post" action="{ADDRESS}" aria-label="{label}">{target}'
        f"{''.join(buttons)}</form>"
    )


def _button(language: str, name: str, pressed: bool) -> str:
    tag = f' lang="{language.replace("_", "-")}"' if language else ""
    return (
        f'<button name="language" value="{language}" aria-pressed="{str(pressed).lower()}"{tag}>'
        f"{html.escape(name)}</button>"
    )


def _best(member: Member | None, cookies: Mapping[str, str], *by_browser: str | None) -> Locale:
    chosen: Sequence[str | None] = (member.language if member else None, cookies.get(COOKIE))
    return languages.best(*chosen, *by_browser)
