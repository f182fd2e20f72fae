"""The list of known failures, and the verdict over a run."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conformance import known
from tests.conformance.plan import Plan
from tests.conformance.report import Result

_PLAN = Plan(
    suite="node",
    runtime="shim",
    engine="28.5",
    network="docker",
    program=Path("/p"),
    programs=Path("/"),
    specs=(),
)
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


def _result(name: str, state: str) -> Result:
    return Result(name=name, state=state, began=_NOW, ended=_NOW, message="", output="")


def _specs(plan: Plan, path: Path) -> list[str]:
    return [entry.spec for entry in known.load(plan, path)]


def test_a_line_holds_for_its_suite_engine_and_network_mode(tmp_path: Path) -> None:
    path = tmp_path / "known-failures.txt"
    path.write_text(
        "# a comment\n"
        "\n"
        "node | everywhere | shim: logs\n"
        "node@28.5 | on this engine | machine: no such device\n"
        "node@20.10 | on another engine | machine: no such device\n"
        "node@docker | in this network mode | image: no such program\n"
        "node@cni | in another network mode | image: no such program\n"
        "critest | of another suite | shim: logs\n"
    )

    assert _specs(_PLAN, path) == ["everywhere", "on this engine", "in this network mode"]


def test_a_peer_is_not_excused_by_what_the_shim_lacks(tmp_path: Path) -> None:
    path = tmp_path / "known-failures.txt"
    path.write_text("node | a | shim: logs\nnode | b | machine: no such device\n")

    assert _specs(replace(_PLAN, runtime="containerd"), path) == ["b"]


@pytest.mark.parametrize(
    "line", ["node | a spec", "node | a spec | logs", "node | a spec | shim: ", "a spec"]
)
def test_a_line_without_a_reason_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "known-failures.txt"
    path.write_text(f"{line}\n")

    with pytest.raises(ValueError, match="a spec"):
        known.load(_PLAN, path)


def test_the_checked_in_list_can_be_read() -> None:
    assert all(known.load(replace(_PLAN, suite=suite)) is not None for suite in ("node", "critest"))


def test_a_verdict_is_good_when_exactly_the_listed_specs_fail() -> None:
    listed = [known.KnownFailure("node", "", "b", "shim", "logs")]

    verdict = known.judge([_result("a", "passed"), _result("b", "failed")], listed)

    assert verdict.is_good
    assert [result.name for result in verdict.known] == ["b"]


@pytest.mark.parametrize(
    "results",
    [
        [_result("a", "failed"), _result("b", "failed")],
        [_result("a", "passed"), _result("b", "passed")],
    ],
)
def test_a_verdict_is_bad_when_the_list_is_wrong(results: list[Result]) -> None:
    listed = [known.KnownFailure("node", "", "b", "shim", "logs")]

    assert not known.judge(results, listed).is_good
