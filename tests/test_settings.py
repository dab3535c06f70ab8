"""Settings: what is read from the environment, and every fault in it at once."""

from pathlib import Path

import pytest

from tracker.errors import SettingsError
from tracker.messages import sentence_of
from tracker.settings import MailServer, environment_with_file, mail_server, read_settings, secrets_of, sender

SECRETS = ["DATABASE_URL", "ZOOM_CLIENT_SECRET", "ZOOM_WEBHOOK_SECRET", "CRON_SECRET", "OIDC_CLIENT_SECRET"]


def faults(**environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    return tuple(map(sentence_of, caught.value.faults))


def test_nothing_has_to_be_set() -> None:
    found = read_settings({})
    data = Path("data").absolute()
    assert found.data_dir == data
    assert found.database_url == f"sqlite:///{data.as_posix()}/tracker.sqlite3"
    assert (found.tracker_host, found.tracker_port, found.dashboard_port) == ("127.0.0.1", 8787, 8501)
    assert (found.zoom_api_url, found.zoom_oauth_url) == ("https://api.zoom.us/v2", "https://zoom.us/oauth/token")
    assert (found.zoom_plan, found.fetch_delay_seconds) == ("pro", 600)
    secrets = (found.zoom_client_secret, found.zoom_webhook_secret, found.cron_secret, found.zoom_account_id)
    assert secrets == ("", "", "", "")


def test_everything_may_be_set(tmp_path: Path) -> None:
    found = read_settings(
        {
            "DATABASE_URL": " postgresql://u:p@db/x ",
            "TRACKER_DATA_DIR": str(tmp_path),
            "ZOOM_ACCOUNT_ID": " acc ",
            "ZOOM_CLIENT_ID": "client",
            "ZOOM_CLIENT_SECRET": "s1",
            "ZOOM_WEBHOOK_SECRET": "s2",
            "ZOOM_API_URL": "http://127.0.0.1:9/v2/",
            "ZOOM_OAUTH_URL": "HTTPS://zoom.example/token",
            "ZOOM_PLAN": "Business",
            "CRON_SECRET": "s3",
            "TRACKER_HOST": "0.0.0.0",
            "TRACKER_PORT": "1",
            "DASHBOARD_PORT": "65535",
            "FETCH_DELAY_SECONDS": "0",
            "SIGN_IN_IDLE_HOURS": "1",
            "SIGN_IN_DAYS": "30",
            "FORWARDED_ALLOW_IPS": "10.0.0.1, 2001:db8::/32",
            "ALLOWED_HOSTS": "Classes.school.example., *.school.example, [2001:db8::1]",
            "OIDC_ISSUER": "https://sso.example/",
            "OIDC_ACCOUNTS": "Create",
            "MEETING_WAITING_ROOM": "On",
            "MEETING_SIGN_IN": "off",
            "MEETING_RECORDING": "Cloud",
            "MEETING_REGISTRATION": "ON",
        }
    )
    assert (found.database_url, found.data_dir) == ("postgresql://u:p@db/x", tmp_path)
    assert (found.zoom_account_id, found.zoom_client_id) == ("acc", "client")
    assert (found.zoom_client_secret, found.zoom_webhook_secret, found.cron_secret) == ("s1", "s2", "s3")
    assert (found.zoom_api_url, found.zoom_oauth_url) == ("http://127.0.0.1:9/v2", "HTTPS://zoom.example/token")
    assert (found.zoom_plan, found.tracker_host) == ("business", "0.0.0.0")
    assert (found.tracker_port, found.dashboard_port, found.fetch_delay_seconds) == (1, 65535, 0)
    assert (found.sign_in_idle_hours, found.sign_in_days) == (1, 30)
    assert found.forwarded_allow_ips == "10.0.0.1,2001:db8::/32"
    assert found.allowed_hosts == "classes.school.example,*.school.example,2001:db8::1"
    assert (found.oidc_issuer, found.oidc_accounts) == ("https://sso.example", "create")
    assert (found.meeting_waiting_room, found.meeting_sign_in, found.meeting_recording) == ("on", "off", "cloud")
    assert found.meeting_registration == "on"


def test_the_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    found = read_settings({"TRACKER_DATA_DIR": str(tmp_path), "DATABASE_URL": ""})
    assert found.database_url == f"sqlite:///{tmp_path.as_posix()}/tracker.sqlite3"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_lie_in_a_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(" sqlite:///gärten \r\n".encode())
    found = read_settings({f"{name}_FILE": str(file)})
    assert getattr(found, name.lower()) == "sqlite:///gärten"


def test_a_secret_in_a_file_of_a_windows_editor_has_no_mark_before_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfs3cret\r\n")
    assert read_settings({"CRON_SECRET_FILE": str(tmp_path / "secret")}).cron_secret == "s3cret"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_two_places_is_a_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("sqlite:///of-the-file")
    found = faults(**{name: "sqlite:///of-the-environment", f"{name}_FILE": str(tmp_path / "secret")})
    assert found == (f"{name} and {name}_FILE are both set; keep one",)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    assert faults(CRON_SECRET_FILE=str(file)) == ("the file that CRON_SECRET_FILE names cannot be read",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_PORT", "0"),
        ("TRACKER_PORT", "65536"),
        ("TRACKER_PORT", "-1"),
        ("TRACKER_PORT", "8787.0"),
        ("TRACKER_PORT", "eighty"),
        ("TRACKER_PORT", "٨٧٨٧"),
        ("TRACKER_PORT", "9" * 5000),
        ("TRACKER_PORT", "0" * 9 + "99999"),
        ("DASHBOARD_PORT", "70000"),
        ("FETCH_DELAY_SECONDS", "86401"),
        ("FETCH_DELAY_SECONDS", "0" * 9 + "86401"),
        ("FETCH_DELAY_SECONDS", "10m"),
        ("SIGN_IN_IDLE_HOURS", "0"),
        ("SIGN_IN_DAYS", "366"),
        ("FORWARDED_ALLOW_IPS", "proxy.example"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1,"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1/8"),
        ("ALLOWED_HOSTS", "https://classes.school.example"),
        ("ALLOWED_HOSTS", "classes.school.example:8501"),
        ("ALLOWED_HOSTS", "classes.*.example"),
        ("ALLOWED_HOSTS", "a.example,"),
        ("OIDC_ISSUER", "accounts.google.com"),
        ("SMTP_URL", "mail.school.example"),
        ("SMTP_URL", "http://mail.school.example"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://news@mail.school.example"),
        ("SMTP_URL", "smtp://mail.school.example:port"),
        ("SMTP_URL", "smtp://mail.school.example/inbox"),
        ("SMTP_URL", "smtp://mail.school.example?tls=maybe"),
        ("SMTP_URL", "smtps://mail.school.example?tls=none"),
        ("SMTP_URL", "smtp://news:a%0Ab@mail.school.example"),
        ("SMTP_FROM", "Attendance"),
        ("SMTP_FROM", "Attendance <news@school.example"),
        ("SMTP_FROM", "news@school.example, more@school.example"),
        ("SMTP_FROM", "news@school.example\nBcc: x@y.example"),
        ("OIDC_ACCOUNTS", "everybody"),
        ("ZOOM_PLAN", "enterprise"),
        ("MEETING_WAITING_ROOM", "true"),
        ("MEETING_SIGN_IN", "required"),
        ("MEETING_RECORDING", "on"),
        ("MEETING_REGISTRATION", "0"),
        ("ZOOM_API_URL", "api.zoom.us/v2"),
        ("ZOOM_API_URL", "ftp://api.zoom.us"),
        ("ZOOM_API_URL", "https://"),
        ("ZOOM_API_URL", "http://[::1"),
        ("ZOOM_OAUTH_URL", "https:///oauth/token"),
        ("ZOOM_OAUTH_URL", "https://zoom.us:port/"),
        ("ZOOM_OAUTH_URL", "file:///etc/passwd"),
    ],
    ids=lambda text: text[:30],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    from_whom = {"SMTP_FROM": "news@school.example"} if name == "SMTP_URL" else {}
    (fault,) = faults(**{name: value} | from_whom)
    assert fault.startswith(f"{name} must be ")


def test_all_faults_are_told_at_once_and_never_their_values() -> None:
    wrong = dict.fromkeys(
        ("TRACKER_PORT", "DASHBOARD_PORT", "ZOOM_PLAN", "ZOOM_API_URL", "DATABASE_URL"), "s3cret value"
    )
    with pytest.raises(SettingsError) as caught:
        read_settings(wrong | {"CRON_SECRET_FILE": "/no/s3cret"})
    assert len(caught.value.faults) == 6
    assert all(name in str(caught.value) for name in wrong)
    assert "s3cret" not in str(caught.value)


def test_secrets_do_not_show_in_the_text_of_the_settings() -> None:
    found = read_settings({name: f"postgresql://u:{name}-5up3r@db/x" for name in SECRETS})
    assert "5up3r" not in repr(found)
    assert "5up3r" not in str(found)


# The .env file


def environment(folder: Path, text: str, **environment: str) -> dict[str, str]:
    (folder / ".env").write_text(text, encoding="utf-8")
    return environment_with_file(environment, folder)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    found = environment(tmp_path, "CRON_SECRET=file\nTRACKER_PORT=1\n", CRON_SECRET="environment")
    assert found == {"CRON_SECRET": "environment", "TRACKER_PORT": "1"}


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("CRON_SECRET=file", {"CRON_SECRET_FILE": "/run/secret"}),
        ("CRON_SECRET_FILE=/file", {"CRON_SECRET": "environment"}),
        ("CRON_SECRET=file\nCRON_SECRET_FILE=/file", {"CRON_SECRET": ""}),
    ],
)
def test_the_environment_wins_whichever_way_a_secret_is_given(tmp_path: Path, text: str, given: dict[str, str]) -> None:
    assert environment(tmp_path, text, **given) == given


def test_a_value_in_the_file_is_taken_as_it_stands(tmp_path: Path) -> None:
    found = environment(tmp_path, "A='x$HOME ${B}'\nB=\nC\n# D=1\nexport E=ü\n", HOME="/home")
    assert found == {"A": "x$HOME ${B}", "B": "", "E": "ü", "HOME": "/home"}


def test_without_a_file_there_is_only_the_environment(tmp_path: Path) -> None:
    assert environment_with_file({"A": "1"}, tmp_path / "nowhere") == {"A": "1"}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.school.example", MailServer("mail.school.example", 587, "starttls")),
        ("smtps://mail.school.example", MailServer("mail.school.example", 465, "tls")),
        ("smtp://mail.school.example:2525/", MailServer("mail.school.example", 2525, "starttls")),
        ("smtp://localhost:1025?tls=none", MailServer("localhost", 1025, "none")),
        ("smtps://[2001:db8::1]:4650", MailServer("2001:db8::1", 4650, "tls")),
        (
            "smtp://news%40school.example:p%2Fa%40s@mail.school.example",
            MailServer("mail.school.example", 587, "starttls", "news@school.example", "p/a@s"),
        ),
    ],
)
def test_a_mail_server_is_spoken_to_in_the_clear_only_where_that_is_said(url: str, server: MailServer) -> None:
    assert mail_server(read_settings({"SMTP_URL": url, "SMTP_FROM": "news@school.example"}).smtp_url) == server


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("news@school.example", "", "news@school.example"),
        ("School <news@school.example>", "School", "news@school.example"),
        ('"Escola, 2º ano" <news+a@school.example>', "Escola, 2º ano", "news+a@school.example"),
    ],
)
def test_who_an_email_is_from_may_have_a_name(text: str, name: str, address: str) -> None:
    found = sender(text)
    assert found is not None
    assert (found.display_name, found.addr_spec) == (name, address)


def test_a_mail_server_needs_to_know_from_whom_emails_are() -> None:
    assert faults(SMTP_URL="smtp://mail.school.example") == ("SMTP_FROM must be set where SMTP_URL is",)


def test_the_password_of_the_mail_server_is_a_secret() -> None:
    url = "smtp://news:s3cret%2Fword@mail.school.example"
    found = read_settings({"SMTP_URL": url, "SMTP_FROM": "a@school.example"})
    assert "s3cret" not in repr(found)
    assert {"s3cret/word", url} <= secrets_of(found)
    assert "s3cret" not in repr(mail_server(url))
