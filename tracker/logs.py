"""Log lines: one JSON object each, or one readable line on a terminal; never with a secret or an e-mail address.

Fields are given to the log call as `extra={"class": …, "outcome": …}`.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from traceback import walk_tb
from typing import Any, TextIO
from urllib.parse import quote

from tracker.settings import Settings, secrets_of
from tracker.text import visible

log = logging.getLogger(__name__)

MASK = "***"
# Strangers can cause lines too: from one place in the program so many a minute, and then how many were left out.
MOST_LINES, SECONDS_OF_LINES = 30, 60.0
MOST_CAUSES, MOST_FRAMES = 5, 30
USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}

# What names a secret, in a text or as a field.
NAME = r"[\w-]{0,40}(?:zak|token|secret|pwd|passwo?r?d|passcode|api_?key|cookie|authorization|_session)"
QUOTED = r"""b?"[^"]*"|b?'[^']*'"""
# What is a secret by how it looks, each with what is put in its place.
LOOKS = [
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"(://[^\s/:@]*:)[^\s/]*@", rf"\1{MASK}@"),
        # Headers go on to the end of the text, unless they are quoted.
        (rf"""\b(cookie|authorization)((?:["']\s*,|["']?\s*[:=])\s*)(?:{QUOTED}|.*)""", rf"\1\2{MASK}"),
        (rf"""\b({NAME})(["']?\s*[:=]\s*)(?:{QUOTED}|[^\s&,;"'<>(){{}}\[\]]+)""", rf"\1\2{MASK}"),
        (r"\b(bearer\s+)[^\s,;\"']+", rf"\1{MASK}"),
        (r"\b(basic\s+)[a-z0-9+/=]{12,}", rf"\1{MASK}"),
        (r"\beyJ[\w-]+\.[\w.-]+", MASK),  # a signed token, as Zoom's are
        (r"""[^\s@<>"'(),:;/?&=\[\]{}|\\*]{1,128}(?:@|%40)[^\s@<>"'(),:;/?&=\[\]{}|\\]+""", MASK),  # an e-mail address
    )
]
NAMES_A_SECRET = re.compile(NAME, re.IGNORECASE)


@contextmanager
def to_stderr(level: int) -> Iterator[None]:
    """Has this process log to stderr from `level` on, warnings and threads that fail too, until the block ends."""
    root, ours = logging.getLogger(), handler()
    before, hook = root.level, threading.excepthook
    root.addHandler(ours)
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _thread_failed
    try:
        yield
    finally:
        threading.excepthook = hook
        logging.captureWarnings(False)
        root.setLevel(before)
        root.removeHandler(ours)


def handler() -> logging.Handler:
    """Writes lines to stderr: readable ones on a terminal, else JSON."""
    made = _Handler(sys.stderr)
    made.setFormatter(Lines(as_json=not sys.stderr.isatty()))
    made.addFilter(Floods())
    return made


def hide(settings: Settings) -> None:
    """Keeps the secrets of these settings out of what this process logs from now on."""
    for known in logging.getLogger().handlers:
        if isinstance(known.formatter, Lines):
            known.formatter.hide(secrets_of(settings))


class Floods(logging.Filter):
    """Lets warnings and errors of one place in the program through up to a number a minute.

    The first line after that minute says in `left_out` how many there were beyond.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._minutes: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        if record.levelno < logging.WARNING:
            return True
        with self._lock:
            place = (record.pathname, record.lineno)
            began, count = self._minutes.get(place, (record.created, 0))
            if not 0 <= record.created - began < SECONDS_OF_LINES:
                if count > MOST_LINES:
                    record.left_out = count - MOST_LINES
                began, count = record.created, 0
            self._minutes[place] = began, count + 1
            return count < MOST_LINES


class Lines(logging.Formatter):
    """Makes one line of a record, whatever is in it. An error is its type, its first line and where it came from.

    The further lines of a database's message carry values of a row.
    """

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json
        self._secrets: set[str] = set()
        self._hidden: re.Pattern[str] | None = None

    def hide(self, secrets: set[str]) -> None:
        """Masks these secrets as well, and the ways in which they are commonly written inside other texts."""
        self._secrets |= secrets
        written = {visible(way) for secret in self._secrets for way in _ways_to_write(secret)}
        longest_first = sorted(written, key=len, reverse=True)
        self._hidden = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"time": time, "level": record.levelname, "logger": self.clean(record.name)}
        message = self.clean(_message(record).rstrip())
        more = {self.clean(name): self._field(name, value) for name, value in vars(record).items() if name not in USUAL}
        errors = self._errors(record.exc_info[1] if record.exc_info else None)
        if self._as_json:
            first = head | {"message": message}
            return json.dumps(first | more | first | ({"error": errors} if errors else {}))
        parts = [*head.values(), message, *(f"{name}={value}" for name, value in more.items())]
        for error in errors:
            parts += [f"| {error['type']}: {error['message']}", *(f"< {frame}" for frame in error["frames"])]
        return self._without_secrets(" ".join(map(str, parts)))

    def clean(self, text: str) -> str:
        """The text on one line, without secrets and e-mail addresses."""
        text = self._without_secrets(visible(text))
        for pattern, instead in LOOKS:
            text = pattern.sub(instead, text)
        return text

    def _without_secrets(self, text: str) -> str:
        return self._hidden.sub(MASK, text) if self._hidden else text

    def _field(self, name: str, value: object) -> object:
        if NAMES_A_SECRET.search(name):
            return MASK
        text = _text(value)
        cleaned = self.clean(text)
        plain = value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value))
        return value if plain and cleaned == text else cleaned

    def _errors(self, error: BaseException | None) -> list[dict[str, Any]]:
        """The error and what caused it, the outermost first; of each, the innermost frame first."""
        found: list[dict[str, Any]] = []
        while error is not None and len(found) < MOST_CAUSES:
            kind = type(error)
            frames = [
                f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{line} {frame.f_code.co_name}"
                for frame, line in walk_tb(error.__traceback__)
            ]
            name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
            first_line = (_text(error).splitlines() or [""])[0]
            found.append(
                {
                    "type": self.clean(name),
                    "message": self.clean(first_line),
                    "frames": [self.clean(frame) for frame in frames[: -MOST_FRAMES - 1 : -1]],
                }
            )
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return found


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: stderr is gone, and logging itself would print the arguments as they are."""


def _thread_failed(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
        name = given.thread.name if given.thread else None
        log.critical("a thread ended by an unexpected fault", extra={"thread_name": name}, exc_info=given.exc_value)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a call with wrong arguments must not cost the line
        return f"{_text(record.msg)} {_text(record.args)}"


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__} without a text>"


def _ways_to_write(secret: str) -> Iterator[str]:
    yield secret
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    with suppress(UnicodeEncodeError):
        yield repr(secret.encode())[2:-1]
        yield quote(secret, safe="")
