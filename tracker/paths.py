"""Where this installation has its `.env`, its data folder and the dashboard's files, wherever a command is called."""

from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_data_path

_PACKAGE = Path(__file__).resolve().parent
# In a wheel the dashboard's files travel inside of the package; in a checkout they are beside it.
_IN_A_WHEEL = _PACKAGE / "_dashboard"
# The folder of pyproject.toml; None where the program was installed from a wheel.
CHECKOUT = None if _IN_A_WHEEL.is_dir() else _PACKAGE.parent
# The folder of `dashboard.py`, `pages/` and `.streamlit/`.
DASHBOARD = CHECKOUT or _IN_A_WHEEL


def default_data_dir() -> Path:
    """Where files are kept unless TRACKER_DATA_DIR says otherwise."""
    return CHECKOUT / "data" if CHECKOUT else user_data_path("zoom-participant-tracking", appauthor=False)


def env_file(environment: Mapping[str, str]) -> Path:
    """The `.env` of this installation: beside pyproject.toml, or in the data folder where there is no checkout."""
    if CHECKOUT:
        return CHECKOUT / ".env"
    given = environment.get("TRACKER_DATA_DIR", "").strip()
    return (Path(given).absolute() if given else default_data_dir()) / ".env"
