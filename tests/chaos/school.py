"""The classes: made in the database and at the practice Zoom, and held there."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import requests

from tests.chaos.lessons import MANY, ORDINARY, REJOINING, SHARED, STORIES, Room, Story
from tests.practice_school import Host
from tests.tracker_process import ShiftedClock
from tracker import clock, storage
from tracker.classes import Plan, create_class
from tracker.errors import ZoomRateLimited
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.zoom import NewMeeting

# Zoom lets one host make a hundred meetings a day.
CLASSES_OF_A_TEACHER = 50
# Over for so long that the tracker asks by itself when it has not heard of the end.
PLANNED_BEFORE = timedelta(minutes=100)
MINUTES = 60
# The first of two classes that share a meeting is held in it a day before the other, or the one right after the other.
DAY, LESSON = timedelta(days=1), timedelta(minutes=MINUTES)
# Webhooks are believed for five minutes, so this is the most that a class can last here.
LONGEST_STORY = timedelta(minutes=4)


Made = TypeVar("Made")


@dataclass(frozen=True)
class Lesson:
    """A class and its story; it is the first (A) or the second (B) of the story's classes."""

    class_id: str
    meeting: str
    planned: datetime
    story: Story
    letter: str = "A"


class PracticeHost(Host):
    """Holds classes over one connection that stays open: there are many of them."""

    def __init__(self, url: str, clock: ShiftedClock) -> None:
        super().__init__(url, clock)
        self._http = requests.Session()
        self._http.trust_env = False

    def call(self, method: str, path: str, body: object = None) -> Any:
        content = json.dumps({} if body is None else body).encode()
        answer = self._http.request(method, f"{self.url}/practice{path}", data=content, timeout=30)
        answer.raise_for_status()
        return json.loads(answer.content or "null")

    def close(self) -> None:
        self._http.close()


@contextmanager
def practice_host(url: str, clock: ShiftedClock) -> Iterator[PracticeHost]:
    host = PracticeHost(url, clock)
    try:
        yield host
    finally:
        host.close()


def make_classes(services: Services, count: int, seed: int) -> list[Lesson]:
    """`count` classes of every kind, in an order that the seed decides; the planned time of all is over."""
    planned = clock.now().replace(microsecond=0) - PLANNED_BEFORE
    pairs, large = max(1, count // 40), 1 + count // 100
    # None stands for two classes that share a meeting and are a day apart.
    bookings: list[Story | None] = [None] * pairs + [*SHARED] * pairs + [MANY] * large
    bookings += [STORIES[number % len(STORIES)] for number in range(count - 2 * 3 * pairs - large)]
    random.Random(seed).shuffle(bookings)
    lessons: list[Lesson] = []
    for number, story in enumerate(bookings):
        if number % CLASSES_OF_A_TEACHER == 0:
            with transaction(services.engine) as tx:
                email = f"teacher{number}@school.example"
                teacher = storage.members.add_member(tx, email, f"Teacher {number}", "teacher", None, services.now())
        if story is None or story in SHARED:
            lessons += _sharing_a_meeting(services, teacher, f"Class {number}", planned, story)
        else:
            plan = Plan(f"Class {number}", planned, MINUTES, "Europe/Berlin")
            class_id = _patiently(partial(create_class, services, teacher, plan))
            lessons.append(_lesson(services, class_id, story))
    return lessons


def _sharing_a_meeting(
    services: Services, teacher: Member, title: str, planned: datetime, story: Story | None
) -> list[Lesson]:
    """Two classes of one meeting: in a row with one story, or a day apart with one each."""
    meeting = NewMeeting(title, planned, MINUTES, "UTC")
    made = _patiently(partial(services.zoom.create_meeting, teacher.zoom_user, meeting))
    lessons = []
    apart = ((planned - DAY, ORDINARY, "A"), (planned, REJOINING, "A"))
    for start, told, letter in apart if story is None else ((planned - LESSON, story, "A"), (planned, story, "B")):
        plan = Plan(title, start, MINUTES, "UTC")
        class_id = _patiently(partial(create_class, services, teacher, plan, link=made.id))
        lessons.append(_lesson(services, class_id, told, letter))
    return lessons


def _patiently(make: Callable[[], Made]) -> Made:
    """What `make` makes, as soon as Zoom's rate limit lets it."""
    while True:
        try:
            return make()
        except ZoomRateLimited:
            time.sleep(0.2)


def _lesson(services: Services, class_id: str, story: Story, letter: str = "A") -> Lesson:
    with reading(services.engine) as tx:
        made = storage.classes.get_class(tx, class_id)
    return Lesson(made.id, made.zoom_meeting_id or "", made.scheduled_start, story, letter)


def hold(
    host: PracticeHost,
    clock: ShiftedClock,
    lessons: Iterable[Lesson],
    *,
    ago: timedelta = timedelta(0),
    seconds_a_minute: float = 0.0,
) -> None:
    """Holds the lessons, all at once, in the last minutes until `ago`; a minute of theirs takes that many seconds."""
    clock.behind = ago + LONGEST_STORY
    firsts = [lesson for lesson in lessons if lesson.letter == "A"]
    going_on = [lesson.story.happens(Room(host, lesson.meeting, lesson.planned)) for lesson in firsts]
    while True:
        going_on = [story for story in going_on if next(story, "over") != "over"]
        if not going_on:
            break
        time.sleep(seconds_a_minute)
        clock.forward(minutes=1)
    assert clock.behind >= ago
    clock.behind = ago
