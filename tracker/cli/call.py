"""A command as it was typed, and what several of them need."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker import auth, classes
from tracker.services import Services, open_services
from tracker.settings import Settings, read_settings
from tracker.storage.classes import Class
from tracker.storage.database import Engine, migrate

# What an argument of several commands is.
CLASS_ID = "the class, by its id in `tracker class list`"


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was typed, and where it runs."""

    options: argparse.Namespace
    environment: Mapping[str, str]
    env_file: Path

    @property
    def settings(self) -> Settings:
        """The settings of this process. Raises SettingsError."""
        return read_settings(self.environment)

    @contextmanager
    def services(self, prepare: Callable[[Engine], object] | None = migrate) -> Iterator[Services]:
        """The services of this process; a command that only reads checks the database instead of migrating it."""
        with open_services(self.environment, prepare) as services:
            yield services


def class_named(services: Services, class_id: str) -> Class:
    """The class with this id. Raises NotFound."""
    return services.read(classes.visible_class, auth.OPERATOR, class_id)


def print_json(value: object) -> None:
    """One JSON value on stdout, in ASCII, since the encoding of whoever reads it is not known."""
    print(json.dumps(value, indent=2))
