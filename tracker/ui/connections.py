"""How many connections an address may have, and how long a request may take to come in.

The web server under Streamlit sets no limit to either, so a few lines of script could hold every place there is.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tracker import auth

# A browser has up to six connections and one for each open page, and a whole school may be behind one address.
MOST_OF_ADDRESS = 300
# Below the usual limit of 1,024 files for a process, which the database and the log are among.
MOST = 900
# For head and body together. The largest body that is read is a form of 8 KiB.
SECONDS_FOR_REQUEST = 20.0
LARGEST_HEAD = 64 * 1024


class Places:
    """Counts what every address has under way: requests that are being answered, and websockets."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, address: str, proxies: str) -> Iterator[bool]:
        """Takes a place until the block ends; False where this address has too many already.

        A web server of ours, by the setting FORWARDED_ALLOW_IPS, has as many as it likes: it comes for many people.
        """
        place = auth.place_of(address)
        self._taken[place] += 1
        try:
            yield self._taken[place] <= MOST_OF_ADDRESS or auth.is_proxy(address, proxies)
        finally:
            self._taken[place] -= 1
            if not self._taken[place]:
                del self._taken[place]


class LimitedHttp(HttpToolsProtocol):
    """HTTP of the web server, which closes a connection that is one too many, or slow in saying what it wants."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes: int | None = 0  # None while no head is being read

    def connection_made(self, transport: Any) -> None:
        """Refuses the connection where its address, or everybody together, has too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST or self._has_too_many():
            transport.abort()
        else:
            self._begin_waiting()

    def _has_too_many(self) -> bool:
        address = self.client[0] if self.client else ""
        if auth.is_proxy(address, str(self.config.forwarded_allow_ips)):
            return False
        place = auth.place_of(address)
        clients = (getattr(other, "client", None) for other in self.connections)
        of_place = sum(auth.place_of(client[0]) == place for client in clients if client)
        return of_place > MOST_OF_ADDRESS

    def data_received(self, data: bytes) -> None:
        """Refuses a head without an end."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self.send_400_response("The head of this request is too large.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """The first bytes of a request are here; the rest has to follow."""
        super().on_message_begin()
        self._begin_waiting()

    def on_headers_complete(self) -> None:
        """What comes now is its body."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of the request is here; its answer may take as long as it does."""
        super().on_message_complete()
        self._head_bytes = 0
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From here on it is no HTTP any more; whether the browser is still there, the websocket asks by itself."""
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def _begin_waiting(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(SECONDS_FOR_REQUEST, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
