"""The current RPC of this thread: deadline and cancellation.

The gRPC edge makes a `Call` for each RPC and enters it; what blocks further down (the engine's
transport, waits in the procedures) asks `current()`. A thread that works for a call on its own runs
in a copy of its context.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydockershim.errors import Cancelled, DeadlineExceeded


class Call:
    """One RPC: its deadline (seconds on the monotonic clock, None: none) and its cancellation.

    `service` is the CRI version that the caller speaks, `v1` or `v1alpha2`.
    """

    def __init__(self, *, timeout_s: float | None = None, service: str = "v1") -> None:
        self.service = service
        self._deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._callbacks: set[Callable[[], None]] = set()

    def remaining_s(self, limit_s: float | None = None) -> float | None:
        """Return the seconds left, at most `limit_s`; None without a limit.

        DeadlineExceeded when the time is over, Cancelled when the caller has disconnected.
        """
        self.check()
        if self._deadline_s is None:
            return limit_s
        left_s = self._deadline_s - time.monotonic()
        return left_s if limit_s is None else min(left_s, limit_s)

    def check(self) -> None:
        """Raise Cancelled or DeadlineExceeded when the call is over."""
        if self._cancelled.is_set():
            raise Cancelled("the caller cancelled the request")
        if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
            raise DeadlineExceeded("the caller's deadline has passed")

    def cancel(self) -> None:
        """Note that the caller has disconnected, and run the `on_cancel` callbacks."""
        with self._lock:
            self._cancelled.set()
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run `callback` once, on the cancelling thread, if the call is cancelled in the block."""
        with self._lock:
            self._callbacks.add(callback)
            gone = self._cancelled.is_set()
        if gone:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.discard(callback)


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def current() -> Call:
    """Return this thread's call; outside of any RPC one without a deadline."""
    return _current.get() or Call()


@contextmanager
def entered(call: Call) -> Iterator[Call]:
    """Make `call` the current one inside the block."""
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


@contextmanager
def shielded() -> Iterator[None]:
    """Run the block without the caller's deadline and cancellation.

    For what must finish once it has begun: a rollback, a removal.
    """
    with entered(Call(service=current().service)):
        yield
