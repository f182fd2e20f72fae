"""port-forward over both framings: how streams are paired, and how connections end."""

import struct

import pytest
from hypothesis import given

from pydockershim.streaming.codec import PeerLeft
from pydockershim.streaming.portforward.forward_codec import (
    ForwardData,
    ForwardEnded,
    ForwardOpened,
    ForwardReset,
)
from pydockershim.streaming.portforward.spdy_forwards import SpdyForwards
from pydockershim.streaming.portforward.websocket_forwards import WebSocketForwards
from pydockershim.streaming.spdy.spdy_connection import SpdyConnection
from pydockershim.streaming.websocket.numbered_channels import NumberedChannels
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection
from tests.clients import spdy
from tests.clients.spdy import HeaderBlocks
from tests.clients.websocket import BINARY, CLOSE, frame
from tests.unit.streaming.clock import Clock
from tests.unit.streaming.splits import CUTS, pieces

CANCEL, PROTOCOL_ERROR = 5, 1


def forwards(clock: Clock | None = None) -> SpdyForwards:
    spdy_connection = SpdyConnection(max_control_bytes=65536, max_streams=100)
    return SpdyForwards(spdy=spdy_connection, second_stream_s=30, clock=clock or Clock())


def pair(blocks: HeaderBlocks, error_stream: int, *, port: str = "80", request: str = "0") -> bytes:
    """Return the two SYN_STREAMs of a connection, as client-go sends them."""
    common = {"port": port, "requestid": request}
    return (
        blocks.syn_stream(error_stream, {"streamtype": "error", **common})
        + spdy.data(error_stream, b"", fin=True)
        + blocks.syn_stream(error_stream + 2, {"streamtype": "data", **common})
    )


def opened() -> SpdyForwards:
    """Return a session with one connection, 3."""
    session = forwards()
    session.feed(pair(HeaderBlocks(), 1))
    session.outgoing.clear()
    return session


def reset(stream: int, status: int) -> bytes:
    return spdy.control(spdy.RST_STREAM, struct.pack(">LL", stream, status))


@given(cuts=CUTS)
def test_two_streams_with_one_request_id_are_a_connection(cuts: list[int]) -> None:
    blocks, session = HeaderBlocks(), forwards()
    sent = (
        pair(blocks, 1, port="80", request="a")
        + pair(blocks, 5, port="65535", request="b")
        + spdy.data(7, b"for b")
        + spdy.data(3, b"", fin=True)
        + spdy.control(spdy.GOAWAY, bytes(8))
    )

    events = [event for piece in pieces(sent, cuts) for event in session.feed(piece)]

    received = [event for event in events if isinstance(event, ForwardData)]
    payload = b"".join(piece for event in received for piece in event.pieces)
    assert payload == b"for b"
    assert [event for event in events if not isinstance(event, ForwardData)] == [
        ForwardOpened(3, 80),
        ForwardOpened(7, 65535),
        ForwardEnded(3),
        PeerLeft(),
    ]


def test_the_data_stream_may_come_first() -> None:
    blocks, session = HeaderBlocks(), forwards()
    common = {"port": "80", "requestid": "0"}
    assert session.feed(blocks.syn_stream(1, {"streamtype": "data", **common})) == []
    assert session.feed(blocks.syn_stream(3, {"streamtype": "error", **common})) == [
        ForwardOpened(1, 80)
    ]


def test_old_clients_without_request_ids_open_consecutive_streams() -> None:
    blocks, session = HeaderBlocks(), forwards()
    session.feed(blocks.syn_stream(5, {"streamtype": "error", "port": "80"}))
    events = session.feed(blocks.syn_stream(7, {"streamtype": "data", "port": "80"}))
    assert events == [ForwardOpened(7, 80)]


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "-1", "+80", "8_0", "٨٠", "123456"])
def test_an_invalid_port_resets_the_stream(port: str) -> None:
    session = forwards()
    headers = {"streamtype": "data", "port": port.encode().decode("latin-1"), "requestid": "0"}
    syn = HeaderBlocks().syn_stream(1, headers)
    assert session.feed(syn) == []
    assert session.outgoing == [reset(1, PROTOCOL_ERROR)]


@pytest.mark.parametrize("streamtype", ["", "stdin", "DATA"])
def test_a_stream_of_another_type_is_reset(streamtype: str) -> None:
    session = forwards()
    headers = {"streamtype": streamtype, "port": "80", "requestid": "0"}
    assert session.feed(HeaderBlocks().syn_stream(1, headers)) == []
    assert session.outgoing == [reset(1, PROTOCOL_ERROR)]


def test_a_second_stream_of_one_type_is_reset() -> None:
    blocks, session = HeaderBlocks(), forwards()
    headers = {"streamtype": "error", "port": "80", "requestid": "0"}
    session.feed(blocks.syn_stream(1, headers) + blocks.syn_stream(3, headers))
    assert session.outgoing[1:] == [reset(3, PROTOCOL_ERROR)]


def test_an_incomplete_pair_times_out() -> None:
    clock, blocks = Clock(), HeaderBlocks()
    session = forwards(clock)
    common = {"port": "80"}
    session.feed(blocks.syn_stream(1, {"streamtype": "error", "requestid": "1", **common}))
    session.feed(blocks.syn_stream(3, {"streamtype": "data", "requestid": "2", **common}))
    session.outgoing.clear()

    clock.now_s += 29.9
    session.drop_stale()
    assert not session.outgoing

    clock.now_s += 0.1
    session.drop_stale()
    sent = b"".join(session.outgoing)
    assert b"the data stream of request 1 was not opened" in sent
    assert reset(3, CANCEL) in sent
    late = blocks.syn_stream(5, {"streamtype": "data", "requestid": "1", **common})
    assert session.feed(late) == [], "its other half is forgotten"


def test_payload_without_an_error_stream_resets_the_stream() -> None:
    session = forwards()
    headers = {"streamtype": "data", "port": "80", "requestid": "0"}
    session.feed(HeaderBlocks().syn_stream(1, headers))
    session.outgoing.clear()
    assert session.feed(spdy.data(1, b"too early")) == []
    assert session.outgoing == [reset(1, PROTOCOL_ERROR)]


def test_each_side_of_a_connection_closes_separately() -> None:
    session = opened()
    session.send(3, b"bye")
    session.finish(3)
    assert b"".join(session.outgoing) == (
        spdy.data(3, b"bye") + spdy.data(3, b"", fin=True) + spdy.data(1, b"", fin=True)
    )
    assert session.feed(spdy.data(3, b"still here")) == [
        ForwardData(3, [memoryview(b"still here")])
    ]
    assert session.feed(spdy.data(3, b"", fin=True)) == [ForwardEnded(3)]


def test_a_failed_connection_is_reported_and_removed() -> None:
    session = opened()
    session.fail(3, "refused")
    assert b"".join(session.outgoing) == (
        spdy.data(1, b"refused") + spdy.data(1, b"", fin=True) + reset(3, CANCEL)
    )
    assert session.feed(spdy.data(3, b"late")) == []


def test_a_broken_connection_is_reset_without_a_message() -> None:
    session = opened()
    session.reset(3)
    assert b"".join(session.outgoing) == reset(3, CANCEL) + spdy.data(1, b"", fin=True)


def test_a_connection_that_the_client_resets_is_removed() -> None:
    session = opened()
    assert session.feed(reset(3, CANCEL)) == [ForwardReset(3)]
    session.send(3, b"late")
    assert b"".join(session.outgoing) == spdy.data(1, b"", fin=True)


def test_closed_connections_leave_no_state() -> None:
    blocks, session = HeaderBlocks(), forwards()
    for request in range(1000):
        error_stream = 4 * request + 1
        session.feed(pair(blocks, error_stream, request=str(request)))
        match request % 4:
            case 0:
                session.finish(error_stream + 2)
                session.feed(spdy.data(error_stream + 2, b"", fin=True))
            case 1:
                session.feed(reset(error_stream + 2, CANCEL))
            case 2:
                session.fail(error_stream + 2, "refused")
            case _:
                session.reset(error_stream + 2)
        session.outgoing.clear()
    assert not session._pairs
    assert not session._halves
    assert not session._spdy._streams


def test_over_websocket_each_port_has_two_channels() -> None:
    numbered = NumberedChannels(WebSocketConnection(max_message_bytes=4096), as_base64=False)
    session = WebSocketForwards(numbered, [80, 8080])
    assert b"".join(session.outgoing) == b"".join(
        b"\x82\x03" + bytes([channel]) + port.to_bytes(2, "little")
        for channel, port in ((0, 80), (1, 80), (2, 8080), (3, 8080))
    )
    session.outgoing.clear()

    assert session.feed(b"") == [ForwardOpened(0, 80), ForwardOpened(1, 8080)]
    sent = frame(BINARY, b"\x02abc") + frame(BINARY, b"\x03x") + frame(BINARY, b"\x08x")
    assert session.feed(sent + frame(CLOSE, b"")) == [
        ForwardData(1, [memoryview(b"abc")]),
        PeerLeft(),
    ]


def test_over_websocket_the_session_ends_with_its_last_connection() -> None:
    numbered = NumberedChannels(WebSocketConnection(max_message_bytes=4096), as_base64=False)
    session = WebSocketForwards(numbered, [80, 8080])
    session.outgoing.clear()
    session.fail(0, "refused")
    session.send(1, b"abc")
    assert b"".join(session.outgoing) == b"\x82\x08\x01refused" + b"\x82\x04\x02abc"
    assert not session.is_over
    session.finish(1)
    assert session.is_over
