"""What a run carries out and tells, on parts that are over at once."""

from itertools import count
from types import SimpleNamespace

import pytest

from tests.ci import __main__ as ci
from tests.ci.__main__ import Run
from tests.ci.parts import Part

GOOD, BAD, LATER = Part("good", ("true",)), Part("bad", ("false",)), Part("later", ("true",))


@pytest.fixture(autouse=True)
def _each_look_at_the_clock_takes_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    minutes = count()
    monkeypatch.setattr(ci, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(minutes)))


def _rows(run: Run) -> list[list[str]]:
    return [row.split() for row in run.table().strip().splitlines()[1:]]


def test_a_row_a_part_and_one_for_all_of_them() -> None:
    run = Run()

    run.stages([[[GOOD]], [[LATER], [GOOD]]])

    assert [name for name, *_ in _rows(run)] in (
        ["good", "later", "good", "all"],
        ["good", "good", "later", "all"],
    )
    assert not run.has_failed


def test_what_fails_ends_the_run_behind_its_stage() -> None:
    run = Run()

    run.stages([[[BAD, GOOD]], [[LATER]]])

    assert _rows(run) == [
        ["bad", "1.0", "FAILED", "(1)"],
        ["good", "1.0"],
        ["all", "5.0", "FAILED"],
    ]
    assert run.has_failed


def test_lines_begin_with_their_part(capsys: pytest.CaptureFixture[str]) -> None:
    Run().stages([[[Part("some part", ("printf", "one\ntwo"))]]])

    assert capsys.readouterr().out == "some part        | one\nsome part        | two\n"
