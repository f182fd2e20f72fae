"""remotecommand over both framings: channels, EOF, statuses and sizes."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.streaming.codec import PeerLeft, ProtocolError
from pydockershim.streaming.remotecommand import exit_status
from pydockershim.streaming.remotecommand.channel_codec import Channel, ChannelData, ChannelEnded
from pydockershim.streaming.remotecommand.resize import ResizeDecoder, TerminalSize
from pydockershim.streaming.remotecommand.spdy_channels import SpdyChannels
from pydockershim.streaming.remotecommand.websocket_channels import WebSocketChannels
from pydockershim.streaming.spdy.spdy_connection import SpdyConnection
from pydockershim.streaming.websocket.numbered_channels import NumberedChannels
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection
from tests.clients import spdy
from tests.clients.spdy import HeaderBlocks
from tests.clients.websocket import BINARY, CLOSE, frame
from tests.unit.streaming.splits import CUTS, pieces

_ALL = {Channel.ERROR, Channel.STDIN, Channel.STDOUT, Channel.STDERR}


def spdy_channels(expected: set[Channel]) -> SpdyChannels:
    return SpdyChannels(SpdyConnection(max_control_bytes=65536, max_streams=100), expected)


def opened(*names: str) -> tuple[SpdyChannels, HeaderBlocks]:
    channels, blocks = spdy_channels({Channel[name.upper()] for name in names}), HeaderBlocks()
    for index, name in enumerate(names):
        channels.feed(blocks.syn_stream(2 * index + 1, {"streamtype": name}))
    channels.outgoing.clear()
    return channels, blocks


def websocket_channels(expected: set[Channel], *, close_signal: bool = True) -> WebSocketChannels:
    numbered = NumberedChannels(WebSocketConnection(max_message_bytes=4096), as_base64=False)
    return WebSocketChannels(numbered=numbered, expected=expected, close_signal=close_signal)


def reset(stream: int, status: int) -> bytes:
    return spdy.control(spdy.RST_STREAM, struct.pack(">LL", stream, status))


def test_a_session_is_complete_with_its_last_stream() -> None:
    channels, blocks = spdy_channels(_ALL), HeaderBlocks()
    for index, name in enumerate(("error", "stdin", "stdout", "stderr")):
        assert not channels.is_complete
        channels.feed(blocks.syn_stream(2 * index + 1, {"streamtype": name}))
    assert channels.is_complete
    assert len(channels.outgoing) == 4


@pytest.mark.parametrize("name", ["resize", "stdout", "nonsense", ""])
def test_a_stream_that_was_not_requested_is_reset(name: str) -> None:
    channels, blocks = opened("error", "stdout")
    channels.feed(blocks.syn_stream(9, {"streamtype": name}))
    assert channels.outgoing == [reset(9, 1)]


def test_too_many_such_streams_end_the_connection() -> None:
    channels, blocks = spdy_channels({Channel.ERROR}), HeaderBlocks()
    sent = [blocks.syn_stream(2 * index + 1, {"streamtype": "resize"}) for index in range(17)]
    channels.feed(b"".join(sent[:16]))
    with pytest.raises(ProtocolError, match="not requested"):
        channels.feed(sent[16])


def test_input_and_its_end_over_spdy() -> None:
    channels, _ = opened("error", "stdin", "stdout")
    events = channels.feed(
        spdy.data(3, b"abc")
        + spdy.data(5, b"not input")
        + spdy.data(3, b"", fin=True)
        + spdy.control(spdy.GOAWAY, bytes(8))
    )
    assert events == [
        ChannelData(Channel.STDIN, [memoryview(b"abc")]),
        ChannelData(Channel.STDOUT, [memoryview(b"not input")]),
        ChannelEnded(Channel.STDIN),
        PeerLeft(),
    ]


def test_over_spdy_the_end_is_sent_in_order() -> None:
    channels, _ = opened("error", "stdin", "stdout")
    channels.send(Channel.STDOUT, b"out")
    channels.send(Channel.STDERR, b"nobody asked for it")
    for channel in (Channel.STDOUT, Channel.STDERR, Channel.STDIN):
        channels.finish(channel)
    channels.send(Channel.ERROR, b"{}")
    channels.finish(Channel.ERROR)
    assert b"".join(channels.outgoing) == b"".join(
        (
            spdy.data(5, b"out"),
            spdy.data(5, b"", fin=True),
            spdy.data(3, b"", fin=True),
            spdy.data(1, b"{}"),
            spdy.data(1, b"", fin=True),
        )
    )


def test_a_websocket_begins_with_an_empty_message_on_the_first_output() -> None:
    def greeting(expected: set[Channel]) -> bytes:
        return b"".join(websocket_channels(expected).outgoing)

    assert greeting({Channel.ERROR, Channel.STDOUT, Channel.STDERR}) == b"\x82\x01\x01"
    assert greeting({Channel.ERROR, Channel.STDERR, Channel.STDIN}) == b"\x82\x01\x02"
    assert greeting({Channel.ERROR, Channel.STDIN}) == b"\x82\x01\x03"


@given(cuts=CUTS)
def test_input_and_its_end_over_websocket(cuts: list[int]) -> None:
    channels = websocket_channels({Channel.ERROR, Channel.STDIN, Channel.STDOUT})
    sent = b"".join(
        frame(BINARY, message)
        for message in (b"\x00abc", b"\x00", b"\x04dropped", b"\x01dropped", b"\xff\x00", b"\x00x")
    ) + frame(CLOSE, struct.pack(">H", 1000))

    events = [event for piece in pieces(sent, cuts) for event in channels.feed(piece)]

    assert events == [
        ChannelData(Channel.STDIN, [memoryview(b"abc")]),
        ChannelEnded(Channel.STDIN),
        PeerLeft(),
    ]


def test_before_v5_there_is_no_close_signal() -> None:
    channels = websocket_channels({Channel.ERROR, Channel.STDIN}, close_signal=False)
    assert channels.feed(frame(BINARY, b"\xff\x00") + frame(BINARY, b"\x00a")) == [
        ChannelData(Channel.STDIN, [memoryview(b"a")])
    ]


@pytest.mark.parametrize("signal", [b"\xff\x01", b"\xff\x09", b"\xff\x00\x00", b"\xff"])
def test_other_close_signals_mean_nothing(signal: bytes) -> None:
    channels = websocket_channels({Channel.ERROR, Channel.STDIN, Channel.STDOUT})
    assert channels.feed(frame(BINARY, signal)) == []


def test_over_websocket_the_status_is_followed_by_close() -> None:
    channels = websocket_channels({Channel.ERROR, Channel.STDOUT})
    channels.outgoing.clear()
    for channel in (Channel.STDOUT, Channel.STDERR, Channel.STDIN):
        channels.finish(channel)
    channels.send(Channel.ERROR, b"{}")
    channels.finish(Channel.ERROR)
    assert b"".join(channels.outgoing) == b"\x82\x03\x03{}" + b"\x88\x02\x03\xe8"


@pytest.mark.parametrize(
    ("code", "reported"),
    [(1, "1"), (42, "42"), (137, "137"), (255, "255"), (256, "255"), (-1, "255")],
)
def test_a_failure_is_reported_as_client_go_parses_it(code: int, reported: str) -> None:
    failure = json.loads(exit_status.of_exit(code, as_json=True))
    assert failure["status"] == "Failure"
    assert failure["reason"] == "NonZeroExitCode"
    assert failure["details"]["causes"] == [{"reason": "ExitCode", "message": reported}]
    assert reported in exit_status.of_exit(code, as_json=False).decode()


def test_success_is_an_empty_error_channel_before_v4() -> None:
    assert json.loads(exit_status.of_exit(0, as_json=True))["status"] == "Success"
    assert exit_status.of_exit(0, as_json=False) == b""


def test_an_error_of_the_server_is_an_internal_error() -> None:
    error = json.loads(exit_status.of_error("no such file", as_json=True))
    assert (error["reason"], error["code"]) == ("InternalError", 500)
    assert error["message"] == "Internal error occurred: no such file"
    assert exit_status.of_error("no such file", as_json=False) == error["message"].encode()


@given(
    sizes=st.lists(
        st.tuples(st.integers(1, 65535), st.integers(1, 65535)), min_size=1, max_size=40
    ),
    cuts=CUTS,
)
def test_the_latest_size_is_returned_however_the_bytes_are_split(
    sizes: list[tuple[int, int]], cuts: list[int]
) -> None:
    sent = b"\n".join(b'{"Width":%d,"Height":%d}' % size for size in sizes)
    decoder = ResizeDecoder()
    results = [decoder.feed(piece) for piece in pieces(sent, cuts)]
    assert [size for size in results if size][-1] == sizes[-1]


def test_names_of_fields_may_be_in_any_case() -> None:
    assert ResizeDecoder().feed(b'{"width":80,"HEIGHT":24}') == TerminalSize(80, 24)


def test_sizes_of_zero_are_none() -> None:
    assert ResizeDecoder().feed(b'{"Width":0,"Height":24}{"Width":80,"Height":0}{}') is None


@pytest.mark.parametrize(
    "nonsense",
    [
        b"big",
        b"[1]",
        b'{"Width":65536,"Height":1}',
        b'{"Width":-1,"Height":1}',
        b'{"Width":"1","Height":1}',
        b'{"Width":1.5,"Height":1}',
        b'{"Width":null,"Height":1}',
        600 * b'{"":',
        b'{"Width":' + 600 * b"1",
    ],
)
def test_an_invalid_size_is_a_protocol_error(nonsense: bytes) -> None:
    with pytest.raises(ProtocolError, match="size"):
        ResizeDecoder().feed(nonsense)
