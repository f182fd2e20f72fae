"""Everybody gets everything, and nobody is waited for."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydockershim import calls
from pydockershim.calls import Call
from pydockershim.errors import ResourceExhausted
from pydockershim.view.broadcast import Broadcast

BACKLOG_BYTES = 16 * 1024 * 1024


def test_all_subscribers_get_what_is_sent_after_they_came() -> None:
    broadcast = Broadcast()
    first = broadcast.subscribe()
    broadcast.send(b"1")
    second = broadcast.subscribe()
    broadcast.send(b"2")
    broadcast.close()

    assert (list(first), list(second)) == ([b"1", b"2"], [b"2"])


def test_subscriber_who_does_not_read_is_dropped_and_holds_up_nobody() -> None:
    broadcast = Broadcast()
    slow, quick = broadcast.subscribe(), broadcast.subscribe()
    for message in (b"x" * BACKLOG_BYTES, b"last straw"):
        broadcast.send(message)
        assert next(quick) == message

    with pytest.raises(ResourceExhausted):
        next(slow)
    broadcast.send(b"more")
    assert next(quick) == b"more"


def test_what_has_been_read_counts_no_more() -> None:
    broadcast = Broadcast()
    stream = broadcast.subscribe()
    for _ in range(3):
        broadcast.send(b"x" * BACKLOG_BYTES)
        assert next(stream)


def test_stream_ends_with_its_caller() -> None:
    broadcast, call = Broadcast(), Call()
    waiting = threading.Event()

    def listen() -> list[bytes]:
        with calls.entered(call):
            stream = broadcast.subscribe()
            waiting.set()
            return list(stream)

    with ThreadPoolExecutor(1) as pool:
        listener = pool.submit(listen)
        assert waiting.wait(10)
        call.cancel()
        assert listener.result(10) == []

    assert not broadcast.wanted


def test_who_comes_after_the_end_gets_an_end() -> None:
    broadcast = Broadcast()
    broadcast.close()

    assert list(broadcast.subscribe()) == []
