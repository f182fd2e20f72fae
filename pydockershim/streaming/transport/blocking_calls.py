"""Runs blocking calls (to the engine, into a namespace) on threads for the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BlockingCalls:
    """A small thread pool, shared by all sessions; threads start on demand."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="streaming-call")

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of the function; cancelling this does not interrupt the function."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(function, *args, **kwargs))

    async def acquire(
        self,
        function: Callable[P, T],
        release: Callable[[T], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return the resource that the function acquires; if cancelled, release it."""
        task = asyncio.ensure_future(self.call(function, *args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            release(await task)
            raise

    def close(self) -> None:
        """Start no more calls."""
        self._pool.shutdown(wait=False, cancel_futures=True)
