"""Following a suite by what its reporter prints."""

import pytest

from tests.conformance.progress import Progress


def test_a_failure_is_said_at_once_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(total=3)

    for line in ("•\n", "• [FAILED] [6.5 seconds]\n", "[sig-node] Pods [It] should run\n"):
        progress.take(line)

    assert "FAILED [sig-node] Pods [It] should run" in capsys.readouterr().out


def test_the_count_has_every_spec_that_ended(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ("•\n", "• [30.1 seconds]\n", "• [TIMEDOUT] [9 seconds]\n", "name\n", "- other\n")

    with Progress(total=9) as progress:
        for line in lines:
            progress.take(line)

    assert "3 of 9 specs, 1 failed" in capsys.readouterr().out
