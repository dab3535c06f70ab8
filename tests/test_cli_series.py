"""`tracker class series`: a class every week, from the command line."""

import pytest
from sqlalchemy import Engine

from tests.matrix.cast import dump
from tests.practice_school import TEACHER, CommandLine, Host

pytestmark = pytest.mark.database("sqlite")

# Far from today, whenever the tests run; a Tuesday.
START = "2090-05-02T10:00"
USUAL = {
    "--title": "Algebra 7B",
    "--teacher": TEACHER,
    "--start": START,
    "--minutes": "60",
    "--weekdays": "tue,Thursday",
    "--until": "2090-05-16",
    "--timezone": "Europe/Berlin",
}
STARTS = ["2090-05-02T08:00:00Z", "2090-05-04T08:00:00Z", "2090-05-09T08:00:00Z", "2090-05-16T08:00:00Z"]


def given(**changes: str) -> list[str]:
    options = USUAL | {f"--{name}": value for name, value in changes.items()}
    return ["class", "series", *(word for pair in options.items() for word in pair)]


@pytest.fixture
def school(tracker: CommandLine) -> CommandLine:
    """The command line of a school with one teacher."""
    tracker.add_teacher()
    return tracker


@pytest.mark.quick
def test_a_series_is_made_with_one_recurring_meeting(school: CommandLine, host: Host) -> None:
    made = school.done(*given(without="2090-05-11", course="Term 1"), "--json").json
    assert made.keys() == {"seriesId", "classes"}
    found = made["classes"]
    assert [one["scheduledStart"] for one in found] == STARTS
    assert {one["seriesId"] for one in found} == {made["seriesId"]}
    assert len({one["zoomMeetingId"] for one in found}) == len({one["zoomJoinUrl"] for one in found}) == 1
    assert len({one["zoomOccurrenceId"] for one in found}) == 4
    assert {one["title"] for one in school.done("class", "list", "--json").json} == {"Algebra 7B"}
    shown = school.done("class", "show", found[0]["id"], "--json").json
    assert {name: shown[name] for name in found[0]} == found[0]


def test_what_zoom_does_not_take_of_the_options_is_told_in_a_line(school: CommandLine, host: Host) -> None:
    host.call("PUT", "/locked-settings", {"waiting_room": True})
    options = ["--waiting-room", "off", "--sign-in", "on", "--substitute", "eve@elsewhere.example"]
    lesson = ["class", "create", "--title", "Algebra", "--teacher", TEACHER, "--start", START, "--minutes", "60"]
    for words in (given(), lesson, [*lesson, "--json"]):
        ran = school(*words, *options)
        assert ran.code == 0
        assert ran.stderr.startswith("Zoom did not take --waiting-room off, --substitute eve@elsewhere.example: the ")
        assert ran.stderr.count("\n") == 1
    assert ran.json["meetingHas"]["waitingRoom"] == "on"


def test_a_series_with_a_meeting_each_leaves_them_to_the_tracker(school: CommandLine) -> None:
    made = school.done(*given(without="2090-05-11", meeting="each"), "--json").json["classes"]
    assert [(one["scheduledStart"], one["zoomMeetingId"]) for one in made] == [(start, None) for start in STARTS]
    assert all(one["zoomMeetingDueAt"] for one in made)


def test_in_plain_words_each_class_has_its_line(school: CommandLine) -> None:
    told = school.done(*given()).text.splitlines()
    assert len(told) == 5
    assert all(line.partition("  ")[2].partition(": ")[2].startswith("join at http") for line in told)
    told = school.done(*given(meeting="each")).text.splitlines()
    assert told[0].endswith("2090-05-02 08:00 UTC  Algebra 7B: its meeting is made by the tracker")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weekdays": "tue,xyz"}, "“xyz” is not a day of the week; write it like tue,thu."),
        ({"weekdays": ","}, "Choose the days of the week on which the class is held."),
        ({"until": "June"}, "“June” is not a date; write it like 2026-06-30."),
        ({"without": "2090-05-04;2090-05-09"}, "“2090-05-04;2090-05-09” is not a date; write it like 2026-06-30."),
        ({"start": "tomorrow"}, "“tomorrow” is not a time; write it like 2026-05-14T10:00."),
        ({"until": "2090-05-01"}, "The last day is before the first one."),
        ({"start": "2026-05-12T10:00", "until": "2026-05-13"}, "The first of these classes would be in the past."),
        (
            {"until": "2091-05-20"},
            "Zoom takes 50 dates for one link, and these are 110. Choose a link for each class, or an earlier last "
            "day.",
        ),
        (
            {"until": "2092-04-20", "weekdays": "mon,tue,wed"},
            "These would be 308 classes, and 200 can be planned at once. Choose an earlier last day.",
        ),
        ({"teacher": "nobody@school.example"}, "There is no account for nobody@school.example."),
    ],
)
def test_what_cannot_be_planned_is_refused_in_a_sentence_and_changes_nothing(
    school: CommandLine, database_url: str, engine: Engine, changes: dict[str, str], sentence: str
) -> None:
    before = dump(engine)
    assert school.refused(*given(**changes)) == sentence
    assert dump(engine) == before
