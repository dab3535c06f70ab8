"""Files that somebody gives to a page: which requests bring one, and that nothing of it is kept but what is needed.

Streamlit takes them in, up to `server.maxUploadSize`, with a token against requests of other sites, and for a tab that
is open. A file is in the memory of this process alone, and gone with the tab, or with the next file of the same tab.
"""

import re

from starlette.formparsers import MultiPartParser
from starlette.requests import HTTPConnection
from starlette.types import Scope
from streamlit.runtime import exists, get_instance

from tracker.rosters import LARGEST_FILE
from tracker.ui import origin

ADDRESS = re.compile(r"/_stcore/upload_file/([\w-]{1,64})/[\w-]{1,64}", re.ASCII)
METHODS = frozenset({"PUT", "DELETE"})


def is_one(scope: Scope) -> bool:
    """Whether a request brings a file, or takes one back."""
    return scope.get("method") in METHODS and ADDRESS.fullmatch(scope["path"]) is not None


def is_ours(connection: HTTPConnection) -> bool:
    """Whether a page of ours sends it; browsers say so with such a request."""
    return origin.form_is_ours(connection)


def make_room(scope: Scope) -> None:
    """Drops what the tab has given before: it has one file at a time, and nobody fills the memory with more."""
    found = ADDRESS.fullmatch(scope["path"])
    if found is not None and scope["method"] == "PUT" and exists():
        get_instance().uploaded_file_mgr.remove_session_files(found[1])


def keep_off_disk() -> None:
    """Has what comes in parts stay in memory while it is read, where it would be written to a temporary file."""
    MultiPartParser.spool_max_size = 2 * LARGEST_FILE
