"""What pyproject.toml declares is what the code needs."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.test_house import PROJECT, SOURCES, imports_of

_PROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
# The driver of PostgreSQL is installed by those who have one.
DECLARED = [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["postgres"]]
# Needed without being imported: the standard library takes its time zones from it.
NOT_IMPORTED = {"tzdata"}


def plain(name: str) -> str:
    """The name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_that_is_imported_is_declared_and_no_other() -> None:
    tops = {name.partition(".")[0] for path in SOURCES for name in imports_of(path)}
    foreign = tops - {*sys.stdlib_module_names, "tracker"}
    distributions = packages_distributions()
    imported = {plain(distributions[top][0]) for top in foreign}
    declared = {plain(re.split(r"[^\w.-]", line)[0]) for line in DECLARED}
    assert imported == declared - NOT_IMPORTED
