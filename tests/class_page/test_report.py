"""The page of a class that was made from a report: as that of any other, without what has to do with Zoom."""

import pytest

from tests.courses.reports import MINUTES, REPORT, bring, only_id
from tests.makers import Clock, stored
from tests.screens import Screens, figures, said, show, tables
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")


@pytest.mark.quick
def test_it_shows_who_was_there_and_offers_no_fetch(screens: Screens, wired: Clock, ana: Member) -> None:
    screens.sign_in(ana)
    class_id = only_id(bring(services()))
    at = show(screens, class_id)
    assert figures(at)["People"] == "2 (and the host)"
    assert figures(at)["Came late"] == "0"
    people = tables(at)["People"]
    assert [next(iter(row.values())) for row in people] == ["Ana", "Bo", "Cy"]
    told = said(at)
    assert "Taken from a report" in told
    assert "The report has 5 joins." in told.replace("*", "")
    assert "all the time that the meeting ran" in told
    assert "Zoom" not in told
    labels = [one.label for one in at.button]
    assert "Fetch participants now" not in labels
    assert not [one for one in labels if one in ("Start class", "Start again", "Change", "Cancel class")]
    joins = tables(at)["Every join and leave"]
    assert len(joins) == 5


def test_with_minutes_alone_it_shows_minutes_and_says_what_nobody_knows(
    screens: Screens, wired: Clock, ana: Member
) -> None:
    screens.sign_in(ana)
    class_id = only_id(bring(services(), MINUTES))
    at = show(screens, class_id)
    assert [figures(at)[name] for name in ("People", "Came late", "Left early")] == ["2", "–", "–"]
    assert stored(services().engine, class_id).late is None
    assert not at.get("plotly_chart")
    assert "– to –" not in said(at)
    assert figures(at)["Average in class"].startswith("45 min")
    assert "Of some people only the minutes are known." in said(at)


def test_its_files_are_made(screens: Screens, wired: Clock, ana: Member) -> None:
    screens.sign_in(ana)
    for content in (REPORT, MINUTES):
        class_id = only_id(bring(services(), content))
        at = show(screens, class_id)
        labels = [button.proto.label for button in at.get("download_button")]
        for label in labels:
            name, file = screens.download(at, label)
            assert file, name
    assert stored(services().engine, class_id).participant_count == 2


def test_it_is_listed_as_counted_and_is_nobodys_trouble(screens: Screens, wired: Clock, ana: Member) -> None:
    screens.sign_in(ana)
    bring(services())
    at = screens.open(page.CLASSES)
    assert not at.exception
    assert "Counted" in said(at)
    assert not screens.open(page.TODAY).exception
