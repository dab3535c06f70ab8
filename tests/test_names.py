"""What a name tells: a note-taking robot or a person, a device, a number."""

import pytest

from tracker.attendance.names import ROBOTS, looks_like_robot, names_device, without_device


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
