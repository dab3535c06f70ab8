"""What takes long has threads of its own, and only few may wait for them.

argon2 takes memory and a processor for a tenth of a second, and a sign-in provider may be slow to answer. In the
threads that all requests share, and in any number, either would keep every page waiting.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tracker.errors import TooManyTries

# A full queue is worked off in one or two seconds.
PLACES, PLACES_FOR_KNOWN_BROWSERS = 16, 16

T = TypeVar("T")


class ShortQueue:
    """Runs work in a few threads; `busy` is what is said where it is full. Used by one event loop at a time."""

    def __init__(self, threads: int, name: str, busy: str = "sign_in_busy") -> None:
        self._threads, self._busy = ThreadPoolExecutor(threads, name), busy
        self._inside = 0

    async def run(self, work: Callable[..., T], *arguments: Any, known_browser: bool) -> T:
        """What `work` returns. Raises TooManyTries at once where there is no place in the queue.

        Browsers that have signed in before have places that strangers cannot take.
        """
        if self._inside >= PLACES + (PLACES_FOR_KNOWN_BROWSERS if known_browser else 0):
            raise TooManyTries(self._busy)
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._inside -= 1
