"""Classes, a failing Zoom, lost webhooks and killed trackers all at once, and what came of it."""

import json
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from tests.chaos.hurried_tracker import LEASE
from tests.chaos.outcomes import Outcome, differences, stored, strays, truths
from tests.chaos.school import DAY, Lesson, PracticeHost, hold, make_classes, practice_host
from tests.chaos.trackers import Forwarder, Killer, trackers
from tests.practice_school import PRACTICE, environment
from tests.tracker_process import ShiftedClock
from tracker import clock
from tracker.practice import PracticeSettings, PracticeZoom
from tracker.services import Services, connect
from tracker.settings import Plan, read_settings
from tracker.storage.database import make_engine, reading
from tracker.storage.models import Fetch, WebhookDelivery
from tracker.storage.schema import migrate

DELAY_SECONDS = 1
SECONDS_BETWEEN_CHECKS = 1.0
# Time for trackers to be killed while classes go on, and for a first session to be fetched before there is a second.
SECONDS_A_MINUTE = 3.0
# A list that is asked for as soon as the delay is over is not complete yet.
ZOOM = replace(PRACTICE, settle_seconds=2 * DELAY_SECONDS, retry_delays=(1, 2, 4, 8, *[16] * 12), deliveries_at_once=8)
NOTED = re.compile(r"meeting\.(started|ended|participant_.*)")

Say = Callable[[str], None]
# What else befalls the trackers while classes are held; it has until the last one ends.
Meanwhile = Callable[[PracticeHost], None]


@dataclass(frozen=True)
class Storm:
    """How many classes, and how bad it gets; shares are from 0 to 1.

    `plan` is the Zoom plan whose rate limits hold, None for no limits. So long after the end of the classes the storm
    is over (`calm_after_seconds`), or else when all are exact; what is not exact after `patience_seconds` has failed.
    For `quiet_seconds` after that nothing may change.
    """

    classes: int
    seed: int = 1
    failing: float = 0.3
    lost: float = 0.1
    doubled: float = 0.3
    plan: Plan | None = None
    calm_after_seconds: float = math.inf
    patience_seconds: float = 600.0
    quiet_seconds: float = 5.0


@dataclass
class Report:
    """What is wrong, a sentence each, and the figures."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def text(self) -> str:
        figures = [f"{name + ' ':.<46} {value}" for name, value in self.figures.items()]
        verdict = f"{len(self.wrong)} things are wrong." if self.wrong else "All is exact."
        return "\n".join([*figures, *self.wrong, verdict])


@dataclass(frozen=True)
class Place:
    """Where it happens."""

    engine: Engine
    host: PracticeHost
    clock: ShiftedClock
    services: Services
    given: dict[str, str]
    folder: Path


def run(
    storm: Storm,
    database_url: str,
    folder: Path,
    say: Say = lambda line: None,
    meanwhile: Meanwhile = lambda host: None,
) -> Report:
    """One storm on an empty or migrated database; logs are written to `folder`."""
    report, began = Report(), time.monotonic()
    with _place(storm, database_url, folder) as place:
        say(f"making {storm.classes} classes")
        lessons = make_classes(place.services, storm.classes, storm.seed)
        report.figures["classes"] = f"{len(lessons)}: {_kinds(lessons)}"
        report.figures["seconds to make them"] = _since(began)
        _weather(storm, place, lessons, report, say, meanwhile)
        _look_at_logs(place, report)
    report.figures["seconds in all"] = _since(began)
    return report


@contextmanager
def _place(storm: Storm, database_url: str, folder: Path) -> Iterator[Place]:
    practice_clock = ShiftedClock()
    zoom_settings: PracticeSettings = replace(ZOOM, rate_limits=storm.plan)
    with ExitStack() as stack:
        url = stack.enter_context(PracticeZoom(zoom_settings, practice_clock)).url
        host = stack.enter_context(practice_host(url, practice_clock))
        more = {"FETCH_DELAY_SECONDS": str(DELAY_SECONDS), "ZOOM_PLAN": storm.plan or "business"}
        given = environment(url, database_url, folder, **more)
        settings = read_settings(given)
        engine = make_engine(database_url)
        stack.callback(engine.dispose)
        migrate(engine)
        yield Place(engine, host, practice_clock, connect(engine, settings), given, folder)


def _weather(storm: Storm, place: Place, lessons: list[Lesson], report: Report, say: Say, meanwhile: Meanwhile) -> None:
    noon = clock.now() - DAY / 2
    yesterday = [lesson for lesson in lessons if lesson.planned < noon]
    today = [lesson for lesson in lessons if lesson.planned >= noon]
    # Nobody heard of those of yesterday: there was no tracker yet.
    hold(place.host, place.clock, yesterday, ago=DAY)
    random_faults = {"share": storm.failing, "seed": storm.seed, "retry_after_seconds": 1}
    place.host.call("POST", "/fault-plan", random_faults)
    delivery_faults = {"lose": storm.lost, "double": storm.doubled, "shuffle": True, "seed": storm.seed}
    place.host.call("POST", "/webhook-plan", delivery_faults)
    with ExitStack() as stack:
        pair = stack.enter_context(trackers(place.given, place.folder, module="tests.chaos.hurried_tracker"))
        forwarder = stack.enter_context(Forwarder([tracker.port for tracker in pair]))
        place.host.call("PUT", "/webhook-url", {"url": f"{forwarder.url}/api/webhooks/zoom"})
        killer = stack.enter_context(Killer(pair, storm.seed))
        began = time.monotonic()
        say("holding the classes")
        with ThreadPoolExecutor(1) as beside:
            befalling = beside.submit(meanwhile, place.host)
            hold(place.host, place.clock, today, seconds_a_minute=SECONDS_A_MINUTE)
            befalling.result()
        report.figures["seconds to hold them"] = _since(began)

        ended, expected, ignored = time.monotonic(), truths(place.host, lessons), strays(place.host, lessons)
        watch = Watch(place.engine, expected, ignored, ended, say)
        watch.until_exact(ended + min(storm.calm_after_seconds, storm.patience_seconds))
        killer.stop()
        place.host.call("POST", "/fault-plan", {})
        say("the storm is over")
        watch.until_exact(ended + storm.patience_seconds)
        _until_nothing_is_under_way(place, report)
        report.figures["kills"] = killer.kills
        report.figures |= {f"seconds from the last end to {share} % exact": at for share, at in watch.shares.items()}
        report.wrong += [f"a tracker ended by itself with code {code}" for code in killer.ended_by_themselves]
        _compare(place, storm, lessons, expected, ignored, report)
    _count_webhooks(place, report)
    _count_calls(place, report)


class Watch:
    """Looks at the classes, and notes how long after `began` which share of them, in percent, was exact."""

    def __init__(self, engine: Engine, expected: dict[str, Outcome], ignored: set[str], began: float, say: Say) -> None:
        self.shares = dict.fromkeys((50, 90, 99, 100), "never")
        self._engine, self._expected, self._ignored, self._began, self._say = engine, expected, ignored, began, say

    def until_exact(self, until: float) -> None:
        """Returns when every class is as it should be, or it is too late."""
        while True:
            began = time.monotonic()
            if self._look() == len(self._expected) or time.monotonic() > until:
                return
            # Looking at thousands of classes takes from the trackers what they need themselves.
            time.sleep(max(SECONDS_BETWEEN_CHECKS, 10 * (time.monotonic() - began)))

    def _look(self) -> int:
        found = stored(self._engine, self._ignored)
        exact = sum(found.get(class_id) == truth for class_id, truth in self._expected.items())
        for share, at in self.shares.items():
            if at == "never" and exact * 100 >= share * len(self._expected):
                self.shares[share] = _since(self._began)
        self._say(f"{_since(self._began)} s after the last end {exact} of {len(self._expected)} are exact")
        return exact


def _until_nothing_is_under_way(place: Place, report: Report) -> None:
    """Waits for leases of trackers that were killed, and for webhooks that are repeated."""
    until = time.monotonic() + LEASE.total_seconds() + 60
    while True:
        with reading(place.engine) as tx:
            leases = tx.exec(select(Fetch.class_id).where(col(Fetch.leased_until).is_not(None))).all()
        waiting = place.host.call("GET", "/webhooks")["counts"].get("waiting", 0)
        if not leases and not waiting:
            return
        if time.monotonic() > until:
            report.wrong += [f"the fetch of class {class_id} is left with a lease" for class_id in leases]
            report.wrong += [f"{waiting} webhooks are not delivered"] if waiting else []
            return
        time.sleep(SECONDS_BETWEEN_CHECKS)


def _compare(
    place: Place,
    storm: Storm,
    lessons: list[Lesson],
    expected: dict[str, Outcome],
    ignored: set[str],
    report: Report,
) -> None:
    """The end: each class as it should be, and nothing changes any more."""
    before = stored(place.engine, ignored)
    time.sleep(storm.quiet_seconds)
    after = stored(place.engine, ignored)
    changed = [class_id for class_id in before if before[class_id] != after[class_id]]
    report.wrong += [f"class {class_id} changed when all was over" for class_id in changed]
    report.wrong += [f"class {class_id} was made by nobody" for class_id in after.keys() - expected]
    for lesson in lessons:
        if faults := "; ".join(differences(expected[lesson.class_id], after.get(lesson.class_id))):
            fetch = _fetch_of(place.engine, lesson.class_id)
            report.wrong.append(
                f"class {lesson.class_id} ({lesson.story.name}, {lesson.letter}): {faults}; its fetch: {fetch}"
            )


def _count_webhooks(place: Place, report: Report) -> None:
    """The webhooks in figures; one that was acknowledged and is not in the database is wrong."""
    rows = place.host.webhooks()
    with reading(place.engine) as tx:
        noted = set(tx.exec(select(WebhookDelivery.body_hash)))
    for row in rows:
        if row["state"] == "delivered" and NOTED.fullmatch(row["event"]) and row["body_sha256"] not in noted:
            report.wrong.append(f"the webhook {row['event']} {row['request_id']} was acknowledged, and is not there")
    doubled = sum(number - 1 for number in Counter(row["request_id"] for row in rows).values())
    report.figures |= {
        "webhooks sent": sum(row["attempts"] > 0 for row in rows),
        "webhooks lost": sum(row["state"] == "lost" for row in rows),
        "webhooks doubled": doubled,
        "webhooks sent again": sum(max(row["attempts"] - 1, 0) for row in rows),
        "webhooks given up": sum(row["state"] == "given up" for row in rows),
    }


def _count_calls(place: Place, report: Report) -> None:
    calls: dict[str, Any] = place.host.call("GET", "/calls")
    random_faults = place.host.call("GET", "/fault-plan")
    report.figures |= {
        "calls of Zoom": _listed(calls["calls"]),
        "refused by the rate limit": _listed(calls["refused"]),
        "calls that failed": f"{sum(random_faults['faults'].values())}: {_listed(random_faults['faults'])}",
    }


def _look_at_logs(place: Place, report: Report) -> None:
    """Exceptions that the trackers logged; they are no fault by themselves, where a database is fought for."""
    raised: Counter[str] = Counter()
    for path in place.folder.glob("tracker-*.log"):
        for line in path.read_text(errors="replace").splitlines():
            # No JSON: what is not of the log, and what was being written when the tracker was killed.
            with suppress(ValueError):
                raised.update(error["type"] for error in json.loads(line).get("error", [])[:1])
    report.figures["exceptions in the trackers' logs"] = _listed(raised)


def _fetch_of(engine: Engine, class_id: str) -> str:
    with reading(engine) as tx:
        return repr(tx.get(Fetch, class_id))


def _kinds(lessons: list[Lesson]) -> str:
    return _listed(Counter(lesson.story.name for lesson in lessons))


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} × {name}" for name, number in sorted(counts.items())) or "none"


def _since(moment: float) -> str:
    return f"{time.monotonic() - moment:.1f}"
