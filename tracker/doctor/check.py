"""One check, and how it is made: what cannot be checked is a check that says so."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tracker.errors import Problem, TrackerError
from tracker.health import Condition
from tracker.services import Services
from tracker.storage.database import AWAY
from tracker.storage.faults import Sort, fault_of

log = logging.getLogger(__name__)

# What is the matter with a database that the conditions of `health` have a sentence and a cure for.
AS_HEALTH_SAYS = {
    Sort.READ_ONLY: "database_read_only",
    Sort.CORRUPT: "database_corrupt",
    Sort.NO_RIGHTS: "database_no_rights",
    Sort.BUSY: "database_busy",
    Sort.SCHEMA: "database_schema",
    Sort.OTHER: "database_fault",
}

# What a check that is not in order says as well, by the check.
SAID_BY_CHECK = {
    "disk": frozenset(("disk_low",)),
    "zoom": frozenset(("zoom_not_connected", "zoom_away", "zoom_tokens_fail")),
    "clock": frozenset(("clock_off",)),
    "webhook_secret": frozenset(("webhook_secret_missing",)),
    "settings_file": frozenset(("settings_file_open",)),
    "settings": frozenset(("settings_misspelt", "settings_line_unreadable", "settings_file_open")),
    "secrets": frozenset(("secrets_weak",)),
    "people": frozenset(("accounts_none",)),
    "webhooks": frozenset(("webhooks_silent", "webhooks_unsigned", "webhooks_changed")),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: whether it is in order, and what was found or is to be done.

    `code` may have a subject after a colon: `scope:meeting:read:meeting:admin`.
    """

    code: str
    ok: bool
    problem: Problem


def made(code: str, check: Callable[[Services], Iterator[Check]], services: Services) -> list[Check]:
    """What `check` finds; an error of whatever kind is a failing check of this code."""
    found: list[Check] = []
    try:
        found.extend(check(services))
        return found
    except TrackerError as error:
        told = error.problem
    except AWAY as error:
        told = why_away(error)
    except Exception as error:
        log.exception("a check could not be made", extra={"check": code})
        told = Problem("not_checked", {"why": (Problem("fault_of_program", {"kind": type(error).__name__}),)})
    return [*(one for one in found if one.code != code), Check(code, False, told)]


def why_away(error: Exception) -> Problem:
    """Why the database cannot be used, in its own words."""
    fault = fault_of(error)
    if fault is not None and fault.sort is Sort.FULL:
        return Problem("database_unwritable", {"cause": fault.cause})
    if fault is not None and fault.sort in AS_HEALTH_SAYS:
        code = AS_HEALTH_SAYS[fault.sort]
        what, cure = Problem(code, {"cause": fault.cause}), Problem(f"cure_{code}")
        return Problem("condition", {"what": (what,), "cure": (cure,)})
    cause = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
    return Problem("database_away_because", {"cause": cause})


def is_said(one: Condition, checks: Iterable[Check]) -> bool:
    """Whether a failing check says this condition as well. Checks are of this machine, and not of other trackers'."""
    amiss = (check.code for check in checks if not check.ok)
    return not one.tracker and any(one.code in SAID_BY_CHECK.get(code, ()) for code in amiss)
