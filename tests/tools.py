"""Programs of the system that some tests run, and that a machine may not have."""

import os
import shutil

import pytest

# Debian keeps servers out of the path of ordinary users.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def path_of(*names: str) -> str | None:
    """Where the first of these programs that there is lies."""
    return next((path for name in names if (path := shutil.which(name, path=PATH))), None)


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test where none of these programs is there; `.ci/run` sets TESTS_NEED_TOOLS, and it fails then."""
    missing = path_of(*names) is None and "TESTS_NEED_TOOLS" not in os.environ
    return pytest.mark.skipif(missing, reason=f"no {names[0]} on this machine")


def program(name: str) -> str:
    """Where this program lies; without it the test that asks is skipped, or fails under TESTS_NEED_TOOLS."""
    found = path_of(name)
    if found is None and "TESTS_NEED_TOOLS" in os.environ:
        pytest.fail(f"no {name} on this machine")
    return found or pytest.skip(f"no {name} on this machine")
