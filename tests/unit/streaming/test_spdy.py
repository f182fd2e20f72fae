"""SPDY frames and the rules of a connection: known answers, every split, and what is refused."""

import hashlib
import struct
import zlib
from contextlib import suppress
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.streaming.codec import PeerLeft, ProtocolError
from pydockershim.streaming.spdy import frames
from pydockershim.streaming.spdy.dictionary import DICTIONARY
from pydockershim.streaming.spdy.spdy_connection import (
    SpdyConnection,
    StreamData,
    StreamEnded,
    StreamEvent,
    StreamOpened,
    StreamReset,
)
from tests.clients import spdy
from tests.clients.spdy import HeaderBlocks
from tests.unit.streaming.splits import CUTS, pieces, single_bytes

_LIMIT = 65536

Streams = list[tuple[dict[str, str], list[bytes]]]
STREAMS = st.lists(
    st.tuples(
        st.dictionaries(
            st.text("abcdefgh", min_size=1, max_size=8), st.text("xyz019.", max_size=9), max_size=4
        ),
        st.lists(st.binary(max_size=60), max_size=4),
    ),
    max_size=5,
)


def connection(**options: object) -> SpdyConnection:
    return SpdyConnection(max_control_bytes=_LIMIT, max_streams=100, **options)  # type: ignore[arg-type]


def opened(*numbers: int) -> tuple[SpdyConnection, HeaderBlocks]:
    """Return a connection with accepted streams, and the zlib stream of its client."""
    server, blocks = connection(), HeaderBlocks()
    for number in numbers:
        server.feed(blocks.syn_stream(number, {}))
        server.accept(number)
    server.outgoing.clear()
    return server, blocks


def recorded(streams: Streams) -> bytes:
    """Return what a client sends that opens these streams, uses them and leaves."""
    blocks = HeaderBlocks()
    sent = b""
    for index, (headers, payloads) in enumerate(streams):
        number = 2 * index + 1
        sent += blocks.syn_stream(number, headers)
        sent += b"".join(spdy.data(number, payload) for payload in payloads)
        sent += spdy.data(number, b"", fin=True) + spdy.control(spdy.PING, struct.pack(">L", 1))
    return sent + spdy.control(spdy.GOAWAY, bytes(8))


def joined(events: list[StreamEvent]) -> list[object]:
    """Join neighbouring payload of one stream: where a frame was cut says nothing."""
    result: list[object] = []
    for key, group in groupby(
        events, lambda event: event.stream_id if isinstance(event, StreamData) else None
    ):
        if key is None:
            result += group
        else:
            payloads = [
                piece for event in group if isinstance(event, StreamData) for piece in event.pieces
            ]
            result.append((key, b"".join(payloads)))
    return result


def test_the_dictionary_is_that_of_the_draft() -> None:
    assert len(DICTIONARY) == 1423
    assert hashlib.sha256(DICTIONARY).hexdigest() == (
        "51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02"
    )


def test_header_blocks_of_gos_zlib_are_read() -> None:
    blocks = [
        "78f9e3c6a7c202a62346703a2b294a4dcc851625aca9a08006000000ffff",
        "c22e555c02cc2e00000000ffff",
        "02321800000000ffff",
    ]
    server = connection()
    events = [
        server.feed(
            spdy.control(
                spdy.SYN_STREAM, struct.pack(">LLH", 2 * index + 1, 0, 0) + bytes.fromhex(block)
            )
        )
        for index, block in enumerate(blocks)
    ]

    assert events == [
        [StreamOpened(1, {"streamtype": "error"})],
        [StreamOpened(3, {"streamtype": "stdin"})],
        [StreamOpened(5, {})],
    ]


def test_replies_have_no_headers_in_one_zlib_stream() -> None:
    server, blocks = connection(), HeaderBlocks()
    server.feed(blocks.syn_stream(1, {}) + blocks.syn_stream(3, {}))
    server.accept(1)
    server.accept(3)

    inflater = zlib.decompressobj(zdict=DICTIONARY)
    for number, frame in zip((1, 3), server.outgoing, strict=True):
        assert frame[:4] == b"\x80\x03\x00\x02"
        assert struct.unpack_from(">LL", frame, 4) == (len(frame) - 8, number)
        assert inflater.decompress(bytes(frame[12:])) == bytes(4)
        assert bytes(frame[-4:]) == b"\x00\x00\xff\xff", "flushed"


@given(streams=STREAMS, cuts=CUTS)
def test_every_split_of_the_bytes_gives_the_same_events(streams: Streams, cuts: list[int]) -> None:
    sent = recorded(streams)
    expected = joined(connection().feed(sent))

    assert expected.count(PeerLeft()) == 1
    for split in (pieces(sent, cuts), single_bytes(sent)):
        server = connection()
        events = [event for piece in split for event in server.feed(piece)]
        assert joined(events) == expected
        assert len(server.outgoing) == len(streams), "a pong for each ping"


@given(st.binary(max_size=200))
def test_any_other_bytes_end_the_connection_and_nothing_else(noise: bytes) -> None:
    server, _ = opened(1)
    with suppress(ProtocolError):
        server.feed(noise)


def test_the_server_says_nothing_before_the_client() -> None:
    server = connection()
    server.feed(b"")
    assert not server.outgoing


def test_payload_is_delivered_before_its_frame_is_complete() -> None:
    server, _ = opened(1)
    events = server.feed(struct.pack(">LL", 1, 0xFFFFFF) + b"begin")
    assert events == [StreamData(1, [memoryview(b"begin")])]


def test_the_end_of_a_frame_in_pieces_ends_the_stream_once() -> None:
    server, _ = opened(1)
    frame = spdy.data(1, b"abc", fin=True)
    assert server.feed(frame[:9]) == [StreamData(1, [memoryview(b"a")])]
    assert server.feed(frame[9:]) == [StreamData(1, [memoryview(b"bc")]), StreamEnded(1)]


def test_each_half_of_a_stream_ends_on_its_own() -> None:
    server, _ = opened(1)
    assert server.feed(spdy.data(1, b"", fin=True)) == [StreamEnded(1)]
    server.send(1, b"still")
    server.finish(1)
    server.send(1, b"dropped")
    assert b"".join(server.outgoing) == spdy.data(1, b"still") + spdy.data(1, b"", fin=True)


def test_a_stream_that_was_reset_is_removed() -> None:
    server, _ = opened(1)
    assert server.feed(spdy.control(spdy.RST_STREAM, struct.pack(">LL", 1, 5))) == [StreamReset(1)]
    server.send(1, b"dropped")
    assert server.feed(spdy.data(1, b"late")) == []
    assert not server.outgoing, "a reset is never answered"


def test_data_after_a_reset_of_the_server_is_dropped() -> None:
    server, _ = opened(1)
    server.reset(1)
    assert b"".join(server.outgoing) == spdy.control(spdy.RST_STREAM, struct.pack(">LL", 1, 5))
    assert server.feed(spdy.data(1, b"late")) == []


def test_streams_beyond_the_limit_are_refused() -> None:
    server = SpdyConnection(max_control_bytes=_LIMIT, max_streams=1)
    blocks = HeaderBlocks()
    assert server.feed(blocks.syn_stream(1, {})) == [StreamOpened(1, {})]
    assert server.feed(blocks.syn_stream(3, {})) == []
    assert b"".join(server.outgoing) == spdy.control(spdy.RST_STREAM, struct.pack(">LL", 3, 3))


def test_unused_frame_types_are_ignored() -> None:
    server, blocks = opened(1)
    settings = spdy.control(4, struct.pack(">LLL", 1, 4, 100))
    window = spdy.control(9, struct.pack(">LL", 1, 65536))
    headers = spdy.control(8, struct.pack(">L", 1) + blocks.block({"late": "header"}))
    assert server.feed(settings + window + headers) == []
    assert server.feed(blocks.syn_stream(3, {"a": "b"})) == [StreamOpened(3, {"a": "b"})]


def test_only_pings_of_the_client_are_answered() -> None:
    server, _ = opened()
    server.feed(spdy.control(spdy.PING, struct.pack(">L", 7)))
    server.feed(spdy.control(spdy.PING, struct.pack(">L", 8)))
    assert server.outgoing == [frames.ping(7)]


def test_a_flood_of_pings_ends_the_connection() -> None:
    server = connection(clock=lambda: 0.0)
    ping = spdy.control(spdy.PING, struct.pack(">L", 1))
    server.feed(200 * ping)
    with pytest.raises(ProtocolError, match="pings"):
        server.feed(ping)


def test_a_ping_every_five_seconds_is_always_allowed() -> None:
    now_s = 0.0
    server = connection(clock=lambda: now_s)
    for _ in range(10_000):
        now_s += 5
        server.feed(spdy.control(spdy.PING, struct.pack(">L", 1)))
    assert len(server.outgoing) == 10_000


def bomb() -> bytes:
    return struct.pack(">LLH", 1, 0, 0) + HeaderBlocks().deflated(bytes(1 << 20))


def block_of(plain: bytes) -> bytes:
    return struct.pack(">LLH", 1, 0, 0) + HeaderBlocks().deflated(plain)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (spdy.control(spdy.SYN_STREAM, bomb()), "when inflated"),
        (struct.pack(">HHL", 0x8003, 1, 0xFFFFFF), "16777215 bytes"),
        (struct.pack(">HHL", 0x8002, 1, 0), "another version"),
        (spdy.control(5, b""), "type 5"),
        (spdy.control(spdy.PING, b"12345"), "type 6"),
        (spdy.control(spdy.SYN_STREAM, b"123"), "type 1"),
        (spdy.control(spdy.SYN_STREAM, bytes(10) + b"no zlib"), "zlib"),
        (spdy.control(spdy.SYN_STREAM, block_of(struct.pack(">L", 65))), "65 headers"),
        (spdy.control(spdy.SYN_STREAM, block_of(struct.pack(">LL", 1, 1 << 31))), "truncated"),
        (spdy.control(spdy.SYN_STREAM, block_of(struct.pack(">LL", 0, 0))), "after the last"),
        (HeaderBlocks().syn_stream(1, {"Upper": "x"}), "capitals"),
        (HeaderBlocks().syn_stream(2, {}), "stream 2"),
    ],
)
def test_broken_frames_end_the_connection(sent: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        connection().feed(sent)


def test_a_stream_id_cannot_be_used_again() -> None:
    server, blocks = opened(1, 3)
    with pytest.raises(ProtocolError, match="stream 3 after stream 3"):
        server.feed(blocks.syn_stream(3, {}))
