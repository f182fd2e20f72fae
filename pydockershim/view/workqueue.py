"""A work queue that deduplicates its keys, as client-go's does, with worker threads of its own.

A key is added with a time: a fetch that began before that time does not count. One key is fetched
by one thread at a time; if it is added meanwhile, it is fetched once more. Threads are created when
none is idle, so one is usually enough, and a slow answer delays no other key.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

# Concurrent inspects; more unanswered ones delay the rest.
_THREADS = 16


class WorkQueue:
    """`fetch` gets a key and the time it was last added with, and raises nothing."""

    def __init__(self, fetch: Callable[[str, int], None]) -> None:
        self._fetch = fetch
        self._changed = threading.Condition()
        self._pending: dict[str, int] = {}
        self._busy: set[str] = set()
        self._finished = 0
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="inspect")

    def add(self, key: str, since: int) -> None:
        """Fetch a key now, or once more after the fetch that is in progress."""
        with self._changed:
            self._pending[key] = since
            if key not in self._busy:
                self._busy.add(key)
                self._pool.submit(self._work, key)

    def wait(self, keys: Iterable[str], *, patience_s: float) -> set[str]:
        """Wait until all keys are fetched, or until no fetch finishes for `patience_s`.

        Return the keys that are still being fetched.
        """
        awaited = set(keys)
        with self._changed:
            while awaited & self._busy:
                finished = self._finished
                # A fetch counts as finished a moment before its key is free: both must wake us,
                # or the last key of a list would be waited for until the timeout.
                if not self._changed.wait_for(
                    lambda: self._finished != finished or not awaited & self._busy,  # noqa: B023  (called before the next turn)
                    patience_s,
                ):
                    break
            return awaited & self._busy

    def close(self) -> None:
        """Start no more fetches."""
        with self._changed:
            self._pending.clear()
        self._pool.shutdown(wait=False)

    def _work(self, key: str) -> None:
        while (since := self._next_pending(key)) is not None:
            self._fetch(key, since)
            with self._changed:
                self._finished += 1
                self._changed.notify_all()

    def _next_pending(self, key: str) -> int | None:
        with self._changed:
            since = self._pending.pop(key, None)
            if since is None:
                self._busy.discard(key)
                self._changed.notify_all()
            return since
