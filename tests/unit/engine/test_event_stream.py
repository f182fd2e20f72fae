"""The event stream ends in three ways, which its reader can tell apart."""

import json
import socket
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pydockershim.dockerapi import Event
from pydockershim.engine.engine import Engine
from pydockershim.engine.event_stream import EventStream
from pydockershim.engine.json_stream import send
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.errors import Unavailable
from tests.unit.engine.scripted import (
    FakeEngine,
    Handler,
    Server,
    chunk,
    chunked_head,
    requests,
    serving,
)

EVENTS = [
    Event(Type="container", Action=f"action {number}", Actor={}, timeNano=number)
    for number in range(3)
]
STREAM = "".join(json.dumps(event) + "\n" for event in EVENTS).encode()


def sending(*parts: bytes, then_wait: bool = False) -> Handler:
    def handler(connection: socket.socket) -> None:
        each = requests(connection)
        next(each)
        for part in parts:
            connection.sendall(part)
        if then_wait:
            next(each, None)

    return handler


def subscribe(server: Server) -> EventStream:
    connection = UnixHttpConnection(server.path, timeout_s=30)
    return EventStream(connection, send(connection, "GET", "/v1.51/events"))


def test_the_last_record_may_lack_its_newline(tmp_path: Path) -> None:
    whole = (chunked_head(), chunk(STREAM[:-1]), chunk(b""))
    with serving(tmp_path, sending(*whole)) as server:
        assert list(subscribe(server)) == EVENTS


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_events_come_whole_in_chunks_of_any_size(tmp_path: Path, size: int) -> None:
    chunks = [chunk(STREAM[start : start + size]) for start in range(0, len(STREAM), size)]
    with serving(tmp_path, sending(chunked_head(), *chunks, chunk(b""))) as server:
        assert list(subscribe(server)) == EVENTS


@pytest.mark.parametrize(
    "end", [b"", chunk(STREAM)[:-5], b"ff"], ids=["between", "in chunk", "in size"]
)
def test_a_cut_stream_is_an_error(tmp_path: Path, end: bytes) -> None:
    with serving(tmp_path, sending(chunked_head(), chunk(STREAM), end)) as server:
        stream = iter(subscribe(server))
        assert [next(stream) for _ in EVENTS] == EVENTS

        with pytest.raises(Unavailable, match="event stream broke"):
            list(stream)


def test_close_ends_the_reader_on_another_thread(tmp_path: Path) -> None:
    with serving(tmp_path, sending(chunked_head(), chunk(STREAM), then_wait=True)) as server:
        stream = subscribe(server)
        received: list[Event | None] = []
        three = threading.Event()

        def read() -> None:
            for event in stream:
                received.append(event)
                if len(received) == len(EVENTS):
                    three.set()
            received.append(None)

        reader = threading.Thread(target=read)
        reader.start()
        assert three.wait(30)
        stream.close()
        reader.join(30)

        assert received == [*EVENTS, None]


def test_events_are_asked_for_from_before_the_answer(tmp_path: Path) -> None:
    """Docker answers first and subscribes then."""
    fake = FakeEngine({"events": chunked_head() + chunk(b"")})
    begun_ns = time.time_ns()
    with serving(tmp_path, fake) as server, closing(Engine(server.path)) as engine:
        assert not list(engine.events())

    (since,) = parse_qs(urlsplit(fake.seen[-1].line).query)["since"]
    assert begun_ns <= int(since.replace(".", "")) <= time.time_ns()
