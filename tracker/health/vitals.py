"""What one tracker process knows of itself, and what is wrong by it: plain values, and a function of them."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracker.errors import Problem
from tracker.health.conditions import STARTING, Condition, Severity, minute
from tracker.storage.faults import Fault, Record, Sort
from tracker.storage.webhook_log import REFUSED
from tracker.zoom import Standing
from tracker.zoom.webhook import OTHER_SIGNATURES

MEGABYTE = 1024 * 1024
# The loop turns every second. What it does itself takes no longer, but for erasing in a large database.
LOOP_SLOW_SECONDS, LOOP_STALE_SECONDS = 10.0, 300.0
# A database that has not answered for so long does not work. A writer is waited for 2.5 s.
SILENT_SECONDS = 8.0
# Signs of life are given every few seconds, and after two minutes without one a tracker counts as gone.
BEAT_STALE_SECONDS = 90.0
# Half of a large disk may be room enough for years: the smaller of the two counts.
LOW_BYTES, LOW_SHARE = 1024 * MEGABYTE, 0.05
# SQLite's newest pages take up to 4 MB before they are written back into the database, which may grow by as much.
FULL_BYTES = 8 * MEGABYTE
# A webhook is refused when it is five minutes off; this warns long before.
MOST_CLOCK_OFFSET_SECONDS = 60
# Only who has the secret can cause these: Zoom itself, or a clock that is off.
SIGNED_AND_REFUSED = ("not_fresh", "not_json", "not_an_event", "missing_field")

_OF_DATABASE = {
    Sort.UNREACHABLE: "database_unreachable",
    Sort.READ_ONLY: "database_read_only",
    Sort.CORRUPT: "database_corrupt",
    Sort.NO_RIGHTS: "database_no_rights",
    Sort.BUSY: "database_busy",
    Sort.SCHEMA: "database_schema",
    Sort.OTHER: "database_fault",
}


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that something is written to, in bytes; `needed` where nothing can be stored without it."""

    where: str
    free: int
    total: int
    needed: bool

    @property
    def is_low(self) -> bool:
        """Whether little room is left on it."""
        return self.free < min(LOW_BYTES, self.total * LOW_SHARE)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a tracker knows of itself at a moment.

    `loop_age`: seconds since the loop's last turn, None before the first. `failing_jobs`: those that fail by a fault of
    the program. `beat_age`: seconds since a sign of life was stored, or not taken by the database.
    `has_tried_to_store`: whether a change was tried to be stored since the start. `silent_for`: for how many seconds
    the database has owed an answer. `recent`: webhooks of the last minutes by outcome. `settings`: what was wrong with
    the settings at the start.
    """

    loop_age: float | None
    failing_jobs: tuple[str, ...] = ()
    beat_age: float = 0.0
    has_tried_to_store: bool = True
    silent_for: float = 0.0
    database: str = ""
    record: Record = field(default_factory=Record)
    disks: tuple[Disk, ...] = ()
    standing: Standing = field(default_factory=Standing)
    zoom_host: str = ""
    oauth_host: str = ""
    zoom_connected: bool = True
    webhook_secret: bool = True
    recent: Mapping[str, int] = field(default_factory=dict)
    settings: tuple[Condition, ...] = ()


def of_process(vitals: Vitals) -> list[Condition]:
    """What is wrong with a tracker by what it knows of itself; nothing while all is well."""
    parts = (_of_loop, _of_database, _of_disks, _of_zoom, _of_webhooks)
    return [*(condition for part in parts for condition in part(vitals)), *vitals.settings]


def disk_of(folder: Path, *, needed: bool) -> Disk | None:
    """The file system of this folder, or of the one above it that is there; None where it cannot be told."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        found = shutil.disk_usage(folder)
    except OSError:
        return None
    return Disk(str(folder), found.free, found.total, needed)


def _of_loop(vitals: Vitals) -> Iterator[Condition]:
    age = vitals.loop_age
    if age is None or not vitals.has_tried_to_store:
        yield Condition(Problem(STARTING), Severity.DOWN)
    if age is not None and age >= LOOP_SLOW_SECONDS:
        severity = Severity.DOWN if age >= LOOP_STALE_SECONDS else Severity.ATTENTION
        yield Condition(Problem("loop_stands", {"seconds": round(age)}), severity)
    # While the database owes an answer, that is what is told.
    is_mute = vitals.beat_age >= BEAT_STALE_SECONDS and vitals.silent_for < SILENT_SECONDS
    if jobs := (*vitals.failing_jobs, *(("beat",) if is_mute else ())):
        severity = Severity.DOWN if is_mute else Severity.ATTENTION
        yield Condition(Problem("jobs_failing", {"jobs": ", ".join(sorted(jobs))}), severity)


def _of_database(vitals: Vitals) -> Iterator[Condition]:
    record = vitals.record
    if vitals.silent_for >= SILENT_SECONDS:
        yield Condition(Problem("database_silent", {"seconds": round(vitals.silent_for)}), Severity.DOWN)
    elif record.fault is not None:
        yield _of_fault(record.fault, vitals.database)
    if record.failed and record.last is not None:
        yield Condition(Problem("writes_failed", {"count": record.failed, "cause": record.last.cause}))


def _of_fault(fault: Fault, database: str) -> Condition:
    if fault.sort is Sort.FULL:
        return Condition(Problem("disk_full", {"where": database}), Severity.DOWN)
    severity = Severity.ATTENTION if fault.sort is Sort.BUSY else Severity.DOWN
    return Condition(Problem(_OF_DATABASE[fault.sort], {"cause": fault.cause}), severity)


def _of_disks(vitals: Vitals) -> Iterator[Condition]:
    fault = vitals.record.fault
    for disk in vitals.disks:
        if disk.needed and disk.free < FULL_BYTES:
            if fault is None or fault.sort is not Sort.FULL:
                yield Condition(Problem("disk_full", {"where": disk.where}), Severity.DOWN)
        elif disk.is_low:
            yield Condition(Problem("disk_low", {"free": disk.free // MEGABYTE, "where": disk.where}))


def _of_zoom(vitals: Vitals) -> Iterator[Condition]:
    standing = vitals.standing
    if not vitals.zoom_connected:
        yield Condition(Problem("zoom_not_connected"))
    # A call that needs a token it does not get does not arrive either: that is one fault.
    if one := standing.oauth_away or standing.away:
        host = vitals.oauth_host if standing.oauth_away else vitals.zoom_host
        since, why = minute(one.since), (one.problem,)
        yield Condition(Problem("zoom_away", {"host": host, "since": since, "why": why}))
    if one := standing.tokens:
        yield Condition(Problem("zoom_tokens_fail", {"since": minute(one.since), "why": (one.problem,)}))
    if one := standing.refused:
        yield Condition(Problem("zoom_calls_refused", {"since": minute(one.since), "why": (one.problem,)}))
    if standing.seconds_ahead is not None and abs(standing.seconds_ahead) > MOST_CLOCK_OFFSET_SECONDS:
        yield Condition(Problem("clock_off", {"seconds": f"{standing.seconds_ahead:+.0f}"}))


def _of_webhooks(vitals: Vitals) -> Iterator[Condition]:
    """Whatever else than Zoom's signature a stranger's webhooks have, they are told only while none of Zoom's come."""
    if not vitals.webhook_secret:
        yield Condition(Problem("webhook_secret_missing"))
    zooms = any(count and not outcome.startswith(REFUSED) for outcome, count in vitals.recent.items())
    telling = SIGNED_AND_REFUSED if zooms else (*SIGNED_AND_REFUSED, *OTHER_SIGNATURES)
    refused = {code: vitals.recent.get(f"{REFUSED}{code}", 0) for code in telling}
    if count := sum(refused.values()):
        reasons = tuple(Problem(code) for code, number in refused.items() if number)
        yield Condition(Problem("webhooks_turned_away", {"count": count, "reasons": reasons}))
    if failed := vitals.recent.get("failed", 0):
        yield Condition(Problem("webhooks_failed", {"count": failed}))
