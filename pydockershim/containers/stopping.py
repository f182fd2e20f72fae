"""Which containers are being stopped: the stop signal is sent once, however often a client asks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stopping:
    """Thread-safe. Owns the set of containers whose stop signal has been sent, until they exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, int] = {}

    @contextmanager
    def joined(self, container_id: str) -> Iterator[bool]:
        """Wait with the others for the exit; True for the first caller, which sends the signal."""
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
