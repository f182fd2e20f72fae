"""The outer half of a run: starts the session, and tells what came of it."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bed import namespaces
from tests.conformance import evidence, inside, known, report
from tests.conformance.known import KnownFailure, Verdict
from tests.conformance.plan import Plan
from tests.conformance.programs import say
from tests.conformance.report import Result, SuiteError

_RESULTS = Path(__file__).parents[2] / "build/conformance"


def run(plan: Plan, listed: Sequence[KnownFailure]) -> Verdict:
    """Carry out a plan and say what came of it; SuiteError when nothing did."""
    results = _RESULTS / plan.title.replace(", ", "-")
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    say(f"{plan.title}: {len(plan.specs)} specs; all that is said meanwhile goes to {results}")
    plan.write(results / inside.PLAN)
    code = namespaces.run([sys.executable, "-m", "tests.conformance.inside", str(results)])
    if code == inside.INTERRUPTED:
        raise SuiteError(f"{plan.title}: interrupted.")
    verdict = known.judge(report.read(results / inside.REPORT, expected=plan.specs), listed)
    _tell(plan, verdict, results)
    return verdict


def _tell(plan: Plan, verdict: Verdict, results: Path) -> None:
    for result in verdict.unexpected_failures:
        _print(f"\n=== FAILED {result.name}", *evidence.of(result, results))
    _print_names("passed, although known-failures.txt lists them", verdict.unexpected_passes)
    _print_names("failed, and known-failures.txt does not list them", verdict.unexpected_failures)
    _print_names(
        "passed at the second attempt only", [each for each in verdict.passed if each.attempts > 1]
    )
    say(
        f"{plan.title}: {len(verdict.passed)} passed, {len(verdict.known)} failed as known, "
        f"{len(verdict.skipped)} skipped themselves, {len(verdict.unexpected_failures)} failed, "
        f"{len(verdict.unexpected_passes)} passed against the list"
    )


def _print_names(what: str, results: Sequence[Result]) -> None:
    if results:
        _print(f"\n{len(results)} {what}:", *(f"  {result.name}" for result in results))


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - for the person at the terminal
