"""A small storm, on SQLite and on PostgreSQL; `python -m tests.chaos` is for large ones."""

from pathlib import Path

import pytest

from tests.chaos.storm import Storm, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_every_class_is_exact_whatever_zoom_the_network_and_the_machine_do(database_url: str, tmp_path: Path) -> None:
    report = run(Storm(classes=200, calm_after_seconds=20, patience_seconds=300), database_url, tmp_path)
    print(report.text())
    assert report.wrong == []
