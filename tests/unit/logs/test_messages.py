"""Docker's log stream becomes CRI lines, whatever the pieces it comes in."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.errors import Unavailable
from pydockershim.logs.messages import MessageReader
from tests.unit.logs.spooling import PART_BYTES, cri_line

NOW = "2026-09-01T12:00:00.123456789Z"


def frame(text: bytes, *, stream: int = 1, time: str = NOW) -> bytes:
    message = time.encode() + b" " + text
    return struct.pack(">BxxxL", stream, len(message)) + message


def raw(text: bytes, *, time: str = NOW) -> bytes:
    return time.encode() + b" " + text


def read(*blocks: bytes, tty: bool = False, loses_lf: bool = False) -> bytes:
    reader = MessageReader(tty=tty, loses_lf=loses_lf)
    lines = [line for block in blocks for line in reader.feed(block)]
    return b"".join(lines + reader.end())


def in_pieces(whole: bytes, step: int) -> list[bytes]:
    return [whole[at : at + step] for at in range(0, len(whole), step)]


def test_each_stream_has_its_name() -> None:
    assert read(frame(b"one\n") + frame(b"two\n", stream=2)) == (
        cri_line(NOW, b"one") + cri_line(NOW, b"two", source="stderr")
    )


def test_a_message_without_lf_is_a_part() -> None:
    part = b"x" * PART_BYTES

    assert read(frame(part) + frame(b"\n")) == cri_line(NOW, part, tag="P") + cri_line(NOW, b"")


def test_an_engine_that_loses_the_lf_is_understood() -> None:
    part = b"x" * PART_BYTES

    assert read(frame(part) + frame(b"rest"), loses_lf=True) == (
        cri_line(NOW, part, tag="P") + cri_line(NOW, b"rest")
    )


def test_a_terminal_has_no_frames() -> None:
    part = b"x" * PART_BYTES

    assert read(raw(b"one\r\n") + raw(part) + raw(b"y\r\n") + raw(b"prompt"), tty=True) == (
        cri_line(NOW, b"one\r")
        + cri_line(NOW, part, tag="P")
        + cri_line(NOW, b"y\r")
        + cri_line(NOW, b"prompt", tag="P")
    )


@pytest.mark.parametrize("text", [b"Error grabbing logs: EOF", b""])
def test_an_error_within_the_stream_is_no_line(text: bytes) -> None:
    block = struct.pack(">BxxxL", 2, len(text)) + text

    with pytest.raises(Unavailable):
        read(block)


@given(st.integers(min_value=1, max_value=200))
def test_every_split_of_frames_gives_the_same_lines(step: int) -> None:
    whole = frame(b"one\n") + frame(b"", stream=2) + frame(b"\xff\x00\n") + frame(b"tail")

    assert read(*in_pieces(whole, step)) == read(whole)


@given(st.integers(min_value=1, max_value=200))
def test_every_split_of_a_terminals_bytes_gives_the_same_lines(step: int) -> None:
    whole = raw(b"one\r\n") + raw(b"2" * 300 + b"\r\n") + raw(b"tail")

    assert read(*in_pieces(whole, step), tty=True) == read(whole, tty=True)
