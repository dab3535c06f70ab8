"""Who may see and change what. Every use case of a person asks, with whoever acts."""

from tracker.errors import NotAllowed
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.storage.shares import Share

# Who acts on the command line: whoever may run it has the database in hand anyway.
OPERATOR = Member(id="", email="", name="operator", role="admin", zoom_user="", origin="command_line")
# A program that has shown the secret of internal callers.
PROGRAM = Member(id="", email="", name="program", role="admin", zoom_user="")


def check_may_see(viewer: Member, found: Class) -> None:
    """Raises NotAllowed unless the class is the viewer's own or shared with her, or the viewer is an admin.

    For lists the same is said in SQL, by `storage.classes.visible_to`.
    """
    if not may_see(viewer, found):
        raise NotAllowed("class_of_somebody_else")


def may_see(viewer: Member, found: Class) -> bool:
    """Whether `check_may_see` lets the viewer see the class."""
    return is_in_charge(viewer, found) or viewer.id in found.shared_with


def check_may_change(acting: Member, found: Class) -> None:
    """Raises NotAllowed unless the acting person may change the class: whoever may see it may."""
    check_may_see(acting, found)


def is_in_charge(member: Member, found: Class) -> bool:
    """Whether a class is this person's own, or she is an admin. Only then she shares it with others, and what she says
    of people holds for all classes of its teacher; a co-teacher neither shares on nor reaches into other classes.
    """
    return member.is_admin or member.id == found.teacher_id


def check_may_share(acting: Member, found: Class) -> None:
    """Raises NotAllowed unless the acting person may share the class with others."""
    check_may_see(acting, found)
    if not is_in_charge(acting, found):
        raise NotAllowed("share_of_somebody_else")


def check_may_end_share(acting: Member, share: Share) -> None:
    """Raises NotAllowed unless the share is the acting person's to take back, or to give up; admins end any."""
    if not acting.is_admin and acting.id not in (share.teacher.id, share.colleague.id):
        raise NotAllowed("share_of_somebody_else")


def check_may_change_course(acting: Member, course: Course) -> None:
    """Raises NotAllowed unless the course is the acting person's own or shared with her, or she is an admin.

    With its roster: whoever may see it may change it.
    """
    if not may_change_course(acting, course):
        raise NotAllowed("course_of_somebody_else")


def is_in_charge_of_course(member: Member, course: Course) -> bool:
    """Whether a course is this person's own, or she is an admin: then she names, archives, shares and gives it away."""
    return member.is_admin or member.id == course.teacher_id


def check_is_in_charge_of_course(acting: Member, course: Course) -> None:
    """Raises NotAllowed unless the acting person is in charge of the course."""
    check_may_change_course(acting, course)
    if not is_in_charge_of_course(acting, course):
        raise NotAllowed("course_not_in_charge")


def may_change_course(acting: Member, course: Course) -> bool:
    """Whether `check_may_change_course` lets the acting person change the course."""
    return acting.is_admin or acting.id == course.teacher_id or acting.id in course.shared_with


def check_is_admin(acting: Member) -> None:
    """Raises NotAllowed unless the acting person is an admin."""
    if not acting.is_admin:
        raise NotAllowed("admins_only")


def check_owns_account(acting: Member, member: Member) -> None:
    """Raises NotAllowed unless the account is the acting person's own, or she is an admin."""
    if acting.id != member.id:
        check_is_admin(acting)
