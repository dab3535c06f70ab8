"""PostgreSQL dies under two trackers while classes are held: it comes back, and then another server takes over."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.school import PracticeHost
from tests.chaos.storm import Storm, run
from tests.pgbouncer import PgBouncer, pgbouncer
from tests.postgres import Server, server, standby_of
from tests.tracker_process import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STORM = Storm(classes=60, failing=0.1, lost=0.0, calm_after_seconds=10, patience_seconds=300)


def until_refused(host: PracticeHost) -> None:
    """Webhooks come, and are refused: once more than before."""

    def refusals() -> int:
        return sum(max(row["attempts"] - 1, 0) for row in host.webhooks())

    before = refusals()
    wait_until(lambda: refusals() > before, "a webhook that Zoom has to send again")


def until_taken(host: PracticeHost) -> None:
    """Webhooks are taken again."""

    def taken() -> int:
        return sum(row["state"] == "delivered" for row in host.webhooks())

    before = taken()
    wait_until(lambda: taken() > before, "a webhook that is taken")


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server, PgBouncer]]:
    """A server, one that stands by for it, and what is in front of them."""
    with ExitStack() as stack:
        first = stack.enter_context(server())
        second = stack.enter_context(standby_of(first))
        yield first, second, stack.enter_context(pgbouncer(first.url))


def test_every_class_is_exact_though_the_database_dies_twice_and_moves(
    pair: tuple[Server, Server, PgBouncer], tmp_path: Path
) -> None:
    first, second, bouncer = pair

    def fail(host: PracticeHost) -> None:
        until_taken(host)
        first.kill()
        until_refused(host)
        first.start()
        until_taken(host)
        first.kill()
        until_refused(host)
        second.promote()
        bouncer.send_to(second.url)
        bouncer.reload()

    report = run(STORM, bouncer.in_front_of(first.url), tmp_path, meanwhile=fail)
    print(report.text())
    assert report.wrong == []
    assert second.ask("""SELECT count(*) FROM "WebhookDelivery" """) > 0
