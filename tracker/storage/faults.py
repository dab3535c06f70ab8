"""What is the matter with a database that fails, by what its driver says, and what this process has met with so far.

Codes are from SQLite's "Result and Error Codes" and PostgreSQL's appendix "Error Codes".
"""

import re
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# For so long a change that was not stored is told.
SECONDS_TOLD = 300.0
MOST_REMEMBERED = 10_000


class Sort(StrEnum):
    """What is the matter with a database."""

    UNREACHABLE = "unreachable"
    READ_ONLY = "read_only"
    FULL = "full"
    CORRUPT = "corrupt"
    NO_RIGHTS = "no_rights"
    BUSY = "busy"
    SCHEMA = "schema"
    OTHER = "other"


_OF_SQLITE = {
    sqlite3.SQLITE_PERM: Sort.NO_RIGHTS,
    sqlite3.SQLITE_AUTH: Sort.NO_RIGHTS,
    sqlite3.SQLITE_BUSY: Sort.BUSY,
    sqlite3.SQLITE_LOCKED: Sort.BUSY,
    sqlite3.SQLITE_READONLY: Sort.READ_ONLY,
    sqlite3.SQLITE_IOERR: Sort.OTHER,
    sqlite3.SQLITE_CORRUPT: Sort.CORRUPT,
    sqlite3.SQLITE_NOTADB: Sort.CORRUPT,
    sqlite3.SQLITE_FULL: Sort.FULL,
    sqlite3.SQLITE_CANTOPEN: Sort.UNREACHABLE,
    sqlite3.SQLITE_PROTOCOL: Sort.BUSY,
    sqlite3.SQLITE_NOLFS: Sort.OTHER,
}
# The whole codes of those that are of another sort than their kind: the newest pages' index finds no room.
_OF_SQLITE_WHOLE = {sqlite3.SQLITE_IOERR_SHMSIZE: Sort.FULL}
_LACKS_TABLE = re.compile("no such (table|column)|has no column named")
# By the whole code, or by its class, the first two characters.
_OF_POSTGRES = {
    "25006": Sort.READ_ONLY,
    "53100": Sort.FULL,
    "XX001": Sort.CORRUPT,
    "XX002": Sort.CORRUPT,
    "42501": Sort.NO_RIGHTS,
    "55P03": Sort.BUSY,
    "57014": Sort.BUSY,
    "42P01": Sort.SCHEMA,
    "42703": Sort.SCHEMA,
    "3D000": Sort.UNREACHABLE,
    "08": Sort.UNREACHABLE,
    "28": Sort.UNREACHABLE,
    "57": Sort.UNREACHABLE,
    "53": Sort.UNREACHABLE,
    "58": Sort.OTHER,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a database has failed with: its sort, and the first line of what its driver says, which names no value."""

    sort: Sort
    cause: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a process has met with in its database: the fault that has not been seen to be over, and the number of
    changes that could not be stored within the last minutes, with the fault of the last.
    """

    fault: Fault | None = None
    failed: int = 0
    last: Fault | None = None


def fault_of(error: BaseException) -> Fault | None:
    """What is the matter with the database; None where the statement is at fault, or two got in each other's way.

    What an error came from counts as well: SQLite takes a transaction back where the disk is full, and then it fails
    for another reason that a savepoint of it cannot be given up.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, DBAPIError | PoolTimeout) and (fault := _fault_of(seen)):
            return fault
        seen = seen.__cause__ or seen.__context__
    return None


def _fault_of(error: DBAPIError | PoolTimeout) -> Fault | None:
    if not isinstance(error, DBAPIError):  # no connection was free
        return Fault(Sort.OTHER, _first_line(error))
    cause = error.orig
    code, state = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
    sort: Sort | None = None
    if isinstance(code, int):
        sort = _OF_SQLITE_WHOLE.get(code) or _OF_SQLITE.get(code & 0xFF)  # the rest tells kinds of it apart
        if sort is None and _LACKS_TABLE.search(str(cause)):
            sort = Sort.SCHEMA
    elif isinstance(state, str):
        sort = _OF_POSTGRES.get(state) or _OF_POSTGRES.get(state[:2])
    elif isinstance(error, OperationalError | InterfaceError):  # there is no code without a connection
        sort = Sort.CORRUPT if "malformed" in str(cause) else Sort.UNREACHABLE
    return Fault(sort, _first_line(cause or error)) if sort else None


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [""])[0].strip().rstrip(".") or type(error).__name__


class Faults:
    """What a process has met with in one database; may be shared by threads.

    A fault lasts until a change is known to have been stored: that a transaction ends well is no proof, since a
    database that is read-only or full still takes one that changes nothing.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._last: Fault | None = None
        self._failed: deque[float] = deque(maxlen=MOST_REMEMBERED)

    def note(self, error: BaseException, *, writing: bool) -> None:
        """A transaction has failed with this."""
        fault = fault_of(error)
        if fault is None:
            return
        with self._lock:
            self._fault = fault
            if writing:
                self._last = fault
                self._failed.append(self._monotonic())

    def stored(self) -> None:
        """A change was stored."""
        with self._lock:
            self._fault = None

    def record(self) -> Record:
        """What was met with so far."""
        with self._lock:
            while self._failed and self._monotonic() - self._failed[0] > SECONDS_TOLD:
                self._failed.popleft()
            return Record(self._fault, len(self._failed), self._last if self._failed else None)


_FAULTS: WeakKeyDictionary[Engine, Faults] = WeakKeyDictionary()


def faults_of(engine: Engine) -> Faults:
    """What this process has met with in this database."""
    return _FAULTS.setdefault(engine, Faults())
