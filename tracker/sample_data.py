"""What `tracker demo` has made, and removing it in one step.

The demo has a database of its own, whatever the settings of the real installation are, and its classes are held at the
practice Zoom. So nothing in the real database is sample data, and all that is in the demo's is.
"""

from pathlib import Path

from tracker import audit, auth, paths
from tracker.audit import Action
from tracker.errors import NotFound
from tracker.services import Services
from tracker.settings import Settings
from tracker.storage.members import Member
from tracker.storage.sample import check_removable

# In the data folder where one is given, and else in a folder of that name in the usual one.
FOLDER = "demo"
DATABASE, SECRET, ZOOM = "demo.sqlite3", "practice-secret", "practice-zoom.json"
# Who was erased (`tracker.privacy`).
ERASED = "erased.json"
# All the files of a demo; what SQLite, a restore and an upgrade keep beside a database is among them.
PATTERNS = (DATABASE, f"{DATABASE}-*", "demo.before-*.sqlite3", SECRET, f"{ZOOM}*")


def folders(settings: Settings) -> list[Path]:
    """Where there is sample data."""
    usual = paths.default_data_dir() / FOLDER
    candidates = dict.fromkeys(one.absolute() for one in (settings.data_dir, settings.data_dir / FOLDER, usual))
    return [folder for folder in candidates if (folder / DATABASE).is_file()]


def is_own_database(settings: Settings) -> bool:
    """Whether this process is the demo's own."""
    return any(settings.database_url.endswith((folder / DATABASE).as_posix()) for folder in folders(settings))


def remove(services: Services, acting: Member) -> list[Path]:
    """Deletes the files of the demo, and nothing else; returns the folders in which they were.

    Raises NotAllowed for whoever is no admin, NotFound where there are none, InvalidInput where the demo runs or its
    database has a class of a real Zoom; then nothing is deleted.
    """
    auth.check_is_admin(acting)
    found = folders(services.settings)
    if not found:
        raise NotFound("no_sample_data")
    for folder in found:
        check_removable(folder / DATABASE)
    for folder in found:
        # Who was erased from another database of this folder stays erased.
        own = (ERASED,) if not list(folder.glob("tracker.sqlite3*")) else ()
        for file in [file for pattern in (*PATTERNS, *own) for file in folder.glob(pattern)]:
            file.unlink(missing_ok=True)
        if folder.name == FOLDER and not any(folder.iterdir()):
            folder.rmdir()
    audit.note_read(services.engine, acting, Action.SAMPLE_DATA_REMOVED, services.now())
    return found
