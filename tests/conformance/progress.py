"""What a person sees of a suite while it runs: how far it is, and each failure at once."""

import re
import time

from tests.conformance.programs import say

_INTERVAL_S = 20
# Ginkgo's default reporter marks each spec that ended so; a failure's name is on the next line.
_SPEC = re.compile(r"^• ?(\[(?P<failure>FAILED|PANICKED!?|TIMEDOUT|INTERRUPTED|ABORTED)\])?")


class Progress:
    """Counts the specs in the output of Ginkgo's default reporter."""

    def __init__(self, *, total: int) -> None:
        self._total = total
        self._ended = 0
        self._failed = 0
        self._name_is_next = False
        self._began = self._said = time.monotonic()

    def take(self, line: str) -> None:
        """Take in one more line of output."""
        if self._name_is_next:
            say(f"FAILED {line.strip()}")
            self._name_is_next = False
        elif spec := _SPEC.match(line):
            self._ended += 1
            self._name_is_next = spec["failure"] is not None
            self._failed += self._name_is_next
        if time.monotonic() - self._said > _INTERVAL_S:
            self.say()

    def say(self) -> None:
        """Say how far it is."""
        self._said = time.monotonic()
        minutes, seconds = divmod(round(self._said - self._began), 60)
        say(f"{self._ended} of {self._total} specs, {self._failed} failed, {minutes}:{seconds:02}")
