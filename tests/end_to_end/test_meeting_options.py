"""The options of a class's meeting at the practice Zoom, which locks settings and refuses substitutes as Zoom does."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lives import attendance
from tests.makers import stored
from tests.practice_school import CommandLine, Host, environment
from tracker import classes, fetching, reconcile
from tracker.attendance.meeting_options import MeetingOptions
from tracker.classes import Plan
from tracker.practice.users import BASIC, LICENSED
from tracker.services import Services
from tracker.storage.members import Member

pytestmark = pytest.mark.slow

PLAN = Plan("Algebra 7B", datetime(2026, 10, 13, 10, 0), 60, "Europe/Berlin")
BEA, EVE = "bea@school.example", "eve@elsewhere.example"
ASKED = MeetingOptions("on", "on", "cloud", (BEA,))
# A meeting tells of its registration too.
HAS = replace(ASKED, registration="off")


def test_a_class_gets_what_it_asks_for_and_its_substitute_counts_as_a_host(
    school: Services, host: Host, ana: Member
) -> None:
    class_id = classes.create_class(school, ana, PLAN, options=ASKED)
    found = stored(school.engine, class_id)
    assert (found.meeting_sent, found.meeting_has) == (ASKED, HAS)
    host.clock.time = found.scheduled_start
    meeting = str(found.zoom_meeting_id)
    host.start(meeting)
    host.join(meeting, "Bea", BEA)
    host.join(meeting, "Bo", "bo@x.example")
    host.clock.forward(hours=1)
    host.end(meeting)
    host.clock.forward(hours=5)
    reconcile.ask_for_forgotten(school)
    while fetching.fetch_due(school):
        pass
    counted = attendance(school, class_id)
    assert sorted(person.name for person in counted.hosts) == ["Ana", "Bea"]
    assert [person.name for person in counted.participants] == ["Bo"]


def test_what_the_account_has_locked_is_seen_and_taken_once_it_is_unlocked(
    school: Services, host: Host, ana: Member
) -> None:
    host.call("PUT", "/locked-settings", {"waiting_room": False, "auto_recording": "none"})
    class_id = classes.create_class(school, ana, PLAN, options=ASKED)
    found = stored(school.engine, class_id)
    assert found.meeting_has is not None
    assert ASKED.not_in(found.meeting_has) == MeetingOptions("on", None, "cloud")
    host.call("PUT", "/locked-settings", {})
    classes.change_class(school, ana, class_id, PLAN)
    assert stored(school.engine, class_id).meeting_has == HAS


@pytest.mark.parametrize("one_meeting", [None, True, False])
def test_a_class_is_made_where_a_substitute_is_refused_and_gets_her_when_she_has_a_licence(
    school: Services, host: Host, ana: Member, one_meeting: bool | None
) -> None:
    host.call("PUT", f"/users/{BEA}/account", {"type": BASIC})
    asked = MeetingOptions(substitutes=(EVE, BEA, "cy@school.example"))
    if one_meeting is None:
        class_id = classes.create_class(school, ana, PLAN, options=asked)
    else:
        weekly = classes.SeriesPlan(PLAN, frozenset({1}), (PLAN.start + timedelta(weeks=2)).date())
        class_id = classes.create_series(school, ana, weekly, one_meeting=one_meeting, options=asked)[0]
    _work(school)
    assert stored(school.engine, class_id).may_host == ("cy@school.example",)
    host.call("PUT", f"/users/{BEA}/account", {"type": LICENSED})
    asked = replace(asked, substitutes=(BEA,))
    classes.change_class(school, ana, class_id, PLAN, options=asked)
    _work(school)
    assert stored(school.engine, class_id).may_host == (BEA,)


def _work(school: Services) -> None:
    while classes.make_due_meeting(school) or classes.bring_due_dates_in_line(school):
        pass


def test_options_of_the_command_line_reach_zoom(
    school: Services,
    host: Host,
    ana: Member,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    for name, value in environment(host.url, database_url, tmp_path, MEETING_RECORDING="local").items():
        monkeypatch.setenv(name, value)
    run = CommandLine(capsysbinary)
    usual = ("--title", "Algebra 7B", "--teacher", ana.email, "--start", "2031-10-14T10:00", "--minutes", "60")
    options = (
        "--waiting-room",
        "on",
        "--sign-in",
        "on",
        "--registration",
        "on",
        "--substitute",
        BEA,
        "--substitute",
        "cy@school.example",
    )
    made = run("class", "create", *usual, *options, "--json").json
    expected = {"waitingRoom": "on", "signIn": "on", "registration": "on", "substitutes": [BEA, "cy@school.example"]}
    assert (made["meetingAsked"], made["meetingHas"]) == (expected, expected | {"recording": "local"})
    refused = run("class", "create", *usual, "--waiting-room", "on", "--link", made["zoomJoinUrl"])
    assert (refused.code, refused.stderr) == (
        1,
        "This meeting was made elsewhere, so its options are set in Zoom.\n",
    )
    weekly = ("--weekdays", "tue", "--until", "2031-10-28", "--recording", "none", "--json")
    many: dict[str, Any] = json.loads(run("class", "series", *usual, *weekly).stdout)
    assert [one["meetingHas"]["recording"] for one in many["classes"]] == ["none"] * 3
