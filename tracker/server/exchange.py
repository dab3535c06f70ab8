"""A request as `http.server` reads it, within limits, and its answer as `http.server` writes it; no socket in sight.

`tracker.server.http_server` has the sockets and the deadlines.
"""

import asyncio
import io
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from tracker.messages import sentence
from tracker.server.chunks import ChunksCutOff, ChunksMalformed, ChunksTooLarge, read_chunks
from tracker.server.routes import Answer, Request, failure

LARGEST_BODY, LARGEST_HEAD = 1024 * 1024, 256 * 1024
# What is larger has to wait for one of a few places, or many such requests at once would fill the memory.
SMALL_REQUEST = 64 * 1024
# As `http.server` has them: a longer line, or more headers than these, and it refuses the request.
LONGEST_LINE, MOST_HEADERS = 65_536, 100
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Incoming:
    """What a client sends; of each request no more than so many bytes, or endless headers would fill the memory.

    `places` are those that large requests wait for.
    """

    def __init__(self, reader: asyncio.StreamReader, places: asyncio.Semaphore) -> None:
        self._reader, self._places = reader, places
        self._bytes, self._has_place = 0, False

    async def begins(self) -> bytes:
        """The first byte of a request; nothing where none comes any more."""
        self._bytes = 0
        return await self.read(1)

    def done(self) -> None:
        """The request is answered, or never will be."""
        if self._has_place:
            self._places.release()
        self._has_place = False

    async def head(self, first: bytes) -> bytes:
        """The head that begins with this byte, with the empty line at its end; as far as `http.server` reads it.

        Raises ConnectionAbortedError where it is too large, or is cut off: what is missing may change its meaning.
        """
        lines = [first if first == b"\n" else first + await self.readline(LONGEST_LINE)]
        while lines[-1].strip(b"\r\n") and lines[-1].endswith(b"\n") and len(lines) <= MOST_HEADERS + 1:
            lines.append(await self.readline(LONGEST_LINE + 1))
        if not lines[-1].endswith(b"\n") and len(lines[-1]) < LONGEST_LINE:
            raise ConnectionAbortedError
        return b"".join(lines)

    async def read(self, size: int, /) -> bytes:
        """So many bytes, fewer only at the end. Raises ConnectionAbortedError where it would be too many."""
        await self._take(size)
        try:
            return await self._reader.readexactly(size)
        except asyncio.IncompleteReadError as cut_off:
            return cut_off.partial

    async def readline(self, size: int, /) -> bytes:
        """Up to and with the next line feed; of a longer line so many bytes, and the rest of it may be lost."""
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as cut_off:
            line = cut_off.partial
        except asyncio.LimitOverrunError:
            line = await self._reader.readexactly(size)
        await self._take(len(line))
        return line[:size]

    async def drain(self, most: int) -> None:
        """Reads on to the end, or so many bytes, and forgets them."""
        while most > 0 and (read := await self._reader.read(LONGEST_LINE)):
            most -= len(read)

    async def _take(self, size: int) -> None:
        self._bytes += size
        if self._bytes > LARGEST_BODY + LARGEST_HEAD:
            raise ConnectionAbortedError
        if self._bytes > SMALL_REQUEST and not self._has_place:
            await self._places.acquire()
            self._has_place = True


class BodyRefused(Exception):
    """The request is answered so, without its body having been read to the end."""

    def __init__(self, status: int, code: str, **details: int) -> None:
        super().__init__(code)
        refused = failure(status, HTTPStatus(status).name.lower(), sentence(code, details))
        self.code, self.answer = code, Answer(status, refused.body, close=True)


class BodyCutOff(Exception):
    """The client ended before its body did."""


class Exchange(BaseHTTPRequestHandler):
    """One request, by its head, and what is written back.

    `readable` is whether the head makes sense; where it does not, the refusal is written already. `refused` says that
    the headers were the reason.
    """

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tracker", ""

    def __init__(self, head: bytes) -> None:
        # That of `http.server` would take a socket, and read from it at once.
        self.rfile = io.BytesIO(head)
        self.wfile = self._written = io.BytesIO()
        self.command = self.path = self.requestline = self.request_version = ""
        self.close_connection, self.refused = True, False
        self.raw_requestline = self.rfile.readline(LONGEST_LINE + 1)
        self.readable = False
        if len(self.raw_requestline) > LONGEST_LINE:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif self.parse_request():
            self.readable = self.command in METHODS
            if not self.readable:
                self.send_error(HTTPStatus.NOT_IMPLEMENTED)

    @property
    def is_webhook(self) -> bool:
        """Whether it brings a webhook, as far as its first line tells."""
        return Request(self.command, self.path, {}).is_webhook

    @property
    def forwarded_for(self) -> str:
        """The addresses that web servers on the way say that it comes from, the nearest one last."""
        return ",".join(self.headers.get_all("x-forwarded-for") or [])

    def request(self, body: bytes, address: str) -> Request:
        """The request with its body, and the address of who sent it."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, body, address)

    def written(self) -> bytes:
        """What was written since the last time."""
        content = self._written.getvalue()
        self.wfile = self._written = io.BytesIO()
        return content

    def send_response(self, code: int, message: str | None = None) -> None:
        """The first line and the time; what program answers is nobody's business."""
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())

    def write(self, reply: Answer, *, close: bool) -> None:
        """Writes the answer; `close` ends the connection after it, as the answer itself may."""
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.close or close:
            self.send_header("Connection", "close")  # which has `http.server` close it
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    async def read_body(self, incoming: Incoming) -> bytes:
        """The body, to its end. Raises BodyRefused, BodyCutOff; what leaves its end in doubt closes the connection."""
        if self.headers.defects:
            raise BodyRefused(400, "headers_malformed")
        if "transfer-encoding" in self.headers:
            return await self._read_chunks(incoming)
        length = self._body_length()
        body = await incoming.read(length)
        if len(body) < length:
            raise BodyCutOff
        return body

    async def _read_chunks(self, incoming: Incoming) -> bytes:
        """A body in chunks, which only Zoom's webhooks may have: proxies and tunnels on the way send them so."""
        if not self.is_webhook:
            raise BodyRefused(501, "length_needed_not_chunks")
        codings = self.headers.get_all("transfer-encoding") or []
        # RFC 9112, 6.1: two statements on where a body ends may be understood differently by two readers.
        if "content-length" in self.headers or len(codings) > 1 or self.request_version == "HTTP/1.0":
            raise BodyRefused(400, "length_doubtful")
        if codings != ["chunked"]:
            raise BodyRefused(501, "transfer_coding_unknown")
        try:
            return await read_chunks(incoming, LARGEST_BODY)
        except ChunksMalformed:
            raise BodyRefused(400, "chunks_malformed") from None
        except ChunksCutOff:
            raise BodyCutOff from None
        except (ChunksTooLarge, ConnectionAbortedError):  # the second: small chunks, and so many
            raise BodyRefused(413, "body_too_large", most=LARGEST_BODY) from None

    def _body_length(self) -> int:
        lengths = self.headers.get_all("content-length") or []
        if not lengths and self.command not in ("POST", "PUT", "PATCH"):
            return 0
        if not lengths:
            raise BodyRefused(411, "length_needed")
        if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise BodyRefused(400, "length_malformed")
        if len(lengths[0]) > 12 or int(lengths[0]) > LARGEST_BODY:
            raise BodyRefused(413, "body_too_large", most=LARGEST_BODY)
        return int(lengths[0])

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuses a request whose first lines cannot be read."""
        self.refused = bool(self.command)
        super().send_error(code, message, explain)

    def version_string(self) -> str:
        return self.server_version

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing: a request line may carry what does not belong in a log."""
