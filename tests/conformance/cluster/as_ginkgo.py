"""Lets pytest report as Ginkgo does, so that a run of tests is judged like one of the suites.

A test is a spec by its node id, without the folders. See tests/conformance/report.py for what is
read of the report, and progress.py for what is read of the output.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest


class GinkgoReporter:
    """A pytest plugin that writes a report: of what ran or, with --collect-only, of what would."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self._path = path
        self._say = say
        self._phases: list[pytest.TestReport] = []
        self._specs: list[dict[str, Any]] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """List what was selected."""
        if session.config.option.collectonly:
            self._specs = [_identity(item.nodeid) | {"State": "passed"} for item in session.items]

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """Count what there is to count, without a letter: Ginkgo's line is said instead."""
        counts = report.when == "call" or not report.passed
        return (report.outcome if counts else "", "", "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in a phase of a test: its set-up, its call or its tear-down."""
        self._phases.append(report)
        if report.when == "teardown":
            spec = _spec(self._phases)
            self._phases = []
            self._specs.append(spec)
            self._say("• [FAILED]" if spec["State"] == "failed" else "•")
            self._say(spec["LeafNodeText"])

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        self._path.write_text(json.dumps([{"SpecReports": self._specs}]))


def _spec(phases: Sequence[pytest.TestReport]) -> dict[str, Any]:
    worst = next((phase for phase in phases if not phase.passed), phases[-1])
    return _identity(worst.nodeid) | {
        "State": worst.outcome,
        "StartTime": _time(phases[0].start),
        "EndTime": _time(phases[-1].stop),
        "Failure": {"Message": "" if worst.passed else worst.longreprtext},
        "CapturedGinkgoWriterOutput": "\n".join(text for _, text in worst.sections),
    }


def _identity(node_id: str) -> dict[str, Any]:
    file, _, test = node_id.partition("::")
    return {
        "LeafNodeType": "It",
        "ContainerHierarchyTexts": [],
        "LeafNodeText": f"{Path(file).name}::{test}",
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
