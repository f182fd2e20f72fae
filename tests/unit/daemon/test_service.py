"""Services start in order and stop in reverse order, whatever fails."""

from dataclasses import dataclass

import pytest

from pydockershim.daemon.service import BackgroundService, started
from pydockershim.errors import FailedPrecondition


@dataclass
class _Noted:
    """Notes its calls; fails in one of them."""

    name: str
    calls: list[str]
    fails_in: str = ""

    def start(self) -> None:
        self._note("start")

    def stop(self) -> None:
        self._note("stop")

    def _note(self, call: str) -> None:
        self.calls.append(f"{call} {self.name}")
        if call == self.fails_in:
            raise FailedPrecondition(f"{self.name} cannot {call}")


@pytest.fixture
def calls() -> list[str]:
    return []


def services(calls: list[str], *, second_fails_in: str = "") -> list[BackgroundService]:
    return [_Noted("a", calls), _Noted("b", calls, second_fails_in), _Noted("c", calls)]


def test_they_start_in_order_and_stop_in_reverse_order(calls: list[str]) -> None:
    with started(services(calls)):
        calls.append("body")

    assert calls == ["start a", "start b", "start c", "body", "stop c", "stop b", "stop a"]


def test_failed_start_stops_those_that_were_started(calls: list[str]) -> None:
    with (
        pytest.raises(FailedPrecondition, match="b cannot start"),
        started(services(calls, second_fails_in="start")),
    ):
        calls.append("body")

    assert calls == ["start a", "start b", "stop a"]


def test_failed_stop_still_stops_the_others(calls: list[str]) -> None:
    with (
        pytest.raises(FailedPrecondition, match="b cannot stop"),
        started(services(calls, second_fails_in="stop")),
    ):
        pass

    assert calls[3:] == ["stop c", "stop b", "stop a"]


def test_they_are_stopped_when_the_body_fails(calls: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt), started(services(calls)):
        raise KeyboardInterrupt

    assert calls[3:] == ["stop c", "stop b", "stop a"]
