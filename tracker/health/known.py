"""All that is known to be wrong, by whoever asks: a command or a page, in a process that is no tracker itself."""

import logging
import platform
from collections.abc import Iterable
from datetime import timedelta

from tracker import storage
from tracker.errors import Problem
from tracker.health.asking import ask_tracker
from tracker.health.conditions import Condition, Severity, from_json
from tracker.health.reader import Reader
from tracker.health.state import Health
from tracker.services import Services
from tracker.storage.database import AWAY
from tracker.storage.processes import Tracker

log = logging.getLogger(__name__)

# A tracker writes down every few seconds what is wrong; after so long without a word it is asked.
FRESH_FOR = timedelta(seconds=30)
NOT_RUNNING = "tracker_not_running"


def known(services: Services) -> list[Condition]:
    """Whatever is wrong: with the installation, and with each of its trackers; the worst first. Never raises.

    A tracker of this machine is asked over HTTP where the database cannot be read, or has no fresh word of it.
    """
    found: list[Condition] = []
    silent, installation = True, ""
    try:
        health = Reader(services).read()
    except (*AWAY, TimeoutError):
        pass
    except Exception:
        log.exception("what the database says of this installation could not be made out")
    else:
        found = [*of_trackers(health), *health.reasons]
        silent, installation = _is_silent(health, name_of_tracker(services)), health.installation
    answer = ask_tracker(services.settings) if silent else None
    # At its port another installation's tracker may listen, which says nothing of this one.
    if answer is not None and installation in ("", answer.installation or installation):
        found = [one for one in found if one.code != NOT_RUNNING]
        found += answer.conditions
    return sorted(_each_once(found), key=lambda one: not one.is_down)


def of_trackers(found: Health) -> list[Condition]:
    """What the trackers that run have written down of themselves, or that none runs."""
    alive = [tracker for tracker in found.trackers if tracker.is_alive(found.now)]
    if not alive:
        return [Condition(Problem(NOT_RUNNING), Severity.DOWN)]
    return [one for tracker in alive for one in from_json(tracker.conditions, tracker.name if len(alive) > 1 else "")]


def name_of_tracker(services: Services) -> str:
    """What the tracker of this machine is called: a restart goes on under the same name."""
    return f"{platform.node()}:{services.settings.tracker_port}"


def is_heard_of(services: Services) -> bool:
    """Whether the tracker of this machine has given a sign of life within the last half minute."""
    found, name = services.read(storage.processes.list_trackers), name_of_tracker(services)
    return any(one.name == name and services.now() - one.seen_at < FRESH_FOR for one in found)


def _is_silent(found: Health, own: str) -> bool:
    """Whether the tracker of this machine has not written for a while, or none has."""

    def is_fresh(tracker: Tracker) -> bool:
        return found.now - tracker.seen_at < FRESH_FOR

    mine = [tracker for tracker in found.trackers if tracker.name == own]
    return not any(map(is_fresh, mine or found.trackers))


def _each_once(found: Iterable[Condition]) -> list[Condition]:
    """The first of each code and tracker."""
    return list({(one.code, one.tracker): one for one in reversed(list(found))}.values())[::-1]
