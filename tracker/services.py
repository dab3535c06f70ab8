"""What the use cases need of the outside."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from tracker import clock
from tracker.pacing import SharedPace
from tracker.settings import Settings
from tracker.zoom import Zoom


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
        return replace(self, zoom=_paced_zoom(self.engine, self.settings, hurried=False))


def connect(engine: Engine, settings: Settings) -> Services:
    """The services of a process, for people who wait. Connects to nothing yet."""
    return Services(engine, _paced_zoom(engine, settings, hurried=True), settings)


def _paced_zoom(engine: Engine, settings: Settings, *, hurried: bool) -> Zoom:
    return Zoom(settings, pace=SharedPace(engine, settings.zoom_plan, hurried=hurried))
