"""A student's own page as browsers get it: for whoever has the link, with nothing of anybody else, and its forms."""

import html
import logging
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import HOST, Answer, post, request
from tests.course_of_students import WEEK, School, make_school
from tests.gate_client import PAGE, fault, get
from tests.makers import Clock, counted, lesson, member, stay
from tracker import courses
from tracker.attendance.types import Status
from tracker.courses.own_page import LONGEST_TEXT
from tracker.errors import TooManyTries
from tracker.ui import own_page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

OVER = "This link is closed, or its time is over. Ask your teacher for another one."


@pytest.fixture
def here(app: Starlette, engine: Engine, wired: Clock) -> School:
    return make_school(services(), member(engine), wired)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def said(answer: Answer) -> str:
    """What there is to read on the page."""
    body = re.sub(r"<style>.*?</style>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def send(app: Starlette, token: str, fields: dict[str, str], **headers: str) -> Answer:
    return post(app, f"/my/{token}", fields, headers=PAGE | headers)


def test_the_page_says_how_often_she_came_and_what_she_was_in_each_class(app: Starlette, here: School) -> None:
    shown = get(app, f"/my/{here.link()}")
    assert shown.status == 200
    text = said(shown)
    assert "Bo Ek , in “ Algebra ” with Ana" in text
    assert "You came to 2 of 3 classes (67%). You were late 1 time." in text
    assert "Found by the e-mail bo@x.example, as “Bo on the phone”, unless it says otherwise." in text
    latest, second, first = (text.index(f"Algebra {number}") for number in (3, 2, 1))
    assert latest < second < first
    assert "late 52 minutes in class, 87%" in text
    assert "Zoom takes any name that somebody types." in text


def test_nothing_of_others_and_no_number_of_them_is_in_the_page(app: Starlette, here: School) -> None:
    courses.mark(here.using, here.ana, here.classes[0], [here.ids["Bo Ek"]], Status.LATE, "as Cy Fox says")
    page = get(app, f"/my/{here.link()}").text
    assert [name for name in ("Cy Fox", "Bo Ek") if here.ids[name] in page] == []
    words = re.sub(r"[\w-]{30,}", "", page)  # tokens are random, and any word may be in them
    assert [word for word in ("Cy", "Fox", "Secret", "Di Day", "guest") if word in words] == []
    before = said(get(app, f"/my/{here.link()}"))
    start = 2 * WEEK
    counted(
        here.using.engine,
        here.classes[2],
        *(stay(f"Somebody {number}", start, start + 60) for number in range(30)),
        start=start,
        end=start + 60,
    )
    assert said(get(app, f"/my/{here.link()}")) == before


def test_it_speaks_the_language_of_the_browser(app: Starlette, here: School) -> None:
    token = here.link()
    shown = request(app, "GET", f"/my/{token}", headers=PAGE | {"accept-language": "pt-BR,pt;q=0.9"})
    assert '<html lang="pt-BR">' in shown.text
    assert "(67%)" in shown.text
    spanish = request(app, "GET", f"/my/{token}", headers=PAGE | {"accept-language": "es-ES"})
    assert "(67 %)" in said(spanish).replace("\xa0", " ")
    # And the choice of another one leads back.
    for path in (f"/my/{token}", f"/my/{'x' * 43}"):
        assert f'name="back" value="{path}"' in get(app, path).text


def test_no_cache_no_list_and_no_other_page_gets_to_know_the_address(app: Starlette, here: School) -> None:
    token = here.link()
    for answer in (get(app, f"/my/{token}"), get(app, f"/my/{'x' * 43}"), send(app, token, {"class": "x"})):
        assert answer.header("cache-control") == "no-store"
        assert answer.header("referrer-policy") == "strict-origin"
        assert answer.header("x-robots-tag") == "noindex, nofollow"
        assert answer.header("x-frame-options") == "DENY"
        assert not answer.cookies
    links = re.findall(r'(?:href|src|action)="([^"]*)"', get(app, f"/my/{token}").text)
    assert [one for one in links if one.startswith(("http", "//"))] == []


def test_a_request_is_sent_shown_and_taken_back(app: Starlette, here: School) -> None:
    token, class_id = here.link(), here.classes[2]
    sent = send(app, token, {"class": class_id, "text": "I was there."})
    assert (sent.status, sent.header("location")) == (303, f"/my/{token}")
    shown = get(app, f"/my/{token}")
    assert "You wrote: I was there. Your teacher has not answered yet." in said(shown)
    (number,) = re.findall(r'name="request" value="(\w+)"', shown.text)
    assert send(app, token, {"request": number}).status == 303
    assert "You wrote" not in said(get(app, f"/my/{token}"))
    again = send(app, token, {"request": number})
    assert (again.status, fault(again)) == (404, "This request is not there any more.")


def test_the_answer_is_told(app: Starlette, here: School) -> None:
    token = here.link()
    for class_id, answer in zip(here.classes, ("", "Sorry!", "No."), strict=True):
        courses.ask(here.using, token, class_id, "Not so.")
        (asked,) = here.using.read(courses.open_requests, here.ana)
        if answer == "No.":
            courses.decline(here.using, here.ana, asked.request.id, answer)
        else:
            courses.accept(here.using, here.ana, asked.request.id, Status.PRESENT, answer)
    text = said(get(app, f"/my/{token}"))
    assert "Your teacher has left it as it is. Answer: No." in text
    assert "Your teacher has accepted it. Answer: Sorry!" in text
    assert text.count("Answer:") == 2


# Attacks


@pytest.mark.parametrize("token", ["x" * 43, "A" * 43, "_" * 43, "0" * 43])
def test_a_guessed_link_opens_nothing(app: Starlette, here: School, token: str) -> None:
    here.link()
    for answer in (get(app, f"/my/{token}"), send(app, token, {"class": here.classes[0], "text": "me"})):
        assert (answer.status, fault(answer)) == (404, OVER)
        assert "Bo" not in said(answer)
        assert "Algebra" not in answer.text


def test_an_address_that_is_no_link_is_behind_the_sign_in(app: Starlette, here: School) -> None:
    token = here.link()
    for path in ("/my/", "/my", f"/my/{token}x", f"/my/{token}/", f"/my/{token[:-1]}", f"/my/{token}/requests"):
        answer = get(app, path)
        assert (answer.status, answer.header("location").partition("?")[0]) == (303, "/login")


def test_a_link_that_is_over_or_closed_or_replaced_opens_nothing(app: Starlette, here: School, wired: Clock) -> None:
    over, replaced, closed = here.link("Di Day", days=1), here.link(), here.link("Cy Fox")
    here.link()
    courses.close_links(here.using, here.ana, here.course.id, [here.ids["Cy Fox"]])
    wired.forward(days=1)
    for token in (over, replaced, closed):
        for answer in (get(app, f"/my/{token}"), send(app, token, {"class": here.classes[0], "text": "me"})):
            assert (answer.status, fault(answer)) == (404, OVER)
    assert here.using.read(courses.open_requests, here.ana) == []


def test_the_link_of_another_student_takes_back_nothing_of_hers(app: Starlette, here: School) -> None:
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    (asked,) = here.using.read(courses.open_requests, here.ana)
    answer = send(app, here.link("Cy Fox"), {"request": asked.request.id})
    assert (answer.status, fault(answer)) == (404, "This request is not there any more.")
    assert "I was there" not in answer.text
    assert here.using.read(courses.open_requests, here.ana) == [asked]


def test_a_form_of_another_site_sends_nothing(app: Starlette, here: School) -> None:
    token = here.link()
    answer = send(app, token, {"class": here.classes[2], "text": "no"}, origin="https://evil.example")
    assert answer.status == 403
    assert here.using.read(courses.open_requests, here.ana) == []
    ours = send(app, token, {"class": here.classes[2], "text": "yes"}, origin=f"http://{HOST}")
    assert ours.status == 303


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>'\"&{name}</textarea></details>\u202e%s"


def test_hostile_texts_and_names_are_shown_as_text(app: Starlette, here: School) -> None:
    start = WEEK // 2
    class_id = lesson(here.using.engine, here.ana, f"Title {HOSTILE}", start, course="Algebra")
    stays = [stay(HOSTILE, start, start + 60, "bo@x.example")]
    counted(here.using.engine, class_id, *stays, start=start, end=start + 60)
    token = here.link()
    assert send(app, token, {"class": class_id, "text": HOSTILE}).status == 303
    refused = send(app, token, {"class": class_id, "text": HOSTILE * 20})
    assert (refused.status, fault(refused)) == (400, f"This has at most {LONGEST_TEXT} characters.")
    for page in (get(app, f"/my/{token}").text, refused.text):
        assert "<script" not in page
        assert "<img" not in page
        assert "onerror=alert(1)&gt;" in page
        assert "\u202e" not in page
        assert page.count("<textarea") == page.count("</textarea>")


@pytest.mark.parametrize("length", [LONGEST_TEXT + 1, 3000])
def test_a_text_that_is_too_long_is_not_taken_and_an_endless_one_not_read(
    app: Starlette, here: School, length: int
) -> None:
    token = here.link()
    answer = send(app, token, {"class": here.classes[2], "text": "a" * length})
    assert answer.status == 400
    assert send(app, token, {"class": here.classes[2], "text": "a" * 10_000}).status == 413
    assert here.using.read(courses.open_requests, here.ana) == []
    full = send(app, token, {"class": here.classes[2], "text": "ü" * LONGEST_TEXT})
    assert full.status == 303


def test_a_link_is_in_no_log(app: Starlette, here: School, logged: pytest.LogCaptureFixture) -> None:
    token = here.link()
    get(app, f"/my/{token}")
    send(app, token, {"class": here.classes[2], "text": "x"})
    send(app, token, {"class": "nothing", "text": "x"})
    send(app, token, {"request": "nothing"})
    get(app, f"/my/{'y' * 43}")
    everything = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in logged.records)
    assert token not in everything
    assert "y" * 43 not in everything


def test_one_link_does_not_keep_all_others_waiting(
    app: Starlette, here: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = here.link()
    monkeypatch.setitem(own_page._drawing, token, own_page.MOST_AT_ONCE_BY_LINK)
    busy = get(app, f"/my/{token}")
    assert (busy.status, busy.header("retry-after")) == (429, "5")
    assert fault(busy) == "Many are looking at this moment. Please try again in a few seconds."
    assert get(app, f"/my/{here.link('Cy Fox')}").status == 200

    async def full(*_: object, **__: object) -> None:
        raise TooManyTries("page_busy")

    monkeypatch.setattr(own_page.REGISTERS, "run", full)
    assert get(app, f"/my/{here.link('Di Day')}").status == 503
    assert set(own_page._drawing) == {token}
