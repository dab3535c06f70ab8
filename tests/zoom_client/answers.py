"""What Zoom answers, and where its lists are asked for."""

from tests.fake_zoom import API

MADE = {
    "uuid": "eMWIqFAKEQyRdgwM/cYe1Q==",
    "id": 81418900011,
    "topic": "Algebra 7B",
    "join_url": "https://us05web.zoom.us/j/81418900011?pwd=x.1",
    "start_url": "https://us05web.zoom.us/s/81418900011?zak=s3cret.start",
    "settings": {"waiting_room": True},
}

LIST = f"{API}/past_meetings/u1/participants"

EMPTY = {"participants": [], "next_page_token": ""}
