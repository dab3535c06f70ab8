"""The state of the installation: trackers that run, webhooks by outcome, and whether webhooks stay away."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tests.fake_zoom import FakeZoom
from tests.makers import Clock, at, counted, ended, lesson, member, started, stay
from tracker import fetching, health, sessions, storage
from tracker.health import Alarms, Health, WebhookCounter
from tracker.health.state import EVENTS, NOTHING_SEEN
from tracker.messages import sentence_of
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.webhook_log import Tally

HOUR, DAY = 60, 24 * 60
Hold = Callable[[float], str]


@pytest.fixture
def tally(engine: Engine, clock: Clock) -> WebhookCounter:
    return WebhookCounter(engine, clock)


@pytest.fixture
def hold(engine: Engine, ana: Member) -> Hold:
    """Plans a class for this minute, which is then held without a word of Zoom's."""

    def hold(start: float) -> str:
        class_id = lesson(engine, ana, start=start)
        counted(engine, class_id, stay("Bo", start, start + 30), start=start, end=start + 60)
        return class_id

    return hold


@pytest.fixture(autouse=True)
def somebody(engine: Engine) -> Member:
    """An admin: a school without any account is a case of its own."""
    return member(engine, "ada@school.example", "admin")


def look(engine: Engine, minutes: float = 0) -> Health:
    with reading(engine) as tx:
        return health.read_health(tx, at(minutes))


def noted(tally: WebhookCounter, clock: Clock, minutes: float, *outcomes: str) -> None:
    """These webhooks came at that minute, and were written down."""
    clock.time = at(minutes)
    for outcome in outcomes:
        tally.note(outcome)
    tally.save_counts()


def test_a_school_that_was_just_set_up_has_nothing_but_no_tracker(engine: Engine) -> None:
    found = look(engine)
    assert found.alarms == Alarms(no_tracker=True, silent_since=None, unsigned=False)
    assert (found.trackers, found.webhooks, found.rates, found.last_webhook) == ((), (), (), None)
    assert found.webhook_age is None


def test_a_database_without_any_account_is_told_until_there_is_one(engine: Engine, somebody: Member) -> None:
    health.note_alive(engine, "one:8787", at(0), at(0))
    assert "accounts_none" not in [one.code for one in look(engine).reasons]
    with transaction(engine) as tx:
        tx.connection().exec_driver_sql('DELETE FROM "User"')
    told = next(one for one in look(engine).reasons if one.code == "accounts_none")
    assert not told.is_down
    assert "tracker user add EMAIL --role admin" in sentence_of(told.cure)
    assert "DATABASE_URL and TRACKER_DATA_DIR" in sentence_of(told.cure)


def test_a_tracker_lives_as_long_as_it_is_heard_of(engine: Engine) -> None:
    health.note_alive(engine, "one:8787", at(-5), at(-5))
    health.note_alive(engine, "two:8787", at(0), at(0))
    health.note_alive(engine, "one:8787", at(-5), at(1))
    assert [(one.name, one.started_at, one.seen_at, one.version) for one in look(engine).trackers] == [
        ("one:8787", at(-5), at(1), health.VERSION),
        ("two:8787", at(0), at(0), health.VERSION),
    ]
    assert not look(engine, 2.9).alarms.no_tracker
    assert look(engine, 3).alarms.no_tracker
    health.note_gone(engine, "one:8787")
    assert [one.name for one in look(engine).trackers] == ["two:8787"]


def test_an_update_that_was_not_finished_is_told(engine: Engine) -> None:
    def told() -> list[str]:
        return [sentence_of(one) for one in look(engine).reasons if one.code == "versions_differ"]

    health.note_alive(engine, "one:8787", at(0), at(0))
    assert told() == []
    with transaction(engine) as tx:
        tx.connection().exec_driver_sql("UPDATE \"TrackerProcess\" SET version = '0.0.9'")
    both = ", ".join(sorted(("0.0.9", health.VERSION)))
    assert told() == [f"Versions of this program that work on one database at the same time: {both}."]
    health.note_alive(engine, "two:8787", at(0), at(0))
    assert len(told()) == 1
    assert not [one for one in look(engine, 3).reasons if one.code == "versions_differ"]


def test_webhooks_of_a_day_are_added_up_by_what_became_of_them(
    engine: Engine, tally: WebhookCounter, clock: Clock
) -> None:
    noted(tally, clock, 0, "noted", "noted", "refused:not_json")
    noted(tally, clock, 5, "noted")
    assert look(engine, 5).webhooks == (Tally("noted", 3, at(5)), Tally("refused:not_json", 1, at(0)))
    noted(tally, clock, DAY, "noted")
    assert look(engine, DAY).webhooks == (Tally("noted", 1, at(DAY)),)


def test_two_trackers_add_to_one_tally(engine: Engine, clock: Clock) -> None:
    for _ in range(2):
        noted(WebhookCounter(engine, clock), clock, 0, "noted")
    assert look(engine).webhooks == (Tally("noted", 2, at(0)),)


def test_what_cannot_be_written_down_is_kept_for_the_next_time(engine: Engine, clock: Clock) -> None:
    tally = WebhookCounter(engine, clock)
    tally.note("noted")
    with transaction(engine) as tx:
        tx.connection().exec_driver_sql('ALTER TABLE "WebhookTally" RENAME TO "Elsewhere"')
    with pytest.raises(DBAPIError):
        tally.save_counts()
    with transaction(engine) as tx:
        tx.connection().exec_driver_sql('ALTER TABLE "Elsewhere" RENAME TO "WebhookTally"')
    tally.note("noted")
    tally.save_counts()
    assert look(engine).webhooks == (Tally("noted", 2, at(0)),)


def test_what_is_refused_is_no_sign_that_zoom_reaches_us(engine: Engine, tally: WebhookCounter, clock: Clock) -> None:
    noted(tally, clock, 0, "refused:wrong_signature")
    assert look(engine).last_webhook is None
    noted(tally, clock, 1, "not_ours")
    assert look(engine, 2).last_webhook == at(1)
    assert look(engine, 2).webhook_age == 60


def test_another_signature_is_told_when_for_an_hour_none_of_zooms_has_come(
    engine: Engine, tally: WebhookCounter, clock: Clock
) -> None:
    noted(tally, clock, 0, "noted")
    assert not look(engine).alarms.unsigned
    noted(tally, clock, 5, "refused:wrong_signature")
    assert not look(engine, 6).alarms.unsigned
    noted(tally, clock, 61, "refused:wrong_signature")
    found = look(engine, 62)
    assert found.alarms.unsigned
    assert [sentence_of(reason).partition(":")[0] for reason in found.reasons] == [
        "Webhooks come whose signature does not match"
    ]
    noted(tally, clock, 63, "repeat")
    assert look(engine, 64).reasons == []


def test_a_flood_of_forged_webhooks_beside_zooms_own_raises_no_alarm(
    engine: Engine, tally: WebhookCounter, clock: Clock
) -> None:
    for minute in range(0, 120, 20):
        noted(tally, clock, minute, "noted", *["refused:wrong_signature"] * 2_000)
        noted(tally, clock, minute + 10, *["refused:wrong_signature_of_account", "refused:body_changed"] * 1_000)
        assert look(engine, minute + 11).reasons == []


def test_refused_webhooks_are_logged_together_with_their_number(
    tally: WebhookCounter, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[tuple[str, int]]:
        tally.tell_refused()
        found = [(vars(record)["reason"], vars(record)["count"]) for record in caplog.records]
        caplog.clear()
        return found

    assert told() == []
    for outcome in ("noted", "refused:not_fresh", *["refused:wrong_signature"] * 5_000):
        tally.note(outcome)
    assert told() == [("wrong_signature", 5_000), ("not_fresh", 1)]
    assert told() == []
    tally.note("refused:not_fresh")
    tally.note("refused:not_fresh")
    assert told() == [("not_fresh", 2)]


def test_of_webhooks_with_another_signature_the_last_one_says_what_is_told(
    engine: Engine, tally: WebhookCounter, clock: Clock
) -> None:
    told = []
    for minute, code in enumerate(("wrong_signature", "body_changed", "wrong_signature_of_account")):
        noted(tally, clock, minute, f"refused:{code}", "refused:body_too_large")
        told += [reason.code for reason in look(engine, minute).reasons]
    assert told == ["webhooks_unsigned", "webhooks_changed", "webhooks_unsigned"]


def test_zooms_check_of_the_address_is_told_apart_from_its_events(
    engine: Engine, tally: WebhookCounter, clock: Clock
) -> None:
    noted(tally, clock, 1, "url_validation", "refused:wrong_signature")
    found = look(engine, 2)
    assert (found.validated, found.last_webhook, found.last_event) == (at(1), at(1), None)
    noted(tally, clock, 3, "not_ours")
    found = look(engine, 4)
    assert (found.validated, found.last_webhook, found.last_event) == (at(1), at(3), at(3))


def test_classes_that_fail_again_and_again_are_a_reason_and_empty_lists_are_none(
    school: Services, engine: Engine, ana: Member, clock: Clock, zoom: FakeZoom
) -> None:
    for number in range(2):
        lesson(engine, ana, zoom_meeting_id=str(85_000_000_000 + number))
        zoom.hold(f"uuid-{number}", meeting=str(85_000_000_000 + number))
        sessions.note_delivery(school, started(f"uuid-{number}", meeting=str(85_000_000_000 + number)))
        sessions.note_delivery(school, ended(f"uuid-{number}", meeting=str(85_000_000_000 + number)))
    zoom.meanwhile = lambda path: zoom.faults.append((500, "")) if "uuid-0" in path else None
    for _ in range(6):
        clock.forward(minutes=70)
        while fetching.fetch_due(school):
            pass
    with reading(engine) as tx:
        found = health.read_health(tx, clock())
    assert (found.queue.failing, found.queue.stuck) == (2, 1)
    assert list(map(sentence_of, found.reasons)) == ["Classes that could not be fetched in several tries: 1."]


# Silence


def test_a_first_class_without_any_webhook_is_told_at_once(engine: Engine, hold: Hold) -> None:
    hold(HOUR)
    assert look(engine, 2 * HOUR).alarms.silent_since == at(HOUR)


def test_a_day_without_webhooks_is_told_when_classes_were_held_in_it(
    engine: Engine, tally: WebhookCounter, clock: Clock, hold: Hold
) -> None:
    noted(tally, clock, 0, "noted")
    hold(2 * HOUR)
    hold(3 * HOUR)
    assert look(engine, DAY - 1).alarms.silent_since is None
    assert look(engine, DAY).alarms.silent_since == at(2 * HOUR)
    noted(tally, clock, DAY + 1, "url_validation")
    assert look(engine, DAY + 2).alarms.silent_since is None


def test_holidays_are_no_silence(engine: Engine, tally: WebhookCounter, clock: Clock, hold: Hold) -> None:
    hold(HOUR)
    noted(tally, clock, 2 * HOUR, "noted")
    assert look(engine, 30 * DAY).alarms.silent_since is None


def test_classes_that_were_added_after_they_were_held_are_no_silence(engine: Engine, hold: Hold) -> None:
    hold(-DAY)
    assert look(engine, HOUR).alarms.silent_since is None


def test_classes_of_weeks_ago_are_no_news(engine: Engine, hold: Hold) -> None:
    hold(HOUR)
    assert look(engine, HOUR + 7 * DAY - 1).alarms.silent_since == at(HOUR)
    assert look(engine, HOUR + 7 * DAY).alarms.silent_since is None


def test_webhooks_about_classes_count_before_the_tally_is_written(
    school: Services, engine: Engine, ana: Member
) -> None:
    lesson(engine, ana)
    sessions.note_delivery(school, ended())
    assert look(engine, 1).last_webhook == at(0)


def test_what_is_long_past_is_forgotten(engine: Engine, tally: WebhookCounter, clock: Clock) -> None:
    noted(tally, clock, 0, "noted")
    health.note_alive(engine, "one:8787", at(0), at(0))
    with transaction(engine) as tx:
        health.forget_old(tx, at(0) + timedelta(days=29))
    assert len(look(engine).trackers) == len(look(engine).webhooks) == 1
    with transaction(engine) as tx:
        health.forget_old(tx, at(0) + timedelta(days=31))
    assert len(look(engine).trackers) == len(look(engine).webhooks) == 0


# Events that are needed and do not come


def told_of(engine: Engine, class_id: str, minute: float, *events: str) -> None:
    """These webhooks about a class came at that minute."""
    with transaction(engine) as tx:
        for event in events:
            storage.webhook_log.note(tx, f"{class_id} {event}", event, class_id, at(minute))


def test_events_of_no_concern_are_no_sign_that_those_come_that_are_needed(
    engine: Engine, tally: WebhookCounter, clock: Clock, hold: Hold
) -> None:
    health.note_alive(engine, "one:8787", at(0), at(0))
    noted(tally, clock, 1, "nothing_to_note")
    for seen in (NOTHING_SEEN, tally.seen()):
        with reading(engine) as tx:
            found = health.read_health(tx, at(1), seen)
        assert (found.last_webhook, found.last_event) == (at(1), None)
        assert [reason.code for reason in found.reasons] == ["webhooks_never_came"]
    hold(HOUR)
    assert look(engine, 2 * HOUR).alarms.silent_since == at(HOUR)
    noted(tally, clock, 2 * HOUR, "noted")
    assert look(engine, 2 * HOUR).alarms.silent_since is None


def test_events_of_no_concern_show_that_zooms_signature_is_ours(
    engine: Engine, tally: WebhookCounter, clock: Clock
) -> None:
    for minute in range(0, 120, 20):
        noted(tally, clock, minute, "nothing_to_note", "refused:wrong_signature")
    assert not look(engine, 120).alarms.unsigned


@pytest.mark.parametrize(
    ("came", "missing"),
    [
        (("meeting.started", "meeting.ended"), "Participant/Host joined meeting, Participant/Host left meeting"),
        (("meeting.participant_joined", "meeting.participant_left"), "Start Meeting, End Meeting"),
        (tuple(EVENTS)[:3], "Participant/Host left meeting"),
        (tuple(EVENTS), ""),
    ],
)
def test_events_that_are_missing_of_a_class_that_others_were_told_of_are_named(
    engine: Engine, hold: Hold, came: tuple[str, ...], missing: str
) -> None:
    class_id = hold(HOUR)
    told_of(engine, class_id, HOUR, *came)
    # Zoom may still repeat what was not taken in.
    assert look(engine, 4 * HOUR).alarms.missing == ()
    reasons = look(engine, 4 * HOUR + 1).reasons
    assert [sentence_of(one) for one in reasons] == [
        f"Classes are held and Zoom announces them, but none of these events has come since 2026-05-14 13:00 UTC: "
        f"{missing}."
        for _ in [0]
        if missing
    ]


def test_missing_events_end_with_the_next_class_that_has_them(engine: Engine, hold: Hold) -> None:
    told_of(engine, hold(HOUR), HOUR, "meeting.started")
    assert look(engine, 5 * HOUR).alarms.missing
    told_of(engine, hold(6 * HOUR), 6 * HOUR, *EVENTS)
    assert not look(engine, 9 * HOUR).alarms.missing


def test_of_a_class_in_which_nobody_is_known_to_have_been_no_events_of_people_are_missed(
    engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana, start=HOUR)
    counted(engine, class_id, start=HOUR, end=2 * HOUR)
    told_of(engine, class_id, HOUR, "meeting.started", "meeting.ended")
    assert look(engine, 5 * HOUR).alarms.missing == ()


def test_events_that_were_missing_more_than_a_week_ago_are_no_news(engine: Engine, hold: Hold) -> None:
    told_of(engine, hold(HOUR), HOUR, "meeting.started")
    told_of(engine, hold(2 * HOUR), 2 * HOUR, "meeting.started")
    assert look(engine, 7 * DAY + HOUR).alarms.missing
    assert not look(engine, 7 * DAY + 2 * HOUR + 1).alarms.missing
