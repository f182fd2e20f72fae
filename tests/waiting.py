"""Waiting for what comes about on its own."""

import time
from collections.abc import Callable

from pydockershim.errors import ShimError


def eventually(holds: Callable[[], object], *, within_s: float = 30) -> None:
    """Wait until it holds; AssertionError when it does not.

    The time is a busy machine's, no promise of the shim's, and well below the minute after which
    everything is listed anew. Not yet: a shim or an engine that does not know, and a log that is
    read in the middle of an append (ValueError).
    """
    deadline_s = time.monotonic() + within_s
    while True:
        reason: Exception | None = None
        try:
            if holds():
                return
        except (ShimError, ValueError) as error:
            reason = error
        if time.monotonic() > deadline_s:
            raise AssertionError(f"still not so after {within_s:g} s") from reason
        time.sleep(0.02)
