"""What a tracker says of itself, asked over HTTP: where the database is away or takes nothing, it alone can tell."""

import json
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address

from tracker.health.conditions import Condition, conditions_in
from tracker.settings import Settings

ANSWER_SECONDS = 2.0
LARGEST_ANSWER = 256 * 1024


@dataclass(frozen=True, slots=True)
class TrackerAnswer:
    """What a tracker answers at `/healthz`: its status (`ok`, `attention` or `unwell`) and what is wrong with it."""

    status: str
    conditions: tuple[Condition, ...]


def ask_tracker(settings: Settings, seconds: float = ANSWER_SECONDS) -> TrackerAnswer | None:
    """What the tracker at TRACKER_HOST and TRACKER_PORT says of itself; None where none answers within `seconds`.

    Never raises, and needs no database.
    """
    url = f"http://{_reached_at(settings.tracker_host)}:{settings.tracker_port}/healthz"
    # A proxy of the environment is for the way to Zoom.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _AnyStatus())
    try:
        with opener.open(url, timeout=seconds) as answer:
            said = json.loads(answer.read(LARGEST_ANSWER))
    except (OSError, HTTPException, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("status"), str):
        return None
    return TrackerAnswer(said["status"], conditions_in(said.get("reasons")))


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
