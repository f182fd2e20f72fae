"""What the parts of the bench share: a row of the table, and the bed that they measure on."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: what was measured, beside what, and how far it may go.

    `ours` and `reference` are in `unit`; `bound` is on their ratio, or on `ours` where `absolute`.
    """

    what: str
    ours: float
    reference: float | None = None
    unit: str = "ms"
    bound: float | None = None
    at_least: bool = False
    against: str = ""

    @property
    def measured(self) -> float:
        """The figure that the bound is on: the ratio where there is a reference."""
        return self.ours if self.reference is None else self.ours / self.reference

    @property
    def holds(self) -> bool:
        """Whether the figure is within its bound, if it has one."""
        if self.bound is None:
            return True
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


@dataclass(frozen=True)
class Bench:
    """What is measured on: an engine with the test images, and a shim in front of it."""

    dockerd: Dockerd
    shim: Shim
    scratch: Path

    def another_shim(self, name: str) -> Shim:
        """Return a further shim of the same engine, not started."""
        return Shim(self.dockerd, self.scratch / name, flags=["--log-level=info"])


def timed_ms(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    began_s = time.perf_counter()
    action()
    return (time.perf_counter() - began_s) * 1000


def pss_mib(pid: int) -> float:
    """Return what a process holds of memory, its share of what it shares included."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} tells no PSS")


def median(values: Iterable[float]) -> float:
    """Return the median; a mean would let one hiccup speak for all."""
    return statistics.median(values)
