"""The services of the dashboard process, made once and shared by the pages and the sign-in routes."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import cache

import streamlit.logger

from tracker import doctor, logs, paths
from tracker.errors import SettingsError
from tracker.health import Condition
from tracker.services import Services, open_services
from tracker.settings import Settings, environment_of, for_libraries, read_settings

log = logging.getLogger(__name__)

SIGN_INS = "tracker.auth"

_open = ExitStack()


@cache
def services() -> Services:
    """Services on a migrated database, from the settings of this process. Raises SettingsError."""
    return _open.enter_context(open_services(_environment()))


@cache
def settings() -> Settings:
    """The settings of this process, as the gate needs them; the usual ones where some of them are unusable."""
    try:
        return read_settings(_environment())
    except SettingsError:
        return read_settings({})


@cache
def wrong_settings() -> tuple[Condition, ...]:
    """What is wrong with the settings of this process: what is mended counts from its next start on."""
    return doctor.wrong_settings(_environment(), paths.env_file(os.environ), settings())


def _environment() -> dict[str, str]:
    """What this process works with; the libraries that connect to others read their part from its own environment."""
    environment = environment_of(os.environ)
    os.environ.update(for_libraries(environment))
    return environment


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Runs round the server's life: the database is opened at its start, and its connections are closed at its end.

    A database that is made is made now. One that is gone later is missing, and no page puts an empty one in its place.
    """
    try:
        try:
            services()
            wrong_settings()
        except Exception as error:
            log.warning("the database is not opened yet", extra={"kind": type(error).__name__})
        yield
    finally:
        close()


def close() -> None:
    """Closes the connections of the services; asked for again, they are made anew."""
    services.cache_clear()
    settings.cache_clear()
    wrong_settings.cache_clear()
    _open.close()


def _is_to_be_told(record: logging.LogRecord) -> bool:
    """What goes wrong, and who signs in.

    Of the web server faults alone: it warns of every request that makes no sense, so strangers could fill the log.
    """
    least = logging.ERROR if record.name.startswith("uvicorn") else logging.WARNING
    return record.levelno >= least or record.name.startswith(SIGN_INS)


def log_like_the_tracker() -> None:
    """Has this process, Streamlit and its web server included, log what goes wrong in the form of the tracker."""
    ours = logs.handler()
    ours.addFilter(_is_to_be_told)
    logging.getLogger(SIGN_INS).setLevel(logging.INFO)
    logging.getLogger().addHandler(ours)

    def pass_on(logger: logging.Logger) -> None:
        """In place of a handler of its own for each of Streamlit's loggers."""
        logger.handlers.clear()
        logger.propagate = True

    streamlit.logger.setup_formatter = pass_on
    streamlit.logger.update_formatter()
