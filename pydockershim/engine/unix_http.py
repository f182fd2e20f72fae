"""An HTTP/1.1 connection to dockerd's unix socket.

Unlike the standard library's, its timeout can change between calls, and another thread can abort
it, so that a read ends at once when its caller goes.
"""

import errno
import http.client
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from pydockershim import calls


class UnixHttpConnection(http.client.HTTPConnection):
    """An HTTP/1.1 connection to a unix socket; any thread may abort it."""

    def __init__(self, path: str, *, timeout_s: float | None) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._use: object = None
        self.aborted = False

    def connect(self) -> None:
        """Connect, within the timeout."""
        self.sock = self._sock
        self._sock.settimeout(self.timeout)
        self._sock.connect(self._path)
        if self.aborted:
            raise ConnectionAbortedError(errno.ECONNABORTED, "aborted before it was connected")

    def close(self) -> None:
        """Close the socket, also when it was never connected."""
        super().close()
        self._sock.close()

    def set_timeout(self, timeout_s: float | None) -> None:
        """Set how long each further read and write may block; None: forever."""
        self.timeout = timeout_s
        self._sock.settimeout(timeout_s)

    def is_alive(self) -> bool:
        """Whether an idle connection is usable: there is nothing to read, not even EOF."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    @contextmanager
    def ending_with_caller(self) -> Iterator[None]:
        """Abort the connection if the caller of the current call goes while inside."""
        use = self._use = object()
        with calls.current().on_cancel(partial(self._abort_use, use)):
            try:
                yield
            finally:
                with self._lock:
                    self._use = None

    def abort(self) -> None:
        """Shut the connection down, from any thread; the owner must still `close`."""
        self.aborted = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _abort_use(self, use: object) -> None:
        # A cancellation may arrive late, when the connection already serves another call.
        with self._lock:
            if self._use is use:
                self.abort()
