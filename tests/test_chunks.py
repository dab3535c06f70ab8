"""Bodies in chunks: whatever is sent, the body is read exactly or refused, and nothing is read beyond its end."""

import io
from collections.abc import Coroutine
from http.client import HTTPResponse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.server import chunks
from tracker.server.chunks import ChunksCutOff, ChunksMalformed, ChunksTooLarge

MOST = 1000
REST = b"GET /next HTTP/1.1\r\n"
pieces = st.lists(st.binary(min_size=1, max_size=40), max_size=8)
FRAGMENTS = [
    b"0",
    b"1",
    b"a",
    b"F",
    b";",
    b"x",
    b"\r\n",
    b"\r",
    b"\n",
    b"0\r\n\r\n",
    b"2\r\n{}\r\n",
    b"X: 1\r\n",
    b"-",
    b"ff",
]


class InMemory:
    """A reader that has everything at once."""

    def __init__(self, content: io.BytesIO) -> None:
        self.content = content

    async def read(self, size: int) -> bytes:
        return self.content.read(size)

    async def readline(self, size: int) -> bytes:
        return self.content.readline(size)


def read_chunks(content: io.BytesIO, most: int) -> bytes:
    reading: Coroutine[None, None, bytes] = chunks.read_chunks(InMemory(content), most)
    try:
        reading.send(None)
    except StopIteration as done:
        return bytes(done.value)
    raise AssertionError("it waited for something")


class Wire:
    """As much of a socket as the standard library's client reads from."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.content)


def read_by_the_standard_library(sent: bytes) -> bytes:
    """The same body as another reader understands it."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = HTTPResponse(Wire(head + sent))  # type: ignore[arg-type]
    answer.begin()
    return answer.read()


@given(pieces, st.sampled_from([b"%x\r\n", b"%X\r\n", b"0%x\r\n", b"%x;a=b\r\n"]), st.sampled_from([b"", b"X: 1\r\n"]))
def test_a_body_is_the_same_however_it_is_cut_into_chunks(body: list[bytes], size: bytes, trailer: bytes) -> None:
    sent = b"".join(size % len(piece) + piece + b"\r\n" for piece in body) + b"0\r\n" + trailer + b"\r\n"
    reader = io.BytesIO(sent + REST)
    assert read_chunks(reader, MOST) == b"".join(body)
    assert reader.read() == REST


@given(st.binary(max_size=60) | st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join))
@example(b"0\r\n\r\n")
def test_any_bytes_are_read_exactly_or_refused(sent: bytes) -> None:
    reader = io.BytesIO(sent)
    try:
        body = read_chunks(reader, MOST)
    except (ChunksMalformed, ChunksCutOff, ChunksTooLarge):
        return
    assert body == read_by_the_standard_library(sent[: reader.tell()])


@given(pieces, st.integers(min_value=0, max_value=400))
def test_a_body_that_is_cut_off_is_never_a_shorter_one(body: list[bytes], cut: int) -> None:
    sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body) + b"0\r\n\r\n"
    with pytest.raises((ChunksCutOff, ChunksMalformed)):
        read_chunks(io.BytesIO(sent[: min(cut, len(sent) - 1)]), MOST)


@pytest.mark.parametrize(
    ("sizes", "fits"), [([MOST], True), ([1] * MOST, True), ([MOST, 1], False), ([MOST + 1], False)]
)
def test_a_body_has_its_largest_size(sizes: list[int], fits: bool) -> None:
    sent = b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in sizes) + b"0\r\n\r\n"
    if fits:
        assert len(read_chunks(io.BytesIO(sent), MOST)) == MOST
        return
    with pytest.raises(ChunksTooLarge):
        read_chunks(io.BytesIO(sent), MOST)
