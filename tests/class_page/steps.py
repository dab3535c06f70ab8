"""What is done on the page of a class and read from it."""

import json

from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import at
from tests.screens import button
from tracker import storage
from tracker.attendance.types import FetchState
from tracker.errors import Problem
from tracker.storage.database import transaction


def fetch(shown: AppTest) -> str:
    """Clicks “Fetch participants now”; what is said of it."""
    button(shown, "Fetch participants now").click()
    shown.run()
    assert not shown.exception
    return shown.status[0].label.replace("\\", "")


def fetch_failed(engine: Engine, class_id: str, problem: Problem, again: float | None) -> None:
    """The tracker tried, and tries again at this minute or has given up."""
    with transaction(engine) as tx:
        claim = storage.fetches.claim_class(tx, class_id, at(100))
        if again is None:
            storage.fetches.abandon(tx, claim, problem, FetchState.FAILED)
        else:
            storage.fetches.postpone(tx, claim, problem, at(again), 1)


def ticks(shown: AppTest) -> list[str]:
    """The names down the side of the timeline."""
    chart, _curve = shown.get("plotly_chart")
    return list(json.loads(chart.proto.spec)["layout"]["yaxis"]["ticktext"])
