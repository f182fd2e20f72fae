"""Waiting for what comes about on its own."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], *, within_s: float = 30) -> None:
    """Wait until it holds; the time is a busy machine's, and no promise of the shim's."""
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s, f"still not so after {within_s} s"
        time.sleep(0.02)
