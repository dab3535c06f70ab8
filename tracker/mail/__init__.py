"""E-mails, and the mail server that they are handed in to. What the server does wrong becomes a MailError."""

from tracker.mail.letter import Letter as Letter
from tracker.mail.server import check as check
from tracker.mail.server import send as send
