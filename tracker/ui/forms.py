"""The plain pages beside Streamlit's: their frame, and what is read from the forms in them."""

import html
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from tracker.messages.languages import gettext as _
from tracker.messages.languages import html_lang
from tracker.ui import look

LARGEST_FORM = 8 * 1024
# What is refused with these is given a moment later.
FOR_A_MOMENT = frozenset((429, 503))


async def fields(request: Request) -> dict[str, str] | None:
    """The fields of a small URL-encoded form; None where it is too large, or its sender has gone."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_FORM:
                return None
    except ClientDisconnect:
        return None
    text = body.decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def local_path(target: str) -> str:
    """A path on this server; anything else would let a link send people elsewhere after signing in."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else "/"


def alert(fault: str) -> str:
    """The sentence that says what is the matter, as HTML."""
    return f"<p role='alert' class='fault'>{html.escape(fault)}</p>"


def field(name: str, label: str, more: str) -> str:
    """A field with its label, as HTML; `more` are further attributes of it."""
    return f"""<label for="{name}">{html.escape(label)}</label>
<input id="{name}" name="{name}" {more}>"""


def button(label: str) -> str:
    """The button that sends a form, as HTML."""
    return f"<button>{html.escape(label)}</button>"


def way(label: str, address: str) -> str:
    """A way on, as HTML: a link that looks like a button."""
    return f'<a class="button" href="{html.escape(address)}">{html.escape(label)}</a>'


def page(title: str, body: str, status: int, *, wide: bool = False) -> Response:
    """A page of its own, with this HTML in it; `title` is its heading, in the reader's language.

    `wide`: there is more to read in it than a form.
    """
    name = html.escape(_("Class attendance"))
    heading = html.escape(title)
    return HTMLResponse(
        f"""<!doctype html><html lang="{html_lang()}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{heading} · {name}</title>
<link rel="icon" href="data:,">
<style>{look.fonts()}{look.theme()}{look.own("forms.css")}</style></head>
<body><main{' class="wide"' if wide else ""}><p class="product">{name}</p><h1>{heading}</h1>
{body}</main></body></html>""",
        status,
    )


def refusal(
    connection: HTTPConnection, title: str, sentence: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """What is said where something is not given: a page with the way back for a browser, the sentence for a program."""
    if not wants_page(connection):
        return PlainTextResponse(sentence, status, headers)
    on = way(_("Today"), "/")
    if status in FOR_A_MOMENT and connection.scope["method"] == "GET":
        on = way(_("Try again"), "")  # an empty address is that of the page itself, with its query
    answer = page(title, alert(sentence) + on, status)
    answer.headers.update(headers or {})
    return answer


def wants_page(connection: HTTPConnection) -> bool:
    """Whether a browser asks for a page to show, and not a program or a page for some file."""
    return connection.scope["type"] == "http" and "text/html" in connection.headers.get("accept", "")
