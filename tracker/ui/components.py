"""What the pages are built of: figures, marks, lists of people, notices, and what stands where there is nothing yet.

Each is drawn by one call, and looks as `style.css` says. Texts come here plain, and are made fit for HTML here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from tracker.ui.words import Color, plain


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, and in `note` what belongs to it in small letters."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its heading, whether it holds numbers, and a class of `style.css` for all of its cells."""

    heading: str
    numbers: bool = False
    look: str = ""


@dataclass(frozen=True, slots=True)
class Html:
    """HTML that we have made ourselves, in the place of a plain text."""

    text: str


Cell = str | Html


def figures(shown: Iterable[Figure]) -> None:
    """Draws a row of figures."""
    cells = "".join(
        f"<div><dt>{escape(one.name)}</dt><dd class='value'>{escape(one.value)}</dd>"
        + (f"<dd class='note'>{escape(one.note)}</dd>" if one.note else "")
        + "</div>"
        for one in shown
    )
    st.html(f"<dl class='figures'>{cells}</dl>")


def mark(sign: str, word: str, color: Color) -> Html:
    """A sign and a word on a ground of this colour; for a cell of a list."""
    return Html(f"<span class='mark {color}'><span aria-hidden='true'>{escape(sign)}</span>{escape(word)}</span>")


def symbol_mark(icon: str, word: str, color: Color) -> Html:
    """The same with one of Streamlit's icons (`:material/check:`), which every machine can draw.

    It is not read aloud.
    """
    return Html(f"<span class='mark {color}'{_symbol(icon)}>{escape(word)}</span>")


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], look: str = "", *, box: bool = False
) -> None:
    """Draws a list to be read; the first cell of each row names it. `caption` is for those who cannot see it.

    In a `box` a long list scrolls by itself on a screen; on paper it is as long as it is.
    """
    head = "".join(f"<th scope='col' class='{_look(column)}'>{escape(column.heading)}</th>" for column in columns)
    naming, *others = columns
    first = f"<th scope='row' class='{_look(naming)}'>"
    starts = [f"<td class='{_look(column)}' data-heading='{escape(column.heading)}'>" for column in others]
    body = "".join(f"<tr>{_cells(first, starts, row)}</tr>" for row in rows)
    named = f"<caption class='unseen'>{escape(caption)}</caption>"
    drawn = f"<table class='list {look}'>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    st.html(
        f"<div class='box' tabindex='0' role='region' aria-label='{escape(caption)}'>{drawn}</div>" if box else drawn
    )


def notice(sign: str, sentence: str, color: Color) -> None:
    """Draws one sentence that answers a question, on a ground of this colour."""
    st.html(f"<p class='mark sentence {color}'><span aria-hidden='true'>{escape(sign)}</span>{escape(sentence)}</p>")


def empty(icon: str, sentence: str) -> None:
    """Draws what stands where there is nothing yet, below an icon as in `symbol_mark`."""
    st.html(f"<div class='empty'><div{_symbol(icon)}></div><p>{escape(sentence)}</p></div>")


def _symbol(icon: str) -> str:
    """The attribute by which `style.css` draws an icon."""
    return f" data-symbol='{icon.removeprefix(':material/').removesuffix(':')}'"


def _cells(first: str, starts: Sequence[str], row: Sequence[Cell]) -> str:
    """The cells of a row, each after the tag that opens it."""
    cells = "".join(f"{start}{_inside(cell)}</td>" for start, cell in zip(starts, row[1:], strict=True))
    return f"{first}{_inside(row[0])}</th>{cells}"


def _inside(cell: Cell) -> str:
    return cell.text if isinstance(cell, Html) else escape(plain(cell, 200))


def _look(column: Column) -> str:
    return f"{column.look} number".strip() if column.numbers else column.look
