"""Hands each message to every subscriber; none of them can hold up another, or the sender.

A subscriber that falls too far behind loses its stream and with it all that it has not read: what
it knows is worth nothing any more, so it has to subscribe and list anew.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

from pydockershim import calls
from pydockershim.errors import ResourceExhausted, ShimError

_BACKLOG = 1000


class _End(ShimError):
    """The last entry of an inbox whose stream ends well."""


_Inbox = SimpleQueue[bytes | ShimError]


class Broadcast:
    """Thread-safe. Messages are shared between subscribers, not copied."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inboxes: set[_Inbox] = set()
        self._closed = False

    @property
    def wanted(self) -> bool:
        """Say whether anybody listens."""
        return bool(self._inboxes)

    def subscribe(self) -> Iterator[bytes]:
        """Return the messages that are sent from now on.

        They end when the caller goes or the broadcast closes; ResourceExhausted ends those of a
        caller who does not keep up.
        """
        inbox = _Inbox()
        with self._lock:
            if self._closed:
                inbox.put(_End())
            self._inboxes.add(inbox)
        return self._messages(inbox)

    def send(self, message: bytes) -> None:
        """Hand a message to everybody, at once."""
        with self._lock:
            for inbox in tuple(self._inboxes):
                if inbox.qsize() < _BACKLOG:
                    inbox.put(message)
                else:
                    self._drop(inbox)

    def close(self) -> None:
        """End all streams, those to come as well."""
        with self._lock:
            self._closed = True
            for inbox in self._inboxes:
                inbox.put(_End())

    def _messages(self, inbox: _Inbox) -> Iterator[bytes]:
        try:
            with calls.current().on_cancel(lambda: inbox.put(_End())):
                while isinstance(entry := inbox.get(), bytes):
                    yield entry
        finally:
            with self._lock:
                self._inboxes.discard(inbox)
        if not isinstance(entry, _End):
            raise entry

    def _drop(self, inbox: _Inbox) -> None:
        self._inboxes.discard(inbox)
        with suppress(Empty):
            while True:
                inbox.get_nowait()
        inbox.put(
            ResourceExhausted(
                f"the last {_BACKLOG} events have not been read: subscribe again and list anew"
            )
        )
