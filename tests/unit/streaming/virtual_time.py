"""An event loop whose clock jumps while it is idle: hours of waiting take moments.

Its sockets are real. The clock jumps to the next timer when none of them is ready and no bytes are
in transit to them.
"""

import asyncio
import selectors
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# What the kernel may take to pass bytes from one end of a connection to the other.
_SETTLED_S = 0.003


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its `time()` has nothing to do with that of the world."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the time in seconds."""
        return self._now_s

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._near = socket.create_connection(server.getsockname())
            self._far, _ = server.accept()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(_SETTLED_S)
        if not ready:
            self._overtake()
            ready = super().select(0)
        if not ready:
            self._loop.jump(timeout)
        return ready

    def close(self) -> None:
        self._near.close()
        self._far.close()
        super().close()

    def _overtake(self) -> None:
        """Send a byte and wait for it: what the kernel was given before it has come, too."""
        self._near.sendall(b".")
        self._far.recv(1)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on such a loop."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
