"""Which sessions of a class Zoom knows of, for when its announcements did not come."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracker.attendance import Session, in_window
from tracker.database import reading
from tracker.errors import ZoomError, ZoomMeetingUnknown, ZoomMisconfigured
from tracker.services import Services
from tracker.sessions import class_of
from tracker.store import Class

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sessions of a class that Zoom says are over, without their end where it does not tell it.

    `refusal`: why Zoom did not list what is over, so that others may be over as well. `elsewhere`: it lists sessions of
    the meeting, and none of them is this class's.
    """

    sessions: tuple[Session, ...]
    refusal: ZoomError | None = None
    elsewhere: bool = False


def sessions_at_zoom(
    services: Services, found: Class, known: Sequence[Session], go_on: Callable[[], None]
) -> Discovery:
    """What Zoom says of the class's sessions, of which `known` were announced. Raises ZoomError.

    `go_on` is called after each call to Zoom, and raises what is to end this.

    They are those that a webhook would have given to this class. A meeting made for the class is the class's
    whenever it was held; of a meeting that serves many classes only the sessions in this one's window are.
    """
    refusal = None
    try:
        instances = _instances(services, found)
    except ZoomMisconfigured as error:
        log.info("Zoom lists no sessions", extra={"class": found.id, "reason": error.sentence})
        instances, refusal = [], error
    go_on()
    over = {run.uuid: run for run in _ours(services, found, instances)}
    for uuid in over.keys() | {run.uuid for run in known if run.end is None}:
        told = _told(services, uuid)
        go_on()
        if told is not None:
            over[uuid] = told
    return Discovery(tuple(over.values()), refusal, elsewhere=bool(instances) and not over)


def _instances(services: Services, found: Class) -> list[Session]:
    """The ended sessions of the class's meeting as Zoom lists them, without their ends."""
    try:
        return [Session(uuid, start, None) for uuid, start in services.zoom.instances(found.zoom_meeting_id or "")]
    except ZoomMeetingUnknown:
        return []


def _ours(services: Services, found: Class, instances: Sequence[Session]) -> list[Session]:
    """Those of these sessions that are the class's."""
    near = [run for run in instances if in_window(run.start, found.planned)]
    if not near and found.zoom_meeting_made:
        near = list(instances)
    with reading(services.engine) as tx:
        return [run for run in near if class_of(tx, found.zoom_meeting_id or "", run) == found.id]


def _told(services: Services, uuid: str) -> Session | None:
    """A session with its end; None where it is not over, or the app may not ask."""
    try:
        return services.zoom.past_meeting(uuid)
    except (ZoomMisconfigured, ZoomMeetingUnknown) as error:
        log.info("Zoom does not tell when a session was", extra={"reason": error.sentence})
        return None
