"""Reading Ginkgo's reports."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import report


def _spec(name: str, state: str, **fields: Any) -> dict[str, Any]:
    return {
        "ContainerHierarchyTexts": ["[sig-node] Pods", ""],
        "LeafNodeType": "It",
        "LeafNodeText": name,
        "State": state,
        "StartTime": "2026-11-24T11:49:00.123456789Z",
        "EndTime": "2026-11-24T11:49:01.5Z",
    } | fields


def _write(path: Path, *specs: dict[str, Any]) -> Path:
    file = path / "report.json"
    file.write_text(json.dumps([{"SpecReports": specs}]))
    return file


def test_a_result_has_the_whole_name_and_what_the_spec_said(tmp_path: Path) -> None:
    failure = {"Message": "timed out"}
    file = _write(
        tmp_path, _spec("runs", "timedout", Failure=failure, CapturedGinkgoWriterOutput="STEP: x")
    )

    (result,) = report.read(file, expected=[])

    assert result.name == "[sig-node] Pods runs"
    assert (result.state, result.message, result.output) == ("failed", "timed out", "STEP: x")
    assert result.began == datetime(2026, 11, 24, 11, 49, 0, 123456, tzinfo=UTC)


def test_what_the_selection_left_out_is_no_result(tmp_path: Path) -> None:
    left_out = _spec("slow", "skipped", EndTime="0001-01-01T00:00:00Z")
    gave_up = _spec("seccomp", "skipped")

    results = report.read(_write(tmp_path, left_out, gave_up), expected=[])

    assert [(result.name, result.state) for result in results] == [
        ("[sig-node] Pods seccomp", "skipped")
    ]


def test_a_suite_whose_set_up_failed_says_nothing_about_its_specs(tmp_path: Path) -> None:
    set_up = _spec("", "failed", LeafNodeType="SynchronizedBeforeSuite", Failure={"Message": "no"})

    with pytest.raises(report.SuiteError, match="no"):
        report.read(_write(tmp_path, set_up, _spec("runs", "passed")), expected=[])


def test_a_missing_report_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(report.SuiteError, match="without a report"):
        report.read(tmp_path / "report.json", expected=[])


def test_an_expected_spec_that_did_not_run_has_failed(tmp_path: Path) -> None:
    left_out = _spec("second", "skipped", EndTime="0001-01-01T00:00:00Z")

    results = report.read(_write(tmp_path, left_out), expected=["[sig-node] Pods second"])

    assert [(result.name, result.state) for result in results] == [
        ("[sig-node] Pods second", "failed")
    ]
