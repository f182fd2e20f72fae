"""Single-use tokens: whoever knows one may run its request once, within a minute.

The streaming port has no other authentication, hence 128 random bits. Tokens are never logged and
do not survive a restart.
"""

import secrets
import threading
from collections.abc import Callable

from cachetools import TTLCache

from pydockershim.errors import ResourceExhausted
from pydockershim.streaming.stream_requests import StreamRequest

_BYTES = 16


class Tokens:
    """The requests whose URL is not used yet; thread-safe."""

    def __init__(self, *, capacity: int, ttl_s: float, clock: Callable[[], float]) -> None:
        self._capacity = capacity
        self._pending: TTLCache[str, StreamRequest] = TTLCache(capacity, ttl_s, timer=clock)
        self._lock = threading.Lock()

    def issue(self, request: StreamRequest) -> str:
        """Return a new token; ResourceExhausted if too many are pending.

        COMPAT(kubelet): it maps that to 429, and its client retries after a minute.
        """
        token = secrets.token_urlsafe(_BYTES)
        with self._lock:
            if len(self._pending) >= self._capacity:
                raise ResourceExhausted(
                    f"{self._capacity} exec, attach and port-forward URLs are not used yet; "
                    "try again in a minute"
                )
            self._pending[token] = request
        return token

    def peek(self, token: str) -> StreamRequest | None:
        """Return the request of a token; None if the token is unknown, used or expired."""
        with self._lock:
            return self._pending.get(token)

    def consume(self, token: str) -> None:
        """Invalidate a token."""
        with self._lock:
            self._pending.pop(token, None)
