"""A program that runs in the background of a tool, until the tool ends it."""

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
    """Run a program until the body ends; SetupError when it does not get ready."""
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
            step.done = f"{name} has ended"


def wait(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Wait until the condition holds; False when it does not in time."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.05)
    return True


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            # Even when the tool is killed, nothing of it goes on running.
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal must reach the tool alone, which then ends the others in order.
            start_new_session=True,
        )


def _await_ready(
    name: str, process: subprocess.Popen[bytes], *, log: Path, ready: Callable[[], bool]
) -> None:
    if not wait(lambda: process.poll() is not None or ready(), timeout_s=_START_S):
        raise SetupError(f"{name} does not answer; its log ends:\n{_tail(log)}")
    if process.poll() is not None:
        raise SetupError(f"{name} has ended at once; its log ends:\n{_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
