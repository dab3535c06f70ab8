"""What was the matter, as it is stored: a code, and its details as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from tracker.errors import Problem


def details_of(problem: Problem) -> str | None:
    """The details of a problem as they are stored; None where it has none."""
    return json.dumps(_written(problem.details)) if problem.details else None


def problem_of(code: str | None, details: str | None) -> Problem | None:
    """The problem that is stored so; of what another program wrote, as much as makes sense."""
    if not code:
        return None
    try:
        read = json.loads(details or "{}")
    except (ValueError, RecursionError):
        read = {}
    return Problem(code, _read(read))


def _written(details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        if isinstance(value, str | int)
        else [{"code": one.code, "details": _written(one.details)} for one in value]
        for name, value in details.items()
    }


def _read(details: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in details.items() if isinstance(details, dict) else ():
        if isinstance(value, str | int):
            found[name] = value
        elif isinstance(value, list):
            problems = [one for one in value if isinstance(one, dict) and isinstance(one.get("code"), str)]
            if problems:
                found[name] = tuple(Problem(one["code"], _read(one.get("details"))) for one in problems)
    return found
