"""What is said of single lines, and how cells are read."""

from datetime import date

import pytest

from tests.rosters.files import meanings, problems, read, skipped
from tracker.messages import sentence_of
from tracker.rosters import Student


def test_each_line_that_cannot_be_used_is_named_with_the_reason() -> None:
    text = (
        "Name,Email,Number\nAna Lima,a@x.org,1\nAna Lima,a@x.org,1\nAna Lima,b@x.org,2\nEva,A@x.org,3\n,c@x.org,\n,,9\n"
        'Bob,bob at x,4\n=1+1,d@x.org,5\nCy,"c1@x.org; c2@x.org",2\nDi,-,2.02601E+11\n'
    )
    roster = read(text)
    assert roster.students == (
        Student("Ana Lima", "a@x.org", "1", line=2),
        Student("Ana Lima", "b@x.org", "2", line=4),
        Student("Eva", "A@x.org", "3", line=5),
        Student("c@x.org", "c@x.org", line=6),
        Student("Bob", "", "4", line=8),
        Student("=1+1", "d@x.org", "5", line=9),
        Student("Cy", "c1@x.org", "2", line=10),
        Student("Di", line=11),
    )
    assert problems(roster) == [
        (3, "roster_line_repeated", {"line": 2}),
        (5, "roster_email_twice", {"email": "A@x.org", "line": 2}),
        (7, "roster_line_without_name", {}),
        (8, "email_unusable", {"email": "bob at x"}),
        (10, "roster_emails_several", {"email": "c1@x.org"}),
        (10, "roster_number_twice", {"number": "2", "line": 4}),
        (11, "roster_number_shortened", {"number": "2.02601E+11"}),
    ]
    assert [sentence_of(one) for one in roster.problems][:3] == [
        "It says the same as line 2, so it counts once.",
        "A@x.org is on line 2 too.",
        "There is neither a name nor an e-mail address.",
    ]


def test_one_name_on_two_lines_that_differ_is_two_students_and_said() -> None:
    roster = read("Nº,Name\n4,Ana Lima\n9,Ana Lima\n10,Bo\n10,Bo\n")
    assert [(one.name, one.line) for one in roster.students] == [("Ana Lima", 2), ("Ana Lima", 3), ("Bo", 4)]
    assert problems(roster) == [
        (3, "roster_name_twice", {"name": "Ana Lima", "line": 2}),
        (5, "roster_line_repeated", {"line": 4}),
    ]


def test_a_quoted_cell_may_have_line_breaks_and_the_line_is_where_it_begins() -> None:
    roster = read('Name;Email\r\n"Ana\r\nLima";ana@x.org\r\n"Bo ""B"" Ek";bo@x.org\r\n')
    assert roster.students == (Student("Ana Lima", "ana@x.org", line=2), Student('Bo "B" Ek', "bo@x.org", line=4))


def test_a_quote_that_is_never_closed_swallows_nobody() -> None:
    roster = read('Name,Email\n"Ana,ana@x.org\n' + "".join(f"Bo,b{number}@x.org\n" for number in range(30)))
    assert len(roster.students) == 31
    roster = read('Name,Email\n"Ek, Bo",bo@x.org\n"Ana,ana@x.org\nCy,cy@x.org\n')
    assert [(one.name, one.line) for one in roster.students] == [("Bo Ek", 2), ("Ana", 3), ("Cy", 4)]


def test_a_guardians_address_is_never_the_students() -> None:
    for heading in ("Parent email", "E-mail do responsável", "Correo del tutor", "E-Mail Eltern", "Mère : courriel"):
        roster = read(f"Name;{heading}\nAna;eva@x.org\n")
        assert roster.students == (Student("Ana", line=2),), heading
    roster = read("Aluno;E-mail;Responsável;E-mail\nAna;;Eva;eva@x.org\nBo;bo@x.org;Jo;jo@x.org\n")
    assert [one.email for one in roster.students] == ["", "bo@x.org"]
    roster = read("Name,Email,Contact email,Contact 1 e-mail\nAna,,eva@x.org,jo@x.org\n")
    assert roster.students == (Student("Ana", line=2),)
    assert read("Name,Contact email\nAna,ana@x.org\n").students == (Student("Ana", "ana@x.org", line=2),)
    assert meanings(read("Alumno;Grupo;Tutor legal;Teléfono;Correo\nAna;1A;Eva;123;e@x.org\n")) == (
        "name group other_person nothing other_person"
    )
    assert meanings(read("Tutor group,Family name,First name,Email\n7A,Lima,Ana,a@x.org\n")) == (
        "group last_name first_name email"
    )


def test_a_seat_number_is_no_student_number_and_zeros_are_kept() -> None:
    assert read("Nº,Nome\n07,Ana\n").students == (Student("Ana", line=2),)
    assert read("Número;Nombre\n1;Ana\n2;Bo\n").students[1].number == ""
    assert read("Número;Nombre\n0012;Ana\n0007;Bo\n").students[1].number == "0007"
    assert read('Number,Name\n="0012",Ana\n\'0013,Bo\n').students[1].number == "0013"
    assert read("Student ID,Name\n0012,Ana\n").students[0].number == "0012"


@pytest.mark.parametrize(
    ("cell", "name", "surname"),
    [
        ("Lima, Ana", "Ana Lima", "Lima"),
        ("García López, Ana María", "Ana María García López", "García López"),
        ("John Smith, Jr.", "John Smith, Jr.", ""),
        ("Smith, Jr., John", "John Smith Jr.", "Smith"),
        ("Lima,", "Lima", ""),
        ("Ana <ana@x.org>", "Ana", ""),
        ("O’Brien, D'Arcy", "D'Arcy O’Brien", "O’Brien"),
        ("3. Ana", "Ana", ""),
    ],
)
def test_a_name_is_read_with_the_first_name_first(cell: str, name: str, surname: str) -> None:
    student = read(f'Name;Group\n"{cell}";7A\n').students[0]
    assert (student.name, student.surname) == (name, surname)


def test_the_heading_says_that_the_surname_comes_first() -> None:
    roster = read("Apellidos y nombre\nGarcía Ana\nGarcía López Ana\n")
    assert [one.name for one in roster.students] == ["Ana García", "García López Ana"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_columns_and_lines_may_be_separated_in_any_way(delimiter: str, end: str) -> None:
    lines = (("Name", "E-mail", "Group"), ("Lima, Ana", "ana@x.org", "7A"), ("Ek; Bo", "bo@x.org", "7B"))
    text = end.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    roster = read(text)
    assert [(one.name, one.email, one.group, one.line) for one in roster.students] == [
        ("Ana Lima", "ana@x.org", "7A", 2),
        ("Ek; Bo", "bo@x.org", "7B", 3),
    ]
    assert roster.understood.delimiter == delimiter


def test_the_line_in_which_excel_names_the_delimiter_is_none_of_the_table() -> None:
    assert read("sep=;\r\nName;Email\r\nLima, Ana;ana@x.org\r\n").students == (
        Student("Ana Lima", "ana@x.org", line=3, surname="Lima"),
    )


@pytest.mark.parametrize(
    ("encoding", "known"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "windows-1252"),
        ("mac-roman", "mac-roman"),
    ],
)
def test_each_encoding_is_known_by_its_bytes(encoding: str, known: str) -> None:
    names = ["José Peña", "Íñigo Ibáñez", "João Conceição", "Jürgen Groß", "Éloïse Lefèvre", "Ângela Côrtes"]
    roster = read("Nombre;Grupo\n" + "".join(f"{name};1ºA\n" for name in names), encoding)
    assert [one.name for one in roster.students] == names
    assert roster.understood.encoding == known


def test_a_file_with_one_odd_byte_is_still_utf_8() -> None:
    roster = read(b"Name\n" + "João Peña Groß Éloïse Çelik\n".encode() * 3 + b"Bo\xff\n")
    assert [one.name for one in roster.students] == ["João Peña Groß Éloïse Çelik", "Bo\ufffd"]


def test_teachers_totals_and_remarks_are_no_students() -> None:
    text = (
        "Name,Email,Role,Group\nEva Berg,eva@x.org,Editing teacher,\nAna,ana@x.org,Student,7A\nTotal,,,1\n"
        "Class average,,,\nAnzahl Schüler: 1,,,\nPrinted on 3 May 2026,,,\nGruppe B,,,\n,,,seen by the head\n"
    )
    roster = read(text)
    assert roster.students == (Student("Ana", "ana@x.org", "", "7A", line=3),)
    assert problems(roster) == []
    assert [line for line, _code in skipped(roster)] == [2, 4, 5, 6, 7, 8, 9]
    assert sentence_of(roster.skipped[0]) == "No student, but Editing teacher: Eva Berg"


def test_signatures_and_the_end_of_a_list_are_no_students() -> None:
    ends = ("Assinatura do professor", "El tutor", "-- end --", "Firma de la tutora", "Unterschrift der Lehrkraft")
    for headings, blank in (("Name", ""), ("Name,Email,Number", ",,")):
        for end in ends:
            roster = read(f"{headings}\nAna Lima{blank}\nFirma Díaz{blank}\nEl Tutora Go{blank}\n{end}{blank}\n")
            assert [one.name for one in roster.students] == ["Ana Lima", "Firma Díaz", "El Tutora Go"], end
            assert skipped(roster) == [(5, "roster_line_no_student")]


def test_a_student_may_be_called_like_a_line_of_a_gradebook() -> None:
    roster = read("Name,Number\nMedia,7\nData Singh,8\nSumma Total,9\nPoints,10\n")
    assert [one.name for one in roster.students] == ["Media", "Data Singh", "Summa Total", "Points"]


def test_dates_are_read_over_the_whole_column() -> None:
    assert [one.since for one in read("Name,Joined\nAna,04/13/2026\nBo,05/06/2026\n").students] == [
        date(2026, 4, 13),
        date(2026, 5, 6),
    ]
    roster = read(
        "Name,From,Until\nAna,03/04/2026,05/06/2026\nBo,04/05/2026,13/06/2026\nCy,soon,\nDi,5.5.2026,4.5.2026\n"
    )
    assert [(one.since, one.until) for one in roster.students] == [
        (date(2026, 4, 3), date(2026, 6, 5)),
        (date(2026, 5, 4), date(2026, 6, 13)),
        (None, None),
        (None, None),
    ]
    assert problems(roster) == [(4, "roster_date_unreadable", {"text": "soon"}), (5, "roster_dates_reversed", {})]
    assert problems(read("Name,Until\nAna,\nBo,03/04/2026\n")) == [
        (3, "roster_dates_ambiguous", {"column": "Until", "text": "03/04/2026"})
    ]


@pytest.mark.parametrize(
    ("headings", "cells", "expected"),
    [
        ("Name,Surname", "Ana,Lima", ("Ana Lima", "Lima")),
        ("Name,Surname", "Ana Lima,Lima", ("Ana Lima", "Lima")),
        ("Surname,Name", "Lima,Ana", ("Ana Lima", "Lima")),
        ("Surname,Name", "de Souza,Ana de Souza", ("Ana de Souza", "de Souza")),
        ("Name,Last name", ",Lima", ("Lima", "")),
        ("Student name,First name", "Ana Lima,Ana", ("Ana Lima", "")),
        ("Student name,First name", '"Lima, Ana",Ana', ("Ana Lima", "Lima")),
        ("Student name,First name", "Lima,Ana", ("Ana Lima", "Lima")),
    ],
)
def test_a_column_of_names_beside_one_of_surnames_has_the_whole_name_or_the_rest_of_it(
    headings: str, cells: str, expected: tuple[str, str]
) -> None:
    (student,) = read(f"{headings},Email\n{cells},ana@x.org\n").students
    assert (student.name, student.surname) == expected


@pytest.mark.parametrize(
    ("days", "since", "until"),
    [
        ("08/01/2026,30/06/2026", date(2026, 1, 8), date(2026, 6, 30)),
        ("02/01/2026,06/30/2026", date(2026, 2, 1), date(2026, 6, 30)),
        ("13/01/2026,02/06/2026", date(2026, 1, 13), date(2026, 6, 2)),
    ],
)
def test_whether_the_day_comes_first_is_told_by_either_column_of_days(days: str, since: date, until: date) -> None:
    roster = read(f"Name,From,Until\nAna,{days}\nBo,,\n")
    assert [(one.since, one.until) for one in roster.students] == [(since, until), (None, None)]
    assert problems(roster) == []
