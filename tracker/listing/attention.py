"""Somebody has seen to the trouble of a class: it is not named any more, until there is another one."""

from tracker import audit, auth, storage
from tracker.audit import Action
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member


def see_to(services: Services, acting: Member, class_id: str, trouble: str) -> None:
    """The acting person has seen to this trouble of a class, by its code. Raises NotFound, NotAllowed."""
    _set(services, acting, class_id, trouble, Action.TROUBLE_SEEN_TO)


def undo_seen_to(services: Services, acting: Member, class_id: str) -> None:
    """The trouble of a class is named again. Raises NotFound, NotAllowed."""
    _set(services, acting, class_id, None, Action.TROUBLE_SEEN_TO_UNDONE)


def _set(services: Services, acting: Member, class_id: str, trouble: str | None, action: Action) -> None:
    with transaction(services.engine) as tx:
        found = storage.classes.lock_class(tx, class_id)
        auth.check_may_change(acting, found)
        if found.seen_to == trouble:
            return
        storage.classes.set_seen_to(tx, class_id, trouble)
        audit.note(tx, acting, action, services.now(), class_id=class_id)
