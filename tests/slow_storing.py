"""Storing that is not done yet when somebody else wants to change the same."""

from threading import Event
from types import ModuleType
from typing import Any

import pytest

from tracker import storage


def hold_back(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> Event:
    """Makes this function, once it has stored, wait until somebody asks for the lock of a course.

    Returns an event that is set when it has stored.
    """
    inside, asked = Event(), Event()
    save, lock = getattr(module, name), storage.courses.lock_courses

    def slow(*arguments: Any) -> None:
        save(*arguments)
        inside.set()
        asked.wait(1)  # SQLite lets nobody else begin

    def tell(*arguments: Any) -> None:
        asked.set()
        lock(*arguments)

    monkeypatch.setattr(module, name, slow)
    monkeypatch.setattr(storage.courses, "lock_courses", tell)
    return inside
