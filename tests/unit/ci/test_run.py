"""What a run carries out and tells, on parts that are over at once."""

import pytest

from tests.ci.__main__ import Run
from tests.ci.parts import Part

GOOD, BAD, LATER = Part("good", ("true",)), Part("bad", ("false",)), Part("later", ("true",))


def _rows(run: Run) -> list[list[str]]:
    return [row.split() for row in run.table().strip().splitlines()[1:]]


def test_a_row_a_part_and_one_for_all_of_them() -> None:
    run = Run()

    run.stages([[[GOOD]], [[LATER], [GOOD]]])

    assert sorted(_rows(run)) == [[name, "0.0"] for name in ("all", "good", "good", "later")]
    assert not run.has_failed


def test_what_fails_ends_the_run_behind_its_stage() -> None:
    run = Run()

    run.stages([[[BAD, GOOD]], [[LATER]]])

    assert _rows(run) == [
        ["bad", "0.0", "FAILED", "(1)"],
        ["good", "0.0"],
        ["all", "0.0", "FAILED"],
    ]
    assert run.has_failed


def test_lines_begin_with_their_part(capsys: pytest.CaptureFixture[str]) -> None:
    Run().stages([[[Part("some part", ("printf", "one\ntwo"))]]])

    assert capsys.readouterr().out == "some part        | one\nsome part        | two\n"
