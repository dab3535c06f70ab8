"""The plain pages beside Streamlit's: their frame, and what is read from the forms in them."""

import html
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

LARGEST_FORM = 8 * 1024


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


def page(title: str, body: str, status: int) -> Response:
    """A page of its own, with this HTML in it."""
    return HTMLResponse(
        f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Class attendance</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark;
  --text: #1b2733; --ground: #f3f6fa; --card: #fff; --line: #c3ced9; --main: #0b5fa5; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e6edf3; --ground: #12181f; --card: #1b242e; --line: #45566a; --main: #2b79ba; }}
}}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }}
main {{ width: min(22rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; }}
h1 {{ margin: 0 0 1rem; font-size: 1.4rem; }}
label {{ display: block; margin: .75rem 0 .25rem; font-weight: 600; }}
input {{ width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .4rem; }}
button {{ width: 100%; margin-top: 1.25rem; padding: .7rem; font: inherit; font-weight: 600; color: #fff;
  background: var(--main); border: 0; border-radius: .4rem; cursor: pointer; }}
a {{ color: inherit; }}
a.button {{ display: block; padding: .7rem; text-align: center; font-weight: 600; text-decoration: none;
  border: 1px solid var(--main); border-radius: .4rem; }}
.fault {{ margin: 0 0 1rem; padding: .6rem .8rem; border-left: 4px solid #d1495b; background: #d1495b22; }}
</style></head><body><main><h1>Class attendance</h1>{body}</main></body></html>""",
        status,
    )
