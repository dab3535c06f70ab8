"""The services of the dashboard's process: made once, and closed when its server ends."""

import asyncio

import pytest
from sqlalchemy import event

from tracker.storage.database import reading
from tracker.ui import wiring

pytestmark = [pytest.mark.database("sqlite"), pytest.mark.usefixtures("wired")]


def test_the_connections_are_closed_when_the_server_ends() -> None:
    opened: set[object] = set()
    closed: set[object] = set()

    async def serve() -> None:
        async with wiring.lifespan(None):
            engine = wiring.services().engine
            event.listen(engine, "checkout", lambda connection, *_: opened.add(connection))
            event.listen(engine, "close", lambda connection, *_: closed.add(connection))
            with reading(engine) as tx:
                tx.connection()
            assert opened
            assert not closed

    asyncio.run(serve())
    assert closed == opened


def test_services_are_made_once_and_anew_after_they_were_closed() -> None:
    first = wiring.services()
    assert wiring.services() is first
    wiring.close()
    wiring.close()  # where nothing is open, there is nothing to close
    assert wiring.services() is not first
