"""Every page in a language in which each message stands in brackets: what is outside of them is no message.

So a text is found that no catalogue has, and one that is shown as it stands in the code.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import streamlit as st
from babel.support import NullTranslations
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from sqlalchemy import Engine
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from tests import gate_client
from tests.fake_zoom import FakeZoom
from tests.makers import member
from tests.readable import words_in
from tests.screens import PAGES, Screens
from tests.states import classes_in_every_state
from tracker import clock, health, sessions
from tracker.messages import languages
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

# What Streamlit shows of an element, by the names of its fields.
READ = {"label", "body", "help", "placeholder", "options", "captions", "caption", "title", "content", "tooltip", "text"}
READ_IN_CHARTS = {"text", "hovertemplate", "name", "title", "ticktext"}
# What the tests have put in, and what is written the same in every language.
NAMES = """
Ana Ada ana ada Bo Okafor bo Cy Lima Dee Park iPhone Otter ai Eve Early Wanda Wait school example
Rhetoric Speaking Algebra Sciences Poetry Drama Botany Ethics Optics Latin Greek Music Astronomy
Excel CSV JSON Zoom Chrome Linux Python Streamlit SQLModel SQLite sqlite PostgreSQL postgresql
English Español Português Brasil Berlin UTC AM PM
"""
# Names of days and months, of settings and columns, and of time zones.
NO_MESSAGE = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|"
    r"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|January|February|March|April|June|July|August|"
    r"September|October|November|December)\b|\b[A-Z]+_[A-Z_]+\b|\b\w+/[\w/+-]+|`[^`]*`|\S+@\S+|"
    r"\bone:\d+|New York|zoom-[a-z-]+ [\d.]+"
)


class Bracketed(NullTranslations):
    """A catalogue with everything in it."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, several: str, count: int) -> str:
        return f"⟦{one if count == 1 else several}⟧"


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    monkeypatch.setattr(languages, "_catalogue", lambda language: Bracketed())


@pytest.fixture(params=["teacher", "admin"])
def reader(request: pytest.FixtureRequest, screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom) -> Screens:
    """Whoever looks at the pages."""
    screens.sign_in(ana if request.param == "teacher" else member(engine, "ada@school.example", "admin"))
    return screens


@pytest.fixture
def made(reader: Screens, engine: Engine, ana: Member) -> dict[str, str]:
    """The id of a class in each state."""
    return classes_in_every_state(engine, ana, lambda delivery: sessions.note_delivery(services(), delivery))


def shown(nodes: Iterable[Any]) -> Iterator[str]:
    """Every text of these elements that a person reads, those of charts and tables too."""
    for node in nodes:
        if isinstance(getattr(node, "proto", None), Message):
            if node.type == "plotly_chart":
                yield from _of_chart(json.loads(node.proto.spec))
            elif node.type == "arrow_data_frame":
                yield from (str(column) for column in node.value.columns if not str(column).startswith("_"))
                yield from _of_chart(json.loads(node.proto.columns or "{}"), {"label", "help"})
            elif node.type != "code":
                yield from _fields(node.proto)


def _fields(proto: Message) -> Iterator[str]:
    for field, value in proto.ListFields():
        several = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_STRING and field.name in READ:
            yield from several
        elif field.type == FieldDescriptor.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for one in several:
                yield from _fields(one)


def _of_chart(spec: Any, read: set[str] = READ_IN_CHARTS) -> Iterator[str]:
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in read:
                yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
            yield from _of_chart(value, read)
    elif isinstance(spec, list):
        for one in spec:
            yield from _of_chart(one, read)


def outside(texts: Iterable[str]) -> list[str]:
    """The words that no message has, and where they are, a line for each text."""
    said = {text: text.replace("\\", "").replace(health.VERSION, "") for text in texts}
    found = {text: words_in(NO_MESSAGE.sub(" ", plain)) for text, plain in said.items()}
    strange = {text: [word for word in words if word not in NAMES.split()] for text, words in found.items()}
    return sorted(f"{' '.join(words)}: {text[:100]!r}" for text, words in strange.items() if words)


def texts(at: AppTest) -> list[str]:
    """All that there is to read on the page, beside it, and in an open dialog."""
    assert not at.exception
    zones = set(clock.zone_names())
    return [text for text in shown(at) if not text.startswith("<style>") and text not in zones]


def check(said: Iterable[str]) -> None:
    """Fails where there is a text that is no message, and says which."""
    faults = outside(said)
    assert not faults, "no message:\n" + "\n".join(faults)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_text_but_messages(reader: Screens, made: dict[str, str], brackets: None, name: str) -> None:
    said = texts(reader.open(name, **({"id": made["counted"]} if name == page.CLASS else {})))
    assert any("⟦" in text for text in said)
    check(said)


def test_a_class_has_no_text_but_messages_in_whatever_state(
    reader: Screens, made: dict[str, str], brackets: None
) -> None:
    check(text for class_id in made.values() for text in texts(reader.open(page.CLASS, id=class_id)))


@pytest.mark.parametrize("class_id", ["", "nobody-has-it"])
def test_a_class_that_is_not_there_is_told_of_in_messages(reader: Screens, brackets: None, class_id: str) -> None:
    check(texts(reader.open(page.CLASS, id=class_id)))


@pytest.mark.parametrize("path", ["/login", "/invite/" + "x" * 43])
def test_what_stands_before_the_sign_in_has_no_text_but_messages(app: Starlette, brackets: None, path: str) -> None:
    answer = gate_client.get(app, path)
    assert "⟦" in answer.text
    check([re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)])


def test_a_text_that_is_no_message_is_found() -> None:
    assert outside(["⟦Held ⟦at 10:05⟧⟧", "Thu, 14 May 2026 · Ana (ana@school.example)", "⟦{a}⟧ ⟦b⟧ 12%"]) == []
    for text in ("Held ⟦at 10:05⟧", "⟦Held⟧ at 10:05", "**Save**", "<p>Save</p>", ":material/save: Save", "12 min"):
        assert outside([text])
