"""What is no report is refused in a sentence, quickly; whatever comes, no other error does."""

import random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.files import BLOCK, PLAIN, read
from tests.reports.test_shapes import SHAPES
from tests.rosters.files import sheet_of
from tracker.errors import InvalidInput
from tracker.messages import HasCode, sentence_of
from tracker.reports import LARGEST_FILE, DateOrder

ROW = "Bo {0},bo{0}@x.org,2026-05-14 10:00:00,2026-05-14 10:50:00,50,No,No,\n"
WORDS = ["Name", "User Email", "Join Time", "Leave Time", "Duration (Minutes)", "Topic", "Start Time", "Timestamp"]
CELLS = st.one_of(
    st.sampled_from([*WORDS, "1. Summary", "3. X", "Bo", "bo@x.org", "Left", "Joined", "50", "1h", "10:00", "", '"']),
    st.sampled_from(
        ["05/14/2026 10:00 AM", "2026-05-14 10:00", "31.12.2099 23:59", "1/2/26, 3:04 PM", "0001-01-01 0:00"]
    ),
    st.text(max_size=12),
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "report_unknown"),
        (b" \r\n\t", "report_unknown"),
        (b"\xff\xfe", "report_unknown"),
        (bytes(1000), "report_unknown"),
        (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n", "report_unknown"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "report_unknown"),
        (random.Random(1).randbytes(10_000), "report_unknown"),
        (b"<html><table><tr><td>Name</td></tr></table></html>", "report_unknown"),
        (b'{"participants": []}', "report_unknown"),
        (b"Name,E-mail\nBo,bo@x.org\n", "report_unknown"),
        (b"Dear all.\nThis is a text.\n", "report_unknown"),
        (b"1,2\n3,4\n", "report_unknown"),
        (sheet_of([["Name", "Join Time"], ["Bo", "10:00"]]), "report_is_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "report_is_workbook"),
        (f"{BLOCK}812,Algebra,2026-05-14 10:00,2026-05-14 11:00,,60,1\n".encode(), "report_of_meetings_only"),
        (PLAIN.encode(), "report_empty"),
        (f"{PLAIN}Total,,,,,,\n".encode(), "report_empty"),
        (b"x" * (LARGEST_FILE + 1), "report_too_large"),
        ((PLAIN + "".join(map(ROW.format, range(20_001)))).encode(), "report_too_large"),
        (
            (
                PLAIN
                + "".join(
                    f"Bo,,{y}-{m:02}-{d:02} 10:00,,9,,,\n"
                    for y in (2024, 2025)
                    for m in range(1, 13)
                    for d in range(1, 15)
                )
            ).encode(),
            "report_too_many_classes",
        ),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, code: str) -> None:
    before = process_time()
    with pytest.raises(InvalidInput) as refused:
        read(content)
    assert refused.value.code == code
    assert sentence_of(refused.value) not in (code, "")
    assert process_time() - before < 5


@pytest.mark.slow
def test_a_large_report_is_read_quickly() -> None:
    text = PLAIN + "".join(map(ROW.format, range(10_000)))
    before = process_time()
    (found,) = read(text).classes
    assert len(found.presences) == 10_000
    assert process_time() - before < 5


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
@pytest.mark.slow
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with_headings = PLAIN.encode() + content
    for one in (content, with_headings, PLAIN.encode("utf-16") + content):
        refused_or_read(one)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SHAPES)), st.data())
@pytest.mark.slow
def test_a_report_that_is_damaged_is_read_or_refused(shape: str, data: st.DataObject) -> None:
    content = bytearray(SHAPES[shape][0].encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=5))
    refused_or_read(bytes(content))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=9), max_size=9), st.sampled_from(",;\t|"))
@pytest.mark.slow
def test_any_table_is_read_or_refused(rows: list[list[str]], between: str) -> None:
    refused_or_read("\n".join(between.join(row) for row in rows).encode("utf-8", "replace"))


def refused_or_read(content: bytes) -> None:
    for dates in (None, DateOrder.MONTH_FIRST):
        try:
            report = read(content, dates=dates)
        except InvalidInput as refused:
            check_sentence(refused)
            continue
        assert report.classes
        for one in report.classes:
            assert one.start <= one.end
            for stay in one.presences:
                assert len(stay.name) <= 120
                assert stay.seconds >= 0
                assert stay.join is None or stay.leave is None or stay.join <= stay.leave
        for problem in report.problems:
            check_sentence(problem.problem)


def check_sentence(problem: HasCode) -> None:
    assert sentence_of(problem) not in ("", problem.code)
