"""What the tests of fetching speak of: two people, and what Zoom may answer in place of their list."""

from tests.makers import participant, stored_stays
from tracker.services import Services
from tracker.storage.database import reading

ANA, BEN = participant("Ana", 0, 60, "ana@x.example"), participant("Ben", 5, 60)
FAULT = (500, {"code": 500, "message": "Internal error"})
ODD = (400, {"code": 300, "message": "Validation Failed."})
REFUSED = (400, {"code": 200, "message": "Only available for paid account: x."})
SCOPE = (400, {"code": 4711, "message": "Invalid access token, does not contain scopes:[a, a:admin]."})


def names(school: Services, class_id: str) -> list[str] | None:
    """The names in the stored participants; None while they are not known."""
    with reading(school.engine) as tx:
        stays = stored_stays(tx, class_id)
    return None if stays is None else [stay.name for stay in stays]
