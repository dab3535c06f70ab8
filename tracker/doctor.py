"""`tracker doctor`: what is in place and what is missing, in words an IT person can act on."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from tracker import auth, health, mail, paths, privacy
from tracker.errors import Problem, TrackerError, ZoomError, ZoomMisconfigured, ZoomUnreachable
from tracker.services import Services
from tracker.settings import mail_server, sender
from tracker.storage.database import AWAY, check_schema, check_writable, files_of, why_unwritable
from tracker.storage.webhook_log import REFUSED

# The scopes that our calls need (Zoom's granular scopes of Server-to-Server OAuth apps), and what each is for.
SCOPES = {
    "meeting:read:list_past_participants:admin": Problem("for_fetching"),
    "meeting:write:meeting:admin": Problem("for_creating"),
    "meeting:read:meeting:admin": Problem("for_start_link"),
    "meeting:update:meeting:admin": Problem("for_moving"),
    "meeting:delete:meeting:admin": Problem("for_cancelling"),
    "meeting:read:list_past_instances:admin": Problem("for_lost_sessions"),
    "meeting:read:past_meeting:admin": Problem("for_lost_sessions"),
    "meeting:read:participant:admin": Problem("for_seeing_live"),
}
# A webhook is refused when it is five minutes off; this warns long before.
MOST_CLOCK_OFFSET_SECONDS = 60
SECRETS = ("zoom_client_secret", "zoom_webhook_secret", "cron_secret", "oidc_client_secret")
# The form of those that `tracker demo` makes; what it keeps may have been copied anywhere.
OF_DEMO = re.compile(r"(client|webhook|cron)-[0-9a-f]{32}")
# Secrets and tokens travel to these.
ADDRESSES = ("zoom_api_url", "zoom_oauth_url", "oidc_issuer")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: whether it is in order, and what was found or is to be done.

    `code` may have a subject after a colon: `scope:meeting:read:meeting:admin`.
    """

    code: str
    ok: bool
    problem: Problem


def examine(services: Services) -> list[Check]:
    """Makes all checks; one that fails does not keep the others from being made."""
    checks: list[Check] = []
    for code, check in (
        ("database", _database),
        ("files", _files),
        ("secrets", _secrets),
        ("addresses", _addresses),
        ("people", _people),
        ("retention", _retention),
        ("erased", _erased),
        ("copies", _copies),
        ("trackers", _trackers),
        ("webhook_secret", _webhook_secret),
        ("webhooks", _webhooks),
        ("cron_secret", _cron_secret),
        ("zoom", _zoom),
        ("clock", _clock),
        ("mail", _mail),
    ):
        checks += _guarded(code, check, services)
    return checks


def conditions(services: Services) -> list[Check]:
    """What the database and the trackers say is wrong, with what mends it; that none runs is a check of its own."""
    found = (one for one in health.known(services) if one.code != health.NOT_RUNNING)
    return [
        Check(f"condition:{one.code}", False, Problem("condition", {"what": (one,), "cure": (one.cure,)}))
        for one in found
    ]


def where_things_are(env_file: Path, data_dir: Path) -> list[Check]:
    """Which files this installation looks at, wherever it is called."""
    open_to_others = paths.is_open_to_others(env_file)
    code = "env_file_open" if open_to_others else "env_file_read" if env_file.is_file() else "env_file_missing"
    file = Problem(code, {"file": str(env_file)})
    folder = Problem("data_folder_there" if data_dir.is_dir() else "data_folder_missing", {"folder": str(data_dir)})
    return [Check("settings_file", not open_to_others, file), Check("data_folder", True, folder)]


def _guarded(code: str, check: Callable[[Services], Iterator[Check]], services: Services) -> list[Check]:
    try:
        return list(check(services))
    except TrackerError as error:
        return [Check(code, False, error.problem)]
    except AWAY as error:
        if code != "database":
            return []  # the check of the database says it
        if unwritable := why_unwritable(error):
            return [Check(code, False, Problem("database_unwritable", {"cause": unwritable}))]
        cause = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
        return [Check(code, False, Problem("database_away_because", {"cause": cause}))]


def _database(services: Services) -> Iterator[Check]:
    check_schema(services.engine)
    check_writable(services.engine)
    queue = services.read(health.queue, services.now())
    kind = services.engine.dialect.name
    problem = Problem("database_in_order", {"kind": kind, "due": queue.due, "given_up": queue.given_up})
    yield Check("database", True, problem)


def _files(services: Services) -> Iterator[Check]:
    kept = (services.settings.data_dir, *files_of(services.engine))
    found = [str(path) for path in kept if paths.is_open_to_others(path)]
    yield Check(
        "files", not found, Problem("files_open", {"files": ", ".join(found)}) if found else Problem("files_ours")
    )


def _secrets(services: Services) -> Iterator[Check]:
    settings = services.settings
    given = {name.upper(): str(getattr(settings, name)) for name in SECRETS if getattr(settings, name)}
    times = Counter(given.values())
    demo_runs = _is_here(settings.zoom_api_url)
    weak = [
        name
        for name, secret in given.items()
        if auth.is_weak_secret(secret) or times[secret] > 1 or (OF_DEMO.fullmatch(secret) and not demo_runs)
    ]
    problem = Problem("secrets_weak", {"names": ", ".join(weak)}) if weak else Problem("secrets_strong")
    yield Check("secrets", not weak, problem)


def _addresses(services: Services) -> Iterator[Check]:
    urls = {name.upper(): str(getattr(services.settings, name)) for name in ADDRESSES}
    plain = [name for name, url in urls.items() if url.startswith("http://") and not _is_here(url)]
    problem = Problem("addresses_plain", {"names": ", ".join(plain)}) if plain else Problem("addresses_encrypted")
    yield Check("addresses", not plain, problem)
    if "*" in services.settings.forwarded_allow_ips.split(","):
        yield Check("proxies", False, Problem("proxies_any"))
    if "*" in services.settings.allowed_hosts.split(","):
        yield Check("hosts", False, Problem("hosts_any"))


def _is_here(url: str) -> bool:
    """Whether the address is one of this machine alone."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _people(services: Services) -> Iterator[Check]:
    count = len(services.read(auth.list_members))
    yield Check("people", count > 0, Problem("accounts", {"count": count}) if count else Problem("accounts_none"))


def _retention(services: Services) -> Iterator[Check]:
    found = privacy.preview(services, auth.OPERATOR)
    own = sum(course.days is not None for course in found.courses)
    on = Problem("retention_on", {"days": found.days, "courses": own, "due": len(found.due)})
    yield Check("retention", True, on if found.is_on else Problem("retention_off"))


def _erased(services: Services) -> Iterator[Check]:
    erased, lacking = privacy.compare_with_file(services)
    problem = Problem("erased_lacking", {"lacking": lacking}) if lacking else Problem("erased_kept", {"count": erased})
    yield Check("erased", not lacking, problem)


def _copies(services: Services) -> Iterator[Check]:
    found = ", ".join(map(str, privacy.copies_set_aside(services)))
    days = privacy.COPIES_KEPT.days
    kept = Problem("copies_kept", {"files": found, "days": days}) if found else Problem("copies_none")
    yield Check("copies", True, kept)


def _webhook_secret(services: Services) -> Iterator[Check]:
    there = bool(services.settings.zoom_webhook_secret)
    yield Check("webhook_secret", there, Problem("webhook_secret_set" if there else "webhook_secret_missing"))


def _trackers(services: Services) -> Iterator[Check]:
    current = services.read(health.read_health, services.now())
    alive = [tracker for tracker in current.trackers if tracker.is_alive(current.now)]
    names = ", ".join(f"{tracker.name} ({tracker.version})" for tracker in alive)
    yield Check("trackers", True, Problem("trackers_running", {"names": names}) if alive else Problem("trackers_none"))


def _webhooks(services: Services) -> Iterator[Check]:
    current = services.read(health.read_health, services.now())
    refused = tuple(
        Problem("webhooks_refused", {"count": one.count, "reason": (Problem(one.outcome.removeprefix(REFUSED)),)})
        for one in current.webhooks
        if one.outcome.startswith(REFUSED)
    )
    validated = Problem("webhooks_never_validated")
    if current.validated is not None:
        validated = Problem("webhooks_validated", {"moment": _minute(current.validated)})
    whose = () if current.validated is None else (Problem("webhooks_of_all_users"),)
    since = min((one.started_at for one in current.trackers if one.is_alive(current.now)), default=None)
    if current.alarms.silent_since is not None:
        more = (*refused, Problem("webhooks_mending"), validated, *whose)
        problem = Problem("webhooks_silent_since", {"since": _minute(current.alarms.silent_since), "more": more})
    elif current.alarms.unsigned:
        alarm = (current.alarms.of_signatures, validated)
        problem = Problem("webhooks_unsigned_today", {"alarm": alarm, "refused": refused})
    elif current.last_event is not None:
        problem = Problem("webhooks_last", {"moment": _minute(current.last_event), "refused": refused})
    elif current.validated is not None:
        problem = Problem("webhooks_none_yet", {"refused": (validated, *whose, *refused)})
    elif since is not None:
        more = (validated, *refused)
        problem = Problem("webhooks_none_since_start", {"since": _minute(since), "more": more})
    else:
        problem = Problem("webhooks_none_yet", {"refused": refused})
    yield Check("webhooks", current.alarms.silent_since is None and not current.alarms.unsigned, problem)


def _cron_secret(services: Services) -> Iterator[Check]:
    there = bool(services.settings.cron_secret)
    yield Check("cron_secret", True, Problem("cron_secret_set" if there else "cron_secret_unused"))


def _zoom(services: Services) -> Iterator[Check]:
    host = urlsplit(services.settings.zoom_api_url).hostname or ""
    try:
        token = services.zoom.token()
    except ZoomUnreachable as error:
        asked = urlsplit(services.settings.zoom_oauth_url).hostname or ""
        yield Check("zoom", False, Problem("zoom_asked", {"error": (error.problem,), "host": asked}))
        return
    wrong_address = _wrong_address(services)
    yield Check("zoom", wrong_address is None, wrong_address or Problem("zoom_in_order", {"host": host}))
    for scope, purpose in SCOPES.items():
        there = scope in token.scopes or _classic(scope) in token.scopes
        problem = Problem("scope_granted") if there else Problem("scope_missing", {"purpose": (purpose,)})
        yield Check(f"scope:{scope}", there, problem)


def _wrong_address(services: Services) -> Problem | None:
    """What is wrong with the address of Zoom's API, if it answers that it has no such call."""
    try:
        services.zoom.meeting("0")
    except ZoomMisconfigured as error:
        return error.problem if error.code == "zoom_api_address_wrong" else None
    except ZoomError:
        return None
    return None


def _classic(scope: str) -> str:
    """The scope of apps from before 2024 that includes this one."""
    return "meeting:read:admin" if scope.split(":")[1] == "read" else "meeting:write:admin"


def _clock(services: Services) -> Iterator[Check]:
    offset = services.zoom.clock_offset()
    if offset is None:
        yield Check("clock", True, Problem("clock_unknown"))
    else:
        near = abs(offset) <= MOST_CLOCK_OFFSET_SECONDS
        advice = () if near else (Problem("clock_advice"),)
        code = "clock_ahead" if offset > 0 else "clock_behind"
        yield Check("clock", near, Problem(code, {"seconds": round(abs(offset)), "advice": advice}))


def _mail(services: Services) -> Iterator[Check]:
    """Signs in to the mail server as for an e-mail, and sends none."""
    server, address = mail_server(services.settings.smtp_url), sender(services.settings.smtp_from)
    if server is None or address is None:
        yield Check("mail", True, Problem("mail_off"))
        return
    mail.check(server, address)
    if server.encryption == "none" and not _is_here(services.settings.smtp_url):
        yield Check("mail", False, Problem("mail_plain", {"host": server.host}))
        return
    queue = services.read(health.mails, services.now())
    latest = tuple(filter(None, [queue.why or queue.latest]))
    problem = Problem(
        "mail_in_order", {"host": server.host, "due": queue.due, "given_up": queue.given_up, "latest": latest}
    )
    yield Check("mail", not queue.failing, problem)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
