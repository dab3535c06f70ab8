"""The page in which Streamlit draws: its own, in the reader's language, with our name, style sheet and script.

Streamlit itself would give it in English, under its own name, and at any address there is.
"""

import html
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from streamlit.file_util import get_static_dir

from tracker.messages import languages
from tracker.messages.languages import gettext as _
from tracker.ui import look, page

# The addresses at which there is a page.
ADDRESSES = ("/", *(f"/{Path(script).stem}" for script in page.PAGES if script != page.TODAY))


def routes() -> Sequence[BaseRoute]:
    """The address of each page."""
    return [Route(address, show, methods=["GET"]) for address in ADDRESSES]


async def show(_request: Request) -> Response:
    """The page, in the language that is spoken."""
    return HTMLResponse(_index(languages.html_lang()))


@cache
def _index(lang: str) -> str:
    """The page in this language, which is the one that is spoken."""
    name = html.escape(_("Class attendance"))
    words = {
        "unreachable-title": _("One moment"),
        "unreachable": _(
            "The dashboard does not answer, perhaps because it is being restarted. This page goes on by itself. If it "
            "does not, reload it."
        ),
        "this-page": _("this page"),
        "copy-link": _("Copy link"),
    }
    variables = "".join(f"--{key}:{look.quoted(text)};" for key, text in words.items())
    style = f"<style>{look.theme()}:root{{{variables}}}{look.own('style.css')}</style>"
    script = html.escape(_("This page needs JavaScript."))
    changes = (
        (r'<html lang="en">', f'<html lang="{lang}">'),
        (r"<title>.*?</title>", f"<title>{name}</title>"),
        # Letters that no page has, and an interface that is closed.
        (r'<link\s+rel="(?:preload|service-desc)".*?/>', ""),
        (r"<noscript>.*?</noscript>", f"<noscript><p>{script}</p></noscript>"),
        # After the styles that Streamlit adds to the head, so that ours count where both say something.
        (r"</body>", f"{style}<script>{look.own('blank.js')}</script></body>"),
    )
    text = Path(get_static_dir(), "index.html").read_text("utf-8")
    for there, ours in changes:
        text = re.sub(there, ours.replace("\\", r"\\"), text, flags=re.DOTALL)
    return text
