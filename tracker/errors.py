"""The one tree of errors. Each has a code and details, of which `tracker.messages` makes the sentence for a person.

TrackerError                 kind, code, details
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
│   │   └── NamesRemoved     and their names were removed, because they were kept for long enough
│   ├── TooSoon              Zoom's list is not due yet
│   ├── FetchUnderWay        somebody is fetching it right now
│   └── NoDataFromZoom       Zoom answers, and has no list (yet)
├── ZoomError                permanent, retry_at
│   ├── ZoomUnreachable      no answer, a broken one, or Zoom's own fault (5xx)
│   ├── ZoomRateLimited      too many requests
│   ├── ZoomMisconfigured    credentials, scopes: somebody can mend it, so it is tried again
│   ├── ZoomMeetingUnknown   3001: not over yet, or gone
│   └── ZoomRefused          Zoom will never give this, by its code (plan, age, deauthorised, another account)
│       └── ZoomRefusedForNow  its code does not say that it is for good; given up after a day
└── MailError                an e-mail was not sent, or may not have been
    ├── MailServerTrouble    it is the server's, and no e-mail can be sent at the moment
    ├── MailPutOff           the server does not take this e-mail now
    ├── MailRefused          the server will never take this e-mail
    └── MailPerhapsSent      the connection broke off before the server said whether it has it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tracker import messages
from tracker.messages import Detail


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem to show to a person: one of the codes in `tracker.messages`, and what its sentence names."""

    code: str
    details: Mapping[str, Detail] = field(default_factory=dict, hash=False)

    def log_fields(self) -> dict[str, object]:
        """The fields of a log line that say the same."""
        return {"reason": self.code} | ({"details": dict(self.details)} if self.details else {})


class TrackerError(Exception):
    """Something a person should be told in one sentence.

    `kind` is the HTTP interface's word for it. `code` is exact: several codes may be of one kind, whose own word is the
    code where none is given.
    """

    kind = "error"

    def __init__(self, code: str | None = None, /, **details: Detail) -> None:
        self.problem = Problem(code or self.kind, details)
        super().__init__(self.problem.code)

    @property
    def code(self) -> str:
        """What exactly is the matter."""
        return self.problem.code

    @property
    def details(self) -> Mapping[str, Detail]:
        """What the sentence names."""
        return self.problem.details

    def __str__(self) -> str:
        return messages.sentence_of(self)


class SettingsError(TrackerError):
    """Faults in the settings."""

    kind = "settings"

    def __init__(self, faults: Sequence[Problem]) -> None:
        self.faults = tuple(faults)
        super().__init__(faults=self.faults)


class DatabaseNotReady(TrackerError):
    """There is no database yet, or one that has to be brought up to date first."""

    kind = "database_not_ready"


class NotConfigured(TrackerError):
    """The call needs a secret that is not set; it stays closed."""

    kind = "not_configured"


class NotSignedIn(TrackerError):
    """No valid credentials came with the call."""

    kind = "unauthorized"


class TooManyTries(TrackerError):
    """Too many wrong passwords; the next try is allowed later."""

    kind = "too_many_tries"


class NotAllowed(TrackerError):
    """The person is known, and the thing is not theirs."""

    kind = "forbidden"


class NotFound(TrackerError):
    """There is no such thing."""

    kind = "not_found"


class InvalidInput(TrackerError):
    """What a person typed cannot be used."""

    kind = "invalid"


class UnreadableRecords(TrackerError):
    """What another program wrote into the database makes no sense."""

    kind = "unreadable_records"


class LeaseLost(TrackerError):
    """The work was given to somebody else meanwhile; the result must be dropped."""

    kind = "lease_lost"


class WebhookRefused(TrackerError):
    """A delivery that is not accepted; `status` is the HTTP status to answer with."""

    kind = "webhook_refused"

    def __init__(self, code: str, /, status: int, **details: Detail) -> None:
        super().__init__(code, **details)
        self.status = status


class ClassNotReady(TrackerError):
    """The class is in no state for what was asked."""


class NoMeeting(ClassNotReady):
    """The class has no Zoom meeting."""

    kind = "no_zoom_meeting_id"


class NotEnded(ClassNotReady):
    """The class has not ended."""

    kind = "not_ended"


class AlreadyFetched(ClassNotReady):
    """The participants of the class are known."""

    kind = "already_fetched"


class NamesRemoved(AlreadyFetched):
    """The names of the class's participants were kept for long enough, and nothing brings them back."""

    def __init__(self) -> None:
        super().__init__("names_removed")


class TooSoon(ClassNotReady):
    """Zoom is still preparing the list."""

    kind = "too_soon"


class FetchUnderWay(ClassNotReady):
    """Another process is fetching this class."""

    kind = "fetch_under_way"


class NoDataFromZoom(ClassNotReady):
    """Zoom has an empty or unfinished list; never to be taken for "nobody came"."""

    kind = "no_data_from_zoom"


class ZoomError(TrackerError):
    """Zoom did not do what was asked.

    `permanent`: asking again will not help. `retry_at`: when Zoom said to come back (aware UTC), if it did.
    """

    kind = "zoom_api_error"
    permanent = False

    def __init__(self, code: str, /, *, retry_at: datetime | None = None, **details: Detail) -> None:
        super().__init__(code, **details)
        self.retry_at = retry_at


class ZoomUnreachable(ZoomError):
    """No answer from Zoom, or one that cannot be read."""


class ZoomRateLimited(ZoomError):
    """Zoom asks for patience."""


class ZoomMisconfigured(ZoomError):
    """Zoom refuses the app: wrong credentials, a missing scope, a wrong address. Somebody can mend it."""


class ZoomMeetingUnknown(ZoomError):
    """Zoom knows no such meeting, or it is not over."""


class ZoomRefused(ZoomError):
    """Zoom will never answer this request otherwise."""

    permanent = True


class ZoomRefusedForNow(ZoomRefused):
    """Zoom refuses the request, and its code does not say that this is for good: such answers come and go."""

    permanent = False


class MailError(TrackerError):
    """An e-mail was not sent, or may not have been."""

    kind = "mail_error"


class MailServerTrouble(MailError):
    """The mail server cannot be used at the moment, for whichever e-mail. Somebody can mend it, or it passes."""


class MailPutOff(MailError):
    """The mail server does not take this one e-mail at the moment."""


class MailRefused(MailError):
    """The mail server will never take this one e-mail."""


class MailPerhapsSent(MailError):
    """Nobody knows whether the mail server has taken the e-mail: sent again it may come twice."""
