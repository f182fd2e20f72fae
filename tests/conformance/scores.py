"""docs/conformance.md: one row per suite and engine, from its last complete run."""

import re
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.conformance import versions
from tests.conformance.known import Verdict
from tests.conformance.plan import Plan
from tests.conformance.suites import SUITES

_README = Path(__file__).parents[2] / "README.md"
_PAGE = _README.parent / "docs/conformance.md"
_SCORE, _END_OF_SCORE = "<!-- score -->", "<!-- end of score -->"
_INTRODUCTION = """\
# Conformance

Results of Kubernetes' own test suites, for pydockershim and its peers on the same machine. Each row
is the last complete run of `make conformance`, which writes this page. Known failures and their
reasons are listed in `tests/conformance/known-failures.txt`. The suite `kubectl` is the project's
own: kubectl against a real kubelet. `critest`, and the same streaming specs over WebSocket as
`critest-websocket`, come from cri-tools.

All programs are built from source: critest and crictl from `tests/bed/cri_tools/go.mod`, the others
from `tests/conformance/programs/go.mod`. `CRITEST=/path/to/critest` names another critest.

"""
_HEADER = (
    *("suite", "runtime", "engine", "network"),
    *("specs", "passed", "failed", "skipped", "left out", "date", "versions"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One run's score; the first four columns are what it is the score of."""

    suite: str
    runtime: str
    engine: str
    network: str
    specs: str
    passed: str
    failed: str
    skipped: str
    left_out: str
    date: str
    versions: str


def row(plan: Plan, verdict: Verdict, *, left_out: int) -> Row:
    """Return the row of a run that left out so many specs, as known to fail."""
    passed = len(verdict.passed) + len(verdict.unexpected_passes)
    failed = len(verdict.known) + len(verdict.unexpected_failures)
    skipped = len(verdict.skipped)
    engine = versions.of_engine(plan)
    return Row(
        suite=plan.suite,
        runtime=plan.runtime,
        engine=f"Docker {plan.engine}" if plan.runtime == "shim" else engine.rpartition(".")[0],
        network=plan.network,
        specs=str(passed + failed + skipped + left_out),
        passed=str(passed),
        failed=str(failed),
        skipped=str(skipped),
        left_out=str(left_out),
        date=time.strftime("%Y-%m-%d"),
        versions=f"{SUITES[plan.suite].version(plan.program)}, {engine}, {versions.of_machine()}",
    )


def write(new: Row, page: Path = _PAGE, readme: Path = _README) -> None:
    """Put a row into the page, in the place of the one before of the same kind.

    The readme shows the first row of the page, between two marks.
    """
    rows = [old for old in _read(page) if _kind(old) != _kind(new)]
    rows = sorted((*rows, new), key=_order)
    lines = [_line(_HEADER), _line("---" for _ in _HEADER), *(_line(astuple(row)) for row in rows)]
    page.parent.mkdir(exist_ok=True)
    page.write_text(_INTRODUCTION + "\n".join(lines) + "\n")
    before, mark, rest = readme.read_text().partition(_SCORE)
    _, end, after = rest.partition(_END_OF_SCORE)
    readme.write_text("\n".join((before + mark, *lines[:3], end + after)))


def _read(page: Path) -> list[Row]:
    lines = page.read_text().splitlines() if page.exists() else []
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [Row(*(cell.strip() for cell in cells)) for cells in table[2:]]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _kind(row: Row) -> tuple[str, ...]:
    return (row.suite, row.runtime, row.engine, row.network)


def _order(row: Row) -> tuple[object, ...]:
    """The shim before its peers, the node suite before critest, the newest engine first."""
    version = [int(number) for number in re.findall(r"\d+", row.engine)]
    return (
        row.runtime != "shim",
        row.suite != "node",
        [-number for number in version],
        row.network,
    )
