"""What this installation has of its own: files, settings, accounts, trackers, and the webhooks that came."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tracker import auth, health, paths, privacy
from tracker.doctor.check import Check, is_said
from tracker.errors import Problem, TrackerError
from tracker.health import Condition
from tracker.health.conditions import minute
from tracker.services import Services
from tracker.settings import SECRET_FILES, Settings, names_in, unknown_names, unreadable_lines
from tracker.storage import zoom_setup
from tracker.storage.database import AWAY, files_of
from tracker.storage.schema import check_schema
from tracker.storage.webhook_log import REFUSED

SECRETS = ("zoom_client_secret", "zoom_webhook_secret", "cron_secret", "oidc_client_secret")
# What the names of settings begin with that no other program has.
PREFIXES = ("ZOOM_", "TRACKER_", "OIDC_")
# The form of those that `tracker demo` makes; what it keeps may have been copied anywhere.
OF_DEMO = re.compile(r"(client|webhook|cron)-[0-9a-f]{32}")
# Who listens at a port is asked so often, and waited for.
TRIES_TO_COMPARE, SECONDS_TO_ANSWER = 3, 5.0
# Secrets and tokens travel to these.
ADDRESSES = ("zoom_api_url", "zoom_oauth_url", "oidc_issuer")


def where_things_are(env_file: Path, data_dir: Path) -> list[Check]:
    """Which files this installation looks at, wherever it is called."""
    open_to_others = paths.is_open_to_others(env_file)
    code = "env_file_open" if open_to_others else "env_file_read" if env_file.is_file() else "env_file_missing"
    file = Problem(code, {"file": str(env_file)})
    folder = Problem("data_folder_there" if data_dir.is_dir() else "data_folder_missing", {"folder": str(data_dir)})
    return [Check("settings_file", not open_to_others, file), Check("data_folder", True, folder)]


def settings_given(environment: Mapping[str, str], env_file: Path) -> Iterator[Check]:
    """Whether every name is one of a setting, every line is read, and every file with a secret is its user's alone."""
    misspelt, others = _strange_names(environment, env_file)
    opened = _open_secrets(environment)
    lines = [Condition(one) for one in _unreadable(env_file)]
    told_lines = (Problem("condition", {"what": (one.problem,), "cure": (one.cure,)}) for one in lines)
    faults = (*misspelt, *told_lines, *((Problem("files_open", {"files": ", ".join(opened)}),) if opened else ()))
    told = Problem("settings_of_others", {"names": ", ".join(others)}) if others else Problem("settings_known")
    yield Check("settings", not faults, Problem("settings_amiss", {"faults": faults}) if faults else told)


def wrong_settings(environment: Mapping[str, str], env_file: Path, settings: Settings) -> tuple[Condition, ...]:
    """The same, and the secrets that can be guessed, as a tracker tells it that was started with these settings."""
    misspelt, _others = _strange_names(environment, env_file)
    opened = [*([str(env_file)] if paths.is_open_to_others(env_file) else []), *_open_secrets(environment)]
    weak = weak_secrets(settings)
    found = [Problem("settings_misspelt", {"faults": misspelt})] if misspelt else []
    found += _unreadable(env_file)
    found += [Problem("settings_file_open", {"files": ", ".join(opened)})] if opened else []
    found += [Problem("secrets_weak", {"names": ", ".join(weak)})] if weak else []
    return tuple(map(Condition, found))


def _strange_names(environment: Mapping[str, str], env_file: Path) -> tuple[tuple[Problem, ...], list[str]]:
    """The names that are misspelt, and those in the file that are other programs'."""
    in_file = names_in(env_file)
    # The environment has names of many other programs.
    unknown = unknown_names([*in_file, *(name for name in environment if name.startswith(PREFIXES))])
    misspelt = tuple(
        Problem("setting_misspelt", {"name": name, "like": like}) for name, like in sorted(unknown.items()) if like
    )
    return misspelt, [name for name in in_file if unknown.get(name) == ""]


def _open_secrets(environment: Mapping[str, str]) -> list[str]:
    """The files with a secret that others can open."""
    given = [environment[name] for name in SECRET_FILES if name in environment]
    return [name for name in given if paths.is_open_to_others(Path(name))]


def _unreadable(env_file: Path) -> list[Problem]:
    """The lines of the file that say nothing, by their numbers: what stands there may be a secret."""
    lines = ", ".join(map(str, unreadable_lines(env_file)))
    return [Problem("settings_line_unreadable", {"file": str(env_file), "lines": lines})] if lines else []


def files(services: Services) -> Iterator[Check]:
    """Whether others can open what this installation keeps."""
    kept = (services.settings.data_dir, *files_of(services.engine))
    found = [str(path) for path in kept if paths.is_open_to_others(path)]
    yield Check(
        "files", not found, Problem("files_open", {"files": ", ".join(found)}) if found else Problem("files_ours")
    )


def secrets(services: Services) -> Iterator[Check]:
    """Whether secrets can be guessed."""
    weak = weak_secrets(services.settings)
    problem = Problem("secrets_weak", {"names": ", ".join(weak)}) if weak else Problem("secrets_strong")
    yield Check("secrets", not weak, problem)


def weak_secrets(settings: Settings) -> list[str]:
    """The names of the secrets that can be guessed."""
    given = {name.upper(): str(getattr(settings, name)) for name in SECRETS if getattr(settings, name)}
    times = Counter(given.values())
    demo_runs = is_here(settings.zoom_api_url)
    return [
        name
        for name, secret in given.items()
        if auth.is_weak_secret(secret) or times[secret] > 1 or (OF_DEMO.fullmatch(secret) and not demo_runs)
    ]


def addresses(services: Services) -> Iterator[Check]:
    """Whether secrets travel encrypted, and nobody else can pass for the web server in front."""
    urls = {name.upper(): str(getattr(services.settings, name)) for name in ADDRESSES}
    plain = [name for name, url in urls.items() if url.startswith("http://") and not is_here(url)]
    problem = Problem("addresses_plain", {"names": ", ".join(plain)}) if plain else Problem("addresses_encrypted")
    yield Check("addresses", not plain, problem)
    if "*" in services.settings.forwarded_allow_ips.split(","):
        yield Check("proxies", False, Problem("proxies_any"))
    if "*" in services.settings.allowed_hosts.split(","):
        yield Check("hosts", False, Problem("hosts_any"))


def is_here(url: str) -> bool:
    """Whether the address is one of this machine alone."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def people(services: Services) -> Iterator[Check]:
    """Whether anybody can sign in."""
    count = len(services.read(auth.list_members))
    none = Condition(Problem("accounts_none"))
    lost = Problem("condition", {"what": (none,), "cure": (none.cure,)})
    yield Check("people", count > 0, Problem("accounts", {"count": count}) if count else lost)


def retention(services: Services) -> Iterator[Check]:
    """How long names are kept."""
    found = privacy.preview(services, auth.OPERATOR)
    own = sum(course.days is not None for course in found.courses)
    on = Problem("retention_on", {"days": found.days, "courses": own, "due": len(found.due)})
    yield Check("retention", True, on if found.is_on else Problem("retention_off"))


def erased(services: Services) -> Iterator[Check]:
    """Whether erased people have come back."""
    count, lacking = privacy.compare_with_file(services)
    problem = Problem("erased_lacking", {"lacking": lacking}) if lacking else Problem("erased_kept", {"count": count})
    yield Check("erased", not lacking, problem)


def copies(services: Services) -> Iterator[Check]:
    """Which copies of the database were set aside before it was brought to a newer schema."""
    found = ", ".join(map(str, privacy.copies_set_aside(services)))
    days = privacy.COPIES_KEPT.days
    kept = Problem("copies_kept", {"files": found, "days": days}) if found else Problem("copies_none")
    yield Check("copies", True, kept)


def webhook_secret(services: Services) -> Iterator[Check]:
    """Whether webhooks can be checked."""
    there = bool(services.settings.zoom_webhook_secret)
    yield Check("webhook_secret", there, Problem("webhook_secret_set" if there else "webhook_secret_missing"))


def trackers(services: Services) -> Iterator[Check]:
    """Which trackers run. Before the first class none has to."""
    current = services.read(health.read_health, services.now())
    alive = [tracker for tracker in current.trackers if tracker.is_alive(current.now)]
    # One that was told to end is not among them.
    is_needed = bool(current.trackers) or services.read(zoom_setup.has_classes)
    in_order = bool(alive) or not is_needed
    names = ", ".join(f"{tracker.name} ({tracker.version})" for tracker in alive)
    running = Problem("trackers_running", {"names": names})
    yield Check("trackers", in_order, running if alive else Problem("trackers_none"))


def ports(services: Services) -> Iterator[Check]:
    """Whether whoever listens at this installation's ports belongs to it; and whether its tracker can be reached."""
    settings = services.settings
    asked = (
        (health.Program.TRACKER, settings.tracker_port, "TRACKER_PORT"),
        (health.Program.DASHBOARD, settings.dashboard_port, "DASHBOARD_PORT"),
    )
    faults = []
    for program, port, setting in asked:
        if code := _amiss_at(services, program, port):
            faults.append(Problem(code, {"port": port, "setting": setting}))
    told = Problem("several", {"sentences": tuple(faults)}) if faults else Problem("ports_ours")
    yield Check("ports", not faults, told)


def _amiss_at(services: Services, program: health.Program, port: int) -> str:
    """What is the matter with whoever listens there; "" for nothing, as where nobody does or it is not known."""
    for _ in range(TRIES_TO_COMPARE):
        try:
            found = health.who_listens(services.settings, port, SECONDS_TO_ANSWER)
        except TimeoutError:
            return "port_silent"
        if found is None:
            is_deaf = program is health.Program.TRACKER and health.is_heard_of(services)
            return "port_deaf" if is_deaf else ""
        if found.program is not program:
            return "port_of_another_program"
        # What is wrong with a tracker is told by the tracker.
        if found.is_unwell and program is health.Program.DASHBOARD:
            return "dashboard_unwell"
        # Between the two questions a tracker may have started, and made them differ.
        if found.installation in ("", services.read(health.installation_of)):
            return ""
    return "port_of_another_installation"


def conditions(services: Services, checks: Sequence[Check]) -> Iterator[Check]:
    """What the database and the trackers say is wrong, each by its code, but for what these checks say; that none runs
    is a check of its own.

    Where the database is not there, or not of this version, only the tracker of this machine is asked.
    """
    try:
        check_schema(services.engine)
        found = health.known(services)
    except (TrackerError, *AWAY):
        answer = health.ask_tracker(services.settings)
        found = [*answer.conditions] if answer else []
    left_out = {health.NOT_RUNNING}
    if any(one.code == health.NOT_RUNNING for one in found):
        left_out.add("webhooks_never_came")  # before the first start there can be none
    for one in found:
        if one.code not in left_out and not is_said(one, checks):
            code = ":".join(filter(None, ("condition", one.code, one.tracker)))
            yield Check(code, False, Problem("condition", {"what": (one,), "cure": (one.cure,)}))


def webhooks(services: Services) -> Iterator[Check]:
    """Whether Zoom's webhooks come, and why not."""
    current = services.read(health.read_health, services.now())
    refused = tuple(
        Problem("webhooks_refused", {"count": one.count, "reason": (Problem(one.outcome.removeprefix(REFUSED)),)})
        for one in current.webhooks
        if one.outcome.startswith(REFUSED)
    )
    validated = Problem("webhooks_never_validated")
    if current.validated is not None:
        validated = Problem("webhooks_validated", {"moment": minute(current.validated)})
    whose = () if current.validated is None else (Problem("webhooks_of_all_users"),)
    since = min((one.started_at for one in current.trackers if one.is_alive(current.now)), default=None)
    if current.alarms.silent_since is not None:
        more = (*refused, Problem("webhooks_mending"), validated, *whose)
        problem = Problem("webhooks_silent_since", {"since": minute(current.alarms.silent_since), "more": more})
    elif current.alarms.unsigned:
        alarm = (current.alarms.of_signatures, validated)
        problem = Problem("webhooks_unsigned_today", {"alarm": alarm, "refused": refused})
    elif current.last_event is not None:
        problem = Problem("webhooks_last", {"moment": minute(current.last_event), "refused": refused})
    elif current.validated is not None:
        problem = Problem("webhooks_none_yet", {"refused": (validated, *whose, *refused)})
    elif since is not None:
        more = (validated, *refused)
        problem = Problem("webhooks_none_since_start", {"since": minute(since), "more": more})
    else:
        problem = Problem("webhooks_none_yet", {"refused": refused})
    yield Check("webhooks", current.alarms.silent_since is None and not current.alarms.unsigned, problem)


def cron_secret(services: Services) -> Iterator[Check]:
    """Whether programs may ask for a fetch."""
    there = bool(services.settings.cron_secret)
    yield Check("cron_secret", True, Problem("cron_secret_set" if there else "cron_secret_unused"))
