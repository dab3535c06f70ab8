"""The services of the dashboard process, made once and shared by the pages and the sign-in routes."""

import os
from functools import cache
from pathlib import Path

from tracker.database import make_engine, migrate
from tracker.services import Services, connect
from tracker.settings import environment_with_file, read_settings

PROJECT = Path(__file__).resolve().parents[2]


@cache
def services() -> Services:
    """Services on a migrated database, from the settings of this process. Raises SettingsError."""
    settings = read_settings(environment_with_file(os.environ, PROJECT))
    engine = make_engine(settings.database_url)
    migrate(engine)
    return connect(engine, settings)
