"""What a tracker or a dashboard says of itself, asked over HTTP: where the database is away or takes nothing, a tracker
alone can tell; and who listens at a port shows no other way.
"""

import json
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any

from tracker.health.conditions import Condition, conditions_in
from tracker.settings import Settings

ANSWER_SECONDS = 2.0
LARGEST_ANSWER = 256 * 1024


@dataclass(frozen=True, slots=True)
class TrackerAnswer:
    """What a tracker answers at `/healthz`: its status (`ok`, `attention` or `unwell`) and what is wrong with it.

    `installation` as `state.installation_of` gives it, "" where it does not know.
    """

    status: str
    conditions: tuple[Condition, ...]
    installation: str = ""


class Program(StrEnum):
    """What of ours answers at `/healthz`."""

    TRACKER = "tracker"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens at a port: which program of ours (None for another one), of which installation ("": not told), and
    whether it says that it does not work.
    """

    program: Program | None
    installation: str = ""
    is_unwell: bool = False


def ask_tracker(settings: Settings, seconds: float = ANSWER_SECONDS) -> TrackerAnswer | None:
    """What the tracker at TRACKER_HOST and TRACKER_PORT says of itself; None where none answers within `seconds`.

    Never raises, and needs no database.
    """
    try:
        said = json.loads(text_of_tracker(settings, "/healthz", seconds))
    except (OSError, HTTPException, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("status"), str):
        return None
    return TrackerAnswer(said["status"], conditions_in(said.get("reasons")), _installation_in(said))


def who_listens(settings: Settings, port: int, seconds: float = ANSWER_SECONDS) -> Listener | None:
    """Who listens at this port of TRACKER_HOST; None for nobody. Raises TimeoutError where no answer comes in time."""
    try:
        said = json.loads(_text_at(settings, port, "/healthz", seconds))
    except (ValueError, RecursionError, HTTPException):
        return Listener(None)
    except OSError as error:
        why = getattr(error, "reason", error)
        if isinstance(why, TimeoutError):
            raise TimeoutError from error
        # Who takes the connection and breaks it off speaks something else than HTTP.
        return None if isinstance(why, ConnectionRefusedError) else Listener(None)
    if not isinstance(said, dict) or not isinstance(said.get("status"), str):
        return Listener(None)
    # Trackers of earlier versions do not say that they are one.
    program = said.get("program", Program.TRACKER if "loop" in said else None)
    ours = Program(program) if program in list(Program) else None
    return Listener(ours, _installation_in(said), said["status"] == "unwell")


def _installation_in(said: dict[str, Any]) -> str:
    found = said.get("installation")
    return found if isinstance(found, str) else ""


def text_of_tracker(settings: Settings, path: str, seconds: float = ANSWER_SECONDS) -> str:
    """What the tracker at TRACKER_HOST and TRACKER_PORT answers, whatever its status.

    Raises OSError or HTTPException where none answers within `seconds`, ValueError for what is no text.
    """
    return _text_at(settings, settings.tracker_port, path, seconds)


def _text_at(settings: Settings, port: int, path: str, seconds: float) -> str:
    url = f"http://{_reached_at(settings.tracker_host)}:{port}{path}"
    # A proxy of the environment is for the way to Zoom.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _AnyStatus())
    with opener.open(url, timeout=seconds) as answer:
        return str(answer.read(LARGEST_ANSWER), "utf-8")


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """503 is an answer as well."""

    def http_response(self, request: urllib.request.Request, response: object) -> object:
        """The answer as it came."""
        return response


def _reached_at(host: str) -> str:
    """The host of a URL that leads to whoever listens on this address of this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
