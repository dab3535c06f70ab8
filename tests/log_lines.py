"""Lines as the log writes them, and what it may be told to write."""

import io
import json
import logging
from typing import Any

from tracker.logs import Lines
from tracker.settings import Settings, secrets_of

log = logging.getLogger("tests.logs")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_line(
    message: object, *arguments: object, as_json: bool = True, hidden: Settings | None = None, **more: Any
) -> str:
    """The line of one record."""
    lines = Lines(as_json=as_json)
    if hidden:
        lines.hide(secrets_of(hidden))
    error = more.pop("error", None)
    info = (type(error), error, error.__traceback__) if error else None
    record = log.makeRecord("tests.logs", logging.INFO, "f.py", 1, message, arguments, info, extra=more)
    return lines.format(record)


def shown(message: str) -> str:
    return str(json.loads(a_line(message))["message"])


class Silent(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")
