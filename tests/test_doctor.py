"""The doctor: what it finds in order, and what it says about everything that is not."""

from pathlib import Path

import pytest
import responses
from responses import RequestsMock
from sqlalchemy import Engine

from tests.examined import ALL_SCOPES, Shown, answering, at_practice, found, services_on
from tests.fake_zoom import API, OAUTH
from tests.makers import CLIENT_SECRET, Clock, at, counted, ended, lesson, member, stay
from tests.practice_school import PRACTICE, practice_zoom
from tracker import doctor, health, sessions
from tracker.doctor import SCOPES, Check
from tracker.errors import Problem
from tracker.health import Condition, WebhookCounter
from tracker.messages import sentence_of
from tracker.services import Services
from tracker.storage.database import make_engine

pytestmark = pytest.mark.database("sqlite")

OF_ZOOM = ("Zoom plan", "teachers at Zoom", "optional scopes")


def test_everything_is_in_order_at_a_school_that_is_set_up(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    member(engine)
    checks = found(services_on(engine, clock, CRON_SECRET="cr0n-calls-of-a-test"))
    assert [check for check in checks.values() if not check.ok] == []
    kind = engine.dialect.name
    assert checks["database"].sentence == f"{kind}, schema up to date, fetches due: 0, given up: 0."
    assert checks["people"].sentence == "Accounts: 1."
    assert checks["cron secret"].sentence == "CRON_SECRET is set."
    assert checks["zoom"].sentence == "api.zoom.us accepts the app's credentials."
    assert {name.removeprefix("scope ") for name in checks if name.startswith("scope ")} == set(SCOPES)
    assert checks["clock"].sentence.startswith("0 s ")


def test_what_waits_is_counted(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    lesson(engine, member(engine), start=-80)
    services = services_on(engine, clock)
    sessions.note_delivery(services, ended(end=-20, start=-80))
    assert found(services)["database"].sentence.endswith(" fetches due: 1, given up: 0.")


def test_a_database_without_people_is_told_with_how_to_add_one(
    engine: Engine, clock: Clock, http: RequestsMock
) -> None:
    answering(http)
    checks = found(services_on(engine, clock))
    assert checks["database"].ok
    assert not checks["people"].ok
    assert "tracker user add" in checks["people"].sentence


def test_a_database_that_is_away_does_not_keep_the_rest_from_being_looked_at(
    clock: Clock, http: RequestsMock, tmp_path: Path
) -> None:
    answering(http)
    checks = found(services_on(make_engine(f"sqlite:///{tmp_path}"), clock))
    unmade = {"schema", "database file", "people", "retention", "erased people", "trackers", "ports", "webhooks"}
    unmade |= {"Zoom's lists", "whose webhooks", "teachers at Zoom", "optional scopes", "e-mail"}
    assert {name for name, check in checks.items() if not check.ok} == {"database", *unmade}
    assert {checks[name].sentence for name in unmade} == {
        "It could not be checked. The database cannot be used, see there."
    }
    assert {"zoom", "clock", "webhook secret"} < checks.keys()
    assert "check DATABASE_URL and that its server runs (unable to open database file)." in checks["database"].sentence


def test_a_secret_that_is_missing_is_named(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    checks = found(services_on(engine, clock, ZOOM_WEBHOOK_SECRET=""))
    assert not checks["webhook secret"].ok
    assert "ZOOM_WEBHOOK_SECRET is not set" in checks["webhook secret"].sentence
    # The call that it opens is for other programs, and not every school has any.
    assert checks["cron secret"].ok
    assert "is not set" in checks["cron secret"].sentence


def test_zoom_without_credentials_is_one_failing_check(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    checks = found(services_on(engine, clock, ZOOM_CLIENT_ID=""))
    assert not checks["zoom"].ok
    assert "ZOOM_CLIENT_ID" in checks["zoom"].sentence
    assert not any(name.startswith("scope ") for name in checks)


def test_zoom_out_of_reach_fails_its_checks_alone(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    member(engine)
    http.post(OAUTH, body=ConnectionError("no route"))
    http.head(API, body=ConnectionError("no route"))
    checks = found(services_on(engine, clock))
    assert {name for name, check in checks.items() if not check.ok} == {"zoom", "clock", *OF_ZOOM}
    assert {checks[name].sentence for name in OF_ZOOM} == {"It could not be checked. Zoom is not connected, see there."}


def test_an_address_that_is_not_that_of_zooms_api_is_told(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    body = {"code": 2300, "message": "This API endpoint is not recognized."}
    http.replace(responses.GET, f"{API}/meetings/0", status=404, json=body)
    check = found(services_on(engine, clock))["zoom"]
    assert not check.ok
    assert "ZOOM_API_URL has to be https://api.zoom.us/v2" in check.sentence


def test_an_app_with_the_scopes_of_old_lacks_nothing(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http, "meeting:read:admin meeting:write:admin user:read:admin")
    member(engine)
    assert [check for check in found(services_on(engine, clock)).values() if not check.ok] == []


def test_webhooks_that_do_not_come_are_told_with_what_was_refused_and_how_to_mend_it(
    engine: Engine, clock: Clock, http: RequestsMock
) -> None:
    answering(http)
    class_id = lesson(engine, member(engine), start=60)
    services = services_on(engine, clock)
    assert found(services)["webhooks"].sentence == "The last one came: not yet."
    counted(engine, class_id, stay("Bo", 60, 90), start=60, end=120)
    tally = WebhookCounter(engine, clock)
    tally.note("refused:wrong_signature")
    tally.save_counts()
    check = found(services)["webhooks"]
    assert not check.ok
    assert check.sentence.startswith(
        "Classes were held since 2026-05-14 13:00 UTC without any. Refused today 1 ×: The signature does not match. "
        "On the page Feature of the Zoom app: the event subscription's endpoint has to be https://"
    )


def webhooks(engine: Engine, clock: Clock, *outcomes: str) -> Shown:
    """What is said of webhooks after these came a minute later."""
    clock.forward(minutes=1)
    tally = WebhookCounter(engine, clock)
    for outcome in outcomes:
        tally.note(outcome)
    tally.save_counts()
    return found(services_on(engine, clock))["webhooks"]


@pytest.mark.slow
def test_before_the_first_webhook_it_is_told_since_when_none_came_and_what_is_to_be_done(
    engine: Engine, clock: Clock, http: RequestsMock
) -> None:
    answering(http)
    health.note_alive(engine, "one:8787", clock(), at(1))
    validate = "Zoom has not validated the address yet: press Validate beside the event subscription's endpoint, on "
    check = webhooks(engine, clock)
    assert check.ok
    start = "None has come since the tracker started (2026-05-14 12:00 UTC). "
    assert check.sentence.startswith(start + validate)
    assert webhooks(engine, clock, "refused:length_needed").sentence.endswith(
        "of the Zoom app. Refused today 1 ×: The body needs a Content-Length."
    )
    assert webhooks(engine, clock, "url_validation").sentence.startswith(
        "The last one came: not yet. Zoom validated the address last at 2026-05-14 12:03 UTC. Check that the event "
        "subscription is for all users of the account"
    )
    assert webhooks(engine, clock, "noted").sentence.startswith("The last one came: 2026-05-14 12:04 UTC.")


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("wrong_signature_of_account", "either ZOOM_WEBHOOK_SECRET is not the Secret Token of the Zoom app, or"),
        ("body_changed", "the proxy, tunnel or firewall before the tracker has to pass the body on byte for byte."),
        (
            "wrong_signature",
            "ZOOM_WEBHOOK_SECRET is not the Secret Token of the Zoom app, or somebody else sends them, or something on "
            "the way changes their body.",
        ),
    ],
)
def test_webhooks_with_another_signature_are_told_with_the_cause(
    engine: Engine, clock: Clock, http: RequestsMock, code: str, cause: str
) -> None:
    answering(http)
    check = webhooks(engine, clock, f"refused:{code}")
    assert not check.ok
    assert cause in check.sentence


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), "Zoom has not validated the address yet"),
        (("url_validation",), "Check that the event subscription is for all users of the account"),
    ],
)
@pytest.mark.slow
def test_where_classes_are_held_without_webhooks_it_is_told_whether_zoom_knows_the_address(
    engine: Engine, clock: Clock, http: RequestsMock, outcomes: tuple[str, ...], expected: str
) -> None:
    answering(http)
    webhooks(engine, clock, *outcomes)
    class_id = lesson(engine, member(engine), start=2 * 24 * 60)
    counted(engine, class_id, stay("Bo", 2 * 24 * 60, 2 * 24 * 60 + 30), start=2 * 24 * 60, end=2 * 24 * 60 + 60)
    clock.time = at(2 * 24 * 60 + 70)
    check = webhooks(engine, clock)
    assert not check.ok
    assert expected in check.sentence


def test_the_trackers_that_run_are_named(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    services = services_on(engine, clock)
    assert found(services)["trackers"].sentence == "None is running; start one: tracker up."
    health.note_alive(engine, "one:8787", clock(), clock())
    assert found(services)["trackers"].sentence == f"Running: one:8787 ({health.VERSION})."


def test_where_there_are_classes_and_no_tracker_runs_that_is_a_fault_also_after_it_was_told_to_end(
    engine: Engine, clock: Clock
) -> None:
    services = services_on(engine, clock, ZOOM_CLIENT_ID="")
    assert found(services)["trackers"].ok
    lesson(engine, member(engine))
    assert not found(services)["trackers"].ok
    health.note_alive(engine, "one:8787", clock(), clock())
    assert found(services)["trackers"].ok
    health.note_gone(engine, "one:8787")
    assert not found(services)["trackers"].ok


@pytest.mark.parametrize("missing", SCOPES)
def test_a_scope_that_is_missing_is_named_with_what_needs_it(
    engine: Engine, clock: Clock, http: RequestsMock, missing: str
) -> None:
    answering(http, ALL_SCOPES.replace(missing, ""))
    member(engine)
    checks = found(services_on(engine, clock))
    assert [name for name, check in checks.items() if not check.ok] == [f"scope {missing}"]
    assert sentence_of(SCOPES[missing]) in checks[f"scope {missing}"].sentence
    assert "the role of whoever made the app lacks the privileges" in checks[f"scope {missing}"].sentence


@pytest.mark.parametrize(
    ("seconds", "ok", "beginning"),
    [
        (0, True, "0 s "),
        (60, True, "60 s ahead of Zoom's."),
        (-60, True, "60 s behind Zoom's."),
        (61, False, "61 s ahead of Zoom's. Set up time synchronisation (NTP)"),
        (-3600, False, "3600 s behind Zoom's. Set up time synchronisation (NTP)"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(
    engine: Engine, clock: Clock, http: RequestsMock, seconds: float, ok: bool, beginning: str
) -> None:
    answering(http)
    clock.time = at(seconds / 60)
    check = found(services_on(engine, clock))["clock"]
    assert check.ok is ok
    assert check.sentence.startswith(beginning)


@pytest.mark.parametrize("date", [None, "yesterday", ""])
def test_a_zoom_that_does_not_say_the_time_is_no_fault(
    engine: Engine, clock: Clock, http: RequestsMock, date: str | None
) -> None:
    answering(http, date=date)
    assert found(services_on(engine, clock))["clock"] == Shown("clock", True, "Zoom did not say what time it has.")


# -- with the practice Zoom


def test_the_practice_zoom_has_all_that_is_needed(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    member(engine)
    with practice_zoom(clock) as host:
        checks = found(at_practice(engine, clock, host.url, tmp_path))
    bad = [check for name, check in checks.items() if not check.ok and name != "clock"]
    assert bad == []
    assert checks["zoom"].sentence == "127.0.0.1 accepts the app's credentials."


def test_a_practice_app_with_fewer_scopes_lacks_the_others(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    with practice_zoom(clock, scopes=PRACTICE.scopes[:2]) as host:
        checks = found(at_practice(engine, clock, host.url, tmp_path))
    granted = {name.removeprefix("scope ") for name, check in checks.items() if name.startswith("scope ") and check.ok}
    assert granted == set(PRACTICE.scopes[:2])


@pytest.mark.parametrize("name", ["ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"])
def test_wrong_credentials_are_told_apart_from_a_zoom_that_is_away(
    engine: Engine, clock: Clock, tmp_path: Path, name: str
) -> None:
    with practice_zoom(clock) as host:
        check = found(at_practice(engine, clock, host.url, tmp_path, **{name: "wr0ng-value"}))["zoom"]
    assert not check.ok
    assert check.sentence.startswith("Zoom does not accept the app's credentials")
    assert "wr0ng-value" not in check.sentence


# Secrets


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"CRON_SECRET": "x9!kQ2"}, "CRON_SECRET"),
        ({"CRON_SECRET": "changeme-changeme"}, "CRON_SECRET"),
        ({"ZOOM_WEBHOOK_SECRET": "aaaaaaaaaaaaaaaaaaaaaa"}, "ZOOM_WEBHOOK_SECRET"),
        ({"ZOOM_WEBHOOK_SECRET": "your-secret-token-here"}, "ZOOM_WEBHOOK_SECRET"),
        ({"CRON_SECRET": CLIENT_SECRET}, "ZOOM_CLIENT_SECRET, CRON_SECRET"),
        ({"CRON_SECRET": f"cron-{'0a1b2c3d' * 4}"}, "CRON_SECRET"),
        ({"OIDC_CLIENT_SECRET": "password1234"}, "OIDC_CLIENT_SECRET"),
    ],
)
def test_weak_secrets_are_named_and_not_shown(
    engine: Engine, clock: Clock, http: RequestsMock, said: dict[str, str], named: str
) -> None:
    answering(http)
    check = found(services_on(engine, clock, **said))["secrets"]
    assert not check.ok
    assert f": {named};" in check.sentence
    assert not any(secret in check.sentence for secret in said.values())


def test_the_demos_own_secrets_are_fine_in_the_demo(engine: Engine, clock: Clock) -> None:
    secret = f"webhook-{'7f3a9c5e' * 4}"
    zoom = {"ZOOM_API_URL": "http://127.0.0.1:1/v2", "ZOOM_OAUTH_URL": "http://localhost:1/token"}
    checks = found(services_on(engine, clock, ZOOM_WEBHOOK_SECRET=secret, **zoom))
    assert (checks["secrets"].ok, checks["addresses"].ok) == (True, True)


@pytest.mark.parametrize(
    ("said", "ok"),
    [
        ({"ZOOM_API_URL": "http://api.zoom.us/v2"}, False),
        ({"ZOOM_OAUTH_URL": "http://127.0.0.1.evil.example/token"}, False),
        ({"OIDC_ISSUER": "http://idp.school.example"}, False),
        ({"OIDC_ISSUER": "http://[::1]:9000"}, True),
        ({"OIDC_ISSUER": "https://idp.school.example"}, True),
    ],
)
def test_addresses_to_which_secrets_would_travel_unencrypted_are_named(
    engine: Engine, clock: Clock, said: dict[str, str], ok: bool
) -> None:
    check = found(services_on(engine, clock, ZOOM_CLIENT_ID="", **said))["addresses"]
    assert (check.ok, next(iter(said)) in check.sentence) == (ok, not ok)


@pytest.mark.parametrize("name", ["FORWARDED_ALLOW_IPS", "ALLOWED_HOSTS"])
@pytest.mark.database("sqlite")
def test_a_star_where_names_belong_is_named(engine: Engine, clock: Clock, name: str) -> None:
    checks = found(services_on(engine, clock, ZOOM_CLIENT_ID="", **{name: "*"}))
    (check,) = (one for one in checks.values() if name in one.sentence)
    assert (check.ok, check.sentence.startswith(f"{name} is *")) == (False, True)


@pytest.mark.database("sqlite")
def test_what_a_check_of_this_machine_says_is_said_once(school: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    low = Problem("disk_low", {"free": 5, "where": "/data"})
    wrong = [Condition(low), Condition(low, tracker="two:8787"), Condition(Problem("jobs_failing", {"jobs": "fetch"}))]
    monkeypatch.setattr(health, "known", lambda _services: wrong)
    full = Check("disk", False, Problem("disk_nearly_full", {"folders": "/data", "free": 5}))
    told = [one.code for one in doctor.conditions(school, [full])]
    assert told == ["condition:disk_low:two:8787", "condition:jobs_failing"]
    in_order = Check("disk", True, Problem("disk_has_room", {"free": 5}))
    assert "condition:disk_low" in [one.code for one in doctor.conditions(school, [in_order])]
