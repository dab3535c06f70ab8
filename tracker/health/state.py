"""The state of the installation: trackers that run, queue of fetches, webhooks that come, use of Zoom's rate limits.

Functions that take a transaction run in the caller's.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from tracker import retry, storage
from tracker.errors import Problem
from tracker.health.conditions import STARTING, Condition, from_json, minute, to_json
from tracker.health.webhook_counter import OF_OTHERS, Seen
from tracker.storage.attention import Queue
from tracker.storage.classes import Class
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.mails import MailQueue
from tracker.storage.processes import Tracker
from tracker.storage.rates import Usage
from tracker.storage.webhook_log import OF_NO_CONCERN, REFUSED, LoggedWebhook, Tally
from tracker.zoom.webhook import BODY_CHANGED

VERSION = version("zoom-participant-tracking")
# The outcome of Zoom's check of our address.
VALIDATION = "url_validation"
# Zoom asks for its address to be validated every 72 hours, and every class brings announcements.
SILENT_AFTER = timedelta(days=1)
# While classes are held webhooks come all the time: for so long none but such as have another signature is a sign.
UNSIGNED_AFTER = timedelta(hours=1)
# Zoom repeats for about 85 minutes what was not taken in. So long after a class all has come that will.
ALL_HAS_COME_AFTER = timedelta(hours=2)
# Zoom's clock and ours may differ by so much where a class's start is compared with when a webhook came.
BEFORE_CLASS = timedelta(minutes=10)
# The events that are needed, by Zoom's names of them; the others are only understood.
EVENTS = {
    "meeting.started": "Start Meeting",
    "meeting.ended": "End Meeting",
    "meeting.participant_joined": "Participant/Host joined meeting",
    "meeting.participant_left": "Participant/Host left meeting",
}
OF_PEOPLE = frozenset(("meeting.participant_joined", "meeting.participant_left"))
# How long ago a class may have been held for missing webhooks to be reported.
LOOKED_BACK = timedelta(days=7)
TALLIES_KEPT = timedelta(days=30)
# Zoom repeats a delivery for about 85 minutes; much longer costs nothing and is a record for the operator.
DELIVERIES_KEPT = timedelta(days=30)
# An e-mail that fails so often will not go by itself; one that was given up is told for so long.
MAIL_FAILS_AFTER, MAIL_TOLD_FOR = 4, timedelta(days=7)
# Because of these no class is counted, and none is made.
NOTHING_FROM_ZOOM = frozenset(("zoom_not_connected", "zoom_away", "zoom_tokens_fail", "zoom_calls_refused"))
NO_MAILS = MailQueue()
DIGITS_OF_INSTALLATION = 16
NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class Alarms:
    """What somebody has to do something about.

    `no_tracker`: no tracker runs that would take in webhooks and fetch what is due. `silent_since`: from when on
    Zoom's webhooks should have come and did not; None while there is no such sign. `unsigned`: some with another
    signature came, and for an hour none that was Zoom's; a stranger's beside Zoom's are none of this, however many.
    `changed`: the last of these was changed on the way. `missing`: the events of which none has come since the moment,
    though a class was held whose other events came. `stopped`: a tracker that runs does not work, or gets nothing from
    Zoom.
    """

    no_tracker: bool
    silent_since: datetime | None
    unsigned: bool
    changed: bool = False
    missing: tuple[str, ...] = ()
    missing_since: datetime | None = None
    stopped: bool = False

    @property
    def of_signatures(self) -> Problem:
        """What is the matter with webhooks that have another signature."""
        return Problem("webhooks_changed" if self.changed else "webhooks_unsigned")


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the installation at `now`; `webhooks` are those of the present UTC day by outcome.

    `last_needed` is when the last webhook came that was of any concern here, `last_event` the same without checks of
    our address, `validated` when Zoom's last check was answered.
    """

    now: datetime
    alarms: Alarms
    trackers: tuple[Tracker, ...]
    queue: Queue
    last_webhook: datetime | None
    last_needed: datetime | None
    webhooks: tuple[Tally, ...]
    rates: tuple[Usage, ...]
    last_event: datetime | None = None
    validated: datetime | None = None
    mails: MailQueue = NO_MAILS
    has_accounts: bool = True
    installation: str = ""

    @property
    def reasons(self) -> list[Condition]:
        """What is wrong by what the database says, of all trackers together; nothing while all is well."""
        late, stuck, silent = self.queue.late, self.queue.stuck, self.alarms.silent_since
        why = (self.mails.why,) if self.mails.why else ()
        # Without a tracker none can come.
        never = self.last_needed is None and not (silent or self.alarms.unsigned or self.alarms.no_tracker)
        missing, missing_since = self.alarms.missing, minute(self.alarms.missing_since or self.now)
        events = ", ".join(EVENTS[name] for name in missing)
        versions = {VERSION, *(one.version for one in self.trackers if one.is_alive(self.now))}
        possible = (
            (Problem("versions_differ", {"versions": ", ".join(sorted(versions))}), len(versions) > 1),
            (Problem("accounts_none"), not self.has_accounts),
            (Problem("webhooks_silent", {"since": minute(silent or self.now)}), silent),
            (self.alarms.of_signatures, self.alarms.unsigned),
            (Problem("webhooks_never_came"), never),
            (Problem("webhooks_incomplete", {"events": events, "since": missing_since}), missing),
            (Problem("fetches_late", {"count": late}), late),
            (Problem("fetches_stuck", {"count": stuck}), stuck),
            (Problem("mails_late", {"count": self.mails.late}), self.mails.late),
            (Problem("mails_failing", {"count": self.mails.failing, "why": why}), self.mails.failing),
        )
        return [Condition(reason) for reason, holds in possible if holds]

    @property
    def webhook_age(self) -> float | None:
        """Seconds since the last webhook that was Zoom's."""
        return None if self.last_webhook is None else (self.now - self.last_webhook).total_seconds()


def read_health(tx: Transaction, now: datetime, seen: Seen = NOTHING_SEEN) -> Health:
    """The state of everything at `now`; `seen` is what a tracker knows of webhooks beyond what is written down."""
    trackers, last = storage.processes.list_trackers(tx), _last_webhooks(tx, seen)
    validation = storage.webhook_log.last_of_outcomes(tx, VALIDATION)
    return Health(
        now=now,
        alarms=_alarms(tx, trackers, last, now, seen),
        trackers=trackers,
        queue=queue(tx, now),
        last_webhook=last.signed,
        last_needed=last.needed,
        webhooks=storage.webhook_log.tallies_today(tx, now),
        rates=tuple(usage.today(now) for usage in storage.rates.list_usages(tx)),
        last_event=_latest(
            storage.webhook_log.last(tx), storage.webhook_log.last_not_refused(tx, VALIDATION, OF_NO_CONCERN)
        ),
        validated=validation.last_at if validation else None,
        mails=mails(tx, now),
        has_accounts=storage.members.first_id(tx) is not None,
        installation=installation_of(tx),
    )


def installation_of(tx: Transaction) -> str:
    """What tells this database from every other one at this moment, and tells nothing else: a digest.

    Of a copy it differs as soon as a tracker has started on either.
    """
    trackers = [(one.name, one.started_at.isoformat()) for one in storage.processes.list_trackers(tx)]
    known = json.dumps([storage.members.first_id(tx), trackers])
    return hashlib.sha256(known.encode()).hexdigest()[:DIGITS_OF_INSTALLATION]


def alarms(tx: Transaction, now: datetime) -> Alarms:
    """What somebody has to do something about."""
    return _alarms(tx, storage.processes.list_trackers(tx), _last_webhooks(tx, NOTHING_SEEN), now, NOTHING_SEEN)


def queue(tx: Transaction, now: datetime) -> Queue:
    """How many fetches are where."""
    return storage.attention.queue(
        tx, now, stuck_after=retry.LEAST_ATTEMPTS, no_list=retry.NO_LIST, no_session=retry.NO_SESSION
    )


def mails(tx: Transaction, now: datetime) -> MailQueue:
    """How many e-mails are where."""
    return storage.mails.queue(tx, now, failing_after=MAIL_FAILS_AFTER, since=now - MAIL_TOLD_FOR)


def recent_webhooks(tx: Transaction, limit: int) -> list[LoggedWebhook]:
    """The latest webhooks about our classes, latest first."""
    return storage.webhook_log.recent(tx, limit)


def failing_classes(tx: Transaction, limit: int) -> list[Class]:
    """Classes whose fetch fails and is tried again, and held ones that were given up; latest first."""
    return storage.attention.troubled(tx, limit, no_session=retry.NO_SESSION)


def note_alive(engine: Engine, name: str, started_at: datetime, now: datetime, wrong: Iterable[Condition] = ()) -> None:
    """This tracker runs, and that is wrong with it."""
    with transaction(engine) as tx:
        storage.processes.note_alive(tx, Tracker(name, VERSION, started_at, now, to_json(wrong)))


def note_gone(engine: Engine, name: str) -> None:
    """This tracker was told to end."""
    with transaction(engine) as tx:
        storage.processes.note_gone(tx, name)


def forget_old(tx: Transaction, now: datetime) -> None:
    """Drops what is no longer of interest."""
    storage.webhook_log.forget(tx, now - DELIVERIES_KEPT)
    storage.webhook_log.forget_tallies(tx, now - TALLIES_KEPT)
    storage.processes.forget(tx, now - TALLIES_KEPT)
    storage.mails.forget_weekly(tx, now - TALLIES_KEPT)


@dataclass(frozen=True, slots=True)
class _Last:
    """When the last webhook came that was Zoom's, and the last one of these that was of any concern here."""

    signed: datetime | None
    needed: datetime | None


def _last_webhooks(tx: Transaction, seen: Seen) -> _Last:
    noted, last = storage.webhook_log.last(tx), storage.webhook_log.last_not_refused
    return _Last(
        _latest(noted, last(tx), seen.last),
        _latest(noted, last(tx, OF_NO_CONCERN), seen.last_needed),
    )


def _alarms(tx: Transaction, trackers: Sequence[Tracker], last: _Last, now: datetime, seen: Seen) -> Alarms:
    alive = any(tracker.is_alive(now) for tracker in trackers)
    stored = storage.webhook_log.last_of_outcomes(tx, *OF_OTHERS)
    known = [(stored.last_at, stored.outcome)] if stored else []
    other, outcome = max(known + ([seen.last_other] if seen.last_other else []), default=(None, ""))
    unsigned = (
        other is not None
        and now - other < SILENT_AFTER
        and (last.signed is None or other - last.signed > UNSIGNED_AFTER)
    )
    changed = unsigned and outcome == f"{REFUSED}{BODY_CHANGED}"
    silent = _silent_since(tx, last.needed, now)
    missing, since = _missing_events(tx, now) if silent is None else ((), None)
    told = [one for tracker in trackers if tracker.is_alive(now) for one in from_json(tracker.conditions)]
    stopped = any(one.code in NOTHING_FROM_ZOOM or (one.is_down and one.code != STARTING) for one in told)
    return Alarms(not alive, silent, unsigned, changed, missing, since, stopped)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _silent_since(tx: Transaction, last: datetime | None, now: datetime) -> datetime | None:
    """The start of the first class that was held, planned beforehand, without any webhook having come since."""
    if last is not None and now - last < SILENT_AFTER:
        return None
    after = max(last or now - LOOKED_BACK, now - LOOKED_BACK)
    return storage.attention.first_held_after(tx, after)


def _missing_events(tx: Transaction, now: datetime) -> tuple[tuple[str, ...], datetime | None]:
    """Which of the events that are needed no class has had since the last one began that is over, and told of.

    A few questions that the first row answers: they are asked every few seconds, and there may be millions of rows.
    """
    latest = storage.webhook_log.last_class_told_of(tx, now - ALL_HAS_COME_AFTER)
    if latest is None or latest.began < now - LOOKED_BACK:
        return (), None
    asked = [name for name in EVENTS if latest.had_people or name not in OF_PEOPLE]
    since = latest.began - BEFORE_CLASS
    missing = tuple(name for name in asked if not storage.webhook_log.has_come(tx, name, since))
    return missing, latest.began if missing else None
