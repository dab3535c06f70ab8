"""Dates as people and programs write them."""

from datetime import date

import pytest

from tracker.tables.dates import is_date, read_dates

THIRD_OF_MAY = date(2026, 5, 3)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-05-03",
        "2026/5/3",
        "2026.05.03",
        "2026-05-03T10:00:00Z",
        "2026-05-03 00:00:00",
        "3.5.2026",
        "03.05.26",
        "3/5/2026",
        "03-05-2026",
        "03/05/2026 10:30",
        "46145",
        "3 May 2026",
        "3 de mayo de 2026",
        "3 de maio de 2026",
        "3. Mai 2026",
        "3 mai 2026",
        "03-MAY-26",
        "May 3, 2026",
        "may 3rd, 2026",
    ],
)
def test_a_date_is_read_in_each_of_its_forms(cell: str) -> None:
    assert read_dates([cell]).values == (THIRD_OF_MAY,)


@pytest.mark.parametrize(
    "cell", ["soon", "2026-13-01", "31.02.2026", "2026", "12345678", "3 foo 2026", "1/2", "03/05/1826", "²/5/2026"]
)
def test_what_is_no_date_is_told(cell: str) -> None:
    found = read_dates(["", cell])
    assert (found.values, found.unreadable) == ((None, None), (1,))


@pytest.mark.parametrize(
    ("cells", "values", "ambiguous"),
    [
        (["01/02/2026", "13/02/2026"], [date(2026, 2, 1), date(2026, 2, 13)], None),
        (["01/02/2026", "02/13/2026"], [date(2026, 1, 2), date(2026, 2, 13)], None),
        (["05/05/2026"], [date(2026, 5, 5)], None),
        (["05/05/2026", "01/02/2026"], [date(2026, 5, 5), date(2026, 2, 1)], 1),
        (["13/02/2026", "02/13/2026", "01/02/2026"], [date(2026, 2, 13), date(2026, 2, 13), date(2026, 2, 1)], 2),
        (["1.2.2026"], [date(2026, 2, 1)], None),
        ([], [], None),
    ],
)
def test_day_or_month_first_is_decided_over_the_column(
    cells: list[str], values: list[date], ambiguous: int | None
) -> None:
    found = read_dates(cells)
    assert (list(found.values), found.ambiguous) == (values, ambiguous)


def test_a_bare_number_is_no_date() -> None:
    assert not is_date("46145")
    assert is_date("3.5.2026")
