"""Which classes somebody may see, as a condition of a statement."""

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import col, select

from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.storage.models import ClassShare, Course, CourseShare, LiveStream


def visible_to(tx: Transaction, viewer: Member) -> ColumnElement[bool]:
    """The condition on `LiveStream` that the viewer may see the class: as `auth.check_may_see` decides it for one."""
    if viewer.is_admin:
        return true()
    # Read first: a condition with subqueries in it would have every class looked at.
    classes = tx.exec(select(ClassShare.class_id).where(ClassShare.user_id == viewer.id)).all()
    shared = select(Course.id, Course.teacher_id).join(CourseShare).where(CourseShare.user_id == viewer.id)
    courses = tx.exec(shared).all()
    conditions = [col(LiveStream.teacher_id) == viewer.id]
    if classes:
        conditions.append(col(LiveStream.id).in_(classes))
    if courses:
        # All classes of a course are its teacher's, and those are found by an index. A class without a course is in
        # none: that has to be said, since the opposite of this condition is asked for as well.
        ids, teachers = zip(*courses, strict=True)
        course = col(LiveStream.course_id)
        conditions.append(and_(col(LiveStream.teacher_id).in_(set(teachers)), course.is_not(None), course.in_(ids)))
    return or_(*conditions)
