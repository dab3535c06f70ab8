"""What students say is not right in their attendance, for their teachers to accept or decline."""

from collections.abc import Sequence

from tracker import audit, storage
from tracker.attendance.types import Status
from tracker.audit import Action
from tracker.courses.marking import LONGEST_REMARK, Marked, by_hand, mark_in, restore_in
from tracker.courses.register import visible_course
from tracker.errors import InvalidInput, NotFound
from tracker.permissions import check_may_change
from tracker.services import Services
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.student_links import Asked, Request

MOST_SHOWN = 100


def open_requests(tx: Transaction, viewer: Member, course_id: str | None = None) -> list[Asked]:
    """The open requests of a course, or of all courses that are the viewer's own or shared with her, the oldest first.

    Raises NotFound, NotAllowed.
    """
    if course_id is not None:
        visible_course(tx, viewer, course_id)
    return storage.student_links.open_requests(tx, viewer, course_id, MOST_SHOWN)


def accept(services: Services, acting: Member, request_id: str, status: Status, answer: str = "") -> Marked:
    """Gives the student this status by hand, with the answer for a remark; what `undo_answer` needs.

    Raises NotFound, NotAllowed, and InvalidInput where the request was answered or withdrawn meanwhile.
    """
    now = services.now()
    said = by_hand(status, answer, now)
    with transaction(services.engine) as tx:
        request = _open_request(tx, acting, request_id)
        marked = mark_in(tx, acting, request.class_id, [request.student_id], said, now)
        told = " ".join(answer.split())
        storage.student_links.decide(tx, request_id, accepted=True, answer=told, now=now)
        audit.note(tx, acting, Action.REQUEST_ACCEPTED, now, class_id=request.class_id)
    return marked


def decline(services: Services, acting: Member, request_id: str, answer: str = "") -> None:
    """Leaves the student's status as it is, and tells her so with this answer.

    Raises NotFound, NotAllowed, and InvalidInput for an answer that is too long, and where the request was answered or
    withdrawn meanwhile.
    """
    told, now = " ".join(answer.split()), services.now()
    if len(told) > LONGEST_REMARK:
        raise InvalidInput("remark_too_long", most=LONGEST_REMARK)
    with transaction(services.engine) as tx:
        request = _open_request(tx, acting, request_id)
        storage.student_links.decide(tx, request_id, accepted=False, answer=told, now=now)
        audit.note(tx, acting, Action.REQUEST_DECLINED, now, class_id=request.class_id)


def undo_answer(services: Services, acting: Member, request_id: str, marked: Marked | None = None) -> Sequence[str]:
    """Opens a request again that was accepted or declined; `marked` is what `accept` has told.

    The id of the student if something else is said of her by now, which stays.
    Raises NotFound, NotAllowed, and InvalidInput where the student has withdrawn it.
    """
    now = services.now()
    with transaction(services.engine) as tx:
        request = _locked(tx, acting, request_id)
        if request.accepted is None:
            raise InvalidInput("request_decided")
        skipped = restore_in(tx, acting, request.class_id, marked, now) if marked else ()
        storage.student_links.reopen(tx, request_id)
        audit.note(tx, acting, Action.REQUEST_REOPENED, now, class_id=request.class_id)
    return skipped


def _open_request(tx: Transaction, acting: Member, request_id: str) -> Request:
    request = _locked(tx, acting, request_id)
    if not request.is_open:
        raise InvalidInput("request_decided")
    return request


def _locked(tx: Transaction, acting: Member, request_id: str) -> Request:
    """A request of a course that the acting person may change, locked after its class. Raises NotFound, NotAllowed."""
    class_id = storage.student_links.class_of(tx, request_id)
    if class_id is None:
        raise NotFound("request_gone")
    check_may_change(acting, storage.classes.lock_class(tx, class_id))
    request = storage.student_links.lock_request(tx, request_id)
    if request is None:
        raise NotFound("request_gone")
    one = storage.students.get_student(tx, request.student_id)
    visible_course(tx, acting, one.course_id)
    return request
