"""Pytest's outcomes as Ginkgo's report and output."""

from pathlib import Path
from typing import Literal

import pytest

from tests.conformance import report
from tests.conformance.cluster.as_ginkgo import GinkgoReporter
from tests.conformance.progress import Progress

Outcome = Literal["passed", "failed", "skipped"]
Phase = Literal["setup", "call", "teardown"]


def _phase(when: Phase, outcome: Outcome = "passed", message: str = "") -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="folder/test_exec.py::test_exit[spdy-1]",
        location=("folder/test_exec.py", 1, "test_exit"),
        keywords={},
        outcome=outcome,
        longrepr=message or None,
        when=when,
        sections=[("pods", "namespace kubectl-1")] if message else [],
        start=1.5,
        stop=2.5,
    )


def _results(path: Path, *phases: pytest.TestReport) -> tuple[list[report.Result], list[str]]:
    said: list[str] = []
    reporter = GinkgoReporter(path / "report.json", said.append)
    for phase in phases:
        reporter.pytest_runtest_logreport(phase)
    reporter.pytest_sessionfinish()
    return report.read(path / "report.json", expected=[]), said


def test_a_test_is_a_spec_by_its_id_without_the_folders(tmp_path: Path) -> None:
    (result,), _ = _results(tmp_path, _phase("setup"), _phase("call"), _phase("teardown"))

    assert (result.name, result.state) == ("test_exec.py::test_exit[spdy-1]", "passed")
    assert (result.began.timestamp(), result.ended.timestamp()) == (1.5, 2.5)


@pytest.mark.parametrize("bad", ["setup", "call", "teardown"])
def test_a_failure_in_any_phase_is_the_specs(tmp_path: Path, bad: Phase) -> None:
    phases = [_phase("setup"), _phase("call"), _phase("teardown")]
    phases[["setup", "call", "teardown"].index(bad)] = _phase(bad, "failed", "it broke")

    (result,), _ = _results(tmp_path, *phases)

    assert (result.state, result.message) == ("failed", "it broke")
    assert result.output == "namespace kubectl-1"


def test_a_skip_says_why(tmp_path: Path) -> None:
    (result,), _ = _results(tmp_path, _phase("setup", "skipped", "no such"), _phase("teardown"))

    assert (result.state, result.message) == ("skipped", "no such")


def test_what_is_said_can_be_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = _results(tmp_path, _phase("setup", "failed", "it broke"), _phase("teardown"))
    with Progress(total=1) as progress:
        for line in said:
            progress.take(line)

    assert "FAILED test_exec.py::test_exit[spdy-1]" in capsys.readouterr().out
