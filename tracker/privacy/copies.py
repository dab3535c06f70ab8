"""Copies of earlier states of a SQLite database that lie beside it, with people's data in them."""

import logging
from datetime import timedelta
from pathlib import Path

from tracker import storage
from tracker.services import Services
from tracker.storage.database import file_of

log = logging.getLogger(__name__)

# How long the copy that was made before an upgrade is kept: time to see that all is well.
COPIES_KEPT = timedelta(days=14)


def copies_set_aside(services: Services) -> tuple[Path, ...]:
    """The copies of earlier states of a SQLite database that a restore or an upgrade has left beside it."""
    file = file_of(services.engine)
    return storage.copies.set_aside(file) if file else ()


def forget_copies(services: Services) -> None:
    """Deletes the copies that were made before an upgrade long enough ago: nobody has asked for them."""
    file = file_of(services.engine)
    if file and (number := storage.copies.forget_before_upgrades(file, services.now() - COPIES_KEPT)):
        log.info("copies made before an upgrade were deleted", extra={"copies": number})
