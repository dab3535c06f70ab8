"""Settings: one frozen value, read from an environment mapping, every fault reported at once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from email.headerregistry import Address
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tracker import paths
from tracker.errors import Problem, SettingsError
from tracker.messages import Detail

Plan = Literal["free", "pro", "business"]
PLANS: tuple[Plan, ...] = ("free", "pro", "business")
# Whom the school's provider may bring: those who have an account, or whoever it knows.
ACCOUNTS = ("invited", "create")
# What becomes of participants after the days of retention: their names go, or the class's records.
RETENTION_ACTIONS = ("names", "records")
# A shorter password keeps nobody out, and every line of a log would be full of masks.
SHORTEST_SECRET = 4
# From how alike on (0 to 1) a name is taken for a misspelt one of ours: WEBHOOK_SECRET is 0.84 ZOOM_WEBHOOK_SECRET.
LIKENESS = 0.8
# How the connection to a mail server is kept from others' eyes, by the scheme of SMTP_URL, and the usual ports.
Encryption = Literal["tls", "starttls", "none"]
ENCRYPTIONS: dict[str, Encryption] = {"smtp": "starttls", "smtps": "tls"}
MAIL_PORTS = {"smtp": 587, "smtps": 465}
# An e-mail address as every mail server takes it: its part before the @, and its domain.
MAIL_ADDRESS = re.compile(
    r"((?:[\w!#$%&'*+/=?^`{|}~-]+\.)*[\w!#$%&'*+/=?^`{|}~-]+)@((?:[a-z\d-]+\.)*[a-z\d-]+)", re.A | re.I
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mails are handed in, as `SMTP_URL` says it. Without a user nobody signs in there."""

    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = field(default="", repr=False)


def _name(field_name: str | None) -> str:
    """What a field is called in the environment."""
    return "TRACKER_DATA_DIR" if field_name == "data_dir" else str(field_name).upper()


class _Unusable(ValueError):
    """A value that a setting cannot have."""

    def __init__(self, code: str, info: ValidationInfo, **details: Detail) -> None:
        super().__init__(code)
        self.problem = Problem(code, {"name": _name(info.field_name), **details})


def _whole_number(least: int, most: int) -> BeforeValidator:
    def check(value: object, info: ValidationInfo) -> int:
        text = str(value)
        # A length limit before int(): digits without end are expensive to convert.
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
            raise _Unusable("setting_no_number", info, least=least, most=most)
        return int(text)

    return BeforeValidator(check)


def _absolute_path(value: str | Path) -> Path:
    return Path(value).absolute()


def _web_address(value: str, info: ValidationInfo) -> str:
    value = value.rstrip("/")
    try:
        parts = urlsplit(value)
        # Reading the port raises where it is no number.
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _Unusable("setting_no_address", info)
    return value


def _database(value: str, info: ValidationInfo) -> str:
    """What else is wrong with it is found where it is opened (`storage.database.make_engine`)."""
    if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
        raise _Unusable("database_url_unusable", info)
    return value


def _web_address_or_none(value: str, info: ValidationInfo) -> str:
    return _web_address(value, info) if value else ""


def _choice(*choices: str) -> BeforeValidator:
    def check(value: str, info: ValidationInfo) -> str:
        if value.lower() not in choices:
            raise _Unusable("setting_no_choice", info, choices=", ".join(choices))
        return value.lower()

    # Before a type with only these words refuses others in its own way.
    return BeforeValidator(check)


def _proxies(value: str, info: ValidationInfo) -> str:
    """Addresses and networks, as uvicorn reads its option `--forwarded-allow-ips`."""
    parts = [part.strip() for part in value.split(",")]
    for part in parts:
        try:
            if part != "*":
                ip_network(part)
        except ValueError:
            raise _Unusable("setting_no_addresses", info) from None
    return ",".join(parts)


def _host_names(value: str, info: ValidationInfo) -> str:
    """Names or addresses, without ports; `*.` before a name is all that end so, `*` alone is any."""
    if not value:
        return ""
    names = [name.strip().lower().strip("[]").rstrip(".") for name in value.split(",")]
    if not all(re.fullmatch(r"\*|(?:\*\.)?[\w-][\w.-]*|[0-9a-f:.]+", name, re.ASCII) for name in names):
        raise _Unusable("setting_no_host_names", info)
    return ",".join(names)


def mail_server(url: str) -> MailServer | None:
    """The mail server of an `SMTP_URL`; None for what is none."""
    try:
        parts = urlsplit(url)
        port = MAIL_PORTS[parts.scheme] if parts.port is None else parts.port
        said = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else []
    except (ValueError, KeyError):
        return None
    plain = said == [("tls", "none")] and parts.scheme == "smtp"
    usable = parts.hostname and port and parts.path in ("", "/") and not parts.fragment and (plain or not said)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    typed = f"{user}{password}"
    if not usable or not (typed.isascii() and typed.isprintable()) or bool(user) != bool(password):
        return None
    return MailServer(parts.hostname or "", port, "none" if plain else ENCRYPTIONS[parts.scheme], user, password)


def _mail_server_or_none(value: str, info: ValidationInfo) -> str:
    if value and mail_server(value) is None:
        raise _Unusable("setting_no_mail_server", info)
    return value


def sender(text: str) -> Address | None:
    """Who an e-mail is from: `news@school.example`, or `School <news@school.example>`; None for what is neither."""
    found = re.fullmatch(r"(?:([^<>]*[^<>\s])\s*<([^<>]+)>|([^<>]+))", text) if text.isprintable() else None
    parts = MAIL_ADDRESS.fullmatch(found[2] or found[3]) if found else None
    return Address((found[1] or "").strip('"'), parts[1], parts[2]) if found and parts else None


def _sender(value: str, info: ValidationInfo) -> str:
    if value and sender(value) is None:
        raise _Unusable("setting_no_sender", info)
    if not value and info.data.get("smtp_url"):
        raise _Unusable("setting_needed_with", info, other="SMTP_URL")
    return value


def _default_database(given: dict[str, Any]) -> str:
    return f"sqlite:///{(given['data_dir'] / 'tracker.sqlite3').as_posix()}"


# What does not show in `repr` is a secret, and may be in a file of its own.
Secret = Annotated[str, Field(repr=False)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Port = Annotated[int, _whole_number(1, 65535)]


class Settings(BaseSettings):
    """What the deployment decides. Secrets do not show in `repr`; an empty one switches off what needs it."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    data_dir: Annotated[Path, BeforeValidator(_absolute_path)] = Field(default_factory=paths.default_data_dir)
    database_url: Annotated[Secret, AfterValidator(_database)] = Field(default_factory=_default_database)
    zoom_account_id: str = ""
    zoom_client_id: str = ""
    zoom_client_secret: Secret = ""
    zoom_webhook_secret: Secret = ""
    zoom_api_url: WebAddress = "https://api.zoom.us/v2"
    zoom_oauth_url: WebAddress = "https://zoom.us/oauth/token"
    zoom_plan: Annotated[Plan, _choice(*PLANS)] = "pro"
    cron_secret: Secret = ""
    tracker_host: str = "127.0.0.1"
    tracker_port: Port = 8787
    dashboard_port: Port = 8501
    fetch_delay_seconds: Annotated[int, _whole_number(0, 86_400)] = 600
    forwarded_allow_ips: Annotated[str, AfterValidator(_proxies)] = "127.0.0.1,::1"
    allowed_hosts: Annotated[str, AfterValidator(_host_names)] = ""
    retention_days: Annotated[int, _whole_number(0, 36_500)] = 0
    retention_action: Annotated[str, _choice(*RETENTION_ACTIONS)] = "names"
    sign_in_idle_hours: Annotated[int, _whole_number(1, 8_760)] = 72
    sign_in_days: Annotated[int, _whole_number(1, 365)] = 7
    audit_days: Annotated[int, _whole_number(30, 36_500)] = 365
    # What the meetings of classes are like that say nothing else; `zoom` leaves it to the Zoom account.
    meeting_waiting_room: Annotated[str, _choice("on", "off", "zoom")] = "zoom"
    meeting_sign_in: Annotated[str, _choice("on", "off", "zoom")] = "zoom"
    meeting_recording: Annotated[str, _choice("none", "local", "cloud", "zoom")] = "zoom"
    meeting_registration: Annotated[str, _choice("on", "off", "zoom")] = "zoom"
    smtp_url: Annotated[Secret, AfterValidator(_mail_server_or_none)] = ""
    # Checked where it is not given, too: with a mail server it is needed.
    smtp_from: Annotated[str, AfterValidator(_sender)] = Field(default="", validate_default=True)
    oidc_issuer: Annotated[str, AfterValidator(_web_address_or_none)] = ""
    oidc_client_id: str = ""
    oidc_client_secret: Secret = ""
    oidc_domains: str = ""
    oidc_accounts: Annotated[str, _choice(*ACCOUNTS)] = "invited"
    oidc_role_claim: str = ""
    oidc_admin_values: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given counts: the environment is read at the edge of the program."""
        return (init_settings,)


# The variables of all settings.
NAMES = tuple(map(_name, Settings.model_fields))
# The variables that name a file with a secret.
SECRET_FILES = tuple(f"{_name(name)}_FILE" for name, field in Settings.model_fields.items() if not field.repr)
# Files with the certificates that are trusted: what `requests` reads, and what Python's own `ssl` does.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
# Libraries know these in lower case as well.
IN_BOTH_CASES = (*PROXIES, "NO_PROXY")
# What the libraries that connect to others read by themselves, from the environment of the process.
OF_LIBRARIES = (*IN_BOTH_CASES, *CERTIFICATES, "SSL_CERT_DIR")
# Which no proxy is asked for: tracker and dashboard ask each other, and the demo its practice Zoom.
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
# Those that hold a path.
PATHS = {
    "TRACKER_DATA_DIR",
    *CERTIFICATES,
    "SSL_CERT_DIR",
    *SECRET_FILES,
}


class _EnvironmentSource(PydanticBaseSettingsSource):
    """What an environment mapping says, where `NAME_FILE` may name a file that holds the value of a secret NAME."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self._environment = environment
        self.faults: list[Problem] = []

    def __call__(self) -> dict[str, str]:
        """The values by their fields; what is empty counts as not set."""
        found = {name: self.get_field_value(field, name)[0] for name, field in Settings.model_fields.items()}
        return {name: value for name, value in found.items() if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str, str, bool]:
        """Value and name of a setting, and that the value is no JSON."""
        name = _name(field_name)
        return (self._text(name) if field.repr else self._secret(name)), field_name, False

    def _text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def _secret(self, name: str) -> str:
        value, file_name = self._text(name), self._text(f"{name}_FILE")
        if value and file_name:
            self.faults.append(Problem("setting_given_twice", {"name": name}))
        if not file_name:
            return value
        try:
            # Some editors begin a UTF-8 file with a byte order mark.
            return Path(file_name).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            self.faults.append(Problem("setting_file_unreadable", {"name": name}))
            return ""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`, where `NAME_FILE` may name a file that holds the value of a secret NAME.

    Raises SettingsError with every fault found, not only the first. A value is never part of a fault.
    """
    given = _EnvironmentSource(environment)
    values: dict[str, Any] = given()
    try:
        settings = Settings(**values)
    except ValidationError as error:
        unusable = (fault["ctx"]["error"].problem for fault in error.errors())
        raise SettingsError([*given.faults, *unusable]) from None
    if given.faults:
        raise SettingsError(given.faults)
    return settings


def secrets_of(settings: Settings) -> set[str]:
    """Every value of the settings that its `repr` does not show, and the passwords in addresses."""
    found = {str(getattr(settings, name)) for name, field in Settings.model_fields.items() if not field.repr}
    # As SQLAlchemy reads it: a password may hold everything but an @.
    password = re.match(r"[\w+]+://[^:/]*:([^@]*)@", settings.database_url)
    found.add(unquote(password[1]) if password else "")
    server = mail_server(settings.smtp_url)
    found.add(server.password if server else "")
    return {secret for secret in found if len(secret) >= SHORTEST_SECRET}


def for_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """What of `environment` has to be in that of the process itself, so that proxies and own certificates are used.

    Names of proxies are read in lower case first, as the libraries do, and given in both. One file of certificates does
    for all libraries where only one of the two names is given.
    """
    found = {name: environment[name] for name in OF_LIBRARIES if environment.get(name)}
    found |= {name: environment[name.lower()] for name in IN_BOTH_CASES if environment.get(name.lower())}
    certificates = [found[name] for name in CERTIFICATES if name in found]
    found |= {name: found.get(name, certificates[0]) for name in CERTIFICATES if certificates}
    if any(name in found for name in PROXIES):
        without = [name.strip() for name in found.get("NO_PROXY", "").split(",") if name.strip()]
        found["NO_PROXY"] = ",".join([*without, *(name for name in THIS_MACHINE if name not in without)])
    return found | {name.lower(): found[name] for name in IN_BOTH_CASES if name in found}


def unknown_names(names: Iterable[str]) -> dict[str, str]:
    """Those of these names that no setting has, each with the one that it resembles, or ""."""
    known = [*NAMES, *SECRET_FILES, *OF_LIBRARIES]
    lower = [name.lower() for name in IN_BOTH_CASES]
    strange = [name for name in names if name not in known and name not in lower]
    return {name: next(iter(get_close_matches(name.upper(), known, 1, LIKENESS)), "") for name in strange}


def names_in(file: Path) -> list[str]:
    """The names that a file like `.env` sets; none where there is no such file."""
    return [name for name, value in dotenv_values(file, interpolate=False).items() if value is not None]


def unreadable_lines(file: Path) -> list[int]:
    """The numbers of the lines of a file like `.env` that are no setting and no comment, and are passed over."""
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as stream:
        wrong = [one.original for one in parse_stream(stream) if one.error]
    # What is read as one begins with the empty lines before it.
    return [one.line + one.string[: -len(one.string.lstrip())].count("\n") for one in wrong]


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """What a process works with whose own environment is `given`: on top of what `.env` says, with absolute paths.

    Raises SettingsError where `.env` is not UTF-8.
    """
    return environment_with_file(given, paths.env_file(given).parent)


def environment_with_file(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environment` on top of what `folder/.env` says.

    The environment wins, also where one of them has NAME and the other NAME_FILE. A relative path counts from the
    folder of `.env` where it is said there, and else from the current folder. Raises SettingsError where `.env` is not
    UTF-8.
    """
    file = folder / ".env"
    try:
        from_file = dotenv_values(file, interpolate=False)
    except UnicodeDecodeError:
        raise SettingsError([Problem("env_file_not_utf8", {"file": str(file)})]) from None
    taken = {name.removesuffix("_FILE") for name in environment}
    kept = {
        name: _absolute(name, value, folder)
        for name, value in from_file.items()
        if value is not None and name.removesuffix("_FILE") not in taken
    }
    return kept | {name: _absolute(name, value, Path()) for name, value in environment.items()}


def _absolute(name: str, value: str, folder: Path) -> str:
    """The value of a variable; where it is a relative path of ours, with that path counted from `folder`."""
    start, path = "", value.strip()
    if name == "DATABASE_URL" and path.startswith("sqlite"):
        start, slashes, path = path.partition(":///")
        start += slashes
    elif name not in PATHS:
        return value
    if not path or path.startswith((":memory:", "file:")) or Path(path).is_absolute():
        return value
    return start + Path(folder, path).absolute().as_posix()
