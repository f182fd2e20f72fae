"""Which containers have been told to stop: they are told only once, however often a client asks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stopping:
    """Owns the set of containers whose stop signal has been sent and whose end is awaited."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, int] = {}

    @contextmanager
    def joined(self, container_id: str) -> Iterator[bool]:
        """Join those who wait for the container's end; True for the first, who sends the signal."""
        with self._lock:
            others = self._waiters.get(container_id, 0)
            self._waiters[container_id] = others + 1
        try:
            yield others == 0
        finally:
            with self._lock:
                self._waiters[container_id] -= 1
                if not self._waiters[container_id]:
                    del self._waiters[container_id]
