"""What the use cases need of the outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from tracker import clock
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
