"""What no announcement of Zoom's has brought about: found by looking through the classes from time to time.

Announcements get lost, other programs write into the database, and clocks are set.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session as Transaction

from tracker import fetches, records, store, watchlist
from tracker.attendance import life_of_class
from tracker.database import reading, transaction
from tracker.fetches import PATIENCE
from tracker.participants import LONGEST_MEETING
from tracker.services import Services
from tracker.sessions import counted_sessions
from tracker.store import Class

log = logging.getLogger(__name__)

# A class may run over; this long after its planned end Zoom is asked whether it is over.
UNHEARD_AFTER = timedelta(minutes=30)
# How far the clocks of several trackers may be apart; Zoom's webhooks are refused beyond that as well.
MOST_SKEW = timedelta(minutes=5)


def ask_for_forgotten(services: Services) -> None:
    """Asks for the participants of classes for which no announcement of Zoom's has asked.

    Ended ones that other programs wrote into the database, and those whose time is long over without Zoom having
    said that they ended.
    """
    now = services.now()
    with reading(services.engine) as tx:
        wanted = [(found, found.ended_at + services.delay) for found in watchlist.forgotten(tx) if found.ended_at]
        unheard = watchlist.unheard(tx, now)
        wanted += [(found, now) for found in unheard if found.planned.end + UNHEARD_AFTER < now]
    for found, due_at in wanted:
        # A transaction for each: a webhook, or another tracker that sweeps as well, has to wait for one class only.
        with transaction(services.engine) as tx:
            if store.lock_class(tx, found.id) == found:
                fetches.ask(tx, found.id, due_at, now)


def end_the_endless(services: Services) -> None:
    """Ends classes that Zoom must have ended long ago and will not tell of: at what was last heard of them."""
    now = services.now()
    with reading(services.engine) as tx:
        endless = watchlist.live_since(tx, now - LONGEST_MEETING - PATIENCE)
    for found in endless:
        with transaction(services.engine) as tx:
            unchanged = store.lock_class(tx, found.id) == found
            runs = counted_sessions(tx, found)
            if not unchanged or not runs or runs[-1].end is not None:
                continue
            last = replace(runs[-1], end=_last_heard_of(tx, found, now))
            store.save_session(tx, found.id, last)
            store.set_life(tx, found.id, *life_of_class((*runs[:-1], last)))
            fetches.ask(tx, found.id, now, now)
        log.warning("the end of a class was never announced", extra={"class": found.id})


def mend_after_clock(services: Services) -> None:
    """Undoes what was written by a clock that was ahead and has been set back since: nothing happens in the future."""
    now = services.now()
    with reading(services.engine) as tx:
        ahead = {*fetches.put_off_too_far(tx, now), *records.read_after(tx, now + MOST_SKEW)}
    for class_id in sorted(ahead):
        with transaction(services.engine) as tx:
            store.lock_class(tx, class_id)
            records.forget_readings_after(tx, class_id, now + MOST_SKEW)
            fetches.ask(tx, class_id, now, now)


def _last_heard_of(tx: Transaction, found: Class, now: datetime) -> datetime:
    """The last moment at which the class is known to have gone on, and no earlier than its planned end."""
    seen = [sighting.at for sighting in records.sightings(tx, found.id)]
    return min(max([*seen, found.planned.end, found.started_at or found.planned.end]), now)
