"""Bodies that come in chunks (RFC 9112, 7.1): read strictly and within bounds, so that their end is never in doubt.

A tunnel or proxy on the way may send Zoom's webhooks so. Anything that two readers could understand differently is
refused: that is how one request is smuggled inside another.
"""

import re
from typing import Protocol

# The line with a chunk's size; an extension after a semicolon means nothing to us, and may only be short.
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?\r\n")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n")
LONGEST_LINE, MOST_TRAILERS = 1024, 32


class ChunksMalformed(Exception):
    """The end of the body is in doubt."""


class ChunksTooLarge(Exception):
    """The body is larger than it may be."""


class ChunksCutOff(Exception):
    """The body ends before its last chunk."""


class Reader(Protocol):
    """What is read from."""

    async def read(self, size: int, /) -> bytes:
        """So many bytes, fewer only at the end."""

    async def readline(self, size: int, /) -> bytes:
        """Up to and with the next line feed, and no more than so many bytes."""


async def read_chunks(reader: Reader, most: int) -> bytes:
    """The body, with its last chunk and trailers read. Trailers are dropped: nothing is to be learned from them.

    Raises ChunksMalformed, ChunksCutOff, and ChunksTooLarge for more than `most` bytes.
    """
    body = bytearray()
    while size := await _size(reader):
        if len(body) + size > most:
            raise ChunksTooLarge
        chunk = await reader.read(size)
        if len(chunk) < size:
            raise ChunksCutOff
        body += chunk
        end = await reader.read(2)
        if end != b"\r\n":
            raise ChunksMalformed if len(end) == 2 else ChunksCutOff
    for _ in range(MOST_TRAILERS + 1):
        line = await _line(reader)
        if line == b"\r\n":
            return bytes(body)
        if not _TRAILER.fullmatch(line):
            break
    raise ChunksMalformed


async def _size(reader: Reader) -> int:
    match = _SIZE.fullmatch(await _line(reader))
    if match is None:
        raise ChunksMalformed
    return int(match[1], 16)


async def _line(reader: Reader) -> bytes:
    line = await reader.readline(LONGEST_LINE)
    if not line.endswith(b"\n") and len(line) < LONGEST_LINE:
        raise ChunksCutOff
    return line
