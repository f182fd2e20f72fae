"""One HTTP/1.1 connection to dockerd's socket, with what the standard library's lacks.

It connects to a unix socket, changes its time limit between calls, and can be aborted from another
thread, so that a read ends at once when its caller goes.
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
    """One HTTP/1.1 connection to a unix socket, which any thread may abort."""

    def __init__(self, path: str, *, timeout_s: float | None) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._use: object = None
        self.aborted = False

    def connect(self) -> None:
        """Connect, within the time limit."""
        self.sock = self._sock
        self._sock.settimeout(self.timeout)
        self._sock.connect(self._path)
        if self.aborted:
            raise ConnectionAbortedError(errno.ECONNABORTED, "aborted before it began")

    def close(self) -> None:
        """Close it for good, also when it never connected."""
        super().close()
        self._sock.close()

    def set_timeout(self, timeout_s: float | None) -> None:
        """Set how long each read and write from now on may block, None: for ever."""
        self.timeout = timeout_s
        self._sock.settimeout(timeout_s)

    def is_alive(self) -> bool:
        """Whether an idle connection is still good: nothing to read, not even its end."""
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
        """End the connection for whoever reads it, from any thread; it is still to be closed."""
        self.aborted = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _abort_use(self, use: object) -> None:
        # A canceller may come late, when the connection already serves another call.
        with self._lock:
            if self._use is use:
                self.abort()
