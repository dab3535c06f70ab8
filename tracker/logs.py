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
from copy import copy
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
# Strangers can cause lines too: from one place in the program so many different ones a minute.
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
        ours.close()


def handler() -> logging.Handler:
    """Writes lines to stderr: readable ones on a terminal, else JSON."""
    made = _Handler(sys.stderr)
    made.setFormatter(Lines(as_json=not sys.stderr.isatty()))
    return made


def hide(settings: Settings) -> None:
    """Keeps the secrets of these settings out of what this process logs from now on."""
    for known in logging.getLogger().handlers:
        if isinstance(known.formatter, Lines):
            known.formatter.hide(secrets_of(settings))


class Repeats:
    """Of warnings and errors that repeat, which lines are written, and when.

    The same line, but for its numbers and its trace, is written when it comes first, and then once a minute with
    `times`: how many there were since. Of one place in the program so many different lines a minute are written, and
    then `left_out` says how many more there were. So memory is bounded by the places in the program.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[tuple[str, int], _Minute] = {}

    @property
    def are_pending(self) -> bool:
        """Whether something was counted that is not written yet."""
        with self._lock:
            return any(minute.held or minute.left_out for minute in self._minutes.values())

    def take(self, record: logging.LogRecord) -> list[logging.LogRecord]:
        """What is to be written now that this line has come: often it alone, or nothing."""
        if record.levelno < logging.WARNING:
            return [record]
        place, line = (record.pathname, record.lineno), _what_it_says(record)
        with self._lock:
            minute = self._minutes.get(place)
            told: list[logging.LogRecord] = []
            if minute is None or not 0 <= record.created - minute.began < SECONDS_OF_LINES:
                told = minute.told(but=line) if minute else []
                before = minute.held.get(line) if minute else None
                if before is not None:
                    record.times = before.count + 1
                if minute and minute.left_out:
                    record.left_out = minute.left_out
                minute = self._minutes[place] = _Minute(record.created)
            if line in minute.seen:
                held = minute.held.setdefault(line, _Held(_without_trace(record)))
                held.count += 1
                return told
            if len(minute.seen) >= MOST_LINES:
                minute.left_out += 1
                minute.last_left_out = _without_trace(record)
                return told
            minute.seen.add(line)
            return [*told, record]

    def flush(self) -> list[logging.LogRecord]:
        """What was counted and not written yet; after it every line is a first one."""
        with self._lock:
            minutes, self._minutes = self._minutes, {}
        return [record for minute in minutes.values() for record in (*minute.told(), *minute.of_left_out())]


class _Held:
    """A line that has come again and was not written, and how often."""

    def __init__(self, record: logging.LogRecord) -> None:
        self.record, self.count = record, 0


class _Minute:
    """What has come from one place in the program since this moment, in seconds since the epoch."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.seen: set[object] = set()
        self.held: dict[object, _Held] = {}
        self.left_out = 0
        self.last_left_out: logging.LogRecord | None = None

    def told(self, but: object = None) -> list[logging.LogRecord]:
        """A line for each of those that repeated, with how often."""
        for line, held in self.held.items():
            if line != but:
                held.record.times = held.count
        return [held.record for line, held in self.held.items() if line != but]

    def of_left_out(self) -> list[logging.LogRecord]:
        """The last one of those that were too many, with how many they were."""
        if self.last_left_out is None:
            return []
        self.last_left_out.left_out = self.left_out
        return [self.last_left_out]


def _what_it_says(record: logging.LogRecord) -> object:
    """What two lines must have in common to be the same: all but numbers, which say how much or how often."""
    more = {name: _text(value) for name, value in vars(record).items() if name not in USUAL and not _is_number(value)}
    error = record.exc_info[1] if record.exc_info else None
    cause = (type(error), (_text(error).splitlines() or [""])[0]) if error else None
    return hash((record.levelno, _message(record), tuple(sorted(more.items())), cause))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without_trace(record: logging.LogRecord) -> logging.LogRecord:
    """The same line without its error, whose frames would keep alive what they were about."""
    made = copy(record)
    made.msg, made.args = _message(record), None
    made.exc_info = made.exc_text = made.stack_info = None
    return made


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
    """Writes to a stream what `Repeats` lets through; a minute after something was held back, how often it came."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._repeats = Repeats()
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line, or counts it. The handler's lock is held. Never raises: a log line must not end a thread."""
        try:
            for one in self._repeats.take(record):
                super().emit(one)
            if self._timer is None and self._repeats.are_pending:
                timer = threading.Timer(SECONDS_OF_LINES, self.tell_repeats)
                timer.daemon = True
                timer.start()
                self._timer = timer
        except Exception:  # such as that there can be no more threads
            self.handleError(record)

    def tell_repeats(self) -> None:
        """Writes what was counted and not written yet."""
        self.acquire()
        try:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            for one in self._repeats.flush():
                super().emit(one)
        finally:
            self.release()

    def close(self) -> None:
        """Writes what is left to be told."""
        self.tell_repeats()
        super().close()

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
