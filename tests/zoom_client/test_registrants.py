"""The Zoom client reads and adds those who are registered for a meeting."""

import json
from datetime import datetime
from urllib.parse import parse_qs

import pytest
from responses import RequestsMock

from tests.fake_zoom import API, grant, sent
from tests.makers import Clock, settings
from tests.zoom_client.answers import MADE
from tracker.attendance.meeting_options import MeetingOptions
from tracker.errors import ZoomRateLimited, ZoomRefused, ZoomUnreachable
from tracker.zoom import Zoom

REGISTRANTS = f"{API}/meetings/81418900011/registrants"


@pytest.mark.parametrize(
    ("told", "read"),
    [(0, "on"), (1, "on"), (2, "off"), (3, None), (True, None), ("0", None), (None, None)],
)
def test_whether_a_meeting_has_registration_is_read_back(
    http: RequestsMock, zoom: Zoom, told: object, read: str | None
) -> None:
    grant(http)
    http.get(f"{API}/meetings/81418900011", json=MADE | {"settings": {"approval_type": told}})
    assert zoom.meeting("81418900011").options == MeetingOptions(registration=read)


def test_registrants_are_read_page_by_page(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    pages = [
        {"registrants": [{"email": "Bo@x.example", "join_url": "https://zoom.us/w/1?tk=s"}], "next_page_token": "n"},
        {"registrants": [{"email": " cy@x.example"}], "next_page_token": ""},
    ]
    for one in pages:
        http.get(REGISTRANTS, json=one)
    assert zoom.registrants("81418900011", "approved") == {"bo@x.example", "cy@x.example"}
    assert [parse_qs(str(one.url).partition("?")[2])["status"] for one in sent(http)] == [["approved"]] * 2


def test_a_page_of_registrants_that_repeats_is_no_whole_list(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.get(REGISTRANTS, json={"registrants": [], "next_page_token": "n"})
    with pytest.raises(ZoomUnreachable, match="repeats"):
        zoom.registrants("81418900011", "approved")


def test_names_of_a_registrant_are_as_long_as_zoom_takes_them(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.post(REGISTRANTS, status=201, json={"registrant_id": "r"})
    zoom.register("81418900011", "bo@x.example", "B" * 70, "")
    (request,) = sent(http)
    assert json.loads(request.body or b"") == {"email": "bo@x.example", "first_name": "B" * 64}


def test_the_limit_of_one_registrant_holds_back_no_other_call(http: RequestsMock, clock: Clock) -> None:
    held_back: list[object] = []

    class Limiter:
        def admit(self, category: object) -> None: ...

        def pause(self, category: object, until: datetime) -> None:
            held_back.append(category)

        def admit_write(self, host: str) -> None: ...

        def stop_writes(self, host: str) -> None: ...

    grant(http)
    limit = "daily rate limit of (3) for Add meeting registrant API requests"
    message = f"You have exceeded the {limit} for the registrant (bo@x.example)."
    http.post(REGISTRANTS, status=429, json={"code": 429, "message": message})
    with pytest.raises(ZoomRateLimited) as refused:
        Zoom(settings(), clock, clock.monotonic, Limiter()).register("81418900011", "bo@x.example", "Bo", "")
    assert (refused.value.code, refused.value.details, held_back) == ("zoom_registrant_used_up", {}, [])


def test_a_refusal_of_a_registrant_comes_without_her_address(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.post(REGISTRANTS, status=400, json={"code": 300, "message": "The e-mail bo@x.example is not valid."})
    with pytest.raises(ZoomRefused) as refused:
        zoom.register("81418900011", "bo@x.example", "Bo", "")
    assert refused.value.details["message"] == "The e-mail … is not valid."
