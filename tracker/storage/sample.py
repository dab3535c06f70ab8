"""Whether a SQLite file may be deleted as the database of a demo."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tracker.errors import InvalidInput

# Every link of a practice Zoom is of this machine; none of a real one is.
PRACTICE = "http://127.0.0.1:"
SECONDS_TO_WAIT = 1.0


def check_removable(file: Path) -> None:
    """Raises InvalidInput where somebody uses the database, where it is none, or has a class of a real Zoom."""
    try:
        uri = f"{file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=SECONDS_TO_WAIT, isolation_level=None)) as connection:
            links = [link for (link,) in connection.execute('SELECT DISTINCT "zoomJoinUrl" FROM "LiveStream"')]
            # Out of WAL mode it goes only where nobody else has it open.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise InvalidInput("sample_data_in_use", file=str(file), reason=str(error)) from error
    if any(link and not link.startswith(PRACTICE) for link in links):
        raise InvalidInput("sample_data_with_real_class", file=str(file))
