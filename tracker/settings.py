"""Settings: one frozen value, read from an environment mapping, every fault reported at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from dotenv import dotenv_values

from tracker.errors import Problem, SettingsError

Plan = Literal["free", "pro", "business"]
PLANS: tuple[Plan, ...] = ("free", "pro", "business")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deployment decides. Secrets do not show in `repr`; an empty one closes the door that needs it."""

    database_url: str = field(repr=False)
    data_dir: Path
    zoom_account_id: str = ""
    zoom_client_id: str = ""
    zoom_client_secret: str = field(default="", repr=False)
    zoom_webhook_secret: str = field(default="", repr=False)
    zoom_api_url: str = "https://api.zoom.us/v2"
    zoom_oauth_url: str = "https://zoom.us/oauth/token"
    zoom_plan: Plan = "pro"
    cron_secret: str = field(default="", repr=False)
    tracker_host: str = "127.0.0.1"
    tracker_port: int = 8787
    dashboard_port: int = 8501
    fetch_delay_seconds: int = 600


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`, where `NAME_FILE` may name a file that holds the value of a secret NAME.

    Raises SettingsError with every fault found, not only the first. A value is never part of a fault.
    """
    reader = _Reader(environment)
    data_dir = Path(reader.text("TRACKER_DATA_DIR", "data")).absolute()
    settings = Settings(
        database_url=reader.secret("DATABASE_URL") or f"sqlite:///{(data_dir / 'tracker.sqlite3').as_posix()}",
        data_dir=data_dir,
        zoom_account_id=reader.text("ZOOM_ACCOUNT_ID", ""),
        zoom_client_id=reader.text("ZOOM_CLIENT_ID", ""),
        zoom_client_secret=reader.secret("ZOOM_CLIENT_SECRET"),
        zoom_webhook_secret=reader.secret("ZOOM_WEBHOOK_SECRET"),
        zoom_api_url=reader.url("ZOOM_API_URL", "https://api.zoom.us/v2"),
        zoom_oauth_url=reader.url("ZOOM_OAUTH_URL", "https://zoom.us/oauth/token"),
        zoom_plan=reader.plan("ZOOM_PLAN"),
        cron_secret=reader.secret("CRON_SECRET"),
        tracker_host=reader.text("TRACKER_HOST", "127.0.0.1"),
        tracker_port=reader.number("TRACKER_PORT", 8787, 1, 65535),
        dashboard_port=reader.number("DASHBOARD_PORT", 8501, 1, 65535),
        fetch_delay_seconds=reader.number("FETCH_DELAY_SECONDS", 600, 0, 86_400),
    )
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings


def environment_with_file(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environment` on top of what `folder/.env` says.

    The environment wins, also where one of them has NAME and the other NAME_FILE.
    """
    from_file = dotenv_values(folder / ".env", interpolate=False)
    taken = {name.removesuffix("_FILE") for name in environment}
    kept = {
        name: value
        for name, value in from_file.items()
        if value is not None and name.removesuffix("_FILE") not in taken
    }
    return kept | dict(environment)


class _Reader:
    """Reads single settings and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.faults: list[Problem] = []

    def text(self, name: str, default: str) -> str:
        return self.environment.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        value, file_name = self.text(name, ""), self.text(f"{name}_FILE", "")
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

    def url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        try:
            parts = urlsplit(value)
            # Reading the port raises where it is no number.
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            self.faults.append(Problem("setting_no_address", {"name": name}))
        return value

    def plan(self, name: str) -> Plan:
        value = self.text(name, "pro").lower()
        if value not in PLANS:
            self.faults.append(Problem("setting_no_choice", {"name": name, "choices": ", ".join(PLANS)}))
        return cast(Plan, value)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        # A length limit before int(): digits without end are expensive to convert.
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and least <= int(value) <= most):
            self.faults.append(Problem("setting_no_number", {"name": name, "least": least, "most": most}))
            return default
        return int(value)
