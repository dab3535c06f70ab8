"""The colours and letters of `.streamlit/config.toml` as CSS, for the pages beside Streamlit's and our own elements.

Streamlit tells its theme to no style sheet, so these variables have the names that it gives them elsewhere.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from tracker import paths

# Which setting of the theme each variable is.
VARIABLES = {
    "--st-primary-color": "primaryColor",
    "--st-background-color": "backgroundColor",
    "--st-secondary-background-color": "secondaryBackgroundColor",
    "--st-text-color": "textColor",
    "--st-link-color": "linkColor",
    "--st-border-color": "borderColor",
}


@cache
def theme() -> str:
    """The theme's colours as variables: those of light and, where the reader's system is dark, those of dark."""
    light, dark = (
        "".join(f"{name}:{_settings()[kind][option]};" for name, option in VARIABLES.items())
        for kind in ("light", "dark")
    )
    return f":root{{color-scheme:light dark;{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"


@cache
def fonts() -> str:
    """The letters of the pages, for a page that Streamlit does not draw."""
    faces = "".join(
        f"@font-face{{font-family:{face['family']};src:url({face['url']}) format('woff2');"
        f"font-weight:{face['weight']};unicode-range:{face['unicodeRange']};font-display:swap}}"
        for face in _settings()["fontFaces"]
    )
    return f"{faces}:root{{--font:{_settings()['font']}}}"


@cache
def own(name: str) -> str:
    """A file of ours: `style.css` of the pages, `forms.css` of the pages beside them, the script `blank.js`."""
    return files(__package__).joinpath(name).read_text("utf-8")


def quoted(text: str) -> str:
    """A text as a string of CSS, which no sign in it can end; also inside of HTML."""
    return '"' + "".join(sign if sign.isalnum() or sign in " .,:;" else f"\\{ord(sign):x} " for sign in text) + '"'


@cache
def _settings() -> Any:
    """The theme as the file has it: Streamlit rewrites its own copy while it draws."""
    return tomllib.loads((paths.DASHBOARD / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
