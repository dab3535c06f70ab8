"""What the use cases need of the outside, and the one place where a process gets it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tracker import clock, logs, paths
from tracker.rate_limiter import SharedRateLimiter
from tracker.settings import Settings, read_settings
from tracker.storage.database import Engine, make_engine, reading
from tracker.storage.schema import migrate
from tracker.zoom import Contact, Zoom

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """What the use cases need of the outside: database, Zoom, settings and the time."""

    engine: Engine
    zoom: Zoom
    settings: Settings
    now: Callable[[], datetime] = clock.now

    @property
    def delay(self) -> timedelta:
        """How long after the end of a class its participants are asked for."""
        return timedelta(seconds=self.settings.fetch_delay_seconds)

    def in_background(self) -> "Services":
        """The same for work that nobody waits for: its calls to Zoom let those of people go ahead."""
        zoom = _limited_zoom(self.engine, self.settings, interactive=False, contact=self.zoom.contact)
        return replace(self, zoom=zoom)

    def read(self, question: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """One question that takes a transaction, answered in a transaction of its own that only reads."""
        with reading(self.engine) as tx:
            return question(tx, *arguments, **options)


def connect(engine: Engine, settings: Settings) -> Services:
    """Services on this database, for people who wait. Connects to nothing yet."""
    return Services(engine, _limited_zoom(engine, settings, interactive=True), settings)


@contextmanager
def open_services(
    environment: Mapping[str, str], prepare: Callable[[Engine], object] | None = migrate
) -> Iterator[Services]:
    """The services of a process with this environment, until the end of the block.

    The database is made and brought to the newest schema first, unless `prepare` is something else to do with it, or
    nothing; with it, the data folder and what is in it are kept from other users. Raises SettingsError.
    """
    settings = read_settings(environment)
    logs.hide(settings)
    engine = make_engine(settings.database_url)
    try:
        if prepare is not None:
            prepare(engine)
        if prepare is migrate:  # the others change nothing
            paths.make_private(settings.data_dir)
        yield connect(engine, settings)
    finally:
        engine.dispose()


def _limited_zoom(engine: Engine, settings: Settings, *, interactive: bool, contact: Contact | None = None) -> Zoom:
    limiter = SharedRateLimiter(engine, settings.zoom_plan, interactive=interactive)
    return Zoom(settings, limiter=limiter, contact=contact)
