"""Where this installation has its `.env`, its data folder and the dashboard's files, wherever a command is called; and
that nobody else reads what it keeps."""

import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path

_PACKAGE = Path(__file__).resolve().parent
# In a wheel the dashboard's files travel inside of the package; in a checkout they are beside it.
_IN_A_WHEEL = _PACKAGE / "_dashboard"
# The folder of pyproject.toml; None where the program was installed from a wheel.
CHECKOUT = None if _IN_A_WHEEL.is_dir() else _PACKAGE.parent
# The folder of `dashboard.py`, `pages/` and `.streamlit/`.
DASHBOARD = CHECKOUT or _IN_A_WHEEL
# What installs the program on a server, and the example of its settings.
_DEPLOY = CHECKOUT / ".deploy" if CHECKOUT else _PACKAGE / "_deploy"
_EXAMPLE = CHECKOUT / ".env.example" if CHECKOUT else _DEPLOY / "env.example"


def write_deploy_files(folder: Path) -> None:
    """Writes what installs this program on a server (script, services, nginx) into a folder. Raises OSError."""
    shutil.copytree(_DEPLOY, folder, dirs_exist_ok=True)
    shutil.copy(_EXAMPLE, folder / "env.example")


def default_data_dir() -> Path:
    """Where files are kept unless TRACKER_DATA_DIR says otherwise."""
    return CHECKOUT / "data" if CHECKOUT else user_data_path("zoom-participant-tracking", appauthor=False)


def env_file(environment: Mapping[str, str]) -> Path:
    """The `.env` of this installation: beside pyproject.toml, or in the data folder where there is no checkout."""
    if CHECKOUT:
        return CHECKOUT / ".env"
    given = environment.get("TRACKER_DATA_DIR", "").strip()
    return (Path(given).absolute() if given else default_data_dir()) / ".env"


def keep_new_files_private() -> None:
    """Whatever this process makes from now on, its user alone may open."""
    os.umask(0o077)


def is_open_to_others(path: Path) -> bool:
    """Whether others than its user may do anything with a file or folder. Windows has no such modes."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return os.name != "nt" and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and bool(stat.S_IMODE(mode) & 0o077)


def make_private(*paths: Path) -> None:
    """Takes from others what they may do with these, where they exist and are this user's to change.

    A folder that everybody may put files into is nobody's own, and is left alone.
    """
    for path in paths:
        if is_open_to_others(path):
            found = path.stat()
            if found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX:
                with suppress(OSError):
                    path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that its user alone may open, also where one of that name was open to others. Raises OSError."""
    if not path.exists():
        path.touch(0o600)
    make_private(path)
    path.write_bytes(content)
