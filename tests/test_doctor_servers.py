"""Why a server cannot be reached, made for real; and proxies and certificates of `.env`, which everything uses."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.examined import Shown, found, services_on
from tests.front import Authority, front
from tests.mail_server import mail_server
from tests.makers import Clock, member
from tests.practice_school import CommandLine, environment, practice_zoom
from tests.tracker_process import free_port
from tracker import paths
from tracker.settings import OF_LIBRARIES, for_libraries
from tracker.storage.database import make_engine
from tracker.storage.schema import migrate
from tracker.ui import wiring
from tracker.zoom import connection

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the names that libraries read, and what a command sets of them is gone after the test."""
    for name in OF_LIBRARIES:
        for one in (name, name.lower()):
            monkeypatch.setenv(one, "")
            monkeypatch.delenv(one)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def zoom_at(url: str, engine: Engine) -> Shown:
    """What is said of a Zoom at this address."""
    return found(services_on(engine, Clock(), ZOOM_OAUTH_URL=f"{url}/oauth/token", ZOOM_API_URL=f"{url}/v2"))["zoom"]


def test_a_name_that_nobody_knows_is_told(engine: Engine) -> None:
    check = zoom_at("https://something.invalid", engine)
    assert not check.ok
    assert "The name something.invalid is not known: look for a typing error, and at this machine's DNS." in (
        check.sentence
    )


def test_a_port_at_which_nothing_listens_is_told(engine: Engine) -> None:
    check = zoom_at(f"http://127.0.0.1:{free_port()}", engine)
    assert not check.ok
    assert "127.0.0.1 refuses the connection" in check.sentence


def test_a_server_that_does_not_answer_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        check = zoom_at(f"http://127.0.0.1:{silent.getsockname()[1]}", engine)
    assert not check.ok
    assert "127.0.0.1 does not answer in time" in check.sentence


@pytest.mark.parametrize(
    ("host", "age", "trusted", "told"),
    [
        ("127.0.0.1", 0, False, "is of an authority that this machine does not trust"),
        ("127.0.0.1", 60, True, "is out of date, or this machine's clock is wrong"),
        ("zoom.example", 0, True, "The certificate of the server is not for 127.0.0.1"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(
    engine: Engine,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    age: int,
    trusted: bool,
    told: str,
) -> None:
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    with front(1, authority.server(host, age=age)) as server:
        check = zoom_at(f"https://127.0.0.1:{server.port}", engine)
    assert not check.ok
    assert told in check.sentence


def test_a_server_without_encryption_is_told(engine: Engine) -> None:
    with front(1) as server:
        check = zoom_at(f"https://127.0.0.1:{server.port}", engine)
    assert not check.ok
    assert "No encrypted connection to 127.0.0.1 can be made" in check.sentence


def test_a_file_of_certificates_that_is_not_there_is_told(
    engine: Engine, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with front(1, authority.server("127.0.0.1")) as server:
        check = zoom_at(f"https://127.0.0.1:{server.port}", engine)
    assert not check.ok
    assert "The file of REQUESTS_CA_BUNDLE or SSL_CERT_FILE is not there" in check.sentence


@pytest.mark.parametrize("proxy", ["away", "refusing"])
def test_a_proxy_that_does_not_let_us_out_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    with front(1, answers=(407, b"", {})) as server:
        port = server.port if proxy == "refusing" else free_port()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        check = zoom_at("https://something.invalid", engine)
    assert not check.ok
    assert "The proxy on the way to something.invalid cannot be reached, or refuses: look at HTTPS_PROXY" in (
        check.sentence
    )


def test_an_api_that_is_out_of_reach_beside_tokens_that_come_is_told(engine: Engine) -> None:
    clock = Clock()
    with practice_zoom(clock) as host:
        chosen = environment(host.url, "sqlite://", Path()) | {"ZOOM_API_URL": "https://something.invalid/v2"}
        check = found(services_on(engine, clock, **chosen))["zoom"]
    assert not check.ok
    assert "The name something.invalid is not known" in check.sentence


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtps://something.invalid", "The name something.invalid is not known"),
        ("smtp://127.0.0.1:{closed}?tls=none", "127.0.0.1 refuses the connection"),
        ("smtps://127.0.0.1:{untrusted}", "is of an authority that this machine does not trust"),
    ],
)
def test_why_the_mail_server_cannot_be_reached_is_told(
    engine: Engine, authority: Authority, url: str, told: str
) -> None:
    with front(1, authority.server("127.0.0.1")) as server:
        address = url.format(closed=free_port(), untrusted=server.port)
        mail = {"SMTP_URL": address, "SMTP_FROM": "news@school.example"}
        check = found(services_on(engine, Clock(), ZOOM_CLIENT_ID="", **mail))["e-mail"]
    assert not check.ok
    assert told in check.sentence


@pytest.mark.parametrize(
    ("issuer", "told"),
    [
        ("https://something.invalid", "The name something.invalid is not known"),
        ("https://127.0.0.1:{untrusted}", "is of an authority that this machine does not trust"),
        ("http://127.0.0.1:{plain}", "What answers there is no provider of that name"),
    ],
)
def test_why_the_schools_provider_cannot_be_used_is_told(
    engine: Engine, authority: Authority, issuer: str, told: str
) -> None:
    with front(1, authority.server("127.0.0.1")) as secret, front(1, answers=(200, b"{}", {})) as plain:
        address = issuer.format(untrusted=secret.port, plain=plain.port)
        oidc = {"OIDC_ISSUER": address, "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "p4rts-of-a-test"}
        check = found(services_on(engine, Clock(), ZOOM_CLIENT_ID="", **oidc))["school account"]
    assert not check.ok
    assert told in check.sentence


def test_a_provider_that_is_half_set_up_is_told(engine: Engine) -> None:
    check = found(services_on(engine, Clock(), ZOOM_CLIENT_ID="", OIDC_ISSUER="https://idp.school.example"))
    assert not check["school account"].ok


# What `.env` says of proxies and certificates


@dataclass
class School:
    """An installation whose settings are all in its `.env`."""

    folder: Path
    tracker: CommandLine

    def write(self, **said: str) -> None:
        """Writes `.env` anew."""
        file = self.folder / ".env"
        file.write_text("".join(f"{name}={value}\n" for name, value in said.items()), "utf-8")
        file.chmod(0o600)

    def checks(self) -> dict[str, Shown]:
        """What `tracker doctor --json` finds."""
        told = self.tracker("doctor", "--json").json["checks"]
        return {one["name"]: Shown(one["name"], one["ok"], one["sentence"]) for one in told}


@pytest.fixture
def school(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[School]:
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    engine = make_engine(f"sqlite:///{tmp_path / 'school.sqlite3'}")
    migrate(engine)
    member(engine)
    engine.dispose()
    yield School(tmp_path, CommandLine(capsysbinary))
    wiring.close()


@pytest.mark.slow
def test_zoom_is_reached_through_the_proxy_and_with_the_certificates_of_the_settings_file(
    school: School, authority: Authority
) -> None:
    with (
        practice_zoom(Clock()) as host,
        front(int(host.url.rpartition(":")[2]), authority.server("zoom.invalid")) as zoom,
        front(zoom.port) as proxy,
    ):
        database = "sqlite:///school.sqlite3"
        said = environment("https://zoom.invalid", database, school.folder) | {"NO_PROXY": ""}
        school.write(**said)
        assert "The name zoom.invalid is not known" in school.checks()["zoom"].sentence
        said |= {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        school.write(**said)
        assert "does not trust: if your network has an authority" in school.checks()["zoom"].sentence
        school.write(**said, REQUESTS_CA_BUNDLE="authority.pem")
        checks = school.checks()
    assert checks["zoom"] == Shown("zoom", True, "zoom.invalid accepts the app's credentials.")
    assert checks["plan"].ok
    assert set(proxy.asked) == {"zoom.invalid:443"}
    assert "/oauth/token" in zoom.asked


def test_the_dashboard_uses_them_too(school: School, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    with (
        practice_zoom(Clock()) as host,
        front(int(host.url.rpartition(":")[2])) as proxy,
    ):
        said = environment("http://zoom.invalid", "sqlite:///school.sqlite3", school.folder) | {"NO_PROXY": ""}
        school.write(**said, HTTP_PROXY=f"http://127.0.0.1:{proxy.port}")
        for name in said:
            monkeypatch.delenv(name, raising=False)
        assert wiring.services().zoom.token().scopes
    assert proxy.asked == ["http://zoom.invalid/oauth/token"]


@pytest.mark.slow
def test_the_mail_servers_certificate_is_trusted_by_the_same_file(school: School, authority: Authority) -> None:
    with mail_server(authority.server("127.0.0.1")) as box:
        said = environment("http://127.0.0.1:1", "sqlite:///school.sqlite3", school.folder)
        said |= {"SMTP_URL": f"smtp://127.0.0.1:{box.port}", "SMTP_FROM": "news@school.example"}
        school.write(**said)
        assert not school.checks()["mail"].ok
        school.write(**said, REQUESTS_CA_BUNDLE="authority.pem")
        assert school.checks()["mail"].sentence.startswith("127.0.0.1 takes e-mails.")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"ZOOM_PLAN": "free"}, {}),
        ({"NO_PROXY": "x"}, {"NO_PROXY": "x"}),
        ({"no_proxy": "x"}, {"NO_PROXY": "x"}),
        ({"HTTPS_PROXY": "http://p"}, {"HTTPS_PROXY": "http://p", "NO_PROXY": "127.0.0.1,localhost,::1"}),
        ({"https_proxy": "http://p"}, {"HTTPS_PROXY": "http://p", "NO_PROXY": "127.0.0.1,localhost,::1"}),
        (
            {"HTTPS_PROXY": "http://p", "https_proxy": "http://q", "all_proxy": "", "ALL_PROXY": "http://r"},
            {"HTTPS_PROXY": "http://q", "ALL_PROXY": "http://r", "NO_PROXY": "127.0.0.1,localhost,::1"},
        ),
        (
            {"HTTP_PROXY": "http://p", "NO_PROXY": "localhost, mail.example"},
            {"HTTP_PROXY": "http://p", "NO_PROXY": "localhost,mail.example,127.0.0.1,::1"},
        ),
        (
            {"http_proxy": "http://p", "no_proxy": "mail.example", "NO_PROXY": "x"},
            {"HTTP_PROXY": "http://p", "NO_PROXY": "mail.example,127.0.0.1,localhost,::1"},
        ),
        ({"SSL_CERT_FILE": "/a"}, {"SSL_CERT_FILE": "/a", "REQUESTS_CA_BUNDLE": "/a"}),
        (
            {"SSL_CERT_FILE": "/a", "REQUESTS_CA_BUNDLE": "/b"},
            {"SSL_CERT_FILE": "/a", "REQUESTS_CA_BUNDLE": "/b"},
        ),
    ],
)
def test_what_the_libraries_are_told(given: dict[str, str], expected: dict[str, str]) -> None:
    in_lower_case = {name.lower(): value for name, value in expected.items() if name.endswith("_PROXY")}
    assert for_libraries(given) == expected | in_lower_case
