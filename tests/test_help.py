"""What the command line says about itself."""

import argparse
from collections.abc import Iterator
from importlib.metadata import version

import pytest

from tests.practice_school import CommandLine
from tracker.cli import command_parser


def without_help(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Everything that can be typed and that nothing is said about."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {entry.dest for entry in action._choices_actions if entry.help}
            yield from (f"{parser.prog} {name}" for name in action.choices if name not in told)
            for below in action.choices.values():
                yield from without_help(below)
        elif not action.help:
            yield f"{parser.prog} {' '.join(action.option_strings) or action.dest}"
    if not parser.description:
        yield f"{parser.prog} --help"


def test_every_command_argument_and_option_says_what_it_is() -> None:
    assert list(without_help(command_parser())) == []


def test_an_argument_without_help_would_be_found() -> None:
    parser = command_parser()
    parser.add_argument("--silent")
    assert list(without_help(parser)) == ["tracker --silent"]


def test_the_version_is_that_of_the_package(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    ran = CommandLine(capsysbinary).done("--version")
    assert ran.text == f"tracker {version('zoom-participant-tracking')}\n"
