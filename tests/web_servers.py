"""nginx and Caddy with the configuration that goes with the product, on ports of their own and with a certificate."""

import getpass
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

from tests.mail_server import certificate
from tests.tools import path_of
from tests.tracker_process import PATIENCE, PROJECT, free_port, wait_until

NGINX_FILE = PROJECT / ".deploy" / "nginx" / "attendance.conf"
CADDY_FILE = PROJECT / ".docker" / "Caddyfile"
# What a distribution has round the file: everything that is written stays in one folder.
NGINX_MAIN = """
daemon off; user {user}; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
    access_log {folder}/access;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/attendance.conf;
}}
"""


@dataclass(frozen=True)
class WebServer:
    """Where it listens, and what makes its certificate a good one."""

    port: int
    plain_port: int
    trust: ssl.SSLContext
    name: str = "127.0.0.1"

    def connect(self) -> HTTPSConnection:
        """A connection for one request."""
        return HTTPSConnection(self.name, self.port, context=self.trust, timeout=PATIENCE)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of its answer; 0 where it gives none."""
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()


def nginx_file(
    text: str, server: tuple[int, int], pem: Path, trackers: Sequence[int], dashboards: Sequence[int]
) -> str:
    """The file as a school fills it in: ports (of http and https), certificate, and everybody behind it."""
    http, https = server
    told = [
        *(("server 127.0.0.1:8787 ", "server 10.0.0.2:8787 ", port) for port in trackers),
        *(("server 127.0.0.1:8501 ", "server 10.0.0.2:8501 ", port) for port in dashboards),
    ]
    lines = text
    for first, second, port in told:
        line = first if first in lines else f"# {second}"
        assert line in lines, f"no place for {port}"
        lines = lines.replace(line, f"server 127.0.0.1:{port} ", 1)
    lines = re.sub(r"^ *listen \[::\].*\n", "", lines, flags=re.MULTILINE)
    filled = (
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
        ("attendance.your-school.example", "127.0.0.1"),
        ("/etc/ssl/attendance.pem", str(pem)),
        ("/etc/ssl/attendance.key", str(pem)),
    )
    for old, new in filled:
        assert old in lines, old
        lines = lines.replace(old, new)
    return lines


@contextmanager
def nginx(
    folder: Path, trackers: Sequence[int], dashboards: Sequence[int] = (1,), text: str | None = None
) -> Iterator[WebServer]:
    """nginx in front of these ports, with the product's file, or with `text` in its place."""
    program = path_of("nginx")
    assert program, "the tests of the web server need nginx"
    _, trust = certificate(folder)
    ports = free_port(), free_port()
    pem = folder / "mail-with-key.pem"
    given = NGINX_FILE.read_text("utf-8") if text is None else text
    (folder / "attendance.conf").write_text(nginx_file(given, ports, pem, trackers, dashboards))
    main = folder / "nginx.conf"
    main.write_text(NGINX_MAIN.format(user=getpass.getuser(), folder=folder))
    command = [program, "-p", str(folder), "-e", str(folder / "log"), "-c", str(main)]
    with _running(command, os.environ, folder / "said", ports[1]):
        yield WebServer(ports[1], ports[0], ssl.create_default_context(cafile=str(trust)))


@contextmanager
def caddy(folder: Path, trackers: Sequence[int], dashboards: Sequence[int] = (1,)) -> Iterator[WebServer]:
    """Caddy in front of these ports, with the product's file; its certificate is of an authority of its own."""
    program = path_of("caddy")
    assert program, "the tests of the web server need Caddy"
    http, https = free_port(), free_port()
    here = f"admin off\n\tdefault_bind 127.0.0.1\n\thttp_port {http}\n\thttps_port {https}\n\tskip_install_trust\n"
    file = folder / "Caddyfile"
    file.write_text(CADDY_FILE.read_text("utf-8").replace("admin off\n", here, 1))
    environment = os.environ | {
        "DOMAIN": "127.0.0.1",
        "TRACKERS": " ".join(f"127.0.0.1:{port}" for port in trackers),
        "DASHBOARDS": " ".join(f"127.0.0.1:{port}" for port in dashboards),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    with _running([program, "run", "--config", str(file)], environment, folder / "said", https):
        wait_until(root.is_file, "Caddy's own authority")
        front = WebServer(https, http, ssl.create_default_context(cafile=str(root)))
        wait_until(lambda: front.ask("GET", "/healthz")[0], "a certificate of Caddy's")
        yield front


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], said: Path, port: int) -> Iterator[None]:
    """A server as a process of its own, from when it listens."""
    with said.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:

        def listens() -> bool:
            assert process.poll() is None, said.read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listens, f"{command[0]}; what it says: {said}")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
