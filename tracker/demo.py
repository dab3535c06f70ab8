"""`tracker demo`: the whole product on this machine, with a practice Zoom and a term of sample classes.

Everything runs as it does in a school; only the addresses of Zoom and the waiting time are other ones. What the
demo keeps is in a folder of its own and never touches a real installation.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tracker import auth, health, paths, sample_data
from tracker.errors import NotFound, TrackerError
from tracker.practice import PracticeSettings, PracticeZoom
from tracker.sample_term import make_term
from tracker.services import Services
from tracker.settings import NAMES, Settings
from tracker.storage.members import Member, Role

HOST = "127.0.0.1"
USUAL_PORT, LAST_PORT = 8788, 65_535
# Zoom's own list takes minutes to fill; the practice Zoom's takes this long, well within the shortened delay.
SETTLE_SECONDS, DELAY_SECONDS = 4, 10
# Zoom sends a webhook again after five minutes; whoever tries this out on a busy machine would think it is lost.
RETRY_DELAYS = (5.0, 30.0, 300.0, 3600.0)
PREPARING_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in to the demo, and how many weeks of classes they have held."""

    email: str
    name: str
    role: Role
    password: str
    weeks: int = 0


# Known to everybody who reads this: the demo listens on this machine alone.
TEACHER = Account("maria.keller@school.example", "Maria Keller", "teacher", "practice-teacher", weeks=12)
COLLEAGUE = Account("tom.adeyemi@school.example", "Tom Adeyemi", "teacher", "practice-colleague", weeks=4)
ADMIN = Account("admin@school.example", "Ada Admin", "admin", "practice-admin")


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo's processes: every setting said outright, so that no other installation's shows.

    Ports, the data folder, the delay, and what has nothing to do with database and Zoom may be `given`, to be tried.
    """
    data_dir = Path(given.get("TRACKER_DATA_DIR") or paths.default_data_dir() / sample_data.FOLDER).absolute()
    tracker_port = given.get("TRACKER_PORT") or "8787"
    zoom = f"http://{HOST}:{_next_port(tracker_port)}"
    secret = _secret(data_dir / sample_data.SECRET)
    said = {
        "TRACKER_DATA_DIR": str(data_dir),
        "DATABASE_URL": f"sqlite:///{(data_dir / sample_data.DATABASE).as_posix()}",
        "ZOOM_ACCOUNT_ID": "practice-account",
        "ZOOM_CLIENT_ID": "practice-client",
        "ZOOM_CLIENT_SECRET": f"client-{secret}",
        "ZOOM_WEBHOOK_SECRET": f"webhook-{secret}",
        "ZOOM_API_URL": f"{zoom}/v2",
        "ZOOM_OAUTH_URL": f"{zoom}/oauth/token",
        "ZOOM_PLAN": "pro",
        "CRON_SECRET": f"cron-{secret}",
        "TRACKER_HOST": HOST,
        "TRACKER_PORT": tracker_port,
        "DASHBOARD_PORT": given.get("DASHBOARD_PORT") or "8501",
        "FORWARDED_ALLOW_IPS": HOST,
        "ALLOWED_HOSTS": "localhost",
        "FETCH_DELAY_SECONDS": given.get("FETCH_DELAY_SECONDS") or str(DELAY_SECONDS),
    }
    kept = {name: value for name, value in given.items() if name.removesuffix("_FILE") not in said}
    # What is said as empty is as it is usually, also where the file `.env` says otherwise.
    usual = dict.fromkeys(set(NAMES) - {name.removesuffix("_FILE") for name in kept} - set(said), "")
    return usual | kept | said


def practice_port(settings: Settings) -> int:
    """The practice Zoom's port. Always the same one, or the join links of yesterday's classes would lead nowhere."""
    return urlsplit(settings.zoom_api_url).port or 80


@contextmanager
def practice_zoom(settings: Settings) -> Iterator[PracticeZoom]:
    """The practice Zoom that these settings speak of. Raises TrackerError where it cannot start."""
    state_file = settings.data_dir / sample_data.ZOOM
    paths.make_private(state_file)
    zoom = PracticeZoom(
        PracticeSettings(
            host=HOST,
            port=practice_port(settings),
            account_id=settings.zoom_account_id,
            client_id=settings.zoom_client_id,
            client_secret=settings.zoom_client_secret,
            webhook_secret=settings.zoom_webhook_secret,
            webhook_url=f"http://{HOST}:{settings.tracker_port}/api/webhooks/zoom",
            settle_seconds=SETTLE_SECONDS,
            retry_delays=RETRY_DELAYS,
            state_file=state_file,
        )
    )
    try:
        zoom.start()
    except (OSError, ValueError) as error:
        raise TrackerError("practice_zoom_not_started", reason=str(error)) from error
    try:
        yield zoom
    finally:
        zoom.stop()


def prepare(services: Services, say: Callable[[str], None]) -> None:
    """Makes what is missing of the accounts and the term of sample classes, and tells how far it is."""
    for account in (TEACHER, COLLEAGUE, ADMIN):
        member = _member(services, account)
        if account.weeks:
            make_term(services, member, account.weeks, say)
    _wait_for_counts(services, say)


def welcome(url: str, settings: Settings) -> str:
    """Where to go and how to sign in."""
    return f"""
The dashboard is at   {url}

  as teacher   {TEACHER.email}   password  {TEACHER.password}
  as admin     {ADMIN.email}          password  {ADMIN.password}

To try it: sign in as the teacher, make a class, start it as its host, open its join link in two tabs and join
as two people, leave, and end the class. It is over before its time, so its page asks whether it counts: press
"Count it". Zoom's list of participants is fetched {settings.fetch_delay_seconds} seconds after the end; in a school
it is ten minutes, because Zoom needs them.

Ctrl-C stops everything; the data stays in {settings.data_dir}
until `tracker demo --remove` deletes it.
"""


def _next_port(port: str) -> int:
    """The port after this one; where that is none, the usual one, so that nothing is said of it but of what was set."""
    number = int(port) if port.isascii() and port.isdigit() else 0
    return number + 1 if 0 < number < LAST_PORT else USUAL_PORT


def _secret(path: Path) -> str:
    """The demo's secret, made by its first start: links and signatures have to outlive a restart."""
    paths.make_private(path)
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), "ascii")
        return path.read_text("ascii")


def _member(services: Services, account: Account) -> Member:
    try:
        return services.read(auth.get_member, account.email)
    except NotFound:
        return auth.add_member(
            services.engine,
            auth.OPERATOR,
            account.email,
            account.name,
            account.role,
            account.password,
            services.now(),
        )


def _wait_for_counts(services: Services, say: Callable[[str], None]) -> None:
    """Waits until the tracker has asked the practice Zoom about every class once."""
    until, said = time.monotonic() + PREPARING_SECONDS, 0
    while time.monotonic() < until:
        due = services.read(health.queue, services.now()).due
        if not due:
            return
        if due != said:
            say(f"  {due} {'class' if due == 1 else 'classes'} still to be counted")
            said = due
        time.sleep(0.5)
