"""The one tree of errors. Each carries a sentence for the person it concerns; Zoom's carry the decision too.

TrackerError                 code, sentence
├── SettingsError            a setting is missing or makes no sense; lists every fault at once
├── DatabaseNotReady         there is none yet, or its schema is an older one
├── NotConfigured            the call needs a secret that is not set
├── NotSignedIn              no valid credentials
├── TooManyTries             passwords are being guessed
├── NotAllowed               signed in, but not theirs
├── NotFound                 no such class or person
├── InvalidInput             what a person typed cannot be used
├── UnreadableRecords        what another program wrote into the database makes no sense
├── LeaseLost                a fetch's result comes too late, somebody else has the work
├── WebhookRefused           a delivery that is not Zoom's, or not to be understood
├── ClassNotReady            the class is in no state for this
│   ├── NoMeeting            it has no Zoom meeting
│   ├── NotEnded             it has not ended
│   ├── AlreadyFetched       its participants are known
│   ├── TooSoon              Zoom's list is not due yet
│   ├── FetchUnderWay        somebody is fetching it right now
│   └── NoDataFromZoom       Zoom answers, and has no list (yet)
└── ZoomError                permanent, retry_at
    ├── ZoomUnreachable      no answer, a broken one, or Zoom's own fault (5xx)
    ├── ZoomRateLimited      too many requests
    ├── ZoomMisconfigured    credentials, scopes: somebody can mend it, so it is tried again
    ├── ZoomMeetingUnknown   3001: not over yet, or gone
    └── ZoomRefused          Zoom will never give this (plan, age, bad request)
"""

from collections.abc import Sequence
from datetime import datetime


class TrackerError(Exception):
    """Something a person should be told in one sentence."""

    code = "error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SettingsError(TrackerError):
    """Faults in the settings, each a sentence."""

    code = "settings"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("The settings need attention: " + "; ".join(faults) + ".")
        self.faults = tuple(faults)


class DatabaseNotReady(TrackerError):
    """There is no database yet, or one that has to be brought up to date first."""

    code = "database_not_ready"


class NotConfigured(TrackerError):
    """The call needs a secret that is not set; it stays closed."""

    code = "not_configured"


class NotSignedIn(TrackerError):
    """No valid credentials came with the call."""

    code = "unauthorized"


class TooManyTries(TrackerError):
    """Too many wrong passwords; the next try is allowed later."""

    code = "too_many_tries"


class NotAllowed(TrackerError):
    """The person is known, and the thing is not theirs."""

    code = "forbidden"


class NotFound(TrackerError):
    """There is no such thing."""

    code = "not_found"


class InvalidInput(TrackerError):
    """What a person typed cannot be used."""

    code = "invalid"


class UnreadableRecords(TrackerError):
    """What another program wrote into the database makes no sense."""

    code = "unreadable_records"


class LeaseLost(TrackerError):
    """The work was given to somebody else meanwhile; the result must be dropped."""

    code = "lease_lost"


class WebhookRefused(TrackerError):
    """A delivery that is not accepted; `status` is the HTTP status to answer with."""

    code = "webhook_refused"

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class ClassNotReady(TrackerError):
    """The class is in no state for what was asked; `code` is the reason in the HTTP interface's words."""


class NoMeeting(ClassNotReady):
    """The class has no Zoom meeting."""

    code = "no_zoom_meeting_id"


class NotEnded(ClassNotReady):
    """The class has not ended."""

    code = "not_ended"


class AlreadyFetched(ClassNotReady):
    """The participants of the class are known."""

    code = "already_fetched"


class TooSoon(ClassNotReady):
    """Zoom is still preparing the list."""

    code = "too_soon"


class FetchUnderWay(ClassNotReady):
    """Another process is fetching this class."""

    code = "fetch_under_way"


class NoDataFromZoom(ClassNotReady):
    """Zoom has an empty or unfinished list; never to be taken for "nobody came"."""

    code = "no_data_from_zoom"


class ZoomError(TrackerError):
    """Zoom did not do what was asked.

    `permanent`: asking again will not help. `retry_at`: when Zoom said to come back (aware UTC), if it did.
    """

    code = "zoom_api_error"
    permanent = False

    def __init__(self, sentence: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at


class ZoomUnreachable(ZoomError):
    """No answer from Zoom, or one that cannot be read."""


class ZoomRateLimited(ZoomError):
    """Zoom asks for patience."""


class ZoomMisconfigured(ZoomError):
    """Zoom refuses the app: wrong credentials or a missing scope. It works again once somebody mends it."""


class ZoomMeetingUnknown(ZoomError):
    """Zoom knows no such meeting, or it is not over."""


class ZoomRefused(ZoomError):
    """Zoom will never answer this request otherwise."""

    permanent = True
