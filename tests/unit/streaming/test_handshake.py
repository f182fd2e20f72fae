"""The request in front of a stream: its head, what it may upgrade to, and how it is refused."""

from http import HTTPStatus

import pytest
from hypothesis import given

from pydockershim.streaming.address import BindAddress
from pydockershim.streaming.head import Head, HeadReader, HttpRefusal
from pydockershim.streaming.negotiation import (
    PORT_FORWARD,
    REMOTECOMMAND,
    Wire,
    negotiate,
)
from tests.unit.streaming.splits import CUTS, pieces, single_bytes

# RFC 6455, 1.3.
_KEY, _ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_ANY = "0.0.0.0"  # noqa: S104 -- nothing is bound here

REQUEST = (
    b"POST /exec/token?ignored=yes HTTP/1.1\r\nHost: node:1\r\nConnection: Upgrade\r\n"
    b"Upgrade: SPDY/3.1\r\nContent-Length: 0\r\n"
    b"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
)
LEFTOVER = b"\x80\x03\x00\x01 and more"


def spdy(*versions: str) -> Head:
    headers = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")]
    headers += [("x-stream-protocol-version", version) for version in versions]
    return Head(method="POST", path="/exec/token", headers=headers)


def websocket(*protocols: str, method: str = "GET", version: str = "13", key: str = _KEY) -> Head:
    headers = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", version),
        ("sec-websocket-key", key),
        *(("sec-websocket-protocol", protocol) for protocol in protocols),
    ]
    return Head(method=method, path="/exec/token", headers=headers)


@given(cuts=CUTS)
def test_a_head_may_come_in_any_pieces(cuts: list[int]) -> None:
    for split in (pieces(REQUEST, cuts), single_bytes(REQUEST)):
        reader = HeadReader(max_bytes=16384)
        *early, head = [reader.feed(piece) for piece in split if piece]
        assert not any(early)
        assert head is not None
        assert (head.method, head.path) == ("POST", "/exec/token")
        assert head.values("x-stream-protocol-version") == ["v4.channel.k8s.io"]


def test_what_is_behind_the_head_is_kept() -> None:
    reader = HeadReader(max_bytes=16384)
    assert reader.feed(REQUEST + LEFTOVER)
    assert reader.leftover == LEFTOVER


def test_the_answer_to_an_upgrade() -> None:
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
def test_other_heads_are_refused_in_plain_words(sent: bytes, status: int) -> None:
    reader = HeadReader(max_bytes=16384)
    with pytest.raises(HttpRefusal) as refused:
        reader.feed(sent)
    answer = reader.refuse(refused.value)
    assert refused.value.status == status
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer


def test_a_refused_head_request_gets_no_body() -> None:
    reader = HeadReader(max_bytes=16384)
    reader.feed(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = reader.refuse(HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "use GET or POST"))
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")


def test_a_header_may_hold_any_bytes() -> None:
    reader = HeadReader(max_bytes=16384)
    head = reader.feed(b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: Z\xfcrich\r\n\r\n")
    assert head is not None
    assert head.values("user-agent") == ["Z\xfcrich"]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["v4.channel.k8s.io"], "v4.channel.k8s.io"),
        (["v5.channel.k8s.io, v4.channel.k8s.io"], "v4.channel.k8s.io"),
        (["v5.channel.k8s.io", "v3.channel.k8s.io", "v4.channel.k8s.io"], "v3.channel.k8s.io"),
        (["v2.channel.k8s.io"], "v2.channel.k8s.io"),
        (["channel.k8s.io"], "channel.k8s.io"),
    ],
)
def test_the_clients_first_version_that_we_speak_wins(wanted: list[str], chosen: str) -> None:
    upgrade = negotiate(spdy(*wanted), REMOTECOMMAND)
    assert upgrade.headers == {
        "Upgrade": "SPDY/3.1",
        "Connection": "Upgrade",
        "X-Stream-Protocol-Version": chosen,
    }
    assert upgrade.protocol.json_status == chosen.startswith("v4")
    assert upgrade.protocol.resize == chosen.startswith(("v3", "v4"))


def test_a_version_that_nobody_speaks_is_refused_with_the_ones_that_we_do() -> None:
    with pytest.raises(HttpRefusal) as refused:
        negotiate(spdy("v5.channel.k8s.io"), REMOTECOMMAND)
    assert refused.value.status == 403
    assert [
        value
        for name, value in refused.value.headers
        if name == "X-Accepted-Stream-Protocol-Versions"
    ] == ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"]


def test_port_forward_speaks_its_own_protocol_only() -> None:
    assert negotiate(spdy("portforward.k8s.io"), PORT_FORWARD).protocol.wire is Wire.SPDY
    with pytest.raises(HttpRefusal):
        negotiate(spdy("v4.channel.k8s.io"), PORT_FORWARD)
    with pytest.raises(HttpRefusal):
        negotiate(spdy("portforward.k8s.io"), REMOTECOMMAND)


@pytest.mark.parametrize("versions", [[], [""], ["  "], [","]])
def test_no_version_at_all_is_an_error(versions: list[str]) -> None:
    with pytest.raises(HttpRefusal) as refused:
        negotiate(spdy(*versions), REMOTECOMMAND)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("upgrade", "SPDY/3.1")],
        [("connection", "Upgrade")],
        [("connection", "Upgrade"), ("upgrade", "h2c")],
        [("connection", "keep-alive"), ("upgrade", "websocket")],
    ],
)
def test_a_request_that_upgrades_to_nothing_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(HttpRefusal) as refused:
        negotiate(Head(method="GET", path="/", headers=headers), REMOTECOMMAND)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["v5.channel.k8s.io"], "v5.channel.k8s.io"),
        (["unknown, v4.channel.k8s.io"], "v4.channel.k8s.io"),
        (["base64.channel.k8s.io", "channel.k8s.io"], "base64.channel.k8s.io"),
        (["v4.base64.channel.k8s.io"], "v4.base64.channel.k8s.io"),
    ],
)
def test_a_websocket_is_accepted(wanted: list[str], chosen: str) -> None:
    upgrade = negotiate(websocket(*wanted), REMOTECOMMAND)
    assert upgrade.headers == {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": _ACCEPT,
        "Sec-WebSocket-Protocol": chosen,
    }
    assert upgrade.protocol.close_signal == chosen.startswith("v5")
    assert upgrade.protocol.as_base64 == ("base64" in chosen)
    assert upgrade.protocol.json_status == chosen.startswith(("v4", "v5"))


def test_a_websocket_without_a_protocol_speaks_the_oldest() -> None:
    upgrade = negotiate(websocket(), REMOTECOMMAND)
    assert "Sec-WebSocket-Protocol" not in upgrade.headers
    assert not upgrade.protocol.json_status


def test_the_tunnel_is_for_port_forward() -> None:
    head = websocket("SPDY/3.1+portforward.k8s.io")
    assert negotiate(head, PORT_FORWARD).protocol.wire is Wire.TUNNEL
    with pytest.raises(HttpRefusal):
        negotiate(head, REMOTECOMMAND)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (websocket("v9.channel.k8s.io"), 403),
        (websocket(method="POST"), 405),
        (websocket(version="8"), 426),
        (websocket(key="c2hvcnQ="), 400),
        (websocket(key="no base64"), 400),
    ],
)
def test_other_websockets_are_refused(head: Head, status: int) -> None:
    with pytest.raises(HttpRefusal) as refused:
        negotiate(head, REMOTECOMMAND)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:10010"),
        (_ANY, "http://127.0.0.1:10010"),
        ("::", "http://[::1]:10010"),
        ("10.0.0.7", "http://10.0.0.7:10010"),
        ("fd00::1", "http://[fd00::1]:10010"),
    ],
)
def test_urls_are_absolute_and_never_a_wildcard(host: str, url: str) -> None:
    assert BindAddress(host, 0).base_url("http", 10010) == url
