"""`tracker support-bundle`: the state of this installation for somebody who helps from elsewhere."""

from collections import deque
from collections.abc import Sequence
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
    added.add_argument("--out", help="the ZIP file (default: support-<time>.zip in the current folder)")
    added.add_argument("--log", metavar="FILE", help="a log of the tracker, of which the last lines are taken along")


def make_bundle(call: Call) -> None:
    """Writes a ZIP for whoever helps from elsewhere: settings, doctor, versions, errors; no secrets, nobody's data."""
    now = clock.now()
    lines = None if call.options.log is None else _last_lines(Path(call.options.log))

    def examine(services: Services) -> Sequence[Check]:
        return doctor.where_things_are(call.env_file, services.settings.data_dir) + doctor.examine(services)

    try:
        with call.services(prepare=None) as services:
            made = support.make(call.environment, services, examine, now, lines)
    except SettingsError as error:
        complain(sentence_of(error))
        made = support.make(call.environment, None, examine, now, lines)
    out = call.options.out or f"support-{now:%Y%m%dT%H%M%SZ}.zip"
    write_file(out, made)
    say(f"{out} is made. It has no personal data and no secrets; look through it before you send it.")


def _last_lines(file: Path) -> list[str]:
    """Raises InvalidInput where the file cannot be read."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return list(deque(lines, maxlen=support.LOG_LINES))
    except OSError as error:
        raise InvalidInput("file_unreadable", file=str(file), reason=str(error.strerror)) from None
