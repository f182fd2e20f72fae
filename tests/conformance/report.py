"""Ginkgo's JSON report, as results: one for each spec that was selected.

https://onsi.github.io/ginkgo/#generating-machine-readable-reports
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

# Go's zero time: a spec that the selection left out, or that an abort prevented, did not end.
_NEVER = "0001-"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one spec; `skipped` is one that began and then skipped itself.

    `message` is the failure's (or the reason to skip), `output` what the spec said meanwhile. More
    than one of `attempts`: it failed first.
    """

    name: str
    state: str
    began: datetime
    ended: datetime
    message: str
    output: str
    attempts: int = 1


class SuiteError(Exception):
    """The suite as a whole did not run, so that its specs say nothing."""


def read(path: Path, *, expected: Iterable[str]) -> list[Result]:
    """Read a report; SuiteError when there is none or the suite's set-up failed.

    An expected spec that did not run has failed: with an earlier one of its ordered group, or by
    the end of its process.
    """
    if not path.exists():
        raise SuiteError(f"The suite ended without a report; see {path.parent}.")
    reports = _reports(path)
    for report in reports:
        if report["LeafNodeType"].endswith("BeforeSuite") and report["State"] != PASSED:
            raise SuiteError(f"The suite's set-up failed: {_message(report)}")
    results = [_result(report) for report in reports if _is_spec(report) and _has_ended(report)]
    missing = set(expected).difference(result.name for result in results)
    return results + [_never_run(name) for name in sorted(missing)]


def selected(path: Path) -> list[str]:
    """Return the names of the specs that a dry run selected: there, they pass."""
    return [_name(spec) for spec in _reports(path) if _is_spec(spec) and spec["State"] == PASSED]


def _reports(path: Path) -> list[dict[str, Any]]:
    documents = json.loads(path.read_text())
    return [report for document in documents for report in document["SpecReports"] or ()]


def _is_spec(report: dict[str, Any]) -> bool:
    return bool(report["LeafNodeType"] == "It")


def _has_ended(report: dict[str, Any]) -> bool:
    return not report["EndTime"].startswith(_NEVER)


def _result(report: dict[str, Any]) -> Result:
    state = report["State"]
    return Result(
        name=_name(report),
        state=state if state in {PASSED, SKIPPED} else FAILED,
        began=_time(report["StartTime"]),
        ended=_time(report["EndTime"]),
        message=_message(report),
        output=report.get("CapturedGinkgoWriterOutput", ""),
        attempts=report.get("NumAttempts", 1),
    )


def _never_run(name: str) -> Result:
    never = datetime.min.replace(tzinfo=UTC)
    return Result(name, FAILED, never, never, "It did not run.", "")


def _name(report: dict[str, Any]) -> str:
    texts = (*(report["ContainerHierarchyTexts"] or ()), report["LeafNodeText"])
    return " ".join(filter(None, texts))  # as Ginkgo joins them to match names


def _message(report: dict[str, Any]) -> str:
    return str(report.get("Failure", {}).get("Message", ""))


def _time(text: str) -> datetime:
    # Go prints as many digits of the fraction as there are; Python takes six at most.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
