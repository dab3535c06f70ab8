"""Handing an e-mail in to a mail server: never twice, never for long, and never in the clear unless it is said."""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.headerregistry import Address

from tracker.errors import (
    MailError,
    MailPerhapsSent,
    MailPutOff,
    MailRefused,
    MailServerTrouble,
)
from tracker.mail.letter import Letter, message_of
from tracker.settings import MailServer
from tracker.text import plain

# Of each step; a server may look through an e-mail for long before it says that it has it (RFC 5321, 4.5.3.2.6).
STEP_SECONDS, LAST_STEP_SECONDS = 20, 300
# Of all steps together: one that answers letter by letter is broken off.
MOST_SECONDS = 420
LONGEST_ANSWER = 200
TRY_ANOTHER_TIME = 421


def check(server: MailServer, sender: Address) -> None:
    """Connects and signs in as for an e-mail, and sends none. Raises MailServerTrouble."""
    with _connected(server, sender):
        pass


def send(server: MailServer, sender: Address, letter: Letter, now: datetime, before: Callable[[], None]) -> None:
    """Hands an e-mail in. `before` is called at the last moment at which nothing has been handed over.

    Raises MailServerTrouble, MailPutOff, MailRefused where it was not taken, MailPerhapsSent where nobody knows, and
    what `before` raises: then nothing was sent.
    """
    message = message_of(letter, sender, now)
    content = re.sub(rb"(?m)^\.", b"..", message.as_bytes())
    with _connected(server, sender) as smtp:
        with _telling(server):
            code, answer = smtp.mail(sender.addr_spec)
            if code != 250:
                refused = "mail_sender_refused" if code >= 500 else "mail_server_busy"
                raise MailServerTrouble(refused, host=server.host, answer=_answer(code, answer))
            _look(server, smtp.rcpt(letter.to), 2)
            _look(server, smtp.docmd("DATA"), 3)
        before()
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(LAST_STEP_SECONDS)
            smtp.send(content.rstrip(b"\r\n") + b"\r\n.\r\n")
            said = smtp.getreply()
        except Exception as error:
            raise MailPerhapsSent("mail_perhaps_sent") from error
        if said[0] // 100 not in (2, 4, 5):
            raise MailPerhapsSent("mail_perhaps_sent")
        _look(server, said, 2)


@contextmanager
def _connected(server: MailServer, sender: Address) -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted as the settings say, and signed in."""
    with _telling(server):
        smtp = _connect(server, sender)
    breaking_off = threading.Timer(MOST_SECONDS, _break_off, [smtp])
    breaking_off.daemon = True
    try:
        breaking_off.start()
        with _telling(server):
            smtp.ehlo_or_helo_if_needed()
            if server.encryption == "starttls":
                if not smtp.has_extn("starttls"):
                    raise MailServerTrouble("mail_server_without_tls", host=server.host)
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        yield smtp
        with suppress(Exception):  # whether the e-mail was taken is decided by now
            smtp.quit()
    finally:
        breaking_off.cancel()
        with suppress(Exception):
            smtp.close()


def _connect(server: MailServer, sender: Address) -> smtplib.SMTP:
    """The name that we give ourselves is the sender's domain: finding out our own could take long."""
    name = sender.domain
    if server.encryption == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, name, timeout=STEP_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, name, timeout=STEP_SECONDS)


def _break_off(smtp: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None is suppressed


@contextmanager
def _telling(server: MailServer) -> Iterator[None]:
    """What the server does wrong before anything is handed over, as one of our errors."""
    host, port = server.host, server.port
    try:
        yield
    except MailError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise MailServerTrouble("mail_certificate_untrusted", host=host, reason=plain(error.verify_message)) from error
    except ssl.SSLError as error:
        raise MailServerTrouble("mail_tls_failed", host=host) from error
    except smtplib.SMTPAuthenticationError as error:
        answer = _answer(error.smtp_code, error.smtp_error)
        raise MailServerTrouble("mail_sign_in_refused", host=host, answer=answer) from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 400:
            raise MailServerTrouble("mail_server_odd", host=host, port=port) from error
        answer = _answer(error.smtp_code, error.smtp_error)
        raise MailServerTrouble("mail_server_busy", host=host, answer=answer) from error
    except smtplib.SMTPServerDisconnected as error:
        silent = isinstance(error.__context__, TimeoutError)
        code = "mail_server_silent" if silent else "mail_server_broke_off"
        raise MailServerTrouble(code, host=host) from error
    except smtplib.SMTPException as error:  # what is left is that it offers nothing of what the library knows
        raise MailServerTrouble("mail_sign_in_not_offered", host=host) from error
    except TimeoutError as error:
        raise MailServerTrouble("mail_server_silent", host=host) from error
    except (OSError, UnicodeError) as error:
        raise MailServerTrouble("mail_server_unreachable", host=host, port=port) from error


def _look(server: MailServer, said: tuple[int, bytes], wanted: int) -> None:
    """Raises what it means where the server's code does not begin with this digit."""
    code, answer = said[0], _answer(*said)
    if code // 100 == wanted:
        return
    if code == TRY_ANOTHER_TIME:
        raise MailServerTrouble("mail_server_busy", host=server.host, answer=answer)
    if code // 100 == 5:
        raise MailRefused("mail_refused", answer=answer)
    raise MailPutOff("mail_put_off", answer=answer)


def _answer(code: int, text: bytes | str) -> str:
    """What the server said, fit to be shown and kept: servers like to repeat addresses, which are left out."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return plain(re.sub(r"\S+@\S+", "…", f"{code} {words}"), LONGEST_ANSWER)
