"""What may leave the machine. Only what is known to be harmless is kept: never by what looks like a name or a secret.

Kept are this program's own words (codes, names of figures, messages of its log), moments, versions, truth values and
numbers too small to be the number of a meeting, a phone or a student. All other texts become LEFT_OUT.
"""

import builtins
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tracker import messages
from tracker.attendance.types import ClassStatus, FetchState
from tracker.messages.details import HasCode

LEFT_OUT = "(left out)"
# Zoom's meeting numbers begin here.
LEAST_LEFT_OUT = 100_000_000
OURS = Path(__file__).resolve().parent.parent

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z| UTC|\+00:00)?")
_VERSION = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}(\.dev\d{1,6})?(\+g[0-9a-f]{7,40}(\.d\d{8})?)?")
# Where the program gives a name to a value: in JSON, as an argument, as a field, in a sentence.
_NAMED = re.compile(r"""["'](\w+)["']:|\b(\w+)=|\b(\w+): |\{(\w+)\}""")
_SCOPE = re.compile(r"(meeting|user|report|dashboard|webinar)(:[a-z_]{2,40}){2,3}")
_FIGURE = re.compile(r"((?:tracker|process)_[a-z_]+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_AMOUNT = re.compile(r"[-+]?(\d+(\.\d+)?(e[-+]?\d+)?|Inf)|NaN", re.IGNORECASE)
_LOGGED = re.compile(r'\blog\.(?:log\(\w+, |\w+\(\s*)"([^"\n]+)"')
_FRAME = re.compile(r"(?:([\w.-]+)/)?(\w+\.py):(\d{1,6}) (\w+|<\w+>)")
_WORDS = {
    *("ok", "attention", "down", "unwell", "noted", "repeat", "failed", "refused", "url_validation", "sqlite"),
    *("postgresql", "light", "medium", "heavy", "resource-intensive", "free", "pro", "business", "signed_in"),
    *("meeting.started", "meeting.ended", "meeting.participant_joined", "meeting.participant_left"),
    *("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    *(state.value for state in (*ClassStatus, *FetchState)),
}


@cache
def _words() -> frozenset[str]:
    return frozenset({*_WORDS, *messages.SENTENCES, *(code.removeprefix("check_") for code in messages.SENTENCES)})


@cache
def _log_messages() -> frozenset[str]:
    """Every message that this program writes into its log, as it is in the program."""
    return frozenset(found for file in OURS.rglob("*.py") for found in _LOGGED.findall(file.read_text("utf-8")))


@cache
def _own_files() -> frozenset[tuple[str, str]]:
    """Folder and name of each file of this program."""
    return frozenset((file.parent.name, file.name) for file in OURS.rglob("*.py"))


@cache
def _names() -> frozenset[str]:
    """Every name that this program gives to a value."""
    found = (match for file in OURS.rglob("*.py") for match in _NAMED.findall(file.read_text("utf-8")))
    return frozenset(name for names in found for name in names if name)


def word(text: object) -> str:
    """A code, moment or version as it is; LEFT_OUT for every other text."""
    if not isinstance(text, str):
        return LEFT_OUT
    code, _, reason = text.partition(":")  # as in refused:not_fresh
    known = text in _words() or (code in _words() and reason in _words())
    return text if known or _MOMENT.fullmatch(text) or _VERSION.fullmatch(text) else LEFT_OUT


def value(given: object) -> object:
    """A value of JSON, with what is harmless in it."""
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, int | float):
        return given if abs(given) < LEAST_LEFT_OUT else LEFT_OUT
    if isinstance(given, Mapping):
        return {_name(name): value(below) for name, below in given.items()}
    if isinstance(given, list | tuple):
        return [value(below) for below in given]
    return word(given)


def _name(given: object) -> str:
    return given if isinstance(given, str) and given in _names() else LEFT_OUT


def problem(found: HasCode) -> dict[str, object]:
    """A problem by its code, the sentence in which nothing is filled in, and the numbers among its details."""
    known = found.code in messages.SENTENCES
    template = messages.SENTENCES[found.code] if known else LEFT_OUT
    sentence = template if isinstance(template, str) else template.several
    details = {
        name: [problem(below) for below in detail] if isinstance(detail, tuple) else value(detail)
        for name, detail in found.details.items()
    }
    return {"code": word(found.code), "sentence": sentence, "details": {_name(n): d for n, d in details.items()}}


def check_name(code: str) -> str:
    """The name of a check of the doctor's, with the scope it is about; what else it is about is left out."""
    name, colon, subject = code.partition(":")
    return word(name) + (colon and colon + (subject if _SCOPE.fullmatch(subject) else LEFT_OUT))


def error(found: BaseException) -> dict[str, object]:
    """What went wrong, by type and code; never by its text, which may name anybody."""
    kind = type(found)
    code = getattr(found, "code", None)
    return {"error": error_type(f"{kind.__module__}.{kind.__qualname__}"), "code": word(code) if code else None}


def error_type(name: object) -> str:
    """The name of a type of errors, of this program, of Python or of a library that is in use."""
    first, dot, _ = str(name).removeprefix("builtins.").partition(".")
    known = first in sys.modules or first in sys.stdlib_module_names if dot else hasattr(builtins, first)
    return str(name) if known and re.fullmatch(r"[\w.]{1,100}", str(name)) else LEFT_OUT


def metrics(text: str) -> Iterator[str]:
    """The lines of a tracker's `/metrics` that are its own figures, with the labels that have known values."""
    for line in text.splitlines():
        found = _FIGURE.fullmatch(line)
        if found is None or not _AMOUNT.fullmatch(found[3]):
            continue
        labels = [(name, _label(value)) for name, value in _LABEL.findall(found[2] or "")]
        shown = ",".join(f'{_name(name)}="{value}"' for name, value in labels)
        yield f"{found[1]}{{{shown}}} {found[3]}" if labels else f"{found[1]} {found[3]}"


def _label(text: str) -> str:
    return text if _AMOUNT.fullmatch(text) and len(text) < 8 else word(text)


def log_line(found: Mapping[str, object]) -> dict[str, object]:
    """A line of this program's log: its message where the program has it so, and the fields with known values."""
    message, logger = found.get("message"), str(found.get("logger"))
    head: dict[str, object] = {
        "time": word(found.get("time")),
        "level": word(found.get("level")),
        "logger": logger if logger in sys.modules else LEFT_OUT,
        "message": message if message in _log_messages() else LEFT_OUT,
    }
    fields = {_name(name): value(below) for name, below in found.items() if name not in head and name != "error"}
    errors = found.get("error")
    causes = [_cause(one) for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return head | {n: v for n, v in fields.items() if n != LEFT_OUT} | ({"error": causes} if causes else {})


def _cause(given: Mapping[str, object]) -> dict[str, object]:
    frames = given.get("frames")
    return {
        "type": error_type(given.get("type")),
        "frames": [_frame(str(frame)) for frame in frames] if isinstance(frames, list) else [],
    }


def _frame(given: str) -> str:
    """Where an error came by: of this program's files by name and line, of all others only that there was one."""
    found = _FRAME.fullmatch(given)
    return given if found and (found[1], found[2]) in _own_files() else LEFT_OUT
