"""`tracker doctor`: what is in place and what is missing, in words an IT person can act on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tracker import auth, health
from tracker.errors import TrackerError, ZoomUnreachable
from tracker.services import Services
from tracker.storage.database import AWAY, check_schema
from tracker.storage.webhook_log import REFUSED

# What each call of ours needs (Zoom's granular scopes for Server-to-Server OAuth apps), and what goes without it.
SCOPES = {
    "meeting:read:list_past_participants:admin": "fetching participants",
    "meeting:write:meeting:admin": "creating the meeting of a class",
    "meeting:read:meeting:admin": "the host's start link",
    "meeting:update:meeting:admin": "moving a class",
    "meeting:delete:meeting:admin": "cancelling a class",
    "meeting:read:list_past_instances:admin": "finding a session whose webhook was lost",
    "meeting:read:past_meeting:admin": "finding a session whose webhook was lost",
    "meeting:read:participant:admin": "seeing who is in class now",
}
MENDING = (
    "On the page Feature of the Zoom app: the event subscription's endpoint has to be "
    "https://<your address>/api/webhooks/zoom and validated, the events Start Meeting and End Meeting chosen, and the "
    "app activated; your web server has to pass that path on to the tracker with its body as it is; and "
    "ZOOM_WEBHOOK_SECRET has to be the Secret Token of that page."
)
# A webhook is refused when it is five minutes off; this warns long before.
MOST_CLOCK_OFFSET_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is in order, and what is known or to be done."""

    name: str
    ok: bool
    sentence: str


def examine(services: Services) -> list[Check]:
    """Looks at everything; a check that fails does not keep the others from being made."""
    checks: list[Check] = []
    for name, look in (
        ("database", _database),
        ("people", _people),
        ("trackers", _trackers),
        ("webhook secret", _webhook_secret),
        ("webhooks", _webhooks),
        ("cron secret", _cron_secret),
        ("zoom", _zoom),
        ("clock", _clock),
    ):
        checks += _guarded(name, look, services)
    return checks


def where_things_are(env_file: Path, data_dir: Path) -> list[Check]:
    """Which files this installation looks at, wherever it is called."""
    file = "is read" if env_file.is_file() else "is not there, so the environment alone counts"
    folder = "is there" if data_dir.is_dir() else "is made when something is written"
    return [
        Check("settings file", True, f"{env_file} {file}."),
        Check("data folder", True, f"{data_dir} {folder}."),
    ]


def _guarded(name: str, look: Callable[[Services], Iterator[Check]], services: Services) -> list[Check]:
    try:
        return list(look(services))
    except TrackerError as error:
        return [Check(name, False, error.sentence)]
    except AWAY as error:
        if name != "database":
            return []  # said already
        cause = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
        sentence = f"The database cannot be reached; check DATABASE_URL and that its server runs ({cause})."
        return [Check(name, False, sentence)]


def _database(services: Services) -> Iterator[Check]:
    check_schema(services.engine)
    queue = services.read(health.queue, services.now())
    kind = services.engine.dialect.name
    yield Check("database", True, f"{kind}, schema up to date, fetches due: {queue.due}, given up: {queue.given_up}.")


def _people(services: Services) -> Iterator[Check]:
    count = len(services.read(auth.list_members))
    advice = "nobody can sign in; add somebody: tracker user add EMAIL --role admin."
    yield Check("people", count > 0, f"Accounts: {count}." if count else f"No accounts: {advice}")


def _webhook_secret(services: Services) -> Iterator[Check]:
    there = bool(services.settings.zoom_webhook_secret)
    yield Check(
        "webhook secret",
        there,
        "ZOOM_WEBHOOK_SECRET is set."
        if there
        else "ZOOM_WEBHOOK_SECRET is not set, so every webhook is refused: copy the Secret Token from the app's "
        "Feature page.",
    )


def _trackers(services: Services) -> Iterator[Check]:
    stands = services.read(health.look, services.now())
    alive = [tracker for tracker in stands.trackers if tracker.is_alive(stands.now)]
    names = ", ".join(f"{tracker.name} ({tracker.version})" for tracker in alive)
    yield Check("trackers", True, f"Running: {names}." if alive else "None is running; start one: tracker up.")


def _webhooks(services: Services) -> Iterator[Check]:
    stands = services.read(health.look, services.now())
    refused = [one for one in stands.webhooks if one.outcome.startswith(REFUSED)]
    reasons = " ".join(f"Refused today: {one.count}, {one.outcome.removeprefix(REFUSED)}" for one in refused)
    if stands.alarms.silent_since is not None:
        since = f"{stands.alarms.silent_since:%Y-%m-%d %H:%M} UTC"
        yield Check("webhooks", False, " ".join([f"Classes were held since {since} without any.", reasons, MENDING]))
        return
    if stands.alarms.unsigned:
        yield Check("webhooks", False, f"{health.UNSIGNED} {reasons}")
        return
    last = f"{stands.last_webhook:%Y-%m-%d %H:%M} UTC" if stands.last_webhook else "not yet"
    yield Check("webhooks", True, f"The last one came: {last}. {reasons}".rstrip())


def _cron_secret(services: Services) -> Iterator[Check]:
    there = bool(services.settings.cron_secret)
    sentence = "is set." if there else "is not set: POST /api/zoom/participants stays closed, which is fine if unused."
    yield Check("cron secret", True, f"CRON_SECRET {sentence}")


def _zoom(services: Services) -> Iterator[Check]:
    host = urlsplit(services.settings.zoom_api_url).hostname
    try:
        token = services.zoom.token()
    except ZoomUnreachable as error:
        yield Check("zoom", False, f"{error.sentence} Asked was {urlsplit(services.settings.zoom_oauth_url).hostname}.")
        return
    yield Check("zoom", True, f"{host} accepts the app's credentials.")
    for scope, purpose in SCOPES.items():
        there = scope in token.scopes or _classic(scope) in token.scopes
        sentence = "granted." if there else f"missing, needed for {purpose}: add it to the app's Scopes page."
        yield Check(f"scope {scope}", there, sentence)


def _classic(scope: str) -> str:
    """The scope of apps from before 2024 that includes this one."""
    return "meeting:read:admin" if scope.split(":")[1] == "read" else "meeting:write:admin"


def _clock(services: Services) -> Iterator[Check]:
    offset = services.zoom.clock_offset()
    if offset is None:
        yield Check("clock", True, "Zoom did not say what time it has.")
    else:
        near = abs(offset) <= MOST_CLOCK_OFFSET_SECONDS
        advice = "" if near else " Set up time synchronisation (NTP): webhooks more than 5 minutes off are refused."
        yield Check("clock", near, f"{abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} Zoom's.{advice}")
