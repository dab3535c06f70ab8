"""The Zoom meeting of a class that somebody has linked: read out of what was pasted, and whose it is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

from tracker import storage
from tracker.classes.meeting_options import note_has
from tracker.errors import (
    NotAllowed,
    NotConfigured,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomRateLimited,
    ZoomRefused,
    ZoomRefusedForNow,
)
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import AWAY, reading
from tracker.storage.members import Member
from tracker.zoom import Meeting
from tracker.zoom.meeting_link import MeetingLink, read_meeting_link

# The code where Zoom does not tell whose a meeting is.
HOST_UNKNOWN = "meeting_host_unknown"
# This machine, where a practice Zoom runs.
HERE = ("127.0.0.1", "localhost")


def check_may_link(services: Services, acting: Member, teacher: Member, meeting: Meeting) -> None:
    """Raises NotAllowed for a meeting that Zoom does not say to be hosted by the teacher, unless an admin links it.

    A link is no key: whoever has a colleague's must not get her start link, nor her participants.
    """
    if acting.is_admin:
        return
    with reading(services.engine) as tx:
        others = storage.classes.classes_of_meeting(tx, meeting.announced_id)
    if any(found.teacher_id != teacher.id for found in others):
        raise NotAllowed("meeting_of_other_class")
    if refusal := _why_not_hers(services, meeting, teacher.zoom_user, teacher.email):
        raise NotAllowed(refusal)


def check_host(services: Services, found: Class) -> None:
    """Raises ZoomRefused for a class whose meeting, linked by its teacher, Zoom does not say to be hosted by her."""
    try:
        meeting = services.zoom.meeting(found.api_meeting_id or "")
        note_has(services, found, meeting)
    except ZoomRateLimited:
        raise
    except ZoomError:
        meeting = Meeting(found.api_meeting_id or "", join_url="", start_url="", topic="")
    refusal = _why_not_hers(services, meeting, found.teacher_zoom_user, found.teacher_email)
    if refusal is not None:
        raise (ZoomRefusedForNow if refusal == HOST_UNKNOWN else ZoomRefused)(refusal)


def _why_not_hers(services: Services, meeting: Meeting, *teacher: str) -> str | None:
    """The code of why a teacher, by her Zoom user and e-mail, may not have this meeting; None where she hosts it."""
    if not meeting.hosts:
        # Zoom may have forgotten the meeting, but not who hosted what was held in it.
        with suppress(ZoomError, NotConfigured):
            meeting = replace(meeting, hosts=services.zoom.past_hosts(meeting.announced_id))
    if not meeting.hosts:
        return HOST_UNKNOWN
    return None if meeting.is_hosted_by(*teacher) else "meeting_of_somebody_else"


@contextmanager
def deleted_without_class(services: Services, meeting: Meeting) -> Iterator[None]:
    """Where the block fails that stores the class of a new meeting, the meeting is deleted: nobody would know of it.

    Where the database went away, the class may be there all the same.
    """
    try:
        yield
    except Exception:
        with suppress(ZoomError, *AWAY):
            if not _is_used(services, meeting):
                services.zoom.delete_meeting(meeting.id)
        raise


def _is_used(services: Services, meeting: Meeting) -> bool:
    """Whether a class has the meeting; others may be held under the same personal meeting id."""
    with reading(services.engine) as tx:
        classes = storage.classes.classes_of_meeting(tx, meeting.announced_id)
    return any(found.api_meeting_id == meeting.id for found in classes)


def linked_meeting(services: Services, link: str) -> Meeting:
    """The meeting that a pasted text speaks of, with what Zoom tells of it. Its own link is kept where it has one."""
    given = _read(link, services.settings.zoom_api_url)
    try:
        found = services.zoom.meeting(given.meeting_id)
    except (ZoomError, NotConfigured) as error:
        if given.join_url is None and not isinstance(error, ZoomMeetingUnknown):
            raise
        # A link is enough to join by. Zoom forgets a meeting 30 days after its last use, but not who was in it.
        address = given.join_url or f"https://zoom.us/j/{given.meeting_id}"
        return Meeting(given.meeting_id, address, start_url="", topic="")
    # The number that was given is what the class is found by; Zoom's answer may only add the personal one.
    join_url = found.join_url if given.for_host or given.join_url is None else given.join_url
    return replace(found, id=given.meeting_id, join_url=join_url)


def _read(link: str, api_url: str) -> MeetingLink:
    """The meeting in a pasted text, as `read_meeting_link` finds it.

    A practice Zoom on this machine has links of its own, which are read as Zoom's are. Nobody else's are: the address
    of an API elsewhere opens no further host.
    """
    api = urlsplit(api_url)
    own, zooms = f"{api.scheme}://{api.netloc}/", "https://zoom.us/"
    if api.hostname not in HERE or own not in link:
        return read_meeting_link(link)
    found = read_meeting_link(link.replace(own, zooms))
    return replace(found, join_url=found.join_url and found.join_url.replace(zooms, own, 1))
