"""The head of the HTTP request: parsing it, the 101 response, and rejecting it."""

from http import HTTPStatus

import pytest
from hypothesis import given

from pydockershim.streaming.http.request_head import HeadReader, HttpError
from tests.unit.streaming.splits import CUTS, pieces, single_bytes

REQUEST = (
    b"POST /exec/token?ignored=yes HTTP/1.1\r\nHost: node:1\r\nConnection: Upgrade\r\n"
    b"Upgrade: SPDY/3.1\r\nContent-Length: 0\r\n"
    b"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
)
LEFTOVER = b"\x80\x03\x00\x01 and more"


@given(cuts=CUTS)
def test_a_head_may_be_split_anywhere(cuts: list[int]) -> None:
    for split in (pieces(REQUEST, cuts), single_bytes(REQUEST)):
        reader = HeadReader(max_bytes=16384)
        *early, head = [reader.feed(piece) for piece in split if piece]
        assert not any(early)
        assert head is not None
        assert (head.method, head.path) == ("POST", "/exec/token")
        assert head.values("x-stream-protocol-version") == ["v4.channel.k8s.io"]


def test_bytes_after_the_head_are_kept() -> None:
    reader = HeadReader(max_bytes=16384)
    assert reader.feed(REQUEST + LEFTOVER)
    assert reader.leftover == LEFTOVER


def test_the_response_to_an_upgrade() -> None:
    reader = HeadReader(max_bytes=16384)
    reader.feed(REQUEST)
    answer = reader.switch_protocols({"Upgrade": "SPDY/3.1", "Connection": "Upgrade"})
    assert answer == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 4000, 431),
        (b"GET /" + b"x" * 20000, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 4000 + b"\r\n", 431),
        (REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
        (REQUEST.replace(b"HTTP/1.1", b"HTTP/2.0"), 505),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 5\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 400),
    ],
)
def test_invalid_heads_are_rejected_in_plain_text(sent: bytes, status: int) -> None:
    reader = HeadReader(max_bytes=16384)
    with pytest.raises(HttpError) as refused:
        reader.feed(sent)
    answer = reader.error_response(refused.value)
    assert refused.value.status == status
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer


def test_a_rejected_head_request_gets_no_body() -> None:
    reader = HeadReader(max_bytes=16384)
    reader.feed(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = reader.error_response(
        HttpError(status=HTTPStatus.METHOD_NOT_ALLOWED, message="use GET or POST")
    )
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")


def test_a_header_may_hold_any_bytes() -> None:
    reader = HeadReader(max_bytes=16384)
    head = reader.feed(b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: Z\xfcrich\r\n\r\n")
    assert head is not None
    assert head.values("user-agent") == ["Z\xfcrich"]
