"""Whose turn it is to start an exec, where an engine starts those of a container one by one.

COMPAT(dockerd 20.10): while any exec of a container waits to be started, the engine does not report
that others have exited: of many at once, none ends before the last has started.

A turn is the one lock that is held across engine calls besides a pod's: it exists to keep these
calls (the create and the start of an exec) apart, and each of them has a time limit.
"""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress

from pydockershim import calls

_Turn = Future[None]


class ExecQueues:
    """A queue for each container, first come first served; for any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queues: dict[str, deque[_Turn]] = {}

    @contextmanager
    def turn(self, container_id: str) -> Iterator[_Turn]:
        """Queue inside the block; it is the caller's turn when the future is done.

        Nothing blocks here: a thread waits with `wait_for_turn`, the event loop for the future.
        """
        turn = _Turn()
        with self._guard:
            queue = self._queues.setdefault(container_id, deque())
            queue.append(turn)
            is_first = queue[0] is turn
        if is_first:
            _grant(turn)
        try:
            yield turn
        finally:
            self._leave(container_id, turn)

    def _leave(self, container_id: str, turn: _Turn) -> None:
        with self._guard:
            queue = self._queues[container_id]
            was_first = queue[0] is turn
            queue.remove(turn)
            following = queue[0] if queue and was_first else None
            if not queue:
                del self._queues[container_id]
        if following is not None:
            _grant(following)


@contextmanager
def no_queue() -> Iterator[_Turn]:
    """Give a turn at once."""
    turn = _Turn()
    _grant(turn)
    yield turn


def wait_for_turn(turn: _Turn) -> None:
    """Block until it is the caller's turn; Cancelled or DeadlineExceeded when the caller goes."""
    call = calls.current()

    def wake() -> None:
        turn.cancel()

    with call.on_cancel(wake):
        while not turn.done():
            with suppress(TimeoutError, CancelledError):
                turn.result(call.remaining_s())
    call.check()


def _grant(turn: _Turn) -> None:
    if turn.set_running_or_notify_cancel():  # one that was cancelled leaves by itself
        turn.set_result(None)
