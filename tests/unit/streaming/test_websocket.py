"""WebSocket messages, numbered channels and the tunnel: every split, and what is refused."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.streaming.codec import PeerLeft, ProtocolError
from pydockershim.streaming.websocket.numbered_channels import NumberedChannels, NumberedMessage
from pydockershim.streaming.websocket.tunnel import Tunnel
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection
from tests.clients.websocket import BINARY, CLOSE, PING, TEXT, frame
from tests.unit.streaming.splits import CUTS, pieces, single_bytes

_GOODBYE = struct.pack(">H", 1000)

MESSAGES = st.lists(st.lists(st.binary(max_size=200), min_size=1, max_size=3), max_size=5)


def websocket() -> WebSocketConnection:
    return WebSocketConnection(max_message_bytes=4096, clock=lambda: 0.0)


def fragmented(parts: list[bytes]) -> bytes:
    last = len(parts) - 1
    return b"".join(
        frame(BINARY if index == 0 else 0, part, fin=index == last)
        for index, part in enumerate(parts)
    )


@given(messages=MESSAGES, cuts=CUTS)
def test_every_split_gives_the_same_messages(messages: list[list[bytes]], cuts: list[int]) -> None:
    sent = b"".join(fragmented(parts) + frame(PING, b"?") for parts in messages)
    sent += frame(CLOSE, _GOODBYE)
    for split in (pieces(sent, cuts), single_bytes(sent)):
        server = websocket()
        events = [event for piece in split for event in server.feed(piece)]
        assert events == [*(b"".join(parts) for parts in messages), PeerLeft()]
        assert b"".join(server.outgoing) == len(messages) * b"\x8a\x01?" + b"\x88\x02" + _GOODBYE


@given(st.integers(0, 70_000))
def test_frame_headers_follow_the_rfc(length: int) -> None:
    server = websocket()
    server.send(bytes(length))
    head, payload = server.outgoing
    expected = (
        struct.pack(">BB", 0x82, length)
        if length < 126
        else struct.pack(">BBH", 0x82, 126, length)
        if length < 65536
        else struct.pack(">BBQ", 0x82, 127, length)
    )
    assert (head, len(payload)) == (expected, length)


def test_a_pong_has_the_payload_of_the_ping() -> None:
    server = websocket()
    server.feed(frame(PING, b"hello"))
    assert server.outgoing == [b"\x8a\x05hello"]


def test_the_clients_close_is_answered_and_nothing_follows() -> None:
    server = websocket()
    assert server.feed(frame(CLOSE, _GOODBYE)) == [PeerLeft()]
    server.send(b"late")
    server.close()
    assert server.outgoing == [b"\x88\x02" + _GOODBYE]


def test_the_server_closes_with_1000_and_sends_nothing_more() -> None:
    server = websocket()
    server.close()
    server.send(b"late")
    server.close()
    assert server.outgoing == [b"\x88\x02" + _GOODBYE]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"\x82\x01x", "mask"),
        (frame(3, b""), "opcode"),
        (struct.pack(">BBQ", 0x82, 0xFF, 1 << 40), "exceeds limit"),
        (frame(BINARY, bytes(3000), fin=False) + frame(0, bytes(3000)), "exceeds limit"),
        (frame(BINARY, b"", fin=False) + 5000 * frame(0, b"", fin=False), "fragments"),
        (frame(PING, bytes(126)), "control frame too long"),
        (frame(0, b"x"), "continuation"),
        (201 * frame(PING, b""), "pings"),
        (b"\xc2\x80" + bytes(4), "reserved"),
    ],
)
def test_broken_frames_end_the_connection(sent: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        websocket().feed(sent)


def test_binary_messages_begin_with_their_channel() -> None:
    numbered = NumberedChannels(websocket(), as_base64=False)
    assert numbered.feed(
        frame(BINARY, b"\x00abc") + frame(BINARY, b"\x04") + frame(BINARY, b"")
    ) == [NumberedMessage(0, memoryview(b"abc"))]
    numbered.send(1, b"xyz")
    assert b"".join(numbered.outgoing) == b"\x82\x04\x01xyz"


@given(st.integers(0, 4), st.binary(min_size=1, max_size=100))
def test_base64_messages_are_text(number: int, payload: bytes) -> None:
    numbered = NumberedChannels(websocket(), as_base64=True)
    message = str(number).encode() + base64.b64encode(payload)
    assert numbered.feed(frame(TEXT, message)) == [NumberedMessage(number, payload)]
    numbered.send(number, payload)
    head, *rest = numbered.outgoing
    assert (head[0], b"".join(rest)) == (0x81, message)


def test_what_is_not_base64_ends_the_connection() -> None:
    with pytest.raises(ProtocolError, match="base64"):
        NumberedChannels(websocket(), as_base64=True).feed(frame(TEXT, b"0!!"))


def test_a_tunnel_ignores_message_boundaries() -> None:
    tunnel = Tunnel(websocket())
    assert tunnel.unwrap(frame(BINARY, b"ab") + frame(PING, b"") + frame(BINARY, b"c")) == b"abc"
    assert b"".join(tunnel.wrap([b"x", b"yz"])) == b"\x8a\x00" + b"\x82\x03xyz"
    assert tunnel.wrap([]) == []
    assert not tunnel.peer_left
    assert tunnel.unwrap(frame(BINARY, b"d") + frame(CLOSE, _GOODBYE)) == b"d"
    assert tunnel.peer_left
