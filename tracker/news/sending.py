"""Sending e-mails from the queue, and asking for the weekly ones.

No transaction is open while a mail server is spoken to. Just before an e-mail is handed over that is written down:
where the process dies after that, nobody knows whether it was sent, and it is not sent again.
"""

import logging
import random
from datetime import datetime, timedelta
from email.headerregistry import Address

from tracker import audit, clock, mail, retry, settings, storage
from tracker.audit import Action
from tracker.errors import LeaseLost, MailServerTrouble, Problem, TrackerError
from tracker.mail import Letter
from tracker.news.letters import letter_of
from tracker.services import Services
from tracker.settings import MailServer
from tracker.storage.database import transaction
from tracker.storage.mails import MailClaim

log = logging.getLogger(__name__)
MONDAY_AT = timedelta(hours=7)
# A tracker that was down on Monday morning sends what it missed for so long.
STILL_MONDAY = timedelta(hours=24)


def is_due(services: Services) -> bool:
    """Whether an e-mail is to be sent, and there is a mail server to send it."""
    return bool(services.settings.smtp_url) and services.read(storage.mails.is_due, services.now())


def send_due(services: Services) -> bool:
    """Sends the one e-mail that has been due the longest; whether there was one, and the server can be used."""
    server, sender = _account(services)
    if server is None or sender is None:
        return False
    with transaction(services.engine) as tx:
        claim = storage.mails.claim_due(tx, services.now())
    if claim is None:
        return False
    try:
        letter = services.read(letter_of, claim, services.now())
        if not isinstance(letter, Problem):
            mail.send(server, sender, letter, services.now(), lambda: _note_sending(services, claim))
    except LeaseLost:
        log.info("the e-mail was taken over", extra={"mail": claim.key})
    except TrackerError as error:
        _put_off(services, claim, error, error.problem)
        return not isinstance(error, MailServerTrouble)
    except Exception as error:
        # One e-mail with a fault that nobody foresaw must not stop the others. Nothing was handed over.
        log.exception("unexpected fault", extra={"mail": claim.key, "attempt": claim.attempts})
        _put_off(services, claim, error, Problem("unexpected_fault"))
    else:
        # What fails in here must not have it sent once more.
        _end(services, claim, letter)
    return True


def tidy_up(services: Services) -> None:
    """Gives up what nobody knows of whether it was sent, and what is out of date."""
    with transaction(services.engine) as tx:
        now = services.now()
        unsure = storage.mails.end_unsure(tx, now)
        outdated = storage.mails.end_outdated(tx, now - retry.MAIL_PATIENCE, now)
    if unsure or outdated:
        log.warning("e-mails were given up", extra={"perhaps_sent": unsure, "out_of_date": outdated})


def ask_weekly(services: Services) -> None:
    """Asks for the weekly e-mail of each course that sends one and where it is Monday morning."""
    if not services.settings.smtp_url:
        return
    now = services.now()
    for course in services.read(storage.mails.weekly_courses):
        week = week_to_tell(now, course.timezone)
        if week is not None and not services.read(storage.mails.knows_weekly, course.id, week):
            with transaction(services.engine) as tx:
                storage.mails.ask_weekly(tx, course.id, week, now)


def week_to_tell(now: datetime, timezone: str) -> str | None:
    """The week, written like 2026-W22, whose Monday morning it is at a place, or was not long ago; None else."""
    zone = clock.zone(timezone if timezone in clock.zone_names() else "UTC")
    local = now.astimezone(zone)
    monday = (local - timedelta(days=local.weekday())).date()
    begins = datetime.combine(monday, datetime.min.time(), zone) + MONDAY_AT
    year, week, _day = local.isocalendar()
    return f"{year}-W{week:02}" if begins <= local < begins + STILL_MONDAY else None


def _account(services: Services) -> tuple[MailServer | None, Address | None]:
    found = services.settings
    return settings.mail_server(found.smtp_url), settings.sender(found.smtp_from)


def _note_sending(services: Services, claim: MailClaim) -> None:
    with transaction(services.engine) as tx:
        storage.mails.note_sending(tx, claim, services.now())


def _end(services: Services, claim: MailClaim, letter: Letter | Problem) -> None:
    """The letter was sent, or there was none to send."""
    with transaction(services.engine) as tx:
        if isinstance(letter, Problem):
            storage.mails.abandon(tx, claim, letter)
            return
        now = services.now()
        storage.mails.finish(tx, claim, now)
        if claim.course_id is None:
            audit.note(tx, audit.SCHEDULE, Action.DIGEST_SENT, now, class_id=claim.class_id, account=letter.to)
        else:
            course = storage.courses.course_by_id(tx, claim.course_id).name
            audit.note(tx, audit.SCHEDULE, Action.WEEKLY_SENT, now, course=course, account=letter.to)
    log.info("an e-mail was sent", extra={"mail": claim.key, "attempt": claim.attempts})


def _put_off(services: Services, claim: MailClaim, error: Exception, problem: Problem) -> None:
    """Puts the e-mail off until the next try, or gives it up; where the server is at fault, all of them."""
    log.warning("an e-mail was not sent", extra={"mail": claim.key, "attempt": claim.attempts, **problem.log_fields()})
    spread = random.random()  # noqa: S311 - spreads load, guards nothing
    try:
        with transaction(services.engine) as tx:
            now = services.now()
            at = retry.next_mail(error, claim.attempts, claim.asked_at, now, spread=spread)
            if at is None:
                storage.mails.abandon(tx, claim, problem)
            else:
                storage.mails.postpone(tx, claim, problem, at)
                if isinstance(error, MailServerTrouble):
                    storage.mails.put_all_off(tx, at)
    except LeaseLost:
        log.info("the e-mail was taken over", extra={"mail": claim.key})
