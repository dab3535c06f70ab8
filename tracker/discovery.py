"""Which sessions of a class Zoom knows of, for when its announcements did not come."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.attendance import Session, in_window
from tracker.database import reading
from tracker.errors import ZoomMeetingUnknown, ZoomMisconfigured
from tracker.services import Services
from tracker.sessions import class_of
from tracker.store import Class

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sessions of a class that Zoom says are over, without their end where it does not tell it.

    `listed`: these are all that are over. Without it Zoom did not say, and others may be over as well.
    """

    sessions: tuple[Session, ...]
    listed: bool


def sessions_at_zoom(services: Services, found: Class, known: Sequence[Session]) -> Discovery:
    """What Zoom says of the class's sessions, of which `known` were announced. Raises ZoomError.

    They are those that a webhook would have given to this class. A meeting made for the class is the class's
    whenever it was held; of a meeting that serves many classes only the sessions in this one's window are.
    """
    listed = _listed(services, found)
    over = {run.uuid: run for run in listed or ()}
    for uuid in over.keys() | {run.uuid for run in known if run.end is None}:
        told = _told(services, uuid)
        if told is not None:
            over[uuid] = told
    return Discovery(tuple(over.values()), listed is not None)


def _listed(services: Services, found: Class) -> list[Session] | None:
    """The class's ended sessions as Zoom lists them, without their ends; None where the app may not ask."""
    meeting_id = found.zoom_meeting_id or ""
    try:
        instances = [Session(uuid, start, None) for uuid, start in services.zoom.instances(meeting_id)]
    except ZoomMeetingUnknown:
        return []
    except ZoomMisconfigured as error:
        log.info("Zoom lists no sessions", extra={"class": found.id, "reason": error.sentence})
        return None
    near = [run for run in instances if in_window(run.start, found.planned)]
    if not near and found.zoom_meeting_made:
        near = instances
    with reading(services.engine) as tx:
        return [run for run in near if class_of(tx, meeting_id, run) == found.id]


def _told(services: Services, uuid: str) -> Session | None:
    """A session with its end; None where it is not over, or the app may not ask."""
    try:
        return services.zoom.past_meeting(uuid)
    except (ZoomMisconfigured, ZoomMeetingUnknown) as error:
        log.info("Zoom does not tell when a session was", extra={"reason": error.sentence})
        return None
