"""A letter, and the e-mail that it becomes. Nothing that somebody wrote into it can become a header. Pure functions."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from tracker.errors import MailRefused
from tracker.settings import MAIL_ADDRESS
from tracker.text import comparable, plain

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for one person. `key` tells it from every other one; `language` is that of the text, as HTML names it."""

    key: str
    to: str
    subject: str
    text: str
    language: str


def message_of(letter: Letter, sender: Address, now: datetime) -> EmailMessage:
    """The e-mail that the letter becomes: of one key it has one Message-ID, so that a mailbox can tell a repeat.

    Raises MailRefused where the address is none that e-mails can be sent to.
    """
    parts = MAIL_ADDRESS.fullmatch(letter.to)
    if parts is None:
        raise MailRefused("mail_address_unusable")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address("", parts[1], parts[2])
    message["Subject"] = plain(comparable(letter.subject), LONGEST_SUBJECT)
    message["Date"] = format_datetime(now)
    digest = hashlib.sha256(letter.key.encode("utf-8", "replace")).hexdigest()[:40]
    message["Message-ID"] = f"<{digest}@{sender.domain}>"
    # No holiday replies, please (RFC 3834; the second is what Exchange heeds).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    lines = comparable(letter.text).splitlines()
    message.set_content("\n".join(plain(line, len(line) + 1) for line in lines), cte="quoted-printable")
    message["Content-Language"] = plain(letter.language)
    return message
