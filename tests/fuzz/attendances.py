"""Everything that a page and a file make of an attendance; all of it has to work, whatever was stored."""

import csv
import io
import json

from tests.makers import read_workbook
from tracker import clock, report
from tracker.attendance.curve import presence_curve
from tracker.attendance.same_person import likely_same
from tracker.attendance.types import Attendance
from tracker.report import FORMULA_STARTS
from tracker.storage.classes import Class
from tracker.ui import charts, words

RUN = FORMULA_STARTS | {"\t", "\r", "\n"}


def check_shown(found: Class, attendance: Attendance) -> None:
    """Fails where anything cannot be shown or written, or does not come back from the files as it was."""
    zone = clock.zone(found.timezone)
    sheets = read_workbook(report.workbook(attendance, zone))
    for make, sheet in zip((report.people_table, report.stays_table), sheets.values(), strict=True):
        table = make(attendance, zone)
        written = list(csv.reader(io.StringIO(report.csv_bytes(table).decode("utf-8-sig"), newline="")))
        assert [len(row) for row in written] == [len(table.columns)] * (len(table.rows) + 1)
        assert [cell for row in written for cell in row if cell[:1] in RUN] == []
        assert [row[0].removeprefix("'") for row in written[1:]] == [
            str(row[0]).removeprefix("'") for row in table.rows
        ]
        assert [len(row) for row in sheet.rows] == [len(row) for row in written]
    document = json.loads(report.json_bytes(attendance, zone, found.record()))
    assert (document["totalRecords"], document["uniqueCount"]) == (attendance.total_records, attendance.unique_count)
    words.people(attendance.unique_count)
    likely_same(attendance.people)
    lines = charts.timeline_rows(attendance)
    charts.timeline_figure(found, lines, attendance, zone).to_json()
    curve = presence_curve(attendance.people, attendance.lesson)
    assert len(curve.points) <= 2 * attendance.total_records
    charts.curve_figure(found, curve, attendance, zone).to_json()
