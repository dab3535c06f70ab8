"""What a name tells: a note-taking robot or a person, a device, a number."""

from collections.abc import Callable
from time import process_time

import pytest

from tracker.attendance import names
from tracker.attendance.names import (
    LONGEST_NAME,
    ROBOTS,
    looks_like_robot,
    names_device,
    names_nobody,
    parts_of,
    without_device,
)


@pytest.mark.parametrize(
    "name",
    [
        "Otter.ai",
        "OtterPilot",
        "Ana's OtterPilot",
        "Ana Lima (Otter.ai)",
        "Fireflies.ai Notetaker Ana",
        "Fireflies Notetaker",
        "read.ai meeting notes",
        "Ana’s AI Companion",
        "Zoom AI Companion",
        "Fathom Notetaker",
        "Ana's Fathom AI Notetaker",
        "Fathom's Note Taker",
        "tl;dv",
        "tldv.io (recording)",
        "Notetaker",
        "Note-Taker",
        "Meeting Assistant",
        "MeetGeek Meeting Recorder",
        "Chorus.ai",
        "Sembly AI",
        "Nyota.ai",
        "Jamie.ai",
        "Copilot",
        "Microsoft Copilot",
        "  ＯＴＴＥＲ.ai \u200b",
    ],
)
def test_a_note_taking_robot_is_known_by_what_it_calls_itself(name: str) -> None:
    assert looks_like_robot(name)


@pytest.mark.parametrize(
    "name",
    [
        "Otto",
        "Otto Aihara",
        "Otter Müller",
        "Jamie Read",
        "Grace Chorus",
        "Ana Sembly",
        "Nyota Uhura",
        "Fathom Ali",
        "Avoma Mensah",
        "Gong Li",
        "Kai Companion",
        "Ai Notesu",
        "Li, Ai",
        "Claude Fellow",
        "Krisp Granola",
        "Robert Botter.aiello",
        "Tldvora",
        "",
        "Ana Lima",
    ],
)
def test_a_person_is_no_robot(name: str) -> None:
    assert not looks_like_robot(name)


def test_every_name_of_a_robot_is_found_as_it_is_written_and_is_listed_once() -> None:
    assert [name for name in ROBOTS if not looks_like_robot(name.title())] == []
    assert len(set(ROBOTS)) == len(ROBOTS)


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("Camila Rojas (iPhone)", "Camila Rojas"),
        ("Camila Rojas's iPhone 14 Pro Max", "Camila Rojas"),
        ("iPad 2 de Camila Rojas", "Camila Rojas"),
        ("Camila Rojas", "Camila Rojas"),
    ],
)
def test_a_name_is_shown_without_its_device(name: str, rest: str) -> None:
    assert without_device(name) == rest
    assert names_device(name) == (name != rest)


@pytest.mark.parametrize("name", ["iPhone", "iPhone 14", "iPad Pro", "Galaxy"])
def test_a_device_alone_is_named_as_it_is(name: str) -> None:
    assert without_device(name) == name
    assert names_device(name)


def test_a_name_longer_than_any_is_not_looked_into() -> None:
    longest, endless = f"{'A' * (LONGEST_NAME - 9)} (iPhone)", f"{'A' * (LONGEST_NAME - 8)} (iPhone)"
    assert (names_device(longest), names_device(endless)) == (True, False)
    assert without_device(endless) == endless
    assert parts_of(endless).bare == endless.casefold()
    assert names_device("Ana Lima" + " " * LONGEST_NAME + "(iPhone)")


# Anybody may join with a name of any kind


def least_time(work: Callable[[str], object], name: str) -> float:
    times = []
    for _ in range(5):
        began = process_time()
        work(name)
        times.append(process_time() - began)
    return min(times)


@pytest.mark.parametrize("work", [without_device, names_device, names_nobody, parts_of, looks_like_robot])
@pytest.mark.parametrize(
    "piece",
    ["-", "_", " ", "(", "a-", "- ", "x(", "1-", "1 ", "he/", "(he ", "phone ", "_galaxy", " pro", "'s", "otter "],
)
def test_an_endless_name_takes_no_longer_than_its_length_asks_for(work: Callable[[str], object], piece: str) -> None:
    def name(length: int) -> str:
        return f"iPhone{piece * length}"[: length - 1] + "x"

    assert least_time(work, name(20_000)) < 50 * max(least_time(work, name(2_000)), 1e-5)


@pytest.mark.parametrize("piece", ["-", "_", " ", "- ", "a-"])
def test_a_device_is_looked_for_in_time_that_grows_with_the_length(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "LONGEST_NAME", 10_000)
    short, long = (least_time(without_device, f"Ana{piece * length}x") for length in (500, 5_000))
    assert long < 40 * short
