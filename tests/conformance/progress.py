"""What a person sees of a suite while it runs: how far it is, and each failure at once."""

import re
import threading
import time
from typing import Self

from tests.conformance.programs import say

_INTERVAL_S = 20
# Ginkgo's default reporter marks each spec that ended so; a failure's name is on the next line.
_SPEC = re.compile(r"^• ?(\[(?P<failure>FAILED|PANICKED!?|TIMEDOUT|INTERRUPTED|ABORTED)\])?")


class Progress:
    """Counts the specs in the output of Ginkgo's default reporter; says so as long as entered."""

    def __init__(self, *, total: int) -> None:
        self._total = total
        self._ended = 0
        self._failed = 0
        self._name_is_next = False
        self._began = time.monotonic()
        self._is_over = threading.Event()

    def take(self, line: str) -> None:
        """Take in one more line of output."""
        if self._name_is_next:
            say(f"FAILED {line.strip()}")
            self._name_is_next = False
        elif spec := _SPEC.match(line):
            self._ended += 1
            self._name_is_next = spec["failure"] is not None
            self._failed += self._name_is_next

    def __enter__(self) -> Self:
        threading.Thread(target=self._repeat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._say()

    def _repeat(self) -> None:
        while not self._is_over.wait(_INTERVAL_S):
            self._say()

    def _say(self) -> None:
        minutes, seconds = divmod(round(time.monotonic() - self._began), 60)
        say(f"{self._ended} of {self._total} specs, {self._failed} failed, {minutes}:{seconds:02}")
