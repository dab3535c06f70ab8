"""The tracker's HTTP server: sockets, limits and deadlines round one plain function, `tracker.server.routes.answer`.

One thread waits for all clients together; only a request that has come whole gets a thread of the pool. So whoever
sends slowly, or nothing, keeps nobody waiting, however many they are. `http.server` reads and writes the requests
(`tracker.server.exchange`).
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from tracker import auth
from tracker.server.exchange import LARGEST_BODY, LONGEST_LINE, BodyCutOff, BodyRefused, Exchange, Incoming
from tracker.server.routes import ServerState, answer
from tracker.storage.webhook_log import REFUSED

log = logging.getLogger(__name__)

# How long is waited for the first byte of a request, for all of it, for an answer to be taken, and for what a client
# still sends that has been refused; of that no more is read than so many bytes.
IDLE_SECONDS, REQUEST_SECONDS, SEND_SECONDS, DRAIN_SECONDS = 5.0, 10.0, 5.0, 5.0
MOST_DRAINED = 32 * LARGEST_BODY
# More threads would not be faster. In a burst requests wait for one, and further clients in the system's queue.
THREADS, CONNECTIONS, WAITING = 128, 512, 1024
# Zoom sends none so large that it would need one of these places; a large request takes a megabyte.
LARGE_REQUESTS = 16
# From one place (an IPv6 network /64 is one) so many connections may be waited for. A web server in front of this one
# passes on what it has whole, and `FORWARDED_ALLOW_IPS` names it: it has no such limit.
CONNECTIONS_OF_PLACE = 32
# Where there is no room, whoever has been waited for for so long has to go.
PATIENCE_SECONDS = 0.5
# At the end, who has connected and sent nothing yet may still do so: a web server in front has given it that request.
LAST_REQUEST_SECONDS = 0.5


class HttpServer:
    """The server, listening on `port`. `start` returns once it answers; `stop` lets running requests finish."""

    def __init__(self, host: str, port: int, state: ServerState) -> None:
        self._listener = _listen(host, port)
        self.port = int(self._listener.getsockname()[1])
        self._clients = _Clients(self._listener, state)
        self._running = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="http-server", daemon=True)

    def start(self) -> None:
        """Serves in the background."""
        self._thread.start()
        self._running.wait()

    def stop(self) -> None:
        """Answers whoever has connected until now, and ends all connections; returns when the last answer is sent."""
        self._loop.call_soon_threadsafe(self._told_to_stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._told_to_stop = asyncio.get_running_loop(), asyncio.Event()
        accepting = asyncio.create_task(self._clients.accept())
        self._running.set()
        await self._told_to_stop.wait()
        accepting.cancel()
        await asyncio.wait([accepting])
        await self._clients.end()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(WAITING)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


class _Clients:
    """Everybody who is connected, and of whom a request is waited for: the one waited for longest comes first."""

    def __init__(self, listener: socket.socket, state: ServerState) -> None:
        self.state, self._listener = state, listener
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="http-server")
        self._tasks: set[asyncio.Task[None]] = set()
        self.places_for_large = asyncio.Semaphore(LARGE_REQUESTS)
        self._somebody_left = asyncio.Event()
        self._waited_for: dict[_Client, float] = {}
        self._of_place: dict[str, dict[_Client, None]] = {}
        self._stopping = False

    @property
    def full(self) -> bool:
        """Whether there is no room for another connection, or is not to be; some may be waiting then."""
        return self._stopping or len(self._tasks) >= CONNECTIONS

    async def accept(self) -> None:
        """Takes whoever connects, as long as there is room. To be cancelled: nobody is lost by that."""
        loop = asyncio.get_running_loop()
        while True:
            await self._make_room(loop)
            try:
                taken = self._take(loop)
            except OSError:  # who has gone already, or this process may open no more files
                self._shed(loop.time())
                await asyncio.sleep(0.1)
                continue
            if taken:
                await asyncio.sleep(0)  # those who are here have their turn
            else:
                await self._somebody_connects(loop)

    def _take(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Takes one who has connected; whether there was one. Raises OSError."""
        try:
            connection, address = self._listener.accept()
        except BlockingIOError:
            return False
        connection.setblocking(False)
        task = loop.create_task(_Client(self, address[0]).serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return True

    async def _somebody_connects(self, loop: asyncio.AbstractEventLoop) -> None:
        connecting = asyncio.Event()
        loop.add_reader(self._listener, connecting.set)
        try:
            await connecting.wait()
        finally:
            loop.remove_reader(self._listener)

    async def _make_room(self, loop: asyncio.AbstractEventLoop) -> None:
        while len(self._tasks) >= CONNECTIONS:
            self._shed(loop.time())
            self._somebody_left.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await self._somebody_left.wait()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._somebody_left.set()

    def _shed(self, now: float) -> None:
        """Sends away the client waited for longest, if that is long enough."""
        client, since = next(iter(self._waited_for.items()), (None, now))
        if client and now - since >= PATIENCE_SECONDS:
            self._send_away(client)

    @contextmanager
    def waiting_for(self, client: "_Client") -> Iterator[None]:
        """A request of this client is waited for until the end of the block."""
        self._waited_for[client] = asyncio.get_running_loop().time()
        if client.place is not None:
            of_place = self._of_place.setdefault(client.place, {})
            of_place[client] = None
            if len(of_place) > CONNECTIONS_OF_PLACE:
                self._send_away(next(iter(of_place)))
        if self._stopping and client.was_answered:
            self._send_away(client)
        try:
            yield
        finally:
            self._wait_no_more(client)

    async def end(self) -> None:
        """Answers whoever has connected, and ends the listener and every connection.

        Closing the listener resets those in its queue, who may have sent a request already, so they are taken first.
        """
        self._stopping = True
        with suppress(OSError):
            while self._take(asyncio.get_running_loop()):
                pass
        self._listener.close()
        for client in [client for client in self._waited_for if client.was_answered]:
            self._send_away(client)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_REQUEST_SECONDS)
        for client in list(self._waited_for):
            self._send_away(client)
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.pool.shutdown()

    def _send_away(self, client: "_Client") -> None:
        self._wait_no_more(client)
        client.close()

    def _wait_no_more(self, client: "_Client") -> None:
        self._waited_for.pop(client, None)
        of_place = self._of_place.get(client.place or "", {})
        of_place.pop(client, None)
        if not of_place:
            self._of_place.pop(client.place or "", None)


class _Client:
    """One connection: its requests, one after another."""

    def __init__(self, clients: _Clients, address: str) -> None:
        self._clients, self._address = clients, address
        self._proxies = clients.state.services.settings.forwarded_allow_ips
        # Whether it had an answer: where a request is waited for, the connection is idle then.
        self.was_answered = False
        # Where it counts as coming from; None for a web server in front of this one.
        self.place = None if auth.is_proxy(address, self._proxies) else auth.place_of(address)

    def close(self) -> None:
        """Ends the connection; whatever waits for it hears of it."""
        self._writer.close()

    async def serve(self, connection: socket.socket) -> None:
        """Answers requests until there is none any more. Never raises."""
        try:
            reader, self._writer = await asyncio.open_connection(sock=connection, limit=LONGEST_LINE + 1)
        except OSError:
            connection.close()
            return
        self._writer.transport.set_write_buffer_limits(0)  # what has been sent is with the system, or waited for
        self._incoming = Incoming(reader, self._clients.places_for_large)
        try:
            while await self._exchange():
                self._incoming.done()
        except OSError:
            log.debug("a connection broke off")
        except Exception:
            log.exception("a connection failed")
        finally:
            self._incoming.done()
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _exchange(self) -> bool:
        """One request and its answer; whether another may follow. Raises OSError: too slow, too large, or gone."""
        with self._clients.waiting_for(self):
            async with asyncio.timeout(IDLE_SECONDS):
                first = await self._incoming.begins()
            if not first:
                return False
            until = asyncio.get_running_loop().time() + REQUEST_SECONDS
            async with asyncio.timeout_at(until):
                exchange = Exchange(await self._incoming.head(first))
                await self._send(exchange.written())  # a refusal, or that the body may come
            body = await self._body(exchange, until)
        if body is None:
            return False
        state, loop = self._clients.state, asyncio.get_running_loop()
        request = exchange.request(body, auth.caller_of(self._address, exchange.forwarded_for, self._proxies))
        begun = loop.time()
        reply = await loop.run_in_executor(self._clients.pool, answer, state, request)
        if request.is_webhook:
            state.counters.webhook_seconds.observe(loop.time() - begun)
        state.counters.answers.labels(str(reply.status)).inc()
        exchange.write(reply, close=self._clients.full)
        await self._send(exchange.written())
        self.was_answered = True
        return not exchange.close_connection

    async def _body(self, exchange: Exchange, until: float) -> bytes | None:
        """The body; None where the request is refused, which has been answered then. Raises OSError."""
        if not exchange.readable:
            if exchange.refused:
                self._note_refused(exchange, "headers_malformed")
            await self._drain()
            return None
        try:
            async with asyncio.timeout_at(until):
                return await exchange.read_body(self._incoming)
        except BodyRefused as refused:
            self._note_refused(exchange, refused.code)
            self._clients.state.counters.answers.labels(str(refused.answer.status)).inc()
            exchange.write(refused.answer, close=True)
            await self._send(exchange.written())
            await self._drain()
        except TimeoutError:
            self._note_refused(exchange, "body_too_slow")
        except BodyCutOff:
            self._note_refused(exchange, "body_cut_off")
        return None

    def _note_refused(self, exchange: Exchange, code: str) -> None:
        if exchange.is_webhook:
            self._clients.state.note_webhook(f"{REFUSED}{code}")

    async def _send(self, content: bytes) -> None:
        """Sends this; raises OSError where the client does not take it."""
        if not content:
            return
        self._writer.write(content)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()
            raise

    async def _drain(self) -> None:
        """Reads on for a moment: closing at once would reset the connection before the answer is read."""
        with suppress(OSError):
            self._writer.write_eof()
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._incoming.drain(MOST_DRAINED)
