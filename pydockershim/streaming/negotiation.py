"""What a request may upgrade to: the wire, and the protocol on it; pure.

- SPDY/3.1 (GET or POST): the first of the client's `X-Stream-Protocol-Version`s that we speak. None
  at all is an error, as it is for every server since Kubernetes 1.31.
- WebSocket (GET): the first of the client's `Sec-WebSocket-Protocol`s that we speak. None is
  allowed and means the oldest, without the header in the answer.
- `SPDY/3.1+portforward.k8s.io` is a WebSocket that carries SPDY.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from websockets.utils import accept_key

from pydockershim.streaming.head import Head, HttpRefusal

_WEBSOCKET_VERSION = "13"
_KEY_BYTES = 16


class Wire(Enum):
    """What carries the protocol."""

    SPDY = "SPDY"
    WEBSOCKET = "WebSocket"
    TUNNEL = "SPDY in WebSocket"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One subprotocol.

    `json_status`: the error channel speaks JSON. `resize`: there is a resize channel.
    `close_signal`: a client can end its stdin over WebSocket.
    """

    wire: Wire
    json_status: bool = False
    resize: bool = True
    as_base64: bool = False
    close_signal: bool = False


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """What was agreed upon, and the headers of the answer that says so."""

    protocol: Protocol
    headers: Mapping[str, str]


_TUNNEL = "SPDY/3.1+portforward.k8s.io"
_NUMBERED = {
    "": Protocol(wire=Wire.WEBSOCKET),
    "channel.k8s.io": Protocol(wire=Wire.WEBSOCKET),
    "base64.channel.k8s.io": Protocol(wire=Wire.WEBSOCKET, as_base64=True),
    "v4.channel.k8s.io": Protocol(wire=Wire.WEBSOCKET, json_status=True),
    "v4.base64.channel.k8s.io": Protocol(wire=Wire.WEBSOCKET, json_status=True, as_base64=True),
}


@dataclass(frozen=True)
class _Offer:
    """What one kind of request can be upgraded to, by wire and name of the subprotocol."""

    spdy: Mapping[str, Protocol]
    websocket: Mapping[str, Protocol]


REMOTECOMMAND = _Offer(
    spdy={
        "v4.channel.k8s.io": Protocol(wire=Wire.SPDY, json_status=True),
        "v3.channel.k8s.io": Protocol(wire=Wire.SPDY),
        "v2.channel.k8s.io": Protocol(wire=Wire.SPDY, resize=False),
        "channel.k8s.io": Protocol(wire=Wire.SPDY, resize=False),
    },
    websocket={
        "v5.channel.k8s.io": Protocol(wire=Wire.WEBSOCKET, json_status=True, close_signal=True),
        **_NUMBERED,
    },
)
PORT_FORWARD = _Offer(
    spdy={"portforward.k8s.io": Protocol(wire=Wire.SPDY)},
    websocket={_TUNNEL: Protocol(wire=Wire.TUNNEL), **_NUMBERED},
)


def negotiate(head: Head, offer: _Offer) -> Upgrade:
    """Return what both sides speak; HttpRefusal says why there is nothing."""
    if head.has_word("connection", "upgrade") and head.has_word("upgrade", "websocket"):
        return _websocket(head, offer.websocket)
    if head.has_word("connection", "upgrade") and head.has_word("upgrade", "spdy/3.1"):
        return _spdy(head, offer.spdy)
    raise HttpRefusal(HTTPStatus.BAD_REQUEST, "upgrade to SPDY/3.1 or to a WebSocket")


def _spdy(head: Head, protocols: Mapping[str, Protocol]) -> Upgrade:
    wanted = head.values("x-stream-protocol-version")
    if not wanted:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "name an X-Stream-Protocol-Version")
    name = _first_common(wanted, protocols)
    if name is None:
        raise HttpRefusal(
            HTTPStatus.FORBIDDEN,
            f"none of {', '.join(wanted)} is spoken here; use one of {', '.join(protocols)}",
            [("X-Accepted-Stream-Protocol-Versions", each) for each in protocols],
        )
    headers = {"Upgrade": "SPDY/3.1", "Connection": "Upgrade", "X-Stream-Protocol-Version": name}
    return Upgrade(protocol=protocols[name], headers=headers)


def _websocket(head: Head, protocols: Mapping[str, Protocol]) -> Upgrade:
    if head.method != "GET":
        raise HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "a WebSocket begins with GET")
    if head.values("sec-websocket-version") != [_WEBSOCKET_VERSION]:
        raise HttpRefusal(
            HTTPStatus.UPGRADE_REQUIRED,
            "only version 13 of WebSocket is spoken here",
            [("Sec-WebSocket-Version", _WEBSOCKET_VERSION)],
        )
    wanted = head.values("sec-websocket-protocol") or [""]
    name = _first_common(wanted, protocols)
    if name is None:
        # COMPAT(client-go): 403 is what makes its clients try SPDY next.
        raise HttpRefusal(
            HTTPStatus.FORBIDDEN,
            f"none of {', '.join(wanted)} is spoken here; use one of {', '.join(protocols)[2:]}",
        )
    answer = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_key(_key(head)),
        **({"Sec-WebSocket-Protocol": name} if name else {}),
    }
    return Upgrade(protocol=protocols[name], headers=answer)


def _first_common(wanted: Sequence[str], protocols: Mapping[str, Protocol]) -> str | None:
    return next((name for name in wanted if name in protocols), None)


def _key(head: Head) -> str:
    keys = [value for name, value in head.headers if name == "sec-websocket-key"]
    try:
        if len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == _KEY_BYTES:
            return keys[0]
    except binascii.Error:
        pass
    raise HttpRefusal(HTTPStatus.BAD_REQUEST, "a WebSocket begins with a Sec-WebSocket-Key")
