"""The calls in progress that change something: what a shutdown has to wait for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class InFlightChanges:
    """Counts them; any thread may call."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_progress = 0

    @contextmanager
    def track(self) -> Iterator[None]:
        """Count one for as long as the block takes."""
        with self._changed:
            self._in_progress += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_progress -= 1
                self._changed.notify_all()

    def wait_idle(self, *, timeout_s: float) -> int:
        """Wait until all have finished; return how many have not when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._in_progress, timeout_s)
            return self._in_progress
