"""Tokens: who knows one may run what it stands for, once, within a minute.

There is no other authentication on the streaming port, hence 128 random bits. A token is never
logged, and none outlives this process.
"""

import secrets
import threading
from collections.abc import Callable

from cachetools import TTLCache

from pydockershim.errors import ResourceExhausted
from pydockershim.streaming.requests import Request

_BYTES = 16


class Tokens:
    """The requests that wait for their client; any number of threads may use it."""

    def __init__(self, *, capacity: int, ttl_s: float, clock: Callable[[], float]) -> None:
        self._capacity = capacity
        self._pending: TTLCache[str, Request] = TTLCache(capacity, ttl_s, timer=clock)
        self._lock = threading.Lock()

    def issue(self, request: Request) -> str:
        """Return a new token; ResourceExhausted when too many wait.

        COMPAT(kubelet): it answers that with 429 and has its client try again after a minute.
        """
        token = secrets.token_urlsafe(_BYTES)
        with self._lock:
            if len(self._pending) >= self._capacity:
                raise ResourceExhausted(
                    f"{self._capacity} exec, attach and port-forward URLs wait for their client; "
                    "try again in a minute"
                )
            self._pending[token] = request
        return token

    def peek(self, token: str) -> Request | None:
        """Return what a token stands for; None when it is unknown, used or too old."""
        with self._lock:
            return self._pending.get(token)

    def consume(self, token: str) -> None:
        """Make a token worthless."""
        with self._lock:
            self._pending.pop(token, None)
