"""`python -m tests.ci [test]`: run all parts, or those of `make test`, and print what each took.

A stage begins when the one before has passed. Every line of output begins with its part's name.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.ci.parts import ALL, TEST, Lane, Part, Stage

_WIDTH = 17


class Run:
    """Runs stages, and keeps a row for each part that has ended."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._rows: list[str] = []
        self._printing = threading.Lock()
        self.has_failed = False

    def stages(self, stages: Sequence[Stage]) -> None:
        """Run stages up to the first in which a part fails, all other parts of it included."""
        with ThreadPoolExecutor() as pool:
            for stage in stages:
                if not self.has_failed:
                    list(pool.map(self._lane, stage))

    def table(self) -> str:
        """Return the minutes of each part, in the order of their ends, and of all."""
        last = _row("all", self._began_s, "FAILED" if self.has_failed else "")
        return "\n".join([f"\n{'part':{_WIDTH}}  minutes", *self._rows, last])

    def _lane(self, lane: Lane) -> None:
        for part in lane:
            began_s = time.monotonic()
            code = self._part(part)
            self.has_failed |= code != 0
            self._rows.append(_row(part.name, began_s, f"FAILED ({code})" if code else ""))

    def _part(self, part: Part) -> int:
        with subprocess.Popen(
            ["nice", f"--adjustment={part.nice}", *part.command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                with self._printing:
                    _say(f"{part.name:{_WIDTH}}| {line.rstrip()}")
        return process.returncode


def _row(name: str, began_s: float, failure: str) -> str:
    minutes = (time.monotonic() - began_s) / 60
    return f"{name:{_WIDTH}}  {minutes:7.1f}  {failure}".rstrip()


def main() -> int:
    """Run what was asked for; 0 when all of it passed."""
    # The make that has started this one would hand its own flags and variables on.
    os.environ.pop("MAKEFLAGS", None)
    run = Run()
    run.stages(TEST if sys.argv[1:] == ["test"] else ALL)
    _say(run.table())
    return 1 if run.has_failed else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - for a person


if __name__ == "__main__":
    sys.exit(main())
