"""A mail server on this machine: SMTP over real connections. It keeps what it was given, and errs on request."""

import datetime
import ipaddress
import socketserver
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "attendance", "letters-of-a-school"


class Handler(socketserver.StreamRequestHandler):
    """One connection. What is scripted for a word is answered instead of the usual."""

    timeout = 10

    def handle(self) -> None:
        mailbox = cast(Server, self.server).mailbox
        mailbox.connections += 1
        mailbox.open += 1
        if mailbox.implicit_tls and not self._encrypt():
            return
        greeting = mailbox.answer("CONNECT", "220 mail.test at your service")
        self._say(greeting)
        while greeting and (line := self.rfile.readline(1000)):
            text = line.decode("latin-1").rstrip("\r\n")
            mailbox.lines.append(text)
            mailbox.words.append(text.split(" ")[0].upper())
            word = text.split(" ")[0].upper()
            if not self._answer(mailbox, word, text):
                return

    def _answer(self, mailbox: "Mailbox", word: str, text: str) -> bool:
        usual = {"QUIT": "221 bye", "MAIL": "250 ok", "RCPT": "250 ok", "AUTH": "235 welcome", "DATA": "354 go on"}
        if word == "EHLO":
            offered = [*(["STARTTLS"] if mailbox.starttls and not self._encrypted else []), *mailbox.offers]
            self._say("\r\n".join(f"250-{one}" for one in ("mail.test", *offered)) + "\r\n250 HELP")
            return True
        if word == "STARTTLS":
            self._say("220 go ahead")
            return self._encrypt()
        answer = mailbox.answer(word, usual.get(word, "502 what?"))
        if word == "AUTH" and mailbox.password is not None and answer == usual["AUTH"]:
            given = b64decode(text.split(" ")[2]).split(b"\0")[1:]
            answer = (
                answer if given == [USER.encode(), mailbox.password.encode()] else "535 5.7.8 no, ana@school.example"
            )
        if not answer:
            return False
        self._say(answer)
        return self._take(mailbox) if answer.startswith("354") else word != "QUIT"

    def _take(self, mailbox: "Mailbox") -> bool:
        """The content of an e-mail, up to the line with a dot."""
        lines: list[bytes] = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        if not line:
            return False
        mailbox.before_taking()
        answer = mailbox.answer("CONTENT", "250 taken")
        if answer is None or answer.startswith("250"):
            mailbox.taken.append(b"".join(lines))
        if not answer:
            return False
        self._say(answer)
        return True

    _encrypted = False

    def _encrypt(self) -> bool:
        context = cast(Server, self.server).mailbox.context
        assert context is not None
        try:
            encrypted = context.wrap_socket(self.connection, server_side=True)
        except (OSError, ssl.SSLError):
            return False
        self.connection = encrypted
        self.rfile, self.wfile, self._encrypted = encrypted.makefile("rb"), encrypted.makefile("wb", 0), True
        return True

    def finish(self) -> None:
        cast(Server, self.server).mailbox.open -= 1
        for one in (self.wfile, self.rfile, self.connection):
            with suppress(OSError):
                one.close()

    def _say(self, answer: str | None) -> None:
        if answer == "…":
            time.sleep(0.6)
        elif answer:
            self.wfile.write(f"{answer}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    """Each connection in a thread of its own."""

    allow_reuse_address = daemon_threads = True
    mailbox: "Mailbox"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is no fault here."""


class Mailbox:
    """What came, and how the server errs: `script` has for a word what is answered the next times.

    An answer of "" breaks the connection off (after `CONTENT`: before the e-mail is taken), None does so after it was
    taken, and "…" answers nothing for a while.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        self.port, self.context = port, context
        self.starttls, self.implicit_tls = context is not None, False
        self.offers: list[str] = ["8BITMIME", "AUTH PLAIN"]
        self.password: str | None = None
        self.script: dict[str, list[str | None]] = {}
        self.lines: list[str] = []
        self.words: list[str] = []
        self.taken: list[bytes] = []
        # How many there were, and how many are there now.
        self.connections = self.open = 0
        self.before_taking: Callable[[], object] = lambda: None

    def answer(self, word: str, usual: str) -> str | None:
        """What is scripted for the word, or the usual."""
        waiting = self.script.get(word)
        return waiting.pop(0) if waiting else usual

    @property
    def letters(self) -> list[EmailMessage]:
        """The e-mails that were taken, as a mail program reads them."""
        return [cast(EmailMessage, message_from_bytes(one, policy=SMTP)) for one in self.taken]


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """A mail server on a free port; with `context` it offers STARTTLS."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.mailbox = Mailbox(server.server_address[1], context)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.mailbox
        finally:
            server.shutdown()
            thread.join()


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for this host, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "mail.pem").write_bytes(pem)
    (folder / "mail-with-key.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "mail-with-key.pem")
    return context, folder / "mail.pem"
