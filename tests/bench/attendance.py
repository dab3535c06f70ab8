"""Taking the attendance of 1,000 people with 5 stays each, against reading the same records from JSON."""

import json
import random
from zoneinfo import ZoneInfo

from tests.bench import seconds, show
from tests.makers import run, span, stay
from tracker.attendance.counting import take_attendance
from tracker.attendance.same_person import likely_same
from tracker.attendance.stored_form import participants_data, stays_from_data
from tracker.report import csv_bytes, people_table, stays_table, workbook

PEOPLE, STAYS = 1000, 5
FIRST = ["Ana", "Ben", "Chloé", "Dmitri", "Émile", "Fay", "Giulia", "Hannah", "Ivo", "Jörg"]
NAMES = [f"{FIRST[n % 10]} {FIRST[n // 10 % 10]}{FIRST[n // 100].lower()}" for n in range(PEOPLE)]


def main() -> None:
    stays = [
        stay(NAMES[person], 12 * part, 12 * part + 10, f"p{person}@school.example", session_uuid="one")
        for person in range(PEOPLE)
        for part in range(STAYS)
    ]
    random.Random(1).shuffle(stays)
    held, planned = [run("one", 0, 60)], span(0, 60)
    attendance = take_attendance(stays, held, planned)
    assert (attendance.unique_count, attendance.total_records) == (PEOPLE, PEOPLE * STAYS)
    data = participants_data(attendance)
    text = json.dumps(data)
    zone = ZoneInfo("Europe/Berlin")
    table, stays_rows = people_table(attendance, zone), stays_table(attendance, zone)

    base, name = seconds(lambda: json.loads(text)), f"json.loads of {len(text) // 1024} KiB"
    show("take_attendance", seconds(lambda: take_attendance(stays, held, planned)), base, name)
    show("stays_from_data", seconds(lambda: stays_from_data(data)), base, name)
    show("participants_data", seconds(lambda: participants_data(attendance)), base, name)
    show("csv_bytes of the people", seconds(lambda: csv_bytes(table)), base, name)
    show("csv_bytes of the stays", seconds(lambda: csv_bytes(stays_rows)), base, name)
    show("workbook", seconds(lambda: workbook(attendance, zone), rounds=5), base, name)
    show("likely_same", seconds(lambda: likely_same(attendance.people), rounds=5), base, name)


if __name__ == "__main__":
    main()
