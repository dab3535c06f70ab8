"""What goes wrong on the command line ends with 1 and one sentence on stderr, never with a traceback."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.practice_school import TEACHER, CommandLine, Host, environment
from tracker import cli, demo, paths, run
from tracker.settings import read_settings

pytestmark = pytest.mark.database("sqlite")

PROJECT = Path(cli.__file__).resolve().parent.parent.parent


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> CommandLine:
    """A command line for what fails before a database is reached."""
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setenv("TRACKER_DATA_DIR", str(tmp_path / "data"))
    return CommandLine(capsysbinary)


def run_apart(arguments: list[str], given: dict[str, str], **more: object) -> subprocess.CompletedProcess[bytes]:
    """A command as a process of its own."""
    command = [sys.executable, "-m", "tracker", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=os.environ | given, capture_output=True, timeout=60, check=False, **more
    )


def new_class(**changes: str) -> list[str]:
    given = {"title": "T", "teacher": TEACHER, "start": "2025-05-14T12:00", "minutes": "60"} | changes
    return ["class", "create", *(piece for name, value in given.items() for piece in (f"--{name}", value))]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "COMMAND"),
        (["nonsense"], "nonsense"),
        (["user"], "ACTION"),
        (["class", "delete"], "delete"),
        (["user", "add"], "email"),
        (["user", "add", TEACHER], "--role"),
        (["user", "add", TEACHER, "--role", "king"], "king"),
        (["user", "list", "--xml"], "--xml"),
        (["class", "create", "--title", "T"], "--teacher"),
        (new_class(minutes="an hour"), "an hour"),
        (["export", "x", "--format", "pdf"], "pdf"),
        (["export", "x", "--shape", "round"], "round"),
        (["fetch"], "--all-due"),
        (["fetch", "x", "--all-due"], "--all-due"),
        (["retry"], "--all"),
        (["retry", "x", "--all"], "--all"),
        (["user", "add", "nobody", "--role", "admin"], "“nobody” is not an e-mail address."),
        (["user", "add", "@", "--role", "admin"], "not an e-mail address."),
        (new_class(start="tomorrow"), "“tomorrow” is not a time"),
        (new_class(start=""), "is not a time"),
        (new_class(title="\udcff"), "The value of title is not valid text."),
        (["class", "show", "\udcff"], "The value of id is not valid text."),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_command_that_makes_no_sense_is_refused_with_one_sentence(
    bare: CommandLine, arguments: list[str], part: str
) -> None:
    assert part in bare.refused(*arguments)


def test_a_setting_that_makes_no_sense_is_named_with_all_the_others(
    bare: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_PORT", "door")
    monkeypatch.setenv("ZOOM_PLAN", "gold")
    sentence = bare.refused("class", "list")
    assert "TRACKER_PORT must be" in sentence
    assert "ZOOM_PLAN must be" in sentence


def test_a_port_of_the_demo_that_makes_no_sense_is_the_only_setting_named(
    bare: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_PORT", "door")
    told = "The settings need attention: TRACKER_PORT must be a whole number from 1 to 65535."
    assert bare.refused("demo") == told


def test_the_demo_has_a_port_for_its_zoom_after_the_last_one_too(tmp_path: Path) -> None:
    given = {"TRACKER_DATA_DIR": str(tmp_path), "TRACKER_PORT": "65535"}
    assert 0 < demo.practice_port(read_settings(demo.environment(given))) < 65535


@pytest.mark.parametrize("content", ["CRON_SECRET=Größe".encode("latin-1"), "CRON_SECRET=x".encode("utf-16")])
def test_a_settings_file_in_another_encoding_is_one_sentence(bare: CommandLine, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    told = f"The settings need attention: {file} is not UTF-8 text; save it as UTF-8."
    assert bare.refused("class", "list") == told


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://x/y", "The settings need attention: DATABASE_URL must begin with sqlite:/// or postgresql://."),
        ("postgresql://127.0.0.1:1/x", "The database cannot be reached; check DATABASE_URL and that its server runs."),
        ("sqlite:////dev", "The database cannot be reached; check DATABASE_URL and that its server runs."),
    ],
)
def test_a_database_that_is_away_is_one_sentence(
    bare: CommandLine, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert bare.refused("class", "list") == sentence


def test_a_database_that_is_read_only_is_told_apart_from_one_that_is_away(
    tracker: CommandLine, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    tracker.add_teacher()
    path = database_url.removeprefix("sqlite:///")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///file:{path}?mode=ro&uri=true")
    told = (
        "The database cannot be written (attempt to write a readonly database); check that its file and folder belong "
        "to the user who runs this, and that the disk is not full."
    )
    assert tracker.refused("user", "token", TEACHER) == told
    checks = tracker("doctor", "--json").json["checks"]
    (said,) = [check["sentence"] for check in checks if check["name"] == "database"]
    assert said.startswith("The database can be read and not written: attempt to write a readonly database.")


def test_a_data_folder_that_cannot_be_made_is_one_sentence(
    bare: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRACKER_DATA_DIR", str(tmp_path / "file" / "data"))
    sentence = bare.refused("user", "add", TEACHER, "--role", "admin")
    assert sentence == f"This machine refuses: {tmp_path / 'file' / 'data'}: Not a directory."


def test_a_port_that_is_taken_at_the_last_moment_is_one_sentence(
    tracker: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("TRACKER_PORT", str(other.getsockname()[1]))
        monkeypatch.setattr(run, "check_port", lambda host, port: None)
        assert tracker.refused("serve").startswith("This machine refuses: ")


def test_people_that_are_not_there_or_are_there_already_are_one_sentence(
    tracker: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = f"There is no account for {TEACHER}."
    assert tracker.refused("user", "token", TEACHER) == unknown
    assert tracker.refused(*new_class()) == unknown
    tracker.add_teacher()
    again = tracker.refused("user", "add", TEACHER.upper(), "--role", "admin")
    assert again == f"{TEACHER} has an account already."
    for content, beginning in (
        (b"short\n", "A password has "),
        (b"", "A password has "),
        (b"\xff\xfe\xfd\n", "The password on stdin is not valid UTF-8."),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
        assert tracker.refused("user", "password", TEACHER, "--password-stdin").startswith(beginning)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"short"), "utf-8"))
    tracker.refused("user", "add", "bo@school.example", "--role", "teacher", "--password-stdin")
    assert [person["email"] for person in tracker.done("user", "list", "--json").json] == [TEACHER]


def test_a_class_that_cannot_be_made_is_one_sentence_and_leaves_nothing(tracker: CommandLine) -> None:
    tracker.add_teacher()
    for changes, part in (
        ({"title": " \t "}, "Give the class a title."),
        ({"title": "x" * 201}, "longer than 200"),
        ({"minutes": "0"}, "from 1 to 1440 minutes."),
        ({"minutes": "-5"}, "from 1 to 1440 minutes."),
        ({"minutes": "9" * 30}, "from 1 to 1440 minutes."),
        ({"timezone": "Berlin"}, "“Berlin” is not a time zone"),
        ({"timezone": "../../etc/passwd"}, "is not a time zone"),
        ({"start": "1999-05-14T12:00"}, "not in this century."),
        ({"start": "0001-01-01T00:00", "timezone": "Asia/Tokyo"}, "."),
        ({"start": "9999-12-31T23:59", "timezone": "America/New_York"}, "."),
        ({"start": "2025-03-30T02:30", "timezone": "Europe/Berlin"}, "02:30 does not exist"),
        ({"link": "https://evil.example/j/85011112222"}, "."),
        ({"link": "not a link"}, "."),
    ):
        assert part in tracker.refused(*new_class(**changes))
    assert tracker.done("class", "list", "--json").json == []


def test_a_teacher_without_a_zoom_user_is_one_sentence(tracker: CommandLine) -> None:
    tracker.add_teacher(email="bo@elsewhere.example")
    said = tracker.refused(*new_class(teacher="bo@elsewhere.example"))
    assert said == "This teacher has no user in the school's Zoom account."


@pytest.mark.quick
def test_zoom_that_cannot_be_reached_is_one_sentence(tracker: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker.add_teacher()
    monkeypatch.setenv("ZOOM_OAUTH_URL", "http://127.0.0.1:1/oauth/token")
    assert tracker.refused(*new_class()) == "Zoom could not be reached, or its answer broke off."
    monkeypatch.setenv("ZOOM_CLIENT_SECRET", "")
    assert tracker.refused(*new_class()).startswith("Zoom is not connected: ")


def test_a_class_that_is_not_there_or_not_ready_is_one_sentence(tracker: CommandLine, tmp_path: Path) -> None:
    for command in (["class", "show"], ["fetch"], ["export"], ["people"]):
        assert tracker.refused(*command, "nobody") == "There is no such class."
    tracker.add_teacher()
    coming, passed = tracker.create(start="2098-05-14T12:00")["id"], tracker.create()["id"]
    assert tracker.refused("fetch", coming) == "This class has not ended."
    assert tracker.refused("fetch", passed) == "Zoom knows of no session of this class that has ended."
    target = tmp_path / "out.csv"
    unknown = tracker.refused("export", passed, "--out", str(target))
    assert unknown == "The participants of this class are not known yet."
    assert not target.exists()


def test_a_file_that_cannot_be_written_is_one_sentence(tracker: CommandLine, host: Host, tmp_path: Path) -> None:
    tracker.add_teacher()
    created = tracker.create()
    host.hold(created["zoomMeetingId"])
    tracker.done("fetch", created["id"])
    for target in (tmp_path, tmp_path / "missing" / "out.csv"):
        said = tracker.refused("export", created["id"], "--out", str(target))
        assert said.startswith(f"{target} cannot be written: ")


def test_a_port_in_use_is_one_sentence(tracker: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("TRACKER_PORT", str(port))
        said = tracker.refused("serve")
        assert said.startswith(f"Port {port} is in use by another program; ")
        monkeypatch.setenv("DASHBOARD_PORT", str(port))
        assert f"Port {port} is in use" in tracker.refused("dashboard")


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_one_sentence(
    tracker: CommandLine, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("TRACKER_HOST", address)
    assert tracker.refused("serve") == f"TRACKER_HOST is {address}, which is no address of this machine."


def test_the_settings_are_read_from_the_file_beside_the_project(
    bare: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("TRACKER_PORT=door\nFETCH_DELAY_SECONDS=soon\n")
    monkeypatch.setenv("TRACKER_PORT", "8787")
    sentence = bare.refused("user", "list")
    assert "FETCH_DELAY_SECONDS" in sentence
    assert "TRACKER_PORT" not in sentence


def test_the_project_folder_is_the_one_with_pyproject() -> None:
    assert paths.CHECKOUT == PROJECT
    assert (PROJECT / "pyproject.toml").is_file()


# -- as processes of their own


@pytest.mark.slow
def test_help_lists_every_command(tmp_path: Path) -> None:
    ran = run_apart(["--help"], {"TRACKER_DATA_DIR": str(tmp_path)})
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"usage: tracker ")
    listed = {line.split()[0] for line in ran.stdout.decode().splitlines() if line.startswith("    ") and line.split()}
    assert {"demo", "up", "serve", "dashboard", "doctor", "user", "class", "fetch", "export", "people"} <= listed


@pytest.mark.slow
def test_a_failing_command_writes_no_log_beside_its_sentence(
    host: Host, database_url: str, tmp_path: Path, tracker: CommandLine
) -> None:
    tracker.add_teacher()
    created = tracker.create()
    host.call("POST", "/faults", [{"match": "/instances", "kind": "status", "status": 500, "times": 9}])
    ran = run_apart(["fetch", created["id"]], environment(host.url, database_url, tmp_path))
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.decode() == "Zoom has a fault of its own (HTTP 500).\n"


@pytest.mark.slow
def test_names_that_the_terminal_cannot_show_break_nothing(
    host: Host, database_url: str, tmp_path: Path, tracker: CommandLine
) -> None:
    tracker.add_teacher("--name", "Мария")
    given = environment(host.url, database_url, tmp_path, PYTHONIOENCODING="ascii")
    plain, as_json = run_apart(["user", "list"], given), run_apart(["user", "list", "--json"], given)
    assert (plain.returncode, plain.stderr) == (0, b"")
    assert b"\\u041c\\u0430" in plain.stdout
    assert "Мария" in as_json.stdout.decode("ascii").encode().decode("unicode_escape")


@pytest.mark.slow
def test_a_reader_that_stops_reading_is_no_traceback(
    host: Host, database_url: str, tmp_path: Path, tracker: CommandLine
) -> None:
    tracker.add_teacher("--name", "x" * 200_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "tracker", "user", "list"],
        cwd=PROJECT,
        env=os.environ | environment(host.url, database_url, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), said) == (1, b"Whoever read the output has stopped reading.\n")


@pytest.mark.parametrize("dashboard", ["11000", "11001"])
def test_a_demo_whose_ports_are_the_same_says_so(
    bare: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dashboard: str
) -> None:
    monkeypatch.setenv("TRACKER_DATA_DIR", str(tmp_path / "demo"))
    monkeypatch.setenv("TRACKER_PORT", "11000")
    monkeypatch.setenv("DASHBOARD_PORT", dashboard)
    assert bare.refused("demo").startswith("DASHBOARD_PORT must be neither TRACKER_PORT nor the one after it")
