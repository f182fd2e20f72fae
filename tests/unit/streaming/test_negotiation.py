"""The upgrade of a request: which framing and subprotocol it gets, and how it is rejected."""

import pytest

from pydockershim.streaming.http.negotiation import (
    PORT_FORWARD,
    REMOTECOMMAND,
    Framing,
    negotiate,
)
from pydockershim.streaming.http.request_head import HttpError, RequestHead

# RFC 6455, 1.3.
_KEY, _ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def spdy(*versions: str) -> RequestHead:
    headers = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")]
    headers += [("x-stream-protocol-version", version) for version in versions]
    return RequestHead(method="POST", path="/exec/token", headers=headers)


def websocket(
    *protocols: str, method: str = "GET", version: str = "13", key: str = _KEY
) -> RequestHead:
    headers = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", version),
        ("sec-websocket-key", key),
        *(("sec-websocket-protocol", protocol) for protocol in protocols),
    ]
    return RequestHead(method=method, path="/exec/token", headers=headers)


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
def test_the_first_supported_version_of_the_client_is_used(wanted: list[str], chosen: str) -> None:
    upgrade = negotiate(spdy(*wanted), REMOTECOMMAND)
    assert upgrade.headers == {
        "Upgrade": "SPDY/3.1",
        "Connection": "Upgrade",
        "X-Stream-Protocol-Version": chosen,
    }
    assert upgrade.subprotocol.json_status == chosen.startswith("v4")
    assert upgrade.subprotocol.resize == chosen.startswith(("v3", "v4"))


def test_an_unsupported_version_is_rejected_with_the_supported_ones() -> None:
    with pytest.raises(HttpError) as refused:
        negotiate(spdy("v5.channel.k8s.io"), REMOTECOMMAND)
    assert refused.value.status == 403
    assert [
        value
        for name, value in refused.value.headers
        if name == "X-Accepted-Stream-Protocol-Versions"
    ] == ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"]


def test_port_forward_has_its_own_protocol() -> None:
    assert negotiate(spdy("portforward.k8s.io"), PORT_FORWARD).subprotocol.framing is Framing.SPDY
    with pytest.raises(HttpError):
        negotiate(spdy("v4.channel.k8s.io"), PORT_FORWARD)
    with pytest.raises(HttpError):
        negotiate(spdy("portforward.k8s.io"), REMOTECOMMAND)


@pytest.mark.parametrize("versions", [[], [""], ["  "], [","]])
def test_no_version_at_all_is_an_error(versions: list[str]) -> None:
    with pytest.raises(HttpError) as refused:
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
def test_a_request_without_a_supported_upgrade_is_rejected(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(HttpError) as refused:
        negotiate(RequestHead(method="GET", path="/", headers=headers), REMOTECOMMAND)
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
    assert upgrade.subprotocol.close_signal == chosen.startswith("v5")
    assert upgrade.subprotocol.as_base64 == ("base64" in chosen)
    assert upgrade.subprotocol.json_status == chosen.startswith(("v4", "v5"))


def test_a_websocket_without_a_protocol_uses_the_oldest() -> None:
    upgrade = negotiate(websocket(), REMOTECOMMAND)
    assert "Sec-WebSocket-Protocol" not in upgrade.headers
    assert not upgrade.subprotocol.json_status


def test_the_tunnel_is_for_port_forward() -> None:
    head = websocket("SPDY/3.1+portforward.k8s.io")
    assert negotiate(head, PORT_FORWARD).subprotocol.framing is Framing.TUNNEL
    with pytest.raises(HttpError):
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
def test_other_websockets_are_rejected(head: RequestHead, status: int) -> None:
    with pytest.raises(HttpError) as refused:
        negotiate(head, REMOTECOMMAND)
    assert refused.value.status == status
