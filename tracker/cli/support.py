"""`tracker support-bundle`: the state of this installation for somebody who helps from elsewhere."""

import sys
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tracker import clock, doctor, support
from tracker.cli.call import Call, command, complain, say, write_file
from tracker.doctor import Check
from tracker.errors import InvalidInput, SettingsError
from tracker.messages import sentence_of
from tracker.services import Services


def support_command(commands: Any) -> None:
    """`tracker support-bundle`."""
    added = command(commands, "support-bundle", make_bundle)
    added.add_argument("--out", help="the ZIP file (default: stdout, on a terminal support-<time>.zip here)")
    added.add_argument(
        "--log", metavar="FILE", help="a log of the tracker, of which the last lines are taken along; - is stdin"
    )


def make_bundle(call: Call) -> None:
    """Writes a ZIP for whoever helps from elsewhere: settings, doctor, versions, errors; no secrets, nobody's data."""
    now = clock.now()
    lines = None if call.options.log is None else _last_lines(call.options.log)

    def examine(services: Services) -> Sequence[Check]:
        return doctor.where_things_are(call.env_file, services.settings.data_dir) + doctor.examine(services)

    try:
        with call.services(prepare=None) as services:
            made = support.make(call.environment, services, examine, now, lines)
    except SettingsError as error:
        complain(sentence_of(error))
        made = support.make(call.environment, None, examine, now, lines)
    if call.options.out is None and not sys.stdout.isatty():
        sys.stdout.buffer.write(made)
        return
    out = call.options.out or f"support-{now:%Y%m%dT%H%M%SZ}.zip"
    write_file(out, made)
    say(f"{out} is made. It has no personal data and no secrets; look through it before you send it.")


def _last_lines(file: str) -> list[str]:
    """Raises InvalidInput where the file cannot be read."""
    try:
        if file == "-":
            return _last(line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            return _last(lines)
    except OSError as error:
        raise InvalidInput("file_unreadable", file=file, reason=str(error.strerror)) from None


def _last(lines: Iterable[str]) -> list[str]:
    return list(deque(lines, maxlen=support.LOG_LINES))
