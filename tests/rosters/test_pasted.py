"""Pasted text: cells of a spreadsheet, recipients of a mail, one name a line."""

import pytest

from tests.rosters.files import problems
from tracker.errors import InvalidInput
from tracker.rosters import Student, read_pasted


def students(text: str) -> list[tuple[str, str]]:
    return [(one.name, one.email) for one in read_pasted(text).students]


def test_cells_of_a_spreadsheet() -> None:
    roster = read_pasted("Ana Lima\tana@x.org\t007\nBo Ek\tbo@x.org\t008\n")
    assert roster.students == (
        Student("Ana Lima", "ana@x.org", "007", line=1),
        Student("Bo Ek", "bo@x.org", "008", line=2),
    )
    assert (roster.understood.encoding, roster.understood.delimiter) == ("", "\t")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana Lima", [("Ana Lima", "")]),
        ("Ana Lima\r\nBo Ek\n\n", [("Ana Lima", ""), ("Bo Ek", "")]),
        ("1. Ana Lima\n2. Bo Ek\n", [("Ana Lima", ""), ("Bo Ek", "")]),
        ("1) Ana\n2) Bo\n", [("Ana", ""), ("Bo", "")]),
        ("- Ana\n- Bo\n", [("Ana", ""), ("Bo", "")]),
        ("12 Ana Lima\n13 Bo Ek", [("Ana Lima", ""), ("Bo Ek", "")]),
        ("Lima, Ana\nEk, Bo", [("Ana Lima", ""), ("Bo Ek", "")]),
        ("a@x.org", [("a@x.org", "a@x.org")]),
        ("a@x.org, b@x.org; c@x.org", [(one, one) for one in ("a@x.org", "b@x.org", "c@x.org")]),
        (
            'Ana <a@x.org>, Bo <b@x.org>; "Ek, Cy" <c@x.org>',
            [("Ana", "a@x.org"), ("Bo", "b@x.org"), ("Cy Ek", "c@x.org")],
        ),
        ("Ana Lima a@x.org\nBo b@x.org", [("Ana Lima", "a@x.org"), ("Bo", "b@x.org")]),
        ("Ana Lima (a@x.org)", [("Ana Lima", "a@x.org")]),
        ("Ana Lima; Bo Ek; Cy", [("Ana Lima", ""), ("Bo Ek", ""), ("Cy", "")]),
        ("Lima, Ana <a@x.org>; Ek, Bo <b@x.org>", [("Ana Lima", "a@x.org"), ("Bo Ek", "b@x.org")]),
        ("Ana Lima, a@x.org\nBo, b@x.org", [("Ana Lima", "a@x.org"), ("Bo", "b@x.org")]),
        ("Name\tMail\nAna\ta@x.org", [("Ana", "a@x.org")]),
        ("Klasse 7b\nAna Lima\nBo Ek\nCy Ko", [("Ana Lima", ""), ("Bo Ek", ""), ("Cy Ko", "")]),
        ("Ana\u200b Lima\u00a0", [("Ana Lima", "")]),
    ],
)
def test_a_text_is_read_as_it_is_pasted(text: str, expected: list[tuple[str, str]]) -> None:
    assert students(text) == expected


def test_one_name_twice_with_nothing_else_counts_once_and_is_named() -> None:
    roster = read_pasted("Ana Lima\nBo\nAna Lima\n")
    assert [one.name for one in roster.students] == ["Ana Lima", "Bo"]
    assert problems(roster) == [(3, "roster_line_repeated", {"line": 1})]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "roster_empty"),
        (" \n\t\n", "roster_empty"),
        ("Name\tE-mail\n", "roster_without_students"),
        ("123\n456\n", "roster_no_table"),
        ("x" * 5_000_001, "roster_too_large"),
        ("".join(f"s{number}@x.org\n" for number in range(2001)), "roster_too_many"),
    ],
)
def test_what_is_no_list_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_pasted(text)
    assert refused.value.code == code
