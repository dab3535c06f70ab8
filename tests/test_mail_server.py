"""Handing e-mails in: real connections to a mail server, encrypted or refused, and whatever it answers."""

from collections.abc import Iterator
from dataclasses import replace
from email.headerregistry import Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail_server import PASSWORD, USER, Mailbox, certificate, mail_server
from tests.makers import NOW
from tracker import mail
from tracker.errors import MailError, MailPerhapsSent, MailPutOff, MailRefused, MailServerTrouble
from tracker.mail import Letter, server
from tracker.mail.letter import message_of
from tracker.messages import sentence_of
from tracker.settings import Encryption, MailServer

SENDER = Address("École d'été", "news", "school.example")
LETTER = Letter(
    "digest:c1", "maria@school.example", "Álgebra 7B: 2 of 3", "Álgebra 7B\n\n.hidden\nAbsent: Zoë", "pt-BR"
)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as made:
        yield made


def at(box: Mailbox, encryption: Encryption = "none", user: str = "", password: str = "") -> MailServer:
    return MailServer("127.0.0.1", box.port, encryption, user, password)


def send(account: MailServer, letter: Letter = LETTER) -> None:
    mail.send(account, SENDER, letter, NOW, lambda: None)


def refused(account: MailServer, kind: type[MailError], letter: Letter = LETTER) -> MailError:
    with pytest.raises(kind) as caught:
        send(account, letter)
    assert type(caught.value) is kind
    return caught.value


def test_an_email_arrives_as_it_was_written(box: Mailbox) -> None:
    send(at(box))
    (letter,) = box.letters
    assert letter["From"] == "École d'été <news@school.example>"
    assert letter["To"] == "maria@school.example"
    assert letter["Subject"] == "Álgebra 7B: 2 of 3"
    assert letter["Date"].datetime == NOW
    assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "pt-BR")
    assert letter.get_content().splitlines() == ["Álgebra 7B", "", ".hidden", "Absent: Zoë"]
    assert box.lines[1:3] == ["mail FROM:<news@school.example>", "rcpt TO:<maria@school.example>"]
    assert box.words[-1] == "QUIT"


def test_an_email_has_one_message_id_however_often_it_is_sent(box: Mailbox) -> None:
    send(at(box))
    send(at(box), replace(LETTER, text="Another text"))
    send(at(box), replace(LETTER, key="digest:c2"))
    first, again, other = (letter["Message-ID"] for letter in box.letters)
    assert first == again != other
    assert first.endswith("@school.example>")
    assert "c1" not in first


# Encryption


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A server with a certificate that this machine trusts."""
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mail_server(context) as made:
        yield made


def test_starttls_encrypts_before_anybody_signs_in(trusted: Mailbox) -> None:
    trusted.password = PASSWORD
    send(at(trusted, "starttls", USER, PASSWORD))
    assert trusted.words == [
        "EHLO",
        "STARTTLS",
        "EHLO",
        "AUTH",
        "MAIL",
        "RCPT",
        "DATA",
        "QUIT",
    ]
    assert len(trusted.taken) == 1


def test_tls_from_the_first_byte(trusted: Mailbox) -> None:
    trusted.implicit_tls = True
    send(at(trusted, "tls"))
    assert len(trusted.taken) == 1


def test_a_server_without_starttls_gets_nothing(box: Mailbox) -> None:
    box.password = PASSWORD
    error = refused(at(box, "starttls", USER, PASSWORD), MailServerTrouble)
    assert error.code == "mail_server_without_tls"
    assert box.words == ["EHLO"]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context, _file = certificate(tmp_path)
    with mail_server(context) as box:
        error = refused(at(box, "starttls", USER, PASSWORD), MailServerTrouble)
        assert error.code == "mail_certificate_untrusted"
        assert not any("AUTH" in line for line in box.lines)


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mail_server(context) as box:
        box.implicit_tls = True
        assert refused(at(box, "tls"), MailServerTrouble).code == "mail_certificate_untrusted"
        assert box.taken == []


def test_tls_spoken_to_a_server_that_speaks_plainly_is_told(box: Mailbox) -> None:
    assert refused(at(box, "tls"), MailServerTrouble).code == "mail_tls_failed"


# Refusals


@pytest.mark.parametrize(
    ("word", "answer", "kind", "code"),
    [
        ("CONNECT", "554 not you", MailServerTrouble, "mail_server_busy"),
        ("CONNECT", "421 too many", MailServerTrouble, "mail_server_busy"),
        ("CONNECT", "HTTP/1.1 400 Bad Request", MailServerTrouble, "mail_server_odd"),
        ("CONNECT", "", MailServerTrouble, "mail_server_broke_off"),
        ("AUTH", "535 5.7.8 wrong", MailServerTrouble, "mail_sign_in_refused"),
        ("MAIL", "553 5.7.1 not as you", MailServerTrouble, "mail_sender_refused"),
        ("MAIL", "452 4.3.1 full", MailServerTrouble, "mail_server_busy"),
        ("RCPT", "550 5.1.1 nobody", MailRefused, "mail_refused"),
        ("RCPT", "450 4.2.0 greylisted", MailPutOff, "mail_put_off"),
        ("RCPT", "421 closing", MailServerTrouble, "mail_server_busy"),
        ("RCPT", "", MailServerTrouble, "mail_server_broke_off"),
        ("DATA", "554 no", MailRefused, "mail_refused"),
        ("DATA", "451 later", MailPutOff, "mail_put_off"),
        ("DATA", "", MailServerTrouble, "mail_server_broke_off"),
        ("CONTENT", "554 5.7.1 spam", MailRefused, "mail_refused"),
        ("CONTENT", "451 4.7.1 later", MailPutOff, "mail_put_off"),
        # Nobody knows whether the server has it.
        ("CONTENT", "", MailPerhapsSent, "mail_perhaps_sent"),
        ("CONTENT", None, MailPerhapsSent, "mail_perhaps_sent"),
        ("CONTENT", "what?", MailPerhapsSent, "mail_perhaps_sent"),
    ],
)
def test_what_the_server_says_becomes_an_error_that_carries_the_decision(
    box: Mailbox, word: str, answer: str | None, kind: type[MailError], code: str
) -> None:
    box.script[word] = [answer]
    user = (USER, PASSWORD) if word == "AUTH" else ("", "")
    error = refused(at(box, "none", *user), kind)
    assert error.code == code
    assert "…" not in sentence_of(error)


def test_an_answer_of_the_server_is_kept_without_addresses_and_in_one_line(box: Mailbox) -> None:
    box.script["RCPT"] = ["550-5.1.1 <maria@school.example>: \x1b[31mnot here\r\n550 ask postmaster@school.example"]
    error = refused(at(box), MailRefused)
    assert error.details["answer"] == "550 5.1.1 … [31mnot here ask …"


def test_a_server_that_is_not_there_is_told(box: Mailbox) -> None:
    closed = replace(at(box), port=1)
    assert refused(closed, MailServerTrouble).code == "mail_server_unreachable"


def test_a_server_that_does_not_answer_is_not_waited_for(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STEP_SECONDS", 0.2)
    box.script["MAIL"] = ["…"]
    assert refused(at(box), MailServerTrouble).code == "mail_server_silent"


def test_a_server_that_answers_letter_by_letter_is_broken_off(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_SECONDS", 0.2)
    box.script["MAIL"] = ["…"]
    assert refused(at(box), MailServerTrouble).code == "mail_server_broke_off"


def test_a_server_that_offers_no_way_to_sign_in_is_told(box: Mailbox) -> None:
    box.offers = []
    assert refused(at(box, "none", USER, PASSWORD), MailServerTrouble).code == "mail_sign_in_not_offered"
    box.offers = ["AUTH GSSAPI"]
    assert refused(at(box, "none", USER, PASSWORD), MailServerTrouble).code == "mail_sign_in_not_offered"


def test_nothing_is_handed_over_where_that_could_not_be_written_down(box: Mailbox) -> None:
    def fail() -> None:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        mail.send(at(box), SENDER, LETTER, NOW, fail)
    assert box.taken == []


def test_an_email_that_was_taken_is_sent_whatever_the_server_does_afterwards(box: Mailbox) -> None:
    box.script["QUIT"] = [""]
    send(at(box))
    assert len(box.taken) == 1


def test_looking_whether_the_server_can_be_used_sends_nothing(box: Mailbox) -> None:
    box.password = PASSWORD
    mail.check(at(box, "none", USER, PASSWORD), SENDER)
    assert box.words == ["EHLO", "AUTH", "QUIT"]
    with pytest.raises(MailServerTrouble) as caught:
        mail.check(at(box, "none", USER, "another"), SENDER)
    assert caught.value.code == "mail_sign_in_refused"
    assert "another" not in str(caught.value)
    assert "ana@school.example" not in str(caught.value)


# Headers

WILD = st.text(max_size=60) | st.sampled_from(
    ["a\r\nBcc: x@evil.example", "a\nSubject: b", "\x00", "\ud800", "\u2028Cc: x"]
)


@given(subject=WILD, text=WILD, language=WILD, key=WILD)
def test_nothing_that_is_written_into_a_letter_becomes_a_header(
    subject: str, text: str, language: str, key: str
) -> None:
    usual = message_of(LETTER, SENDER, NOW)
    made = message_of(Letter(key, LETTER.to, subject, text, language), SENDER, NOW)
    assert made.keys() == usual.keys()
    lines = made.as_bytes().split(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.split(b":")[0].decode() for line in lines if not line.startswith((b" ", b"\t"))]
    assert names == usual.keys()
    assert all(made[name] == usual[name] for name in ("From", "To", "Date"))
    assert all(len(line) <= 998 for line in made.as_bytes().split(b"\r\n"))
    assert b"\n" not in made.as_bytes().replace(b"\r\n", b"")


@given(
    to=WILD | st.sampled_from(["", "@", "a@", "@b", "a b@c.example", "<a@b>", "a@b,c@d", "é@b.example", "a@b>\r\nDATA"])
)
def test_an_address_that_is_none_is_given_up(to: str) -> None:
    with pytest.raises(MailRefused) as caught:
        message_of(replace(LETTER, to=to), SENDER, NOW)
    assert caught.value.code == "mail_address_unusable"
