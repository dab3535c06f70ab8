"""Signing browsers in and out. Of every token only the SHA-256 is stored: a random one cannot be guessed."""

import logging
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker import audit, storage
from tracker.audit import Action
from tracker.auth import passwords, second_factor
from tracker.auth.addresses import place_of
from tracker.auth.digests import digest
from tracker.auth.guessing import ATTEMPT_WINDOW, note_attempt
from tracker.errors import NotSignedIn, TooManyTries
from tracker.settings import Settings
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.sign_ins import SignedIn

log = logging.getLogger(__name__)

# How much of what a browser calls itself is kept.
LONGEST_USER_AGENT = 300
# The use of a sign-in is written down no more often than this.
BETWEEN_NOTES_OF_USE = timedelta(minutes=5)
# Browsers keep a cookie for 400 days at most (RFC 6265bis); whoever was away longer is a stranger again.
BROWSER_KNOWN_FOR = timedelta(days=400)
# For how long a teacher sees that the time of a student's link is over.
LINKS_SHOWN = timedelta(days=30)
SECONDS_BETWEEN_REFUSALS_LOGGED = 60
# The hash may be renewed while a password is compared with it; then it is compared once more.
COMPARISONS = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sign-in is good: without use, and in any case."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class Browser:
    """Who asks: its address, what it calls itself, and the cookie by which it is known again."""

    address: str
    user_agent: str = ""
    token: str = ""


USUAL_LIMITS = Limits(timedelta(hours=72), timedelta(days=7))
# How long a sign-in is good at most, as long as no setting says otherwise.
SIGN_IN_LIFE = USUAL_LIMITS.absolute


def limits_of(settings: Settings) -> Limits:
    """How long sign-ins are good in this installation."""
    return Limits(timedelta(hours=settings.sign_in_idle_hours), timedelta(days=settings.sign_in_days))


def sign_in(
    engine: Engine,
    email: str,
    password: str,
    browser: Browser | str,
    now: datetime,
    limits: Limits = USUAL_LIMITS,
    code: str = "",
) -> str:
    """Signs a browser in and returns its token; of a browser an address is enough.

    Raises NotSignedIn for a wrong password, a closed account, or a code that is needed and not given or wrong;
    TooManyTries after too many. The attempt is committed
    before the password is looked at, so that parallel guesses count as well. The account is read again, and locked,
    when the sign-in is stored: a password that was changed meanwhile lets nobody in.
    """
    browser = Browser(browser) if isinstance(browser, str) else browser
    try:
        return _sign_in(engine, email, password, browser, now, limits, code)
    except NotSignedIn as error:
        if error.code != "code_needed":  # so far all was right
            audit.note_failed_sign_in(engine, email, browser.address, error.code, now)
        raise


def _sign_in(
    engine: Engine, email: str, password: str, browser: Browser, now: datetime, limits: Limits, code: str
) -> str:
    email_hash, place = digest(email.strip().lower()), place_of(browser.address)
    browser_hash = digest(browser.token)
    with transaction(engine) as tx:
        known = browser_hash if storage.sign_in_attempts.knows_browser(tx, browser_hash, email) else None
        member_id, stored = storage.members.password_hash(tx, email) or ("", None)
        try:
            note_attempt(tx, email_hash, place, known, now)
        except TooManyTries:
            _refusals.log("too_many_tries", member_id, browser.address, now)
            raise
    for _ in range(COMPARISONS):
        if not passwords.password_matches(password, stored):
            _log("wrong_password", member_id, browser.address)
            raise NotSignedIn("password_wrong")
        renewed = passwords.hash_password(password) if _is_outdated(stored) else None
        with transaction(engine) as tx:
            found = storage.members.lock_password_hash(tx, email) or ("", None)
            if found == (member_id, stored):
                _take_code(tx, member_id, code, browser, now)
                token = begin(tx, member_id, browser, now, limits)
                if renewed is not None:
                    storage.members.set_password_hash(tx, member_id, renewed)
                storage.sign_in_attempts.forget(tx, email_hash, place, known)
                _log("signed_in", member_id, browser.address)
                return token
        member_id, stored = found  # another hash by now: of a new password, or renewed by another browser of hers
    raise NotSignedIn("password_wrong")


def begin(tx: Transaction, member_id: str, browser: Browser, now: datetime, limits: Limits) -> str:
    """Stores that this person's browser is signed in, and returns its token.

    The caller has made sure of who it is, and has locked her row. Raises NotSignedIn where the account is closed.
    """
    if storage.members.is_disabled(tx, member_id):
        _log("account_closed", member_id, browser.address)
        raise NotSignedIn("account_closed")
    token = secrets.token_urlsafe(32)
    ends_at = now + limits.absolute
    new = SignedIn(digest(token), member_id, now, now, browser.address[:64], browser.user_agent[:LONGEST_USER_AGENT])
    storage.sign_ins.add(tx, new, min(now + limits.idle, ends_at), ends_at)
    if browser.token:
        storage.sign_in_attempts.remember_browser(tx, digest(browser.token), member_id, now)
    who = audit.from_where(storage.members.member_with_id(tx, member_id), browser.address)
    audit.note(tx, who, Action.SIGNED_IN, now)
    return token


def sign_out(engine: Engine, token: str, now: datetime, address: str = "") -> None:
    """Ends one browser's sign-in; its token is no longer valid."""
    with transaction(engine) as tx:
        if member := member_signed_in(tx, token, now):
            audit.note(tx, audit.from_where(member, address), Action.SIGNED_OUT, now)
        storage.sign_ins.end(tx, digest(token))


def member_signed_in(tx: Transaction, token: str, now: datetime) -> Member | None:
    """The person whose browser has this token."""
    return storage.sign_ins.member_signed_in(tx, digest(token), now)


def is_known_browser(tx: Transaction, token: str) -> bool:
    """Whether a browser with this cookie has signed in before, to whatever account."""
    return bool(token) and storage.sign_in_attempts.is_known_browser(tx, digest(token))


def use_is_to_be_noted(tx: Transaction, token: str, now: datetime) -> bool:
    """Whether the use of this sign-in was written down long enough ago to do it again."""
    found = storage.sign_ins.find(tx, digest(token), now)
    return found is not None and now - found.last_used_at >= BETWEEN_NOTES_OF_USE


def note_use(engine: Engine, token: str, now: datetime, limits: Limits) -> None:
    """Writes down that this sign-in is used: it is good for a while longer."""
    with transaction(engine) as tx:
        storage.sign_ins.note_use(tx, digest(token), now, limits.idle)


def list_sign_ins(tx: Transaction, member: Member, now: datetime) -> list[SignedIn]:
    """The browsers in which this person is signed in, the one last used first."""
    return storage.sign_ins.list_of(tx, member.id, now)


def is_of(found: SignedIn, token: str) -> bool:
    """Whether this is the sign-in of the browser with this token."""
    return found.token_hash == digest(token)


def end_sign_in(engine: Engine, member: Member, found: SignedIn, now: datetime) -> None:
    """Ends one of this person's sign-ins; somebody else's stays."""
    with transaction(engine) as tx:
        storage.sign_ins.end(tx, found.token_hash, member.id)
        audit.note(tx, member, Action.SIGN_IN_ENDED, now)


def end_other_sign_ins(engine: Engine, member: Member, token: str, now: datetime) -> None:
    """Ends all of this person's sign-ins but that of the browser with this token."""
    with transaction(engine) as tx:
        storage.members.lock_member(tx, member.id)
        storage.sign_ins.end_all(tx, member.id, digest(token))
        audit.note(tx, member, Action.SIGN_INS_ENDED, now)


def forget_old(tx: Transaction, now: datetime) -> None:
    """Drops what no longer counts: sign-ins and links that have expired, attempts, browsers not seen for long."""
    storage.sign_ins.forget(tx, now)
    storage.invitations.forget(tx, now)
    storage.student_links.forget_links(tx, now - LINKS_SHOWN)
    storage.sign_in_attempts.forget_old(tx, now - ATTEMPT_WINDOW, now - BROWSER_KNOWN_FOR)


def log_refusal(address: str, now: datetime) -> None:
    """Logs that a sign-in was refused without a look at it; once a minute with the number, whatever strangers do."""
    _refusals.log("no_place_in_queue", "", address, now)


def _is_outdated(stored: str | None) -> bool:
    return stored is not None and passwords.is_outdated(stored)


def _take_code(tx: Transaction, member_id: str, code: str, browser: Browser, now: datetime) -> None:
    try:
        second_factor.check(tx, member_id, code, now)
    except NotSignedIn as error:
        _log(error.code, member_id, browser.address)
        raise


def _log(outcome: str, member_id: str, address: str) -> None:
    level = logging.INFO if outcome == "signed_in" else logging.WARNING
    log.log(level, "sign-in", extra={"outcome": outcome, "user": member_id or None, "address": address})


class _Refusals:
    """Logs refusals that cost nothing to bring about: the first at once, the next ones as a number each minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: datetime | None = None
        self._more = 0

    def log(self, outcome: str, member_id: str, address: str, now: datetime) -> None:
        with self._lock:
            if self._last and abs((now - self._last).total_seconds()) < SECONDS_BETWEEN_REFUSALS_LOGGED:
                self._more += 1
                return
            more, self._last, self._more = self._more, now, 0
        found = {"outcome": outcome, "user": member_id or None, "address": address, "others_before": more}
        log.warning("sign-in", extra=found)


_refusals = _Refusals()
