"""One connection, used by calls in turn: a caller that goes ends its own read, and no other."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from pydockershim import calls
from pydockershim.engine.unix_http import UnixHttpConnection


@pytest.fixture
def connection() -> Iterator[UnixHttpConnection]:
    with closing(UnixHttpConnection("/nosuch", timeout_s=None)) as connection:
        yield connection


class _Overtaken(calls.Call):
    """A call whose canceller knows what to run, and does so when the test says."""

    canceller: Callable[[], None]

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        self.canceller = callback
        with super().on_cancel(callback):
            yield


def test_a_read_ends_with_its_caller(connection: UnixHttpConnection) -> None:
    call = calls.Call()
    with calls.entered(call), connection.ending_with_caller():
        assert not connection.aborted
        call.cancel()
        assert connection.aborted


def test_a_late_canceller_does_not_hurt_an_idle_connection(connection: UnixHttpConnection) -> None:
    late = _Overtaken()
    with calls.entered(late), connection.ending_with_caller():
        pass

    late.canceller()
    assert not connection.aborted


def test_a_late_canceller_does_not_hurt_the_next_call(connection: UnixHttpConnection) -> None:
    late = _Overtaken()
    with calls.entered(late), connection.ending_with_caller():
        pass

    with connection.ending_with_caller():
        late.canceller()
        assert not connection.aborted
