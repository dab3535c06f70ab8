"""What is no roster is refused in a sentence, quickly; whatever comes, no other error does."""

import random
import unicodedata
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rosters.files import read, sheet_of
from tracker.errors import InvalidInput
from tracker.messages import sentence_of
from tracker.rosters import MOST_STUDENTS, Roster, read_pasted, read_roster
from tracker.text import EMOJI_JOINER, UNSEEN

# Made once: when it was made stands in it.
SMALL = sheet_of([["Name", "E-mail"], ["Ana", "ana@x.org"]])
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "roster_empty"),
        (b" \r\n\t", "roster_empty"),
        (b"\xef\xbb\xbf\n", "roster_empty"),
        (b"\xff\xfe", "roster_empty"),
        (bytes(1000), "roster_empty"),
        (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n", "roster_no_table"),
        (PNG, "roster_no_table"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), "roster_no_table"),
        (b"{\\rtf1 Ana}", "roster_no_table"),
        (random.Random(1).randbytes(10_000), "roster_no_table"),
        (b"Name\0Ana\0\0\x01\x02", "roster_no_table"),
        (b"<html><table><tr><td>Name</td></tr></table></html>", "roster_no_table"),
        (b'{"name": "Ana"}', "roster_no_table"),
        (b"Dear all.\nThis is a text, and no list of names.\nIt goes on for some lines.\n", "roster_no_table"),
        (b"1,2\n3,4\n", "roster_no_table"),
        (b"Name,E-mail\n", "roster_without_students"),
        (b"Name,E-mail\nTotal,\n", "roster_without_students"),
        (b"Phone;Points\n12;13\n", "roster_no_table"),
        (b"x" * 5_000_001, "roster_too_large"),
        (b"Name\n" + b"".join(b"Student %d\n" % number for number in range(2001)), "roster_too_many"),
        (b"Name,E-mail\n" + b"".join(b"S,s%d@x.org\n" % number for number in range(10_001)), "roster_too_many"),
    ],
)
def test_what_is_no_roster_is_refused(content: bytes, code: str) -> None:
    before = process_time()
    with pytest.raises(InvalidInput) as refused:
        read_roster(content, "roster")
    assert refused.value.code == code
    assert str(refused.value) not in (code, "")
    assert process_time() - before < 3


def test_as_many_students_as_may_be_are_read_quickly() -> None:
    lines = "".join(f"Student Número{n},s{n}@x.org,{n:06},7A,13/02/2026\n" for n in range(MOST_STUDENTS))
    before = process_time()
    assert len(read("Name,Email,Number,Group,From\n" + lines, "cp1252").students) == MOST_STUDENTS
    assert process_time() - before < 1


@pytest.mark.slow
def test_a_text_made_to_be_slow_is_not() -> None:
    hostile = (
        "@" * 300_000,
        "a@" * 100_000,
        "<" * 200_000,
        '"' * 100_001,
        "a,b " * 100_000,
        "(" * 70 + ")" * 70,
        "1. " * 90_000,
    )
    before = process_time()
    for text in hostile:
        for shape in (text, f"Name,Email\n{text},{text}\n", "\n".join([text[:300]] * 2000)):
            check(shape.encode())
    assert process_time() - before < 30


def read_or_refused(content: bytes | str) -> Roster | InvalidInput:
    try:
        return read_roster(content, "x.xlsx") if isinstance(content, bytes) else read_pasted(content)
    except InvalidInput as refused:
        return refused


def check(content: bytes | str) -> None:
    """Reads it, and sees that it is a roster that holds together, or refused in a sentence."""
    roster = read_or_refused(content)
    if isinstance(roster, InvalidInput):
        assert str(roster) not in (roster.code, "")
        return
    assert 0 < len(roster.students) <= MOST_STUDENTS
    lines = [student.line for student in roster.students]
    assert lines == sorted(lines)
    for student in roster.students:
        texts = (student.name, student.email, student.number, student.group, student.surname)
        assert student.name
        assert all(text == " ".join(text.split()) and len(text) <= 400 for text in texts)
        assert not {unicodedata.category(sign) for sign in "".join(texts).replace(EMOJI_JOINER, "")} & UNSEEN
        assert not (student.since and student.until and student.until < student.since)
    assert all(sentence_of(one) not in ("", one.code) for one in (*roster.problems, *roster.skipped))
    places = [column.place for column in roster.understood.columns]
    assert places == list(range(len(places)))


CELLS = st.one_of(
    st.sampled_from(
        [
            "Name",
            "Nome",
            "Apellidos",
            "Nombre",
            "E-mail",
            "Responsável",
            "Turma",
            "Nº",
            "RA",
            "From",
            "Baja",
            "Role",
            "Total",
            "Student, Test",
            "Ana",
            "Lima, Ana",
            "a@x.org",
            "A@x.org",
            "Ana <a@x.org>",
            "a@x.org; b@x.org",
            "mailto:a@x.org",
            "7A",
            "007",
            "1",
            "2",
            "01/02/2026",
            "2026-02-01",
            "31.12.2026",
            "=1+1",
            "-",
            "teacher",
            '"',
            '""',
            "'",
            "sep=;",
            "Points Possible",
            "\ufeff",
            "\u202e",
            "1E+5",
        ]
    ),
    st.text(max_size=30),
)
TABLES = st.lists(st.lists(CELLS, max_size=6), max_size=12)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac-roman")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=200)))
@pytest.mark.slow
def test_any_bytes_and_any_text_are_read_or_refused(content: bytes | str) -> None:
    check(content)


@settings(max_examples=400, deadline=None)
@given(TABLES, st.sampled_from(",;\t|"), st.sampled_from(("\n", "\r\n", "\r")), st.sampled_from(ENCODINGS))
@pytest.mark.slow
def test_any_table_is_read_or_refused(table: list[list[str]], delimiter: str, end: str, encoding: str) -> None:
    text = end.join(delimiter.join(cells) for cells in table)
    check(text)
    check(text.encode(encoding, "replace"))


@settings(max_examples=60, deadline=None)
@given(TABLES)
@pytest.mark.slow
def test_any_workbook_is_read_or_refused(table: list[list[str]]) -> None:
    plain = [["".join(sign for sign in cell if sign.isprintable()) for cell in row] for row in table]
    check(sheet_of([[cell if not cell.startswith("=") else f" {cell}" for cell in row] for row in plain]))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(content[: data.draw(st.integers(0, len(content)))]))
