"""Calls that block (to the engine, into a namespace), made from the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Blocking:
    """A few worker threads, shared by all sessions; they start on demand."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="streaming-call")

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns; it runs to its end even if nobody waits any more."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(function, *args, **kwargs))

    async def acquire(
        self,
        function: Callable[P, T],
        release: Callable[[T], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return what the function acquires; it is released if nobody waits for it any more."""
        task = asyncio.ensure_future(self.call(function, *args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            release(await task)
            raise

    def close(self) -> None:
        """Begin no more calls."""
        self._pool.shutdown(wait=False, cancel_futures=True)
