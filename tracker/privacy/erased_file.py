"""Who was erased, in a file of the data folder: a database that is from before does not know it."""

import json
import os
from datetime import UTC
from pathlib import Path
from tempfile import NamedTemporaryFile

from tracker.attendance.anonymous import Erased
from tracker.clock import parse_utc, to_zoom
from tracker.errors import InvalidInput

NAME = "erased.json"


def read(data_dir: Path) -> Erased:
    """Who was erased as far as the file knows; nobody where there is none. Raises InvalidInput where it is damaged."""
    file = data_dir / NAME
    try:
        entries = json.loads(file.read_text("utf-8"))
        times = {entry["digest"]: (entry["salt"], parse_utc(entry["erasedAt"])) for entry in entries}
    except FileNotFoundError:
        return Erased()
    except (OSError, ValueError, LookupError, TypeError):
        raise InvalidInput("erased_file_unreadable", file=str(file)) from None
    return Erased({digest: (salt, at) for digest, (salt, at) in times.items() if at is not None})


def write(data_dir: Path, erased: Erased) -> None:
    """Replaces the file as a whole, for this user alone to read. Raises InvalidInput where this cannot be done."""
    entries = [
        {"digest": digest, "salt": salt, "erasedAt": to_zoom(at.astimezone(UTC))}
        for digest, (salt, at) in sorted(erased.people.items())
    ]
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # A temporary file is made for this user alone.
        part = NamedTemporaryFile("w", dir=data_dir, prefix=".erased-", encoding="utf-8", delete=False)  # noqa: SIM115
        try:
            with part:
                json.dump(entries, part, indent=1)
                part.flush()
                os.fsync(part.fileno())
            Path(part.name).replace(data_dir / NAME)
        except OSError:
            Path(part.name).unlink(missing_ok=True)  # the disk may be full, and this is tried again and again
            raise
    except OSError as error:
        raise InvalidInput("file_unwritable", file=str(data_dir / NAME), reason=str(error.strerror)) from None
