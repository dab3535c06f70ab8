"""Files that somebody gives to a page: which requests bring one, and that nothing of it is kept but what is needed.

Streamlit takes them in, up to `server.maxUploadSize`, with a token against requests of other sites, and for a tab that
is open. A file is in the memory of this process alone, and gone with the tab, or when the tab gives too many more.
"""

import re
from typing import cast

from starlette.formparsers import MultiPartParser
from starlette.requests import HTTPConnection
from starlette.types import Scope
from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from tracker.rosters import LARGEST_FILE
from tracker.ui import origin

ADDRESS = re.compile(r"/_stcore/upload_file/([\w-]{1,64})/[\w-]{1,64}", re.ASCII)
METHODS = frozenset({"PUT", "DELETE"})
# Of one tab: how many files are kept, and how many bytes in all of them.
MOST_FILES, MOST_BYTES = 30, 6 * LARGEST_FILE


def is_one(scope: Scope) -> bool:
    """Whether a request brings a file, or takes one back."""
    return scope.get("method") in METHODS and ADDRESS.fullmatch(scope["path"]) is not None


def is_ours(connection: HTTPConnection) -> bool:
    """Whether a page of ours sends it; browsers say so with such a request."""
    return origin.form_is_ours(connection)


def make_room(scope: Scope) -> None:
    """Drops what the tab gave first, where one more file may be too many: nobody fills the memory with them."""
    found = ADDRESS.fullmatch(scope["path"])
    if found is None or scope["method"] != "PUT" or not exists():
        return
    manager = cast(MemoryUploadedFileManager, get_instance().uploaded_file_mgr)
    files = list(manager.file_storage.get(found[1], {}).values())
    while files and (len(files) >= MOST_FILES or sum(len(one.data) for one in files) > MOST_BYTES - LARGEST_FILE):
        manager.remove_file(found[1], files.pop(0).file_id)


def keep_off_disk() -> None:
    """Has what comes in parts stay in memory while it is read, where it would be written to a temporary file."""
    MultiPartParser.spool_max_size = 2 * LARGEST_FILE
