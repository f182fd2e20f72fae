"""Sends each message to every subscriber; none of them can delay another, or the sender.

A subscriber that falls too far behind loses its stream and all unread messages: its state is out of
date, so it has to subscribe and list again.
"""

import threading
from collections import deque
from collections.abc import Iterator

from pydockershim import calls
from pydockershim.errors import ResourceExhausted, ShimError

# The limit of one subscriber's unread messages.
_BACKLOG_BYTES = 16 * 1024 * 1024


class Broadcast:
    """Thread-safe. Messages are shared between subscribers, not copied."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inboxes: set[_Inbox] = set()
        self._closed = False

    @property
    def wanted(self) -> bool:
        """Say whether there are subscribers."""
        return bool(self._inboxes)

    def subscribe(self) -> Iterator[bytes]:
        """Return the messages that are sent from now on.

        They end when the caller disconnects or the broadcast closes, and with ResourceExhausted
        when the caller is too slow.
        """
        inbox = _Inbox()
        with self._lock:
            if self._closed:
                inbox.end()
            self._inboxes.add(inbox)
        return self._messages(inbox)

    def send(self, message: bytes) -> None:
        """Send a message to all subscribers, without waiting for any."""
        with self._lock:
            self._inboxes -= {each for each in self._inboxes if not each.put(message)}

    def close(self) -> None:
        """End all streams, also those that are opened later."""
        with self._lock:
            self._closed = True
            for each in self._inboxes:
                each.end()

    def _messages(self, inbox: "_Inbox") -> Iterator[bytes]:
        try:
            with calls.current().on_cancel(inbox.end):
                while message := inbox.get():
                    yield message
        finally:
            with self._lock:
                self._inboxes.discard(inbox)


class _Inbox:
    """The messages that one subscriber has not read yet, and whether more may come."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._messages: deque[bytes] = deque()
        self._bytes = 0
        self._ended = False
        self._error: ShimError | None = None

    def put(self, message: bytes) -> bool:
        """Add a message; False when there are too many, which ends the stream."""
        with self._changed:
            self._messages.append(message)
            self._bytes += len(message)
            if self._bytes > _BACKLOG_BYTES:
                self._messages.clear()
                self._error = ResourceExhausted(
                    f"the event subscriber is too slow: over {_BACKLOG_BYTES} bytes are unread; "
                    "subscribe and list again"
                )
            self._changed.notify()
            return self._error is None

    def end(self) -> None:
        """Accept no more messages; queued ones are delivered."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def get(self) -> bytes | None:
        """Wait for the next message; None at the end, ResourceExhausted after too many."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._ended or self._error)
            if self._error:
                raise self._error
            if not self._messages:
                return None
            message = self._messages.popleft()
            self._bytes -= len(message)
            return message
