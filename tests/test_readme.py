"""What the README and the pages beside it say is what the project has."""

import argparse
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from dotenv import dotenv_values

from tracker.cli import command_parser
from tracker.doctor import SCOPES
from tracker.doctor.zoom import SCOPES_OF_REGISTRATION
from tracker.messages.languages import offered
from tracker.settings import OF_LIBRARIES, read_settings

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text("utf-8")
DOCUMENTS = {
    path.relative_to(PROJECT).as_posix(): path.read_text("utf-8")
    for path in [PROJECT / "README.md", *sorted((PROJECT / ".docs").glob("*.md"))]
}
GUIDES = {
    language: f".docs/teaching{'' if language == 'en' else f'.{language}'}.md" for language in ("en", "es", "pt-BR")
}
LARGEST_PICTURE = 120_000


class Asked(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:
        self.names.add(name)
        return default

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def settings_asked_for() -> set[str]:
    asked = Asked()
    read_settings(asked)
    return asked.names


def section(title: str) -> str:
    """What is under a heading."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(title: str) -> dict[str, str]:
    """First column to the rest of the line, for the first table under a heading."""
    rows = re.findall(r"^ *\| *(`.+?) \| (.*)\|$", section(title), re.MULTILINE)
    return {first.strip(): rest for first, rest in rows}


def test_the_settings_table_names_every_setting_and_no_other() -> None:
    names = settings_asked_for()
    plain = {name for name in names if not name.endswith("_FILE")}
    rows = table("Settings")
    assert {name.strip("`") for name in rows} == plain
    secrets = {name.removesuffix("_FILE") for name in names if name.endswith("_FILE")}
    assert {name.strip("`") for name, rest in rows.items() if "(secret)" in rest} == secrets


def test_the_settings_table_has_the_real_defaults() -> None:
    settings = read_settings({})
    told = {name.strip("`"): rest.partition("|")[0].strip(" `") for name, rest in table("Settings").items()}
    for name, default in told.items():
        if name not in ("DATABASE_URL", "TRACKER_DATA_DIR"):
            assert default == str(getattr(settings, name.lower())), name
    assert settings.data_dir == Path(told["TRACKER_DATA_DIR"]).absolute()
    assert settings.database_url == f"sqlite:///{(settings.data_dir / 'tracker.sqlite3').as_posix()}"


def test_the_example_of_a_settings_file_has_real_names_and_sets_nothing_by_itself() -> None:
    text = (PROJECT / ".env.example").read_text("utf-8")
    assert all(not value for value in dotenv_values(PROJECT / ".env.example").values())
    assert set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE)) <= settings_asked_for() | {*OF_LIBRARIES}


def test_the_scopes_table_is_what_the_doctor_looks_for() -> None:
    rows = re.findall(r"^ *\| (`meeting:.+)$", README, re.MULTILINE)
    needed = [re.findall(r"`(meeting:[a-z_:]+:admin)`", row) for row in rows if "| optional" not in row]
    assert sorted(chain.from_iterable(needed)) == sorted(SCOPES)


def test_the_scopes_that_are_optional_are_those_of_registration() -> None:
    optional = re.findall(r"`(meeting:[a-z_:]+:admin)` \| optional", README)
    assert optional == [*SCOPES_OF_REGISTRATION]


def test_every_command_is_in_the_readme() -> None:
    told = section("Commands")
    for command in commands(command_parser()):
        assert f"`tracker {command}" in told, command


def commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every command as it is typed, `user add` and the like too."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                deeper = list(commands(below))
                yield from (f"{name} {rest}" for rest in deeper) if deeper else (name,)


def test_the_checks_before_a_change_goes_in_run_the_readmes_test_command() -> None:
    told = re.findall(r"^(python3 -m venv .*pytest)$", README, re.MULTILINE)
    assert len(told) == 1
    script = (PROJECT / ".ci" / "run").read_text("utf-8")
    assert told[0] in script


def pictures(name: str) -> list[Path]:
    """The files of the pictures in a document, in their order."""
    return [(PROJECT / name).parent / link for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", DOCUMENTS[name])]


def test_the_pictures_of_the_documents_are_there_and_small() -> None:
    found = {path.resolve() for name in DOCUMENTS for path in pictures(name)}
    assert found
    assert [path for path in found if not path.is_file()] == []
    assert [path for path in found if path.stat().st_size > LARGEST_PICTURE] == []
    assert found == {path.resolve() for path in (PROJECT / ".docs").rglob("*.png")}, "a picture that no document shows"


def test_there_is_a_guide_for_teachers_in_every_language_with_its_pictures() -> None:
    assert set(GUIDES) == {language.replace("_", "-") for language in offered()}
    names = [path.name for path in pictures(GUIDES["en"])]
    assert len(names) == 13
    for language, guide in GUIDES.items():
        assert pictures(guide) == [PROJECT / ".docs" / "pictures" / language / name for name in names]
        assert all(f"({Path(other).name})" in DOCUMENTS[guide] for other in GUIDES.values() if other != guide)
        assert guide in README


def test_every_file_that_the_documents_name_is_there() -> None:
    in_code = re.compile(r"(?<![\w/.-])((?:tracker|tests|pages|server|zoom|storage)/[\w/.-]*\w(?:\.py|/))")
    found = {(name, path) for name, text in DOCUMENTS.items() for path in in_code.findall(text)}
    assert (".docs/developing.md", "tests/test_house.py") in found
    assert [one for one in found if not ((PROJECT / one[1]).exists() or (PROJECT / "tracker" / one[1]).exists())] == []


def test_every_link_between_the_documents_leads_somewhere() -> None:
    links = [(name, link) for name, text in DOCUMENTS.items() for link in re.findall(r"\]\(([^):]+)\)", text)]
    assert ("README.md", ".docs/operating.md#data-of-people") in links
    for name, link in links:
        path, _, anchor = link.partition("#")
        target = (PROJECT / name).parent / path if path else PROJECT / name
        assert target.is_file(), (name, link)
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, (name, link)


def test_each_selection_of_tests_in_the_documents_finds_some() -> None:
    selections = re.findall(r"pytest ([^\n#]*)-k \"?(\w+)", DOCUMENTS[".docs/developing.md"])
    assert selections
    for options, word in selections:
        named = re.findall(r"tests/\w+\.py", options)
        files = [PROJECT / name for name in named] or sorted((PROJECT / "tests").rglob("test_*.py"))
        assert any(re.search(rf"def test_\w*{word}", file.read_text("utf-8")) for file in files), (options, word)
