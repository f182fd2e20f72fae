"""The page of scores."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance import scores

_ROW = scores.Row(
    suite="node",
    runtime="shim",
    engine="Docker 28.5",
    network="docker",
    specs="432",
    passed="420",
    failed="10",
    skipped="2",
    left_out="0",
    date="2026-11-24",
    versions="Kubernetes v1.37.2",
)


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text("before\n<!-- score -->\nold\n<!-- end of score -->\nafter\n")
    return path


def test_the_readme_shows_the_first_row_and_keeps_the_rest(tmp_path: Path, readme: Path) -> None:
    page = tmp_path / "conformance.md"
    for row in (replace(_ROW, engine="Docker 20.10"), _ROW):
        scores.write(row, page, readme)

    lines = readme.read_text().splitlines()

    assert lines[:2] == ["before", "<!-- score -->"]
    assert lines[2:5] == page.read_text().splitlines()[-4:-1]
    assert lines[5:] == ["<!-- end of score -->", "after"]


def _table(page: Path) -> list[str]:
    return [line for line in page.read_text().splitlines() if line.startswith("| node")]


def test_a_run_replaces_the_row_of_its_kind_and_no_other(tmp_path: Path, readme: Path) -> None:
    page = tmp_path / "conformance.md"
    scores.write(_ROW, page, readme)
    scores.write(replace(_ROW, network="cni"), page, readme)

    scores.write(replace(_ROW, passed="422"), page, readme)

    rows = _table(page)
    assert len(rows) == 2
    assert sum("| 422 |" in row for row in rows) == 1


def test_the_newest_engine_comes_first_and_peers_last(tmp_path: Path, readme: Path) -> None:
    page = tmp_path / "conformance.md"
    for row in (
        replace(_ROW, runtime="containerd", engine="containerd 2.1"),
        replace(_ROW, engine="Docker 20.10"),
        _ROW,
    ):
        scores.write(row, page, readme)

    engines = [row.split(" | ")[2] for row in _table(page)]

    assert engines == ["Docker 28.5", "Docker 20.10", "containerd 2.1"]
