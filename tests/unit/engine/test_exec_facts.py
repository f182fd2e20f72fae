"""How an exec's state and Docker's own words in its output are read."""

from itertools import islice
from typing import Any

import pytest

from pydockershim.engine import exec_facts

STARTING = {"Running": False, "ExitCode": None, "Pid": 0}
BEING_STARTED = {"Running": True, "ExitCode": None, "Pid": 0}
RUNNING = {"Running": True, "ExitCode": None, "Pid": 4711}
EXITED = {"Running": False, "ExitCode": 0, "Pid": 4711}
NOT_STARTED = {"Running": False, "ExitCode": 126, "Pid": 0}

FAILED = b'OCI runtime exec failed: exec failed: exec: "nosuch": not found: unknown'
PAUSED = b"cannot exec in a paused container (use --ignore-paused to override)"


@pytest.mark.parametrize(
    ("state", "starting", "exited", "started"),
    [
        (STARTING, True, False, False),
        (BEING_STARTED, True, False, False),
        (RUNNING, False, False, True),
        (EXITED, False, True, True),
        (NOT_STARTED, False, True, False),
    ],
)
def test_state_of_an_exec(state: Any, *, starting: bool, exited: bool, started: bool) -> None:
    assert exec_facts.is_starting(state) is starting
    assert exec_facts.has_exited(state) is exited
    assert exec_facts.has_started(state) is started


@pytest.mark.parametrize("words", [FAILED, PAUSED])
@pytest.mark.parametrize("header", [b"", b"\x01\x00\x00\x00\x00\x00\x00\x4a"])
def test_docker_s_words_are_recognised_and_read(words: bytes, header: bytes) -> None:
    output = header + words + b"\r\n"

    assert exec_facts.is_start_error(output)
    assert exec_facts.start_error(output) == words.decode()


def test_words_deep_in_the_output_are_the_commands_own() -> None:
    assert not exec_facts.is_start_error(b"x" * 64 + FAILED)


def test_other_words_are_read_when_there_is_no_process() -> None:
    assert exec_facts.start_error(b"unable to find user no: no entry\r\n") == (
        "unable to find user no: no entry"
    )
    assert "gives no reason" in exec_facts.start_error(b"")


def test_polls_for_the_exit_get_slower() -> None:
    delays_s = list(islice(exec_facts.exit_polls_s(slowest_s=1.0), 12))

    assert delays_s == sorted(delays_s)
    assert (delays_s[0], delays_s[-1]) == (0.005, 1.0)
