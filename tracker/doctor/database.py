"""The database: whether it is there, as the models have it, can be written and is whole; and the room on its disk."""

from collections.abc import Iterator

from tracker import health
from tracker.doctor.check import Check
from tracker.errors import Problem, TrackerError
from tracker.health.vitals import MEGABYTE
from tracker.services import Services
from tracker.storage import examination
from tracker.storage.database import AWAY, files_of
from tracker.storage.schema import check_schema

# What the longest check of a database's pages may take; a database of a few hundred megabytes is done by then.
SECONDS_FOR_PAGES = 10


def database(services: Services) -> Iterator[Check]:
    """Whether the database is there, is of this version, and can be written: a row is written and taken back."""
    check_schema(services.engine)
    examination.try_writing(services.engine)
    queue = services.read(health.queue, services.now())
    kind = services.engine.dialect.name
    problem = Problem("database_in_order", {"kind": kind, "due": queue.due, "given_up": queue.given_up})
    yield Check("database", True, problem)


def schema(services: Services) -> Iterator[Check]:
    """Whether tables, columns, indexes and triggers are those of this version; also where that is why it fails."""
    try:
        check_schema(services.engine)
    except (TrackerError, *AWAY):
        yield Check("schema", False, Problem("waits_for_database"))
        return
    found = examination.schema_differences(services.engine)
    problem = Problem("schema_other", {"differences": tuple(found)}) if found else Problem("schema_as_expected")
    yield Check("schema", not found, problem)


def integrity(services: Services) -> Iterator[Check]:
    """Whether a SQLite file is whole."""
    if services.engine.dialect.name != "sqlite":
        yield Check("integrity", True, Problem("integrity_of_postgresql"))
        return
    broken = examination.broken_pages(services.engine, SECONDS_FOR_PAGES)
    if broken is None:
        file = services.engine.url.database or ""
        yield Check("integrity", True, Problem("integrity_large", {"seconds": SECONDS_FOR_PAGES, "file": file}))
    else:
        damage = Problem("integrity_broken", {"found": broken})
        yield Check("integrity", not broken, damage if broken else Problem("integrity_whole"))


def disk(services: Services) -> Iterator[Check]:
    """Whether there is room where data folder and database are."""
    folders = {services.settings.data_dir, *(file.parent for file in files_of(services.engine)[:1])}
    found = [one for one in (health.disk_of(folder, needed=True) for folder in sorted(folders)) if one is not None]
    short = [one.where for one in found if one.is_low]
    least = min((one.free for one in found), default=0) // MEGABYTE
    if short:
        told = Problem("disk_nearly_full", {"folders": ", ".join(short), "free": least})
    else:
        told = Problem("disk_has_room", {"free": least})
    yield Check("disk", bool(found) and not short, told)
