"""The services of the dashboard process, made once and shared by the pages and the sign-in routes."""

import logging
import os
from functools import cache
from pathlib import Path

import streamlit.logger

from tracker import logs
from tracker.database import make_engine, migrate
from tracker.services import Services, connect
from tracker.settings import environment_with_file, read_settings

PROJECT = Path(__file__).resolve().parents[2]


@cache
def services() -> Services:
    """Services on a migrated database, from the settings of this process. Raises SettingsError."""
    settings = read_settings(environment_with_file(os.environ, PROJECT))
    logs.hide(settings)
    engine = make_engine(settings.database_url)
    migrate(engine)
    return connect(engine, settings)


def log_like_the_tracker() -> None:
    """Has this process, Streamlit and its web server included, log what goes wrong in the form of the tracker."""
    ours = logs.handler()
    # The web server tells of every connection.
    ours.setLevel(logging.WARNING)
    logging.getLogger().addHandler(ours)

    def pass_on(logger: logging.Logger) -> None:
        """In place of a handler of its own for each of Streamlit's loggers."""
        logger.handlers.clear()
        logger.propagate = True

    streamlit.logger.setup_formatter = pass_on
    streamlit.logger.update_formatter()
