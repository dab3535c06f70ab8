"""What no announcement of Zoom's has brought about: found by looking through the classes from time to time.

Announcements get lost, other programs write into the database, and clocks are set.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from tracker import auth, class_attendance, health, storage
from tracker.attendance.assignment import EARLY, LATE
from tracker.attendance.class_times import LONGEST_MEETING
from tracker.attendance.types import Session
from tracker.retry import FARTHEST_TRY, PATIENCE
from tracker.services import Services
from tracker.sessions import apply_sessions, meeting_of
from tracker.storage.classes import Class
from tracker.storage.database import AWAY, Transaction, reading, transaction

log = logging.getLogger(__name__)

# A class may run over; this long after its planned end Zoom is asked whether it is over.
UNHEARD_AFTER = timedelta(minutes=30)
# How many classes get their figures in one go; they are few after the first minutes of a version.
MOST_FIGURES = 200
# How long somebody seen in a session is remembered of which nobody knows what meeting it is a run of.
UNPLACED_KEPT = timedelta(days=2)
# Of a class that was not held round its time this long ago nothing is new by the passing of time alone.
LOOKED_BACK = timedelta(days=1)
# How far the clocks of several trackers may be apart; Zoom's webhooks are refused beyond that as well.
MOST_SKEW = timedelta(minutes=5)


def ask_for_forgotten(services: Services) -> None:
    """Asks for the participants of classes for which no announcement of Zoom's has asked.

    Ended ones that other programs wrote into the database, and those whose time is long over without Zoom having
    said that they ended.
    """
    now = services.now()
    with reading(services.engine) as tx:
        wanted = [
            (found, found.ended_at + services.delay) for found in storage.attention.forgotten(tx) if found.ended_at
        ]
        unheard = storage.attention.unheard(tx, now)
        wanted += [(found, now) for found in unheard if found.planned.end + UNHEARD_AFTER < now]
    for found, due_at in wanted:
        # A transaction for each: a webhook, or another tracker that sweeps as well, has to wait for one class only.
        with transaction(services.engine) as tx:
            if storage.classes.lock_class(tx, found.id) == found:
                storage.fetches.ask(tx, found.id, due_at, now)


def follow_time(services: Services) -> None:
    """Applies the rule on sessions where time alone changes what it says.

    A session that runs reaches the planned time of a class, and a class that was not held round its time may have been
    held at another one.
    """
    now = services.now()
    with reading(services.engine) as tx:
        reached = storage.attention.beside_running(tx, now - LONGEST_MEETING, now + EARLY)
        planned = storage.attention.planned_beside_sessions(tx, now - LONGEST_MEETING - LOOKED_BACK, now)
        passed = [found for found in planned if found.planned.end + LATE <= now]
    for meeting_id in sorted({found.zoom_meeting_id or "" for found in (*reached, *passed)}):
        with transaction(services.engine) as tx:
            apply_sessions(tx, meeting_id, (), services.delay, now)


def end_the_endless(services: Services) -> None:
    """Ends classes that Zoom must have ended long ago and will not tell of: at what was last heard of them."""
    now = services.now()
    with reading(services.engine) as tx:
        endless = storage.attention.live_since(tx, now - LONGEST_MEETING - PATIENCE)
    for found in endless:
        with transaction(services.engine) as tx:
            sessions = meeting_of(tx, found.zoom_meeting_id or "", now, locked=True).sessions
            if storage.classes.get_class(tx, found.id) != found or not sessions or sessions[-1].end is not None:
                continue
            last = replace(sessions[-1], end=_last_heard_of(tx, found, sessions[-1], now))
            apply_sessions(tx, found.zoom_meeting_id or "", [last], services.delay, now)
            storage.fetches.ask(tx, found.id, now, now)
        log.warning("the end of a class was never announced", extra={"class": found.id})


def mend_after_clock(services: Services) -> None:
    """Undoes what was written by a clock that was ahead and has been set back since: nothing happens in the future."""
    now = services.now()
    with reading(services.engine) as tx:
        ahead = {
            *storage.fetches.failing_due_after(tx, now + FARTHEST_TRY),
            *storage.snapshots.taken_after(tx, now + MOST_SKEW),
        }
    for class_id in sorted(ahead):
        with transaction(services.engine) as tx:
            storage.classes.lock_class(tx, class_id)
            storage.snapshots.forget_taken_after(tx, class_id, now + MOST_SKEW)
            storage.fetches.ask(tx, class_id, now, now)


def fill_in_figures(services: Services) -> None:
    """Works out the figures to show of classes that have participants and no figures for their count.

    An earlier version, or another program, has stored them, or they were handed over to somebody else. A class of which
    they cannot be worked out keeps to its count by the rule: it would be in the way of the others each time.
    """
    now = services.now()
    with reading(services.engine) as tx:
        wanted = storage.participants.without_figures(tx, MOST_FIGURES)
    for class_id in wanted:
        try:
            with transaction(services.engine) as tx:
                storage.classes.lock_class(tx, class_id)
                class_attendance.add_figures(tx, class_id, now)
        except AWAY:
            raise
        except Exception:
            log.exception("the figures of a class cannot be worked out", extra={"class": class_id})
            with transaction(services.engine) as tx:
                storage.participants.keep_to_rule(tx, class_id)


def tidy_up(services: Services) -> None:
    """Drops rows that have served their purpose."""
    now = services.now()
    with transaction(services.engine) as tx:
        auth.forget_old(tx, now)
        health.forget_old(tx, now)
        storage.presence.forget_unplaced(tx, now - UNPLACED_KEPT)
        storage.rates.forget_writes(tx, now)


def _last_heard_of(tx: Transaction, found: Class, session: Session, now: datetime) -> datetime:
    """The last moment at which the class is known to have gone on, and no earlier than its planned end."""
    seen = [sighting.at for sighting in storage.presence.list_sightings(tx, [session.uuid])]
    return min(max([*seen, found.planned.end, found.started_at or found.planned.end]), now)
