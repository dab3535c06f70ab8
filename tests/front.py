"""What stands between a client and a server in a school: a web server, a proxy on the way out, and certificates."""

import datetime
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


@dataclass
class Front:
    """A web server on a port of its own that passes requests on to another port of this machine, and how it does so.

    `answers` is what it answers by itself instead: status, body and headers; `answers_by` makes that of the
    body, `answers_at` are its answers at single paths. `asked` are the targets of the requests.
    """

    port: int
    behind: int
    change_body: Callable[[bytes], bytes] = bytes
    without: tuple[str, ...] = ()
    path: str = ""
    answers: tuple[int, bytes, dict[str, str]] | None = None
    answers_by: Callable[[bytes], tuple[int, bytes, dict[str, str]]] | None = None
    answers_at: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        front = self.server.front
        front.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        by_itself = front.answers_at.get(self.path) or front.answers
        status, content, headers = (
            front.answers_by(body) if front.answers_by else by_itself or self._pass_on(front, body)
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = _serve  # noqa: N815 - http.server looks for these

    def do_CONNECT(self) -> None:
        """As a proxy on the way out: bytes go both ways, whoever was asked for."""
        front = self.server.front
        front.asked.append(self.path)
        if front.answers is not None:
            self.send_error(front.answers[0])
            return
        with socket.create_connection(("127.0.0.1", front.behind), 60) as other:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pour, args=(other, self.connection), daemon=True)
            back.start()
            _pour(self.connection, other)
            back.join(60)
        self.close_connection = True

    def _pass_on(self, front: Front, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        body = front.change_body(body)
        asked = urlsplit(self.path)
        target = front.path or f"{asked.path}?{asked.query}".rstrip("?")
        dropped = {"host", "content-length", "connection", *front.without}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        connection = http.client.HTTPConnection("127.0.0.1", front.behind, timeout=60)
        try:
            connection.request(self.command, target, body or (b"" if self.command == "POST" else None), headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), {"Date": answer.headers.get("Date", "")}
        except ConnectionRefusedError:
            return 502, b"<h1>Bad Gateway</h1>", {}
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    front: Front

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate breaks the connection off, which is what is tested."""


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while content := source.recv(65536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def front(behind: int, context: ssl.SSLContext | None = None, **changes: Any) -> Iterator[Front]:
    """A web server before that port, encrypted with `context`."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.front = Front(server.server_address[1], behind, **changes)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.front
        finally:
            server.shutdown()
            thread.join()


class Authority:
    """An authority of a school's own, whose certificate is in `file`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "school authority")])
        self.file = folder / "authority.pem"
        self._certificate = self._sign(self._name, self._key.public_key(), None, age=0)
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str, *, age: int = 0) -> ssl.SSLContext:
        """The context of a server with a certificate for this host that is good for 30 days, `age` days ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
        made = self._sign(name, key.public_key(), host, age=age)
        pem = serialization.Encoding.PEM
        file = self._folder / "server.pem"
        file.write_bytes(
            made.public_bytes(pem)
            + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePublicKey, host: str | None, *, age: int) -> x509.Certificate:
        begin = datetime.datetime.now(datetime.UTC) - (age + 1) * DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + 31 * DAY)
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if host is not None:
            try:
                named: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                named = x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([named]), critical=False)
        else:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self._key, hashes.SHA256())
