"""The checked-in list of known failures, and what a run is worth in its light.

A line of `known-failures.txt` is `suite | spec | kind: reason`, where the suite may be narrowed to
an engine or a network mode (`node@20.10`). The kinds:

- shim      a feature that the shim lacks, and which
- machine   what the machine rules out: a peer fails there too, or the kernel lacks it
- image     what the stand-in for an image cannot do
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.plan import Plan
from tests.conformance.report import FAILED, PASSED, Result

KINDS = ("shim", "machine", "image")

LIST = Path(__file__).with_name("known-failures.txt")


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One line of the list; `where` is an engine, a network mode, or empty for all."""

    suite: str
    where: str
    spec: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The results of a run, sorted by whether they were expected."""

    passed: list[Result]
    known: list[Result]
    skipped: list[Result]
    unexpected_failures: list[Result]
    unexpected_passes: list[Result]

    @property
    def is_good(self) -> bool:
        """Whether everything came as the list has it."""
        return not self.unexpected_failures and not self.unexpected_passes


def load(plan: Plan, path: Path = LIST) -> list[KnownFailure]:
    """Return the lines that hold for a run; a peer lacks none of the shim's features."""
    lines = (_parse(line) for line in path.read_text().splitlines() if _is_entry(line))
    here = {"", plan.engine, plan.network}
    return [
        line
        for line in lines
        if line.suite == plan.suite
        and line.where in here
        and (plan.runtime == "shim" or line.kind != "shim")
    ]


def judge(results: Iterable[Result], known: Iterable[KnownFailure]) -> Verdict:
    """Compare what happened with the list."""
    listed = {failure.spec for failure in known}
    verdict = Verdict([], [], [], [], [])
    for result in results:
        if result.state == PASSED:
            bucket = verdict.unexpected_passes if result.name in listed else verdict.passed
        elif result.state == FAILED:
            bucket = verdict.known if result.name in listed else verdict.unexpected_failures
        else:
            bucket = verdict.skipped
        bucket.append(result)
    return verdict


def _is_entry(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _parse(line: str) -> KnownFailure:
    columns = [column.strip() for column in line.split(" | ")]
    kind, _, reason = columns[-1].partition(": ")
    if len(columns) != 3 or kind not in KINDS or not reason:
        raise ValueError(f"Write it as `suite | spec | kind: reason` in {LIST.name}: {line}")
    suite, _, where = columns[0].partition("@")
    return KnownFailure(suite=suite, where=where, spec=columns[1], kind=kind, reason=reason)
