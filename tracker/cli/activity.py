"""The command on who did what."""

from datetime import UTC, datetime
from typing import Any

from tracker import audit, auth
from tracker.audit import Action
from tracker.cli.call import Call, command, complain, print_json, say
from tracker.errors import InvalidInput
from tracker.messages import origin_in_words
from tracker.storage.audit import Which
from tracker.storage.schema import check_schema
from tracker.text import plain


def show(call: Call) -> None:
    """Who saw, exported and changed what, newest first."""
    options = call.options
    which = Which(
        actor=(options.who or "").strip().lower(),
        class_id=options.class_id or "",
        action=options.action or "",
        since=_day(options.since) if options.since else None,
    )
    with call.services(check_schema) as services:
        found = audit.export(services, auth.OPERATOR, which)
    if len(found) == audit.MOST_EXPORTED:
        complain(f"These are the newest {audit.MOST_EXPORTED:,}; there may be more.")
    if options.json:
        print_json([audit.record(one) for one in found])
        return
    for one in found:
        who = f"{plain(one.actor)} ({plain(origin_in_words(one.origin))})"
        of_class = f"  {one.class_id} {plain(one.title or '')}".rstrip() if one.class_id else ""
        say(f"{one.at:%Y-%m-%d %H:%M:%S}  {who}  {plain(audit.in_words(one), 300)}{of_class}")


def _day(text: str) -> datetime:
    """A day or a time; in UTC, as the times that are printed, where it has no zone. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("time_unreadable", text=text) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def audit_command(commands: Any) -> None:
    """The command with its options."""
    added = command(commands, "audit", show, as_json=True)
    added.add_argument("--since", help="only from this day or time on, like 2026-05-14; in UTC, as what is printed")
    added.add_argument("--class", dest="class_id", help="only what was done with this class, by its id")
    added.add_argument("--who", help="only what this account did, by its e-mail")
    added.add_argument(
        "--action", choices=[one.value for one in Action], metavar="ACTION", help="only this, by its code"
    )
