"""The users of the account: ids, licences, use of personal meeting ids, and their writes of the day."""

from collections.abc import Callable
from typing import Any

from tracker.practice.values import OWNER, SCHOOL_DOMAIN, user_id_of

DAILY_WRITES = 100
# "Use personal meeting ID when scheduling": off, on unless a meeting is made without it, or locked for everybody.
PERSONAL_ID_USES = ("never", "usually", "always")
# What a user's account is, by Zoom's numbers: Basic and licensed; and whether it can be used.
BASIC, LICENSED = 1, 2
TYPES = (BASIC, LICENSED)
STATUSES = ("active", "inactive", "pending")


class Users:
    """Everybody with an address of the school is a user. Hold the state's lock round every use."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._emails: dict[str, str] = {user_id_of(OWNER): OWNER}
        # Create and update calls of the present UTC day, by host.
        self._writes: dict[str, int] = {}
        self._writes_day = ""
        self._personal_id: dict[str, str] = {}
        self._accounts: dict[str, dict[str, Any]] = {}

    def email_of(self, user: str) -> str | None:
        """The e-mail of a user given by e-mail, id or `me`; None where there is no such user."""
        if user == "me":
            return OWNER
        email = user.strip().lower()
        if not email.endswith(SCHOOL_DOMAIN) or email == SCHOOL_DOMAIN:
            return self._emails.get(user)
        if user_id_of(email) not in self._emails:
            self._emails[user_id_of(email)] = email
            self._changed()
        return email

    def count_write(self, host: str, day: str) -> bool:
        """Count a create or update call of the host on that day (ISO, UTC); False when the day's calls are used up."""
        if day != self._writes_day:
            self._writes_day, self._writes = day, {}
        if self._writes.get(host, 0) >= DAILY_WRITES:
            return False
        self._writes[host] = self._writes.get(host, 0) + 1
        self._changed()
        return True

    def is_licensed(self, user: str) -> bool:
        """Whether this is a user of the account, given by e-mail or id, with a licence."""
        email = self.email_of(user)
        return email is not None and self.account_of(email).get("type", LICENSED) == LICENSED

    def set_personal_id(self, email: str, use: str) -> None:
        """When meetings that the user schedules have her personal id; one of `PERSONAL_ID_USES`."""
        self._personal_id[email] = use
        self._changed()

    def uses_personal_id(self, email: str, asked: bool | None) -> bool:
        """Whether a meeting has the host's personal id where `use_pmi` was `asked` for so; None: nothing was sent.

        Zoom takes the host's setting where nothing is sent, and changes what was sent where the setting is locked.
        """
        use = self._personal_id.get(email, "never")
        return use == "always" or (use == "usually" if asked is None else asked)

    def set_account(self, email: str, account: dict[str, Any]) -> None:
        """What Zoom tells of the user's account: `type`, one of `TYPES`, and `status`, one of `STATUSES`."""
        self._accounts[email] = account
        self._changed()

    def account_of(self, email: str) -> dict[str, Any]:
        """What was set of the user's account; nothing for that of everybody."""
        return dict(self._accounts.get(email, {}))

    def saved(self) -> dict[str, Any]:
        """Everything that outlives a restart, as JSON can hold it."""
        return {
            "users": dict(self._emails),
            "writes": dict(self._writes),
            "writes_day": self._writes_day,
            "personal_id": dict(self._personal_id),
            "accounts": dict(self._accounts),
        }

    def restore(self, content: dict[str, Any]) -> None:
        """Read what `saved` gave. Raises KeyError, TypeError or ValueError for anything else."""
        self._emails = dict(content["users"])
        self._writes = dict(content["writes"])
        self._writes_day = content["writes_day"]
        self._personal_id = dict(content.get("personal_id", {}))
        self._accounts = dict(content.get("accounts", {}))
