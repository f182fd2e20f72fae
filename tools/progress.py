"""The progress of a tool: a line for each step, with a check mark and the time it took.

A terminal shows a spinner while a step is in progress; elsewhere a line is printed at the end of a
step, so that a log contains only lines.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tools.interrupts import Interrupts

_WIDTH = 80
_FRAME_S = 0.1


class Step:
    """A step in progress; in the end its line says `done` instead of `what`."""

    def __init__(self, what: str) -> None:
        self.done = what


class Progress:
    """Prints to standard output; interrupts are deferred to the end of a step."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        fancy = "utf" in (sys.stdout.encoding or "").lower()
        self._tick, self._cross = ("✓", "✗") if fancy else ("ok", "FAILED")
        self._frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if fancy else "-\\|/"
        self._terminal = sys.stdout.isatty()

    def say(self, text: str = "") -> None:
        """Print a line."""
        print(text, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Show a step while the body runs, and whether it succeeded."""
        step = Step(what)
        started_s = time.monotonic()
        mark = self._cross
        try:
            with self._interrupts.held(), self._spinner(what):
                yield step
                mark = self._tick
        finally:
            took = f"{time.monotonic() - started_s:.1f} s"
            text = f" {mark} {step.done}"
            self.say(f"{text:{_WIDTH - len(took) - 1}} {took}")

    @contextmanager
    def _spinner(self, what: str) -> Iterator[None]:
        if not self._terminal:
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self._spin, args=(what, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            print("\r\033[K", end="", flush=True)

    def _spin(self, what: str, over: threading.Event) -> None:
        turn = 0
        while not over.wait(_FRAME_S):
            frame = self._frames[turn % len(self._frames)]
            print(f"\r {frame} {what}"[: _WIDTH + 1], end="", flush=True)
            turn += 1
