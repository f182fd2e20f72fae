"""Runs a program in the background of a tool."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.progress import Progress

_START_S, _STOP_S = 30.0, 20.0
_LOG_TAIL_LINES = 15


class SetupError(Exception):
    """This machine cannot run the tool as it is; the message says what to do."""


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    progress: Progress,
) -> Iterator[None]:
    """Run a program until the body ends; SetupError if it does not become ready."""
    process = _start(command, log)
    try:
        _await_ready(name, process, log=log, ready=ready)
    except BaseException:
        _stop(process)
        raise
    try:
        yield
    finally:
        with progress.step(f"stop {name}") as step:
            _stop(process)
            step.done = f"{name} stopped"


def wait(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Wait until the condition holds; False on timeout."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            # Even if the tool is killed, the program does not keep running.
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C must reach only the tool, which then stops its programs in order.
            start_new_session=True,
        )


def _await_ready(
    name: str, process: subprocess.Popen[bytes], *, log: Path, ready: Callable[[], bool]
) -> None:
    if not wait(lambda: process.poll() is not None or ready(), timeout_s=_START_S):
        raise SetupError(f"{name} does not answer; the end of its log:\n{_tail(log)}")
    if process.poll() is not None:
        raise SetupError(f"{name} exited at its start; the end of its log:\n{_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
