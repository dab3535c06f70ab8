"""A teacher turns the e-mails of a course on and off."""

from tracker import audit, storage
from tracker.audit import Action
from tracker.permissions import check_is_in_charge_of_course
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import transaction
from tracker.storage.members import Member


def switch(
    services: Services, acting: Member, course_id: str, *, digest: bool | None = None, weekly: bool | None = None
) -> Course:
    """Turns the e-mails on a counted class, and the weekly ones, on or off; the course as it is now.

    They go to the course's teacher alone, so only she, or an admin, does this. Raises NotFound, NotAllowed.
    """
    with transaction(services.engine) as tx:
        # While it is handed over nobody turns on what its next teacher would get.
        storage.courses.lock_course(tx, course_id)
        found = storage.courses.course_by_id(tx, course_id)
        check_is_in_charge_of_course(acting, found)
        storage.courses.set_news(tx, course_id, digest, weekly)
        made = storage.courses.course_by_id(tx, course_id)
        if made != found:
            audit.note(tx, acting, Action.NEWS_SWITCHED, services.now(), course=made.name, account=made.teacher_email)
        return made
