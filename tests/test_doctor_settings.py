"""What the doctor says of names and files in the settings, and of settings that cannot be read."""

from pathlib import Path

import pytest

from tests.practice_school import CommandLine
from tracker import doctor, paths
from tracker.messages import sentence_of
from tracker.settings import unknown_names


def given(environment: dict[str, str], env_file: Path) -> tuple[bool, str]:
    """Whether the settings' names and files are in order, and what is said."""
    (check,) = doctor.settings_given(environment, env_file)
    return check.ok, sentence_of(check.problem)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ZOOM_CLIENT_SECRTE", "ZOOM_CLIENT_SECRET"),
        ("WEBHOOK_SECRET", "ZOOM_WEBHOOK_SECRET"),
        ("ZOOM_CLIENT_SECRET_FIEL", "ZOOM_CLIENT_SECRET_FILE"),
        ("zoom_plan", "ZOOM_PLAN"),
        ("HTTP_PROXYS", "HTTP_PROXY"),
    ],
)
def test_a_misspelt_name_in_the_settings_file_is_named_with_the_one_that_is_meant(
    tmp_path: Path, name: str, meant: str
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{name}=x\nCRON_SECRET=y\n", "utf-8")
    assert given({}, file) == (False, f"{name} is no setting: {meant} may be meant.")


def test_a_misspelt_name_in_the_environment_is_named_where_it_begins_like_ours(tmp_path: Path) -> None:
    environment = {"ZOOM_ACOUNT_ID": "x", "NIX_SSL_CERT_FILE": "/x", "DATABASE_URI": "x"}
    assert given(environment, tmp_path / ".env") == (
        False,
        "ZOOM_ACOUNT_ID is no setting: ZOOM_ACCOUNT_ID may be meant.",
    )


def test_names_of_other_programs_in_the_settings_file_are_named_and_no_fault(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("POSTGRES_PASSWORD=x\nTZ=UTC\nHTTPS_PROXY=x\n", "utf-8")
    ok, told = given({}, file)
    assert (ok, told.endswith(": POSTGRES_PASSWORD, TZ.")) == (True, True)
    assert unknown_names(["https_proxy", "no_proxy", "ZOOM_CLIENT_SECRET_FILE", "SSL_CERT_DIR"]) == {}
    assert unknown_names(["ssl_cert_file"]) == {"ssl_cert_file": "SSL_CERT_FILE"}  # which no library reads


def test_a_file_with_a_secret_that_others_can_open_is_named(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", "utf-8")
    secret.chmod(0o600)
    environment = {"ZOOM_CLIENT_SECRET_FILE": str(secret)}
    assert given(environment, tmp_path / ".env") == (True, "Every name is known.")
    secret.chmod(0o644)
    ok, told = given(environment, tmp_path / ".env")
    assert (ok, str(secret) in told) == (False, True)


def test_settings_that_cannot_be_read_are_a_check_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setenv("TRACKER_PORT", "many")
    monkeypatch.setenv("ZOOM_PLAN", "large")
    ran = CommandLine(capsysbinary)("doctor", "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    (check,) = ran.json["checks"]
    assert (check["name"], check["ok"]) == ("settings_read", False)
    assert "TRACKER_PORT must be a whole number" in check["sentence"]
    assert "ZOOM_PLAN must be one of" in check["sentence"]
    assert list(tmp_path.iterdir()) == []
