"""`tracker doctor`: what is in place and what is missing, in words an IT person can act on.

check.py         one check, and how it is made so that no error is lost
database.py      the database: schema, a write, damage, room on the disk
installation.py  files, settings, accounts, trackers, webhooks
zoom.py          what Zoom says of the app, the plan and the teachers, and what the last classes show of it
others.py        the mail server and the school's account
public.py        the way from Zoom to the tracker
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tracker.doctor import database, installation, others, public, zoom
from tracker.doctor.check import SAID_BY_CHECK, Check, is_said, made
from tracker.doctor.installation import settings_given, where_things_are, wrong_settings
from tracker.doctor.zoom import SCOPES
from tracker.errors import Problem
from tracker.services import Services
from tracker.zoom import Zoom

__all__ = [
    "CHECKS",
    "SAID_BY_CHECK",
    "SCOPES",
    "Check",
    "conditions",
    "examine",
    "is_said",
    "settings_given",
    "way_from_zoom",
    "where_things_are",
    "wrong_settings",
]

Made = Callable[[Services], Iterator[Check]]

# By the code of the first check that each of them makes. These need the database.
WITH_DATABASE: tuple[tuple[str, Made], ...] = (
    ("integrity", database.integrity),
    ("people", installation.people),
    ("retention", installation.retention),
    ("erased", installation.erased),
    ("trackers", installation.trackers),
    ("ports", installation.ports),
    ("webhooks", installation.webhooks),
    ("lists", zoom.lists),
    ("events", zoom.events),
    ("teachers", zoom.teachers),
    ("optional_scopes", zoom.optional_scopes),
    ("mail", others.mail_server),
)
WITHOUT_DATABASE: tuple[tuple[str, Made], ...] = (
    ("schema", database.schema),
    ("disk", database.disk),
    ("files", installation.files),
    ("secrets", installation.secrets),
    ("addresses", installation.addresses),
    ("copies", installation.copies),
    ("webhook_secret", installation.webhook_secret),
    ("cron_secret", installation.cron_secret),
    ("zoom", zoom.connection),
    ("clock", zoom.clock),
    ("plan", zoom.plan),
    ("school_account", others.school_account),
)


# Every check that `examine` makes.
CHECKS = frozenset(("database", *(code for code, _check in (*WITHOUT_DATABASE, *WITH_DATABASE))))
# These ask nothing of a Zoom that does not know us.
WITH_ZOOM = ("plan", "teachers", "optional_scopes")


def examine(services: Services) -> list[Check]:
    """Makes all checks; one that fails, in whatever way, does not keep the others from being made.

    Nothing is made or changed by it. Where the database cannot be used it is not asked again, and Zoom is asked without
    its rate limits, which are kept there.
    """
    checks = made("database", database.database, services)
    if is_away := not checks[0].ok:
        services = replace(services, zoom=Zoom(services.settings, services.now))
    for code, check in (*WITHOUT_DATABASE, *WITH_DATABASE):
        if is_away and (code, check) in WITH_DATABASE:
            checks.append(Check(code, False, Problem("waits_for_database")))
        elif code in WITH_ZOOM and not all(one.ok for one in checks if one.code == "zoom"):
            checks.append(Check(code, False, Problem("waits_for_zoom")))
        else:
            checks += made(code, check, services)
    return checks


def conditions(services: Services, checks: Sequence[Check]) -> list[Check]:
    """What the database and the trackers say is wrong beyond what these checks say, each with what mends it; the codes
    are those of `health`.
    """
    return made("conditions", lambda services: installation.conditions(services, checks), services)


def way_from_zoom(services: Services, url: str) -> list[Check]:
    """Whether what Zoom sends to this address comes to the tracker as it was sent; it stores nothing of it."""
    return made("public", lambda services: public.way_from_zoom(services, url), services)
