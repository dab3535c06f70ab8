"""Taking the attendance of 1,000 people with 5 stays each, against reading the same records from JSON."""

import json
import random
from zoneinfo import ZoneInfo

from tests.bench import seconds, show
from tests.makers import run, span, stay
from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import participants_data, stays_from_data
from tracker.report import csv_bytes, people_table, xlsx_bytes

PEOPLE, STAYS = 1000, 5


def main() -> None:
    stays = [
        stay(f"Person {person}", 12 * part, 12 * part + 10, f"p{person}@school.example", session_uuid="one")
        for person in range(PEOPLE)
        for part in range(STAYS)
    ]
    random.Random(1).shuffle(stays)
    held, planned = [run("one", 0, 60)], span(0, 60)
    attendance = take_attendance(stays, held, planned)
    assert (attendance.unique_count, attendance.total_records) == (PEOPLE, PEOPLE * STAYS)
    data = participants_data(attendance)
    text = json.dumps(data)
    table = people_table(attendance, ZoneInfo("Europe/Berlin"))

    base, name = seconds(lambda: json.loads(text)), f"json.loads of {len(text) // 1024} KiB"
    show("take_attendance", seconds(lambda: take_attendance(stays, held, planned)), base, name)
    show("stays_from_data", seconds(lambda: stays_from_data(data)), base, name)
    show("participants_data", seconds(lambda: participants_data(attendance)), base, name)
    show("csv_bytes of the people", seconds(lambda: csv_bytes(table)), base, name)
    show("xlsx_bytes of the people", seconds(lambda: xlsx_bytes(table), rounds=5), base, name)


if __name__ == "__main__":
    main()
