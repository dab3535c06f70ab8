"""How the calls of this process to Zoom go: whether they arrive, whether tokens are given, and what time Zoom has."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tracker.errors import NotConfigured, Problem, TrackerError, ZoomError, ZoomUnreachable

# What concerns every call of its kind, whatever it is about.
OF_THE_APP = {"zoom_scope_missing", "zoom_token_refused", "zoom_app_deauthorised", "zoom_api_address_wrong"}
# Whether it was mended shows in the next call of its kind, and there may be none for long.
REFUSED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What calls fail with, and since when."""

    since: datetime
    problem: Problem


@dataclass(frozen=True, slots=True)
class Standing:
    """How the calls go.

    `away`: none arrives. `oauth_away`: none for a token does; those have a host of their own. `tokens`: Zoom gives no
    access token. `refused`: it refuses calls of the app. `seconds_ahead`: by how much our clock is ahead of Zoom's;
    None where it has not told its time.
    """

    away: Trouble | None = None
    oauth_away: Trouble | None = None
    tokens: Trouble | None = None
    refused: Trouble | None = None
    seconds_ahead: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether calls arrive, and nothing is refused."""
        return not (self.away or self.oauth_away or self.tokens or self.refused)


class Contact:
    """How the calls of one process to Zoom go; shared by its clients, and by threads."""

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now, self._monotonic = now, monotonic
        self._lock = threading.Lock()
        self._away: Trouble | None = None
        self._oauth_away: Trouble | None = None
        self._tokens: Trouble | None = None
        self._refused: dict[tuple[str, ...], tuple[datetime, Trouble]] = {}
        # What Zoom's clock showed when the monotonic one was at zero.
        self._zooms_zero: datetime | None = None

    @contextmanager
    def call(self, kind: tuple[str, ...]) -> Iterator[None]:
        """Notes how a call goes, which is made in the block.

        `kind`: its method and the pieces of its path but for ids, `("GET", "users", "meetings")`; `("token",)` for a
        token.
        """
        try:
            yield
        except ZoomUnreachable as error:
            with self._lock:
                self._away = self._away or Trouble(self._now(), error.problem)
            raise
        except ZoomError as error:
            with self._lock:
                self._away = None
                if error.code in OF_THE_APP:
                    now = self._now()
                    first = self._refused[kind][1].since if kind in self._refused else now
                    self._refused[kind] = now, Trouble(first, error.problem)
            raise
        with self._lock:
            self._away = None
            self._refused.pop(kind, None)

    @contextmanager
    def token(self) -> Iterator[None]:
        """Notes whether Zoom gives an access token, which is asked for in the block."""
        try:
            yield
        except NotConfigured:
            raise
        except ZoomUnreachable as error:
            with self._lock:
                self._oauth_away = self._oauth_away or Trouble(self._now(), error.problem)
            raise
        except TrackerError as error:
            with self._lock:
                self._oauth_away = None
                self._tokens = self._tokens or Trouble(self._now(), error.problem)
            raise
        with self._lock:
            self._oauth_away = self._tokens = None

    def note_time(self, headers: Mapping[str, str]) -> None:
        """Zoom has said what time it has; nothing where it has not."""
        try:
            theirs = parsedate_to_datetime(headers["Date"]).astimezone(UTC)
            zero = theirs - timedelta(seconds=self._monotonic())
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        with self._lock:
            self._zooms_zero = zero

    def standing(self) -> Standing:
        """How the calls go now. The clock is compared with the time that Zoom must have by now."""
        now = self._now()
        with self._lock:
            self._refused = {kind: one for kind, one in self._refused.items() if now - one[0] < REFUSED_FOR}
            refused = min((one for _, one in self._refused.values()), key=lambda one: one.since, default=None)
            ahead = None
            if self._zooms_zero is not None:
                ahead = (now - self._zooms_zero).total_seconds() - self._monotonic()
            return Standing(self._away, self._oauth_away, self._tokens, refused, ahead)
