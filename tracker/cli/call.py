"""A command as it was typed, how a command is described, and what several of them need."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tracker import auth, classes, paths
from tracker.errors import InvalidInput
from tracker.messages import languages
from tracker.services import Services, open_services
from tracker.settings import Settings, read_settings
from tracker.storage.classes import Class
from tracker.storage.database import Engine
from tracker.storage.schema import migrate
from tracker.text import EMOJI_JOINER, visible

# What an argument of several commands is.
CLASS_ID = "the class, by its id in `tracker class list`"


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was typed, and where it runs."""

    options: argparse.Namespace
    environment: Mapping[str, str]
    env_file: Path

    @property
    def settings(self) -> Settings:
        """The settings of this process. Raises SettingsError."""
        return read_settings(self.environment)

    @contextmanager
    def services(self, prepare: Callable[[Engine], object] | None = migrate) -> Iterator[Services]:
        """The services of this process; a command that only reads checks the database instead of migrating it."""
        with open_services(self.environment, prepare) as services:
            yield services


def class_seen(services: Services, class_id: str) -> Class:
    """The class with this id, for somebody who is shown what is known of it. Raises NotFound."""
    return classes.look_at(services, auth.OPERATOR, class_id)


def class_named(services: Services, class_id: str) -> Class:
    """The class with this id. Raises NotFound."""
    return services.read(classes.visible_class, auth.OPERATOR, class_id)


def say(line: str, *, at_once: bool = False) -> None:
    """One line on stdout. Whatever others have written in it cannot steer the terminal, nor look like further lines."""
    print(_shown(line), flush=at_once)


def complain(line: str) -> None:
    """One line on stderr, likewise."""
    print(_shown(line), file=sys.stderr)


def _shown(line: str) -> str:
    return EMOJI_JOINER.join(map(visible, line.split(EMOJI_JOINER)))


class Parser(argparse.ArgumentParser):
    """Says a fault in the way it was typed in one sentence."""

    def error(self, message: str) -> NoReturn:
        """One sentence and 1, as for every other fault; `--help` has the rest."""
        complain(f"{self.prog}: {message}.")
        raise SystemExit(1)


def group(commands: Any, name: str, description: str) -> Any:
    """A command that has commands below it."""
    added = commands.add_parser(name, help=description, description=description)
    return added.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)


def command(
    parent: Any, name: str, run: Callable[[Call], int | None], *, as_json: bool = False, **arguments: str
) -> argparse.ArgumentParser:
    """A command with its arguments, each with what it is."""
    description = (run.__doc__ or "").partition("\n")[0]
    added: argparse.ArgumentParser = parent.add_parser(name, help=description, description=description)
    added.set_defaults(run=run)
    for argument, what in arguments.items():
        added.add_argument(argument, help=what)
    if as_json:
        added.add_argument("--json", action="store_true", help="one JSON value on stdout")
    return added


def add_file_options(added: argparse.ArgumentParser) -> None:
    """The options of a command that writes a table as a file: its language, and where it goes."""
    added.add_argument(
        "--language",
        choices=languages.offered(),
        default=languages.ENGLISH,
        help="of the headings and words in csv and xlsx; English is that for programs (default: %(default)s)",
    )
    added.add_argument("--out", help="a file; stdout without it")


def line_from_stdin() -> str:
    """The first line of stdin, without its end. Raises InvalidInput where it is not UTF-8."""
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise InvalidInput("password_not_utf8") from None


def write_file(name: str, content: bytes) -> None:
    """A file for this user alone, in place of one that may be there. Raises InvalidInput where it cannot be written."""
    try:
        paths.write_private(Path(name), content)
    except OSError as error:
        raise InvalidInput("file_unwritable", file=name, reason=str(error.strerror)) from None


def write_out(content: bytes, kind: str, file: str | None) -> None:
    """Writes what was made into this file, or on stdout: as it is for a program, in harmless lines for a terminal.

    Raises InvalidInput for a workbook on a terminal, and for a file that cannot be written.
    """
    if file is not None:
        write_file(file, content)
        return
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(content)
        return
    if kind == "xlsx":
        raise InvalidInput("workbook_on_terminal")
    text = content.decode("utf-8-sig")
    if kind != "json":
        rows, told = csv.reader(io.StringIO(text, newline="")), io.StringIO()
        csv.writer(told, lineterminator="\n").writerows([visible(cell) for cell in row] for row in rows)
        text = told.getvalue()
    for line in text.splitlines():
        say(line)


def print_json(value: object) -> None:
    """One JSON value on stdout, in ASCII, since the encoding of whoever reads it is not known."""
    print(json.dumps(value, indent=2).replace("\x7f", "\\u007f"))
