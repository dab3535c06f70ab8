"""What a teacher does with people on the page of a class, and that lists, page, files and figures agree after it."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.class_page.steps import ticks
from tests.makers import Clock, at, counted, lesson, member, seen, started, stay, stored, waiting
from tests.screens import Screens, figures, metric, note, said, said_of, show, tables
from tracker import class_attendance
from tracker.attendance.types import Attendance
from tracker.messages import people_in_words
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.words import WORD_JOINER

pytestmark = pytest.mark.database("sqlite")
# In minutes.
WEEK = 7 * 24 * 60
BO, PHONE, CY, OTTER = "Bo Li", "Bo Li (iPhone)", "Cy", "Otter.ai"


@pytest.fixture
def ana(engine: Engine, screens: Screens, wired: Clock) -> Member:
    """A teacher, a fortnight after the start of her class."""
    made = member(engine)
    wired.forward(days=14)
    screens.sign_in(made)
    return made


def held(engine: Engine, teacher: Member, *more: Any, start: float = 0) -> str:
    """A class of the teacher, Bo on two devices, Cy who was late, and a robot: five people by the rule."""
    class_id = lesson(engine, teacher, start=start)
    there = (
        stay("Ana", start + 10, start + 60, "ana@school.example"),
        stay(BO, start, start + 30, "bo@x.example"),
        stay(PHONE, start + 20, start + 60),
        stay(CY, start + 10, start + 60),
        stay(OTTER, start, start + 60),
    )
    counted(engine, class_id, *there, *more, start=start, end=start + 60)
    with transaction(engine) as tx:
        class_attendance.add_figures(tx, class_id, at(start + 90))
    return class_id


def taken(engine: Engine, class_id: str) -> Attendance:
    with reading(engine) as tx:
        found = class_attendance.attendance_of(tx, stored(engine, class_id), at(100_000))
    assert found is not None
    return found


def choose(engine: Engine, class_id: str, shown: AppTest, *names: str) -> None:
    """Chooses these people in “Correct the list”."""
    people = taken(engine, class_id).people
    chosen_in(shown).set_value([person.keys for person in people if person.name in names]).run()
    assert not shown.exception


def chosen_in(shown: AppTest) -> Any:
    """The field in which people are chosen."""
    return next(one for one in shown.multiselect if one.label == "Whom is it about?")


def click(shown: AppTest, label: str) -> None:
    """Clicks the button for those who are chosen, or the first of this label where there is none."""
    buttons = [one for one in shown.button if one.label == label]
    (sorted(buttons, key=lambda one: not str(one.key).startswith("say-")))[0].click()
    shown.run()
    assert not shown.exception


def labels(shown: AppTest) -> set[str]:
    return {one.label for one in shown.button}


def undo(shown: AppTest, line: str) -> None:
    """Clicks “Undo” beside this line of what was said."""
    (place,) = [number for number, text in enumerate(lines(shown)) if text == line]
    [one for one in shown.button if one.label == "Undo"][place].click()
    shown.run()
    assert not shown.exception


def lines(shown: AppTest) -> list[str]:
    """What was said about people, as it is listed."""
    found = [box for box in shown.expander if "said about people" in box.label]
    return [said_of(one).replace(WORD_JOINER, "") for box in found for one in box.markdown]


def rows_of_file(screens: Screens, shown: AppTest) -> list[dict[str, str]]:
    _name, content = screens.download(shown, "CSV of people")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def agreed(screens: Screens, engine: Engine, class_id: str) -> tuple[int, int]:
    """People and hosts of a class, the same on its page, in its files, in the lists and in the database."""
    shown = show(screens, class_id)
    people, roles = int(metric(shown, "People")), [row["Role"] for row in rows_of_file(screens, shown)]
    hosts = roles.count("host")
    assert roles.count("participant") == people
    assert ["host" if "host" in row["Status"] else "participant" for row in tables(shown)["People"]] == roles
    assert stored(engine, class_id).figures == (people, hosts)
    assert len(taken(engine, class_id).participants) == people
    figure = people_in_words(people, hosts)
    assert f" {figure} " in said(screens.open(page.CLASSES))
    assert stored(engine, class_id).participant_count == 5
    return people, hosts


# Each decision, and what follows from it


@pytest.mark.parametrize(
    ("chosen", "says", "expected", "line"),
    [
        ([BO, PHONE], "The same person", (3, 1), "Bo Li (bo@x.example) and Bo Li (iPhone): the same person"),
        ([BO, CY], "Not the same person", (4, 1), "Bo Li (bo@x.example) and Cy: two people"),
        ([OTTER], "Set aside", (3, 1), "Otter.ai: set aside"),
        ([CY], "Is a host", (3, 2), "Cy: a host"),
        (["Ana"], "Is no host", (5, 0), "Ana (ana@school.example): no host"),
    ],
)
def test_list_page_files_and_figures_agree_after_every_decision_and_after_it_is_undone(
    screens: Screens,
    engine: Engine,
    ana: Member,
    chosen: list[str],
    says: str,
    expected: tuple[int, int],
    line: str,
) -> None:
    class_id = held(engine, ana)
    later = held(engine, ana, start=WEEK)
    assert agreed(screens, engine, class_id) == agreed(screens, engine, later) == (4, 1)
    shown = show(screens, class_id)
    choose(engine, class_id, shown, *chosen)
    click(shown, says)
    assert chosen_in(shown).value == []
    assert lines(shown) == [line]
    assert agreed(screens, engine, class_id) == agreed(screens, engine, later) == expected
    undo(shown, line)
    assert lines(shown) == []
    assert agreed(screens, engine, class_id) == agreed(screens, engine, later) == (4, 1)


def test_several_people_are_set_aside_at_once(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = held(engine, ana)
    shown = show(screens, class_id)
    choose(engine, class_id, shown, CY, OTTER)
    click(shown, "Set aside")
    assert agreed(screens, engine, class_id) == (2, 1)
    assert "Set aside: Cy and Otter.ai." in said(shown)
    assert ticks(shown) == ["Ana (host)", BO, PHONE]


def test_people_who_were_joined_are_parted_and_not_suggested_again(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = held(engine, ana)
    shown = show(screens, class_id)
    choose(engine, class_id, shown, BO, PHONE)
    click(shown, "The same person")
    assert [person.name for person in taken(engine, class_id).people] == ["Ana", BO, CY, OTTER]
    choose(engine, class_id, shown, BO)
    assert {"Not the same person", "Set aside"} < labels(shown)
    assert "The same person" not in labels(shown)
    click(shown, "Not the same person")
    assert agreed(screens, engine, class_id) == (4, 1)
    assert lines(shown) == ["Bo Li (bo@x.example) and Bo Li (iPhone): two people"]
    assert "Two people" not in labels(shown)


def test_what_somebody_of_several_names_is_is_one_word_and_undone_by_one_click(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = held(engine, ana)
    shown = show(screens, class_id)
    choose(engine, class_id, shown, BO, PHONE)
    click(shown, "The same person")
    choose(engine, class_id, shown, BO)
    click(shown, "Set aside")
    assert agreed(screens, engine, class_id) == (2, 1)
    undo(shown, "Bo Li (bo@x.example) and Bo Li (iPhone): set aside")
    assert agreed(screens, engine, class_id) == (3, 1)


def test_a_click_is_about_those_who_were_chosen_though_others_have_come_since(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana, start=14 * 24 * 60)
    wired.forward(minutes=30)
    begin = 14 * 24 * 60
    note(started("uuid-9", begin, stored(engine, class_id).zoom_meeting_id))
    for number, name in enumerate(("Cy", "Di"), start=1):
        note(seen("joined", number, begin + 1, name, "uuid-9", begin))
    shown = show(screens, class_id)
    chosen_in(shown).set_value([(("name", "cy"),)]).run()
    note(seen("joined", 9, begin + 2, "Al", "uuid-9", begin))
    click(shown, "Set aside")
    assert [row["Name"] for row in tables(shown)["People"]] == ["Al", "Di"]
    assert chosen_in(shown).value == []


# Suggestions


def test_a_robot_is_suggested_to_be_set_aside_and_once_answered_never_again(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id, later = held(engine, ana), held(engine, ana, start=WEEK)
    shown = show(screens, class_id)
    assert "2 suggestions on who is who" in [box.label for box in shown.expander]
    assert "Otter.ai looks like a note-taking robot." in said(shown).replace("**", "")
    click(shown, "It is a person")
    for one in (class_id, later):
        shown = show(screens, one)
        assert "1 suggestion on who is who" in [box.label for box in shown.expander]
        assert "robot." not in said(shown)
        assert agreed(screens, engine, one) == (4, 1)
    undo(shown, "Otter.ai: a person, no robot")
    click(shown, "Set aside")
    assert agreed(screens, engine, later) == agreed(screens, engine, class_id) == (3, 1)
    assert "1 suggestion on who is who" in [box.label for box in shown.expander]


def test_many_suggestions_follow_one_another(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = held(engine, ana, *(stay(f"Fireflies.ai Notetaker {name}", 0, 60) for name in "ABCDEFGHIJKL"))
    shown = show(screens, class_id)
    assert [one.label for one in shown.button].count("It is a person") == 10
    assert "more follow when these are answered." in said(shown)


# What the page says


def test_the_figure_is_of_those_who_came_and_says_who_is_not_in_it(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = held(engine, ana)
    shown = show(screens, class_id)
    assert metric(shown, "People") == "4"
    assert figures(shown)["People"] == "4 (and the host)"
    assert metric(shown, "Came late") == "2"  # not the host, who was late as well
    assert "The host is not counted: Ana." in said(shown)
    assert "The host is not in it." in said(shown)
    choose(engine, class_id, shown, BO, PHONE)
    click(shown, "The same person")
    choose(engine, class_id, shown, OTTER)
    click(shown, "Set aside")
    assert ("5 people by Zoom's list. You said that 1 is the same person as another. You set 1 person aside.") in said(
        shown
    )
    why = said(shown).replace("**", "")
    assert "of 5 people. 2 are known by e-mail. 3 are known by name alone." in why
    assert "3. You said that 1 of them is the same as another. That leaves 4 people." in why
    assert "4. You set aside Otter.ai. That leaves 3 people." in why
    assert "5. The host (Ana) is counted apart: 2 people and the host." in why


def test_who_was_there_only_before_or_after_class_is_said(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = held(engine, ana, stay("Ed", -20, -5), stay("Flo", -20, -5))
    assert "2 of the people were there only before or after class." in said(show(screens, class_id))


def test_where_only_the_host_was_there_words_say_so(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Ana", 0, 60, "ana@school.example"))
    with transaction(engine) as tx:
        class_attendance.add_figures(tx, class_id, at(90))
    assert metric(show(screens, class_id), "People") == "0"
    assert "Only the host was there" in said(screens.open(page.CLASSES))


def test_an_admin_reads_whose_words_they_are(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = held(engine, ana)
    shown = show(screens, class_id)
    choose(engine, class_id, shown, OTTER)
    click(shown, "Set aside")
    assert "What you said about people" in [box.label for box in shown.expander]
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    shown = show(screens, class_id)
    assert "What Ana said about people" in [box.label for box in shown.expander]
    assert "5 people by Zoom's list. Ana set 1 person aside." in said(shown)
    assert "Ana set aside Otter.ai. That leaves" in said(shown)
    assert "You s" not in said(shown)


def test_words_about_people_of_other_classes_come_after_those_about_this_one(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = held(engine, ana)
    other = lesson(engine, ana, start=WEEK)
    counted(engine, other, stay("Zoe", WEEK, WEEK + 60), stay("Yan", WEEK, WEEK + 60), start=WEEK, end=WEEK + 60)
    for where, name in ((class_id, CY), (other, "Zoe")):
        shown = show(screens, where)
        choose(engine, where, shown, name)
        click(shown, "Set aside")
    assert lines(shown) == ["Zoe: set aside", "cy: set aside"]
    assert lines(show(screens, class_id)) == ["Cy: set aside", "zoe: set aside"]
    assert "About people who were not in this class" in said(shown)


def test_a_class_of_which_zoom_withholds_all_names_says_so(screens: Screens, engine: Engine, ana: Member) -> None:
    told = "Zoom has withheld all names and e-mails of this class"
    class_id = lesson(engine, ana)
    counted(engine, class_id, *(stay("", 0, 60, user_id=str(number)) for number in range(3)))
    shown = show(screens, class_id)
    assert told in said(shown)
    assert "of 3 people. 3 have no name, and are told apart by Zoom's number." in said(shown).replace("**", "")
    assert len(set(chosen_in(shown).options)) == 3
    chosen_in(shown).set_value([taken(engine, class_id).people[0].keys]).run()
    assert "This holds for this class only" in said(shown)
    click(shown, "Set aside")
    assert lines(shown) == ["Somebody without a name: set aside"]
    assert metric(shown, "People") == "2"
    assert told not in said(show(screens, held(engine, ana, stay("", 0, 60), start=WEEK)))


def test_a_name_that_is_only_a_device_is_said_to_be_that_of_others_too(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = held(engine, ana, stay("iPhone", 0, 60))
    shown = show(screens, class_id)
    choose(engine, class_id, shown, "iPhone")
    assert "so for everybody who joins one of them as “iPhone”" in said(shown)


def test_one_persons_rows_name_what_else_they_have_joined_as(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = held(engine, ana)
    shown = show(screens, class_id)
    choose(engine, class_id, shown, BO, PHONE)
    click(shown, "The same person")
    (person,) = [box for box in shown.selectbox if box.label == "Every join and leave of one person"]
    assert person.options == ["Ana (ana@school.example), host", "Bo Li (bo@x.example)", "Cy", "Otter.ai"]
    person.select_index(1).run()
    assert "Also joined as Bo Li (iPhone)." in said(shown)


def test_who_is_set_aside_is_nowhere_in_the_timeline(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = held(engine, ana, waiting(OTTER, -5, 0))
    shown = show(screens, class_id)
    choose(engine, class_id, shown, OTTER)
    click(shown, "Set aside")
    assert ticks(shown) == ["Ana (host)", BO, PHONE, CY]


@pytest.mark.parametrize(
    ("names", "heading", "listed"),
    [
        (["Ana"], "0 (and the host)", "Only the host in class now"),
        (["Ana", "Bo"], "1 (and the host)", "1 and the host in class now"),
        (["Bo", "Cy"], "2", "2 in class now"),
    ],
)
def test_who_is_in_class_now_has_the_host_apart(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, names: list[str], heading: str, listed: str
) -> None:
    begin = 14 * 24 * 60
    class_id = lesson(engine, ana, start=begin)
    wired.forward(minutes=30)
    note(started("uuid-9", begin, stored(engine, class_id).zoom_meeting_id))
    for number, name in enumerate(names, start=1):
        email = "ana@school.example" if name == "Ana" else ""
        note(seen("joined", number, begin + 1, name, "uuid-9", begin, email=email))
    shown = show(screens, class_id)
    assert figures(shown)["In class now"] == heading
    assert (next(row["Name"] for row in tables(shown)["In class now"]) == "Ana host") == ("Ana" in names)
    for one in (page.TODAY, page.CLASSES):
        assert listed in said(screens.open(one))
