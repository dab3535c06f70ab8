"""A real PgBouncer in transaction mode, in front of a PostgreSQL of the tests."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from tests.postgres import as_other_user, folder_of_server
from tests.tools import program
from tests.tracker_process import free_port, wait_until

# Fewer than a tracker has connections, so that transactions of one and the same connection get different ones.
SERVER_CONNECTIONS = 6


class PgBouncer:
    """What is set is what every installation has to say, and few connections; the rest is as it comes."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.port, self._folder = free_port(), folder
        self._settings = folder / "pgbouncer.ini"
        self.send_to(database_url)

    def in_front_of(self, database_url: str) -> str:
        """The address of this database, by way of the PgBouncer."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{make_url(database_url).database}"

    def send_to(self, database_url: str) -> None:
        """At its start, and with `reload`, it takes this server for all databases."""
        given = conninfo_to_dict(make_url(database_url).render_as_string(hide_password=False))
        where = " ".join(f"{name}={given[name]}" for name in ("host", "port") if given.get(name))
        (self._folder / "users.txt").write_text('"postgres" ""\n')
        # Another user reads them, and what was run in this process before may have closed new files to others.
        (self._folder / "users.txt").chmod(0o644)
        self._settings.write_text(
            f"[databases]\n* = {where}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {self._folder}/users.txt\nadmin_users = postgres\n"
            f"pool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n"
            "server_login_retry = 1\n"
        )
        self._settings.chmod(0o644)

    def start(self) -> None:
        """Returns once it answers."""
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [program("pgbouncer"), str(self._settings)], stdout=log, stderr=log, **as_other_user()
        )
        log.close()
        wait_until(self._answers, f"a PgBouncer that answers; {(self._folder / 'log').read_text()}")

    def reload(self) -> None:
        """Takes over what `send_to` said; connections to the old server end with their transactions."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.in_front_of("postgresql:///postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            return False
        return True


@contextmanager
def pgbouncer(database_url: str) -> Iterator[PgBouncer]:
    """A PgBouncer in front of this database; the test is skipped where none is installed."""
    program("pgbouncer")
    with folder_of_server() as folder:
        made = PgBouncer(folder, database_url)
        try:
            made.start()
            yield made
        finally:
            made.stop()
