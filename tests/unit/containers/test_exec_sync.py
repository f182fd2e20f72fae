"""What only an engine that is caught in the middle shows of ExecSync."""

from types import SimpleNamespace
from typing import Any

import pytest

from pydockershim.containers import exec_sync

ABOUT_TO_START = {"Running": False, "ExitCode": None, "Pid": 0}
STARTED = {"Running": True, "ExitCode": None, "Pid": 4711}
ENDED = {"Running": False, "ExitCode": 0, "Pid": 4711}


class Engine:
    """Tells the states of one exec, one after another."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self._states = list(states)
        self.execs = self

    def inspect(self, _: str) -> dict[str, Any]:
        """Return the next one, the last one for ever."""
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    killed: list[int] = []

    def kill(pid: int, _: str) -> bool:
        killed.append(pid)
        return True

    monkeypatch.setattr(exec_sync, "kill_tree", kill)
    return killed


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([STARTED], [4711]),
        ([ABOUT_TO_START, STARTED], [4711]),
        ([ENDED], []),
        ([ABOUT_TO_START, ENDED], []),
    ],
)
def test_command_is_killed_unless_it_has_ended(
    states: list[dict[str, Any]], expected: list[int], killed: list[int]
) -> None:
    engine: Any = Engine(*states)
    container: Any = SimpleNamespace(id="abc")

    assert exec_sync._kill(engine, container, "exec") is bool(expected)

    assert killed == expected
