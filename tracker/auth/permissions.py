"""Who may see and change what. Every use case of a person asks, with whoever acts."""

from tracker.errors import NotAllowed
from tracker.storage.classes import Class
from tracker.storage.members import Member

# Who acts on the command line: whoever may run it has the database in hand anyway.
OPERATOR = Member(id="", email="", name="operator", role="admin", zoom_user="", origin="command_line")
# A program that has shown the secret of internal callers.
PROGRAM = Member(id="", email="", name="program", role="admin", zoom_user="")


def check_may_see(viewer: Member, found: Class) -> None:
    """Raises NotAllowed unless the class is the viewer's own or the viewer is an admin."""
    if not viewer.is_admin and found.teacher_id != viewer.id:
        raise NotAllowed("class_of_somebody_else")


def check_may_change(acting: Member, found: Class) -> None:
    """Raises NotAllowed unless the acting person may change the class: whoever may see it may."""
    check_may_see(acting, found)


def check_is_admin(acting: Member) -> None:
    """Raises NotAllowed unless the acting person is an admin."""
    if not acting.is_admin:
        raise NotAllowed("admins_only")


def check_owns_account(acting: Member, member: Member) -> None:
    """Raises NotAllowed unless the account is the acting person's own, or she is an admin."""
    if acting.id != member.id:
        check_is_admin(acting)
