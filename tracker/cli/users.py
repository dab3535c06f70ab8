"""The commands about people with an account."""

import getpass
import secrets
import sys
from typing import Any

from tracker import auth, clock
from tracker.cli.call import Call, command, line_from_stdin, print_json, say
from tracker.errors import InvalidInput
from tracker.storage.members import ROLES, Member
from tracker.storage.schema import check_schema

# What arguments of several commands are.
EMAIL = "the e-mail address of the account"
PASSWORD_STDIN = "read the password from stdin"  # noqa: S105 - no password


def add_user(call: Call) -> None:
    """Adds a person, with a password from stdin or one that is made up and printed once."""
    options = call.options
    if "@" not in options.email.strip("@ "):
        raise InvalidInput("email_unusable", email=options.email)
    password = line_from_stdin() if options.password_stdin else secrets.token_urlsafe(12)
    name = options.name or options.email.partition("@")[0]
    with call.services() as services:
        member = auth.add_member(
            services.engine,
            auth.OPERATOR,
            options.email,
            name,
            options.role,
            password,
            services.now(),
            options.zoom_user,
        )
    say(f"{member.email} can sign in as {member.role}.")
    if not options.password_stdin:
        say(f"Password (shown once): {password}")


def set_password(call: Call) -> None:
    """Sets a new password; every sign-in and API token of the person ends."""
    interactive = sys.stdin.isatty() and not call.options.password_stdin
    password = getpass.getpass("New password: ") if interactive else line_from_stdin()
    with call.services() as services:
        auth.set_password(services.engine, auth.OPERATOR, call.options.email, password, services.now())
    say(f"{call.options.email} has a new password and is signed out everywhere.")


def list_users(call: Call) -> None:
    """Everybody with an account."""
    with call.services(check_schema) as services:
        people = services.read(auth.list_members)
    if call.options.json:
        print_json([_member_record(member) for member in people])
        return
    for member in people:
        closed = "  closed" if member.disabled_at else ""
        say(f"{member.email}  {member.role}  {member.name}  (Zoom host {member.zoom_user}){closed}")


def token(call: Call) -> None:
    """Prints a new API token, once; the one of the same name stops working. --revoke ends tokens instead."""
    options = call.options
    with call.services() as services:
        if options.revoke:
            ended = auth.revoke_api_tokens(services.engine, auth.OPERATOR, options.email, services.now(), options.name)
            say(f"{ended} {'API token was' if ended == 1 else 'API tokens were'} revoked.")
            return
        name = auth.OF_COMMAND if options.name is None else options.name
        made = auth.new_api_token(services.engine, auth.OPERATOR, options.email, services.now(), name, options.days)
    say("The token, shown this once:")
    say(made)


def disable_user(call: Call) -> None:
    """Closes an account at once: nobody can sign in to it, and its classes go on being counted."""
    with call.services() as services:
        member = auth.disable(services.engine, auth.OPERATOR, call.options.email, services.now())
    say(f"{member.email} is signed out everywhere and cannot sign in any more.")


def enable_user(call: Call) -> None:
    """Opens an account that was closed; its password is the one of before."""
    with call.services() as services:
        member = auth.enable(services.engine, auth.OPERATOR, call.options.email, services.now())
    say(f"{member.email} can sign in again.")


def change_role(call: Call) -> None:
    """Makes somebody a teacher or an admin."""
    with call.services() as services:
        member = auth.change_role(services.engine, auth.OPERATOR, call.options.email, call.options.role, services.now())
    say(f"{member.email} is {'an admin' if call.options.role == 'admin' else 'a teacher'} now.")


def remove_user(call: Call) -> None:
    """Removes an account for good; its classes go to another one."""
    with call.services() as services:
        member = auth.remove(services.engine, auth.OPERATOR, call.options.email, call.options.to, services.now())
    say(f"{member.email} is removed." + (f" {call.options.to} has the classes now." if call.options.to else ""))


def hand_over(call: Call) -> None:
    """Gives the classes of an account to another one; the account stays."""
    with call.services() as services:
        member = auth.hand_over(services.engine, auth.OPERATOR, call.options.email, call.options.to, services.now())
    say(f"{call.options.to} has the classes of {member.email} now.")


def _member_record(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "zoomUserId": member.zoom_user,
        "disabledAt": member.disabled_at and clock.to_zoom(member.disabled_at),
    }


def user_commands(users: Any) -> None:
    """The commands about people with an account, with their options."""
    added = command(users, "add", add_user, email=EMAIL)
    added.add_argument(
        "--role", choices=ROLES, required=True, help="teachers see their own classes, admins all of them"
    )
    added.add_argument("--name", help="the person's name (default: what is before the @)")
    added.add_argument("--zoom-user", help="the person's Zoom user, where it is not the e-mail")
    added.add_argument("--password-stdin", action="store_true", help=PASSWORD_STDIN)
    command(users, "list", list_users, as_json=True)
    added = command(users, "token", token, email=EMAIL)
    added.add_argument("--name", help=f"what the token is called (default: {auth.OF_COMMAND})")
    added.add_argument("--days", type=int, help="how long it is valid (default: until it is revoked)")
    added.add_argument("--revoke", action="store_true", help="end all tokens of the account, or the one of that name")
    command(users, "disable", disable_user, email=EMAIL)
    command(users, "enable", enable_user, email=EMAIL)
    command(users, "role", change_role, email=EMAIL).add_argument("role", choices=ROLES, help="what the person is now")
    command(users, "remove", remove_user, email=EMAIL).add_argument("--to", help="the account that gets the classes")
    added = command(users, "hand-over", hand_over, email=EMAIL)
    added.add_argument("--to", required=True, help="the account that gets the classes")
    added = command(users, "password", set_password, email=EMAIL)
    added.add_argument("--password-stdin", action="store_true", help=PASSWORD_STDIN)
