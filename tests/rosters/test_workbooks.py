"""Rosters in workbooks: merged headings, formulas, links, dates, several sheets; and those that are refused."""

import datetime
import io
import zipfile
from datetime import date
from time import process_time
from typing import Any

import pytest
from openpyxl import Workbook

from tests.rosters.files import changed, meanings, packed, problems, read, sheet_of, skipped, workbook
from tracker.errors import InvalidInput
from tracker.rosters import Student


def merged_linked_and_calculated(book: Any) -> None:
    cover = book.add_worksheet("Capa")
    cover.write("A1", "Escola de Matemática")
    cover.insert_textbox("B2", "olá")
    sheet = book.add_worksheet("Alunos")
    day, zeros = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "00000"})
    sheet.merge_range("A1:G1", "Lista de alunos 2026")
    for cells, heading in (
        ("A3:A4", "Nº"),
        ("B3:C3", "Aluno"),
        ("D3:D4", "E-mail"),
        ("E3:E4", "Turma"),
        ("F3:F4", "Matrícula"),
        ("G3:G4", "Ingresso"),
    ):
        sheet.merge_range(cells, heading)
    sheet.write_row("B4", ["Nome", "Sobrenome"])
    sheet.merge_range("E5:E6", "7A")
    sheet.write_row("A5", [1, "Ana", "Lima"])
    sheet.write_url("D5", "mailto:ana@x.org", string="escrever")
    sheet.write("F5", 12, zeros)
    sheet.write_datetime("G5", datetime.datetime(2026, 2, 3), day)
    sheet.write_row("A6", [2, "Bo", "Ek"])
    sheet.write_url("D6", "mailto:other@x.org?subject=x", string="bo@x.org")
    sheet.write("F6", 20260001)
    sheet.write_datetime("G6", datetime.datetime(2026, 2, 4, 10, 30), day)
    sheet.write("A7", 3)
    sheet.write_formula("B7", '=PROPER("cy")', value="Cy")
    sheet.write_formula("C7", '="K"&"o"', value="Ko")
    sheet.write_formula("D7", '=HYPERLINK("mailto:cy@x.org","mail")', value="mail")
    sheet.write("F7", "00077")
    sheet.write_formula("G7", "=1/0", value="#DIV/0!")
    sheet.write("A8", "Total")
    sheet.write_formula("B8", "=COUNTA(B5:B7)", value=3)


def test_merged_headings_formulas_links_and_dates() -> None:
    roster = read(workbook(merged_linked_and_calculated), name="alunos.xlsx")
    assert roster.students == (
        Student("Ana Lima", "ana@x.org", "00012", "7A", date(2026, 2, 3), None, 5, "Lima"),
        Student("Bo Ek", "bo@x.org", "20260001", "7A", date(2026, 2, 4), None, 6, "Ek"),
        Student("Cy Ko", "cy@x.org", "00077", "", None, None, 7, "Ko"),
    )
    assert problems(roster) == []
    assert skipped(roster) == [(8, "roster_line_no_student")]
    assert meanings(roster) == "seat_number first_name last_name email group number from"
    assert (roster.understood.sheet, roster.understood.header_lines) == ("Alunos", (4,))


def test_a_heading_merged_over_the_columns_of_a_student() -> None:
    def of_three(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:C1", "Alumnado")
        sheet.merge_range("D1:D2", "Grupo")
        for row, cells in enumerate((["Nº", "Apellidos", "Nombre"], [1, "Lima", "Ana", "7A"], [2, "Ek", "Bo", "7B"])):
            sheet.write_row(row + 1, 0, cells)

    def of_two(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:B1", "Name")
        sheet.write("C1", "Group")
        for row, cells in enumerate((["Lima", "Ana", "7A"], ["Ek", "Bo", "7B"])):
            sheet.write_row(row + 1, 0, cells)

    found = [(one.name, one.number, one.group) for one in read(workbook(of_three), name="a.xlsx").students]
    assert found == [("Ana Lima", "", "7A"), ("Bo Ek", "", "7B")]
    found = [(one.name, one.number, one.group) for one in read(workbook(of_two), name="a.xlsx").students]
    assert found == [("Lima Ana", "", "7A"), ("Ek Bo", "", "7B")]


def test_a_formula_that_nobody_has_calculated_is_named_where_it_is_read() -> None:
    book = Workbook()
    for row in (["Name", "E-mail", "Mean"], ['=UPPER("ana")', "ana@x.org", "=1+1"], ["Bo", "bo@x.org", "=1+1"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    roster = read(out.getvalue(), name="a.xlsx")
    assert roster.students == (Student("ana@x.org", "ana@x.org", line=2), Student("Bo", "bo@x.org", line=3))
    assert problems(roster) == [(2, "roster_formula_without_value", {})]


def test_a_hidden_sheet_is_not_read_and_the_first_with_headings_is() -> None:
    def fill(book: Any) -> None:
        book.add_worksheet("Notes").write_column("A1", ["Please fill in", "by Friday"])
        hidden = book.add_worksheet("Old")
        hidden.write_column("A1", ["Name", "Zoe"])
        hidden.hide()
        book.add_worksheet("New").write_column("A1", ["Name", "Ana"])
        book.add_worksheet("Newer").write_column("A1", ["Name", "Bo"])

    roster = read(workbook(fill), name="a.xlsx")
    assert roster.students == (Student("Ana", line=2),)
    assert roster.understood.sheet == "New"


def test_rows_are_counted_as_excel_shows_them_and_cells_of_other_kinds_are_text() -> None:
    roster = read(
        sheet_of([[], ["Name", "Number", "Group"], [], [True, 7.0, 1.5], ["'=1+1", 1e15, "  "]]), name="a.xlsx"
    )
    assert roster.students == (
        Student("True", "", "7", "1.5", line=4),
        Student("=1+1", "", "1000000000000000", line=5),
    )


def test_the_content_decides_and_not_what_a_file_is_called() -> None:
    assert read(sheet_of([["Name"], ["Ana"]]), name="a.csv").students == (Student("Ana", line=2),)
    assert read("Name\nAna\n", name="a.xlsx").students == (Student("Ana", line=2),)


def refused(content: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(InvalidInput) as error:
        read(content, name=name)
    return error.value.code


USUAL = workbook(merged_linked_and_calculated)


def test_a_workbook_that_is_none_is_refused_in_a_sentence() -> None:
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a.xls") == "roster_old_excel"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a.doc") == "roster_no_table"
    assert refused(packed({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"})) == "roster_no_table"
    assert refused(USUAL[: len(USUAL) // 2]) == "roster_broken_workbook"
    assert refused(packed({"xl/workbook.xml": b"<a/>"})) == "roster_broken_workbook"
    assert refused(workbook(lambda book: book.add_worksheet())) == "roster_empty"
    assert refused(sheet_of([["Name", "E-mail"]])) == "roster_without_students"


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_a_broken_part_is_told_in_a_sentence(part: str) -> None:
    assert (
        refused(changed(USUAL, lambda name, inside: inside[:99] if name == part else inside))
        == "roster_broken_workbook"
    )


@pytest.mark.slow
def test_what_unpacks_to_too_much_is_refused_before_it_is_read() -> None:
    before = process_time()
    bomb = changed(USUAL, lambda name, inside: inside + bytes(100_000_000) if name.endswith("sheet2.xml") else inside)
    assert len(bomb) < 200_000
    assert refused(bomb) == "roster_too_large"
    cells = b"<sheetData><row r='1'>" + b"<c/>" * 1_000_000 + b"</row>"
    assert refused(changed(USUAL, lambda _name, inside: inside.replace(b"<sheetData>", cells))) == "roster_too_large"
    assert refused(changed(USUAL, lambda _name, inside: inside.replace(b'r="8"', b'r="900000"'))) == "roster_too_large"
    with zipfile.ZipFile(many := io.BytesIO(), "w") as archive:
        for number in range(1001):
            archive.writestr(f"xl/{number}", b"")
    assert refused(many.getvalue()) == "roster_too_large"
    assert process_time() - before < 20


def test_entities_are_refused() -> None:
    doctype = b'?>\n<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n'
    assert (
        refused(changed(USUAL, lambda _name, inside: inside.replace(b"?>\n", doctype, 1))) == "roster_broken_workbook"
    )


@pytest.mark.slow
def test_too_many_students_are_refused_and_2000_are_read_quickly() -> None:
    def rows(count: int) -> list[list[Any]]:
        students = [[f"Student Number{n}", f"s{n}@x.org", f"{n:06}", "7A", "2026-02-03"] for n in range(count)]
        return [["Name", "E-mail", "Number", "Group", "From"], *students]

    most, more, many = sheet_of(rows(2000)), sheet_of(rows(2001)), sheet_of(rows(10_001))
    seconds = []
    for _ in range(3):
        before = process_time()
        assert len(read(most, name="a.xlsx").students) == 2000
        seconds.append(process_time() - before)
    assert min(seconds) < 1
    assert (refused(more), refused(many)) == ("roster_too_many", "roster_too_many")


def test_headings_of_two_rows_with_a_guardian_above_two_columns() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:F2", "Colegio San José")
        for cells, heading in (("A3:A4", "N°"), ("B3:B4", "Apellidos y nombres"), ("F3:F4", "Alta")):
            sheet.merge_range(cells, heading)
        sheet.merge_range("C3:D3", "Apoderado")
        sheet.write("E3", "Alumno")
        sheet.write_row("C4", ["Nombre", "Correo", "Correo"])
        sheet.write_row("A5", [1, "García López, Ana", "Eva", "eva@x.cl", "ana@x.cl", "01/03/2026"])
        sheet.write_row("A6", [2, "Peña, Jo", "Li", "li@x.cl", "", "15/03/2026"])

    roster = read(workbook(fill), name="a.xlsx")
    assert roster.students == (
        Student("Ana García López", "ana@x.cl", "", "", date(2026, 3, 1), None, 5, "García López"),
        Student("Jo Peña", "", "", "", date(2026, 3, 15), None, 6, "Peña"),
    )
    assert problems(roster) == []
    assert meanings(roster) == "seat_number name other_person other_person email from"
    assert roster.understood.header_lines == (3, 4)
