"""Tokens are good once, for a while, and not too many at a time."""

import pytest

from pydockershim.errors import InvalidArgument, ResourceExhausted
from pydockershim.streaming.stream_requests import ExecRequest, PortForwardRequest, StdStreams
from pydockershim.streaming.tokens import Tokens
from tests.unit.streaming.clock import Clock

STREAMS = StdStreams(tty=False, stdin=False, stdout=True, stderr=True)
REQUEST = ExecRequest(container_id="c", command=["true"], streams=STREAMS)


def tokens(clock: Clock, *, capacity: int = 1000) -> Tokens:
    return Tokens(capacity=capacity, ttl_s=60, clock=clock)


def test_a_token_has_128_random_bits() -> None:
    store = tokens(Clock())
    issued = {store.issue(REQUEST) for _ in range(100)}
    assert len(issued) == 100
    assert {len(token) for token in issued} == {22}


def test_a_token_is_good_once() -> None:
    store = tokens(Clock())
    token = store.issue(REQUEST)
    assert store.peek(token) is REQUEST
    assert store.peek(token) is REQUEST, "a refused upgrade does not use it up"
    store.consume(token)
    assert store.peek(token) is None
    store.consume(token)


def test_a_token_is_good_for_a_minute() -> None:
    clock = Clock()
    store = tokens(clock)
    token = store.issue(REQUEST)
    clock.now_s += 59.9
    assert store.peek(token) is REQUEST
    clock.now_s += 0.2
    assert store.peek(token) is None


def test_a_guess_is_nothing() -> None:
    assert tokens(Clock()).peek("A" * 22) is None


def test_too_many_that_wait_are_refused_until_one_is_used_or_too_old() -> None:
    clock = Clock()
    store = tokens(clock)
    first = store.issue(REQUEST)
    for _ in range(999):
        store.issue(REQUEST)
    with pytest.raises(ResourceExhausted, match="1000"):
        store.issue(REQUEST)
    assert store.peek(first) is REQUEST, "none is given up for another"
    store.consume(first)
    store.issue(REQUEST)
    with pytest.raises(ResourceExhausted):
        store.issue(REQUEST)
    clock.now_s += 61
    store.issue(REQUEST)


def test_a_request_asks_for_a_stream() -> None:
    with pytest.raises(InvalidArgument, match="at least one"):
        StdStreams(tty=False, stdin=False, stdout=False, stderr=False)


def test_a_terminal_has_no_stderr() -> None:
    with pytest.raises(InvalidArgument, match="TTY"):
        StdStreams(tty=True, stdin=True, stdout=True, stderr=True)


def test_an_exec_has_a_command() -> None:
    with pytest.raises(InvalidArgument, match="command"):
        ExecRequest(container_id="c", command=[], streams=STREAMS)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_is_a_port(port: int) -> None:
    with pytest.raises(InvalidArgument, match="1 to 65535"):
        PortForwardRequest(sandbox_id="s", pid=1, ports=[port])


def test_no_more_ports_than_a_websocket_has_channels_for() -> None:
    PortForwardRequest(sandbox_id="s", pid=1, ports=range(1, 128))
    with pytest.raises(InvalidArgument, match="at most 127"):
        PortForwardRequest(sandbox_id="s", pid=1, ports=range(1, 129))
