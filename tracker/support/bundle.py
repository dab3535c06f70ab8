"""What is in the bundle, as a ZIP of small files to be read by a person."""

import io
import json
import platform
import re
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, Protocol

from tracker import health, storage
from tracker.errors import SettingsError
from tracker.messages.details import HasCode
from tracker.services import Services
from tracker.settings import NAMES, Settings, read_settings
from tracker.storage.schema import revisions
from tracker.support import cleaning

LOG_LINES = 1_000
ANSWER_SECONDS = 5.0
PACKAGE = "zoom-participant-tracking"
# Settings that are a number, or one of a few words.
HARMLESS = (
    *("zoom_plan", "tracker_port", "dashboard_port", "fetch_delay_seconds", "retention_days", "retention_action"),
    *("sign_in_idle_hours", "sign_in_days", "audit_days", "oidc_accounts"),
    *("meeting_waiting_room", "meeting_sign_in", "meeting_recording", "meeting_registration"),
)
README = """The state of an installation of zoom-participant-tracking, for somebody who helps from elsewhere.

about.json     versions of the program, of Python, of its libraries and of the system
settings.json  which settings are set; of numbers and choices also the value
doctor.json    what `tracker doctor` finds, by codes
database.json  kind, schema, rows in each table, what was the matter last, by codes
health.json    what the tracker answers at /healthz, and metrics.txt at /metrics
log.jsonl      the last lines of the log that was given with --log

It has no names, e-mail addresses, titles, links, numbers of meetings, addresses, tokens and passwords: of every text
only this program's own words are kept, and all others are "(left out)". Look through it before you send it.
"""


class Checked(Protocol):
    """A check of the doctor's: its name, whether it is in order, and what was found."""

    @property
    def code(self) -> str:
        """Its name."""

    @property
    def ok(self) -> bool:
        """Whether it is in order."""

    @property
    def problem(self) -> HasCode:
        """What was found."""


def make(
    environment: Mapping[str, str],
    services: Services | None,
    examine: Callable[[Services], Collection[Checked]],
    now: datetime,
    log: Collection[str] | None = None,
) -> bytes:
    """The bundle as a ZIP. `services` is None where the settings cannot be read; `log` are the last lines of a log.

    What cannot be found out is there as the type of its error. Raises nothing.
    """
    parts: dict[str, str] = {
        "README.txt": README,
        "about.json": _guarded(lambda: _about(now)),
        "settings.json": _guarded(lambda: _settings(environment)),
    }
    if services is not None:
        parts["doctor.json"] = _guarded(lambda: [_check(one) for one in examine(services)])
        parts["database.json"] = _guarded(lambda: _database(services))
        parts["health.json"] = _guarded(lambda: cleaning.value(json.loads(_ask(services, "/healthz"))))
        parts["metrics.txt"] = _guarded(lambda: "\n".join(cleaning.metrics(_ask(services, "/metrics"))))
    if log is not None:
        parts["log.jsonl"] = _guarded(lambda: _log(log))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in parts.items():
            bundle.writestr(f"support/{name}", content)
    return made.getvalue()


def _guarded(part: Callable[[], object]) -> str:
    """A part as text; an error by its type, for whatever its text says."""
    try:
        found = part()
    except Exception as error:
        found = cleaning.error(error)
    return found if isinstance(found, str) else json.dumps(found, indent=2)


def _about(now: datetime) -> dict[str, object]:
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    names = {re.split(r"[^\w.-]", line)[0] for line in requires(PACKAGE) or ()}
    return {
        "made": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "version": health.VERSION,
        "python": platform.python_version(),
        "system": {"kind": platform.system(), "machine": platform.machine(), "name": system.get("ID")},
        "libraries": {name: found for name in sorted(names) if (found := _version_of(name))},
    }


def _version_of(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _settings(environment: Mapping[str, str]) -> dict[str, object]:
    given = {name: "file" if environment.get(f"{name}_FILE") else bool(environment.get(name)) for name in NAMES}
    try:
        settings = read_settings(environment)
    except SettingsError as error:
        return {"set": given, "faults": [cleaning.problem(one) for one in error.faults]}
    usual = Settings.model_fields
    zoom = {name: getattr(settings, name) == usual[name].default for name in ("zoom_api_url", "zoom_oauth_url")}
    values = {name.upper(): getattr(settings, name) for name in HARMLESS}
    return {"set": given, "values": values, "usual": {name.upper(): is_usual for name, is_usual in zoom.items()}}


def _check(one: Checked) -> dict[str, object]:
    return {"name": cleaning.check_name(one.code), "ok": one.ok, **cleaning.problem(one.problem)}


def _database(services: Services) -> dict[str, Any]:
    found = services.read(storage.overview.overview)
    counted = {
        "fetches": storage.overview.errors_of_fetches,
        "mails": storage.overview.errors_of_mails,
        "webhooks": storage.overview.outcomes_of_webhooks,
    }
    number = re.match(r"\d+(\.\d+)*", found.version)
    return asdict(found) | {
        "version": number[0] if number else cleaning.LEFT_OUT,
        "schema": found.schema if found.schema in revisions() else cleaning.LEFT_OUT,
        "last": {name: _summed(services.read(question)) for name, question in counted.items()},
        "queue": cleaning.value(
            {name: value for name, value in asdict(services.read(health.queue, services.now())).items() if value != ""}
        ),
    }


def _summed(counts: Mapping[str, int]) -> dict[str, int]:
    """Numbers by known codes, those of all others together."""
    found: dict[str, int] = {}
    for code, count in counts.items():
        shown = cleaning.word(code)
        found[shown] = found.get(shown, 0) + count
    return found


def _ask(services: Services, path: str) -> str:
    return health.text_of_tracker(services.settings, path, ANSWER_SECONDS)


def _log(lines: Collection[str]) -> str:
    shown: list[str] = []
    others = 0
    for line in list(lines)[-LOG_LINES:]:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            shown.append(json.dumps(cleaning.log_line(found)))
        else:
            others += 1
    return "\n".join([*shown, json.dumps({"lines that are not the program's own": others})])
