"""The codec of Docker's multiplexed stream gives the same for every split of the bytes."""

import struct
from collections.abc import Sequence
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.engine.rawstream import Demultiplexer, StreamName
from pydockershim.errors import Unavailable

FRAMES = st.lists(st.tuples(st.sampled_from(StreamName), st.binary(max_size=40)), max_size=8)


def encode(frames: list[tuple[StreamName, bytes]]) -> bytes:
    return b"".join(struct.pack(">BxxxL", name, len(data)) + data for name, data in frames)


def joined(
    pieces: Sequence[tuple[StreamName, bytes | memoryview]],
) -> list[tuple[StreamName, bytes]]:
    """Join neighbours of one stream: how a stream is cut into frames says nothing."""
    groups = groupby((piece for piece in pieces if piece[1]), key=lambda piece: piece[0])
    return [(name, b"".join(data for _, data in group)) for name, group in groups]


@given(frames=FRAMES, cuts=st.lists(st.integers(0, 400)))
def test_any_split_gives_the_same_bytes(
    frames: list[tuple[StreamName, bytes]], cuts: list[int]
) -> None:
    data = encode(frames)
    demultiplexer = Demultiplexer()

    pieces = []
    for start, end in pairwise(sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})):
        pieces += demultiplexer.feed(data[start:end])

    assert joined(pieces) == joined(frames)
    assert demultiplexer.is_between_frames


@given(frames=FRAMES.filter(bool), data=st.data())
def test_a_stream_that_is_cut_inside_a_frame_is_told_from_a_whole_one(
    frames: list[tuple[StreamName, bytes]], data: st.DataObject
) -> None:
    stream = encode(frames)
    last_frame = 8 + len(frames[-1][1])
    cut = data.draw(st.integers(1, last_frame - 1))
    demultiplexer = Demultiplexer()

    demultiplexer.feed(stream[:-cut])

    assert not demultiplexer.is_between_frames


def test_bytes_that_are_no_frame_are_an_error() -> None:
    with pytest.raises(Unavailable, match="unknown stream 104"):
        Demultiplexer().feed(b"hello, world")
