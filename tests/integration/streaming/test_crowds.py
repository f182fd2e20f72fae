"""Many sessions, at once or one after another: all are served right, and none leaves a trace."""

import pytest

from pydockershim.config.streaming_limits import StreamingLimits
from tests.clients.remotecommand import RemoteCommand, SpdyCommand, WebSocketCommand, read_to_end
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch

pytestmark = pytest.mark.engine

ClientClass = type[RemoteCommand]

_LONG = [pytest.mark.endurance, pytest.mark.timeout(900)]


@pytest.mark.parametrize("count", [50, pytest.param(500, marks=_LONG)])
def test_commands_at_once_are_all_right_and_leave_nothing(
    sessions: StreamingSessions, watched: ShimWatch, count: int
) -> None:
    threads = watched.threads

    outputs = _echo_at_once(sessions, count)

    assert outputs == [b"%d\n" % number for number in range(count)]
    assert watched.has_let_go(spare=StreamingLimits().engine_calls, within_s=30)
    # Threads that make calls to the engine, and a few that serve RPCs, start on demand and stay.
    assert watched.threads <= threads + StreamingLimits().engine_calls + 8


def _echo_at_once(sessions: StreamingSessions, count: int) -> list[bytes]:
    wires = (SpdyCommand, WebSocketCommand)
    begun = [sessions.open(wires[each % 2], ["echo", str(each)]) for each in range(count)]
    outputs = [read_to_end(session) for session in begun]
    assert {output.exit_code for output in outputs} == {0}
    return [output.stdout for output in outputs]


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=_LONG)])
def test_a_failure_is_never_a_success(sessions: StreamingSessions, count: int) -> None:
    """Also when many commands end at once."""
    for _ in range(0, count, 10):
        begun = [sessions.open(SpdyCommand, ["sh", "-c", "exit 42"]) for _ in range(10)]
        assert {read_to_end(session).exit_code for session in begun} == {42}


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=_LONG)])
def test_one_byte_of_input_is_always_one_byte(
    sessions: StreamingSessions, wire: ClientClass, count: int
) -> None:
    assert {sessions.run(wire, ["wc", "-c"], stdin=b"x").stdout for _ in range(count)} == {b"1\n"}
