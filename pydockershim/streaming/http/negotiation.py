"""Negotiates the upgrade of a request: the framing and the subprotocol; pure.

- SPDY/3.1 (GET or POST): the first `X-Stream-Protocol-Version` of the client that is supported. At
  least one is required, as in every server since Kubernetes 1.31.
- WebSocket (GET): the first `Sec-WebSocket-Protocol` of the client that is supported. Without one
  the oldest subprotocol is used, and the response does not name it.
- `SPDY/3.1+portforward.k8s.io` is a WebSocket that tunnels SPDY.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from websockets.utils import accept_key

from pydockershim.streaming.http.request_head import HttpError, RequestHead

_WEBSOCKET_VERSION = "13"
_KEY_BYTES = 16


class Framing(Enum):
    """What carries the subprotocol on the TCP connection."""

    SPDY = "SPDY"
    WEBSOCKET = "WebSocket"
    TUNNEL = "SPDY in WebSocket"


@dataclass(frozen=True, kw_only=True)
class Subprotocol:
    """One version of remotecommand or port-forward.

    `json_status`: the error channel carries a metav1.Status in JSON. `resize`: there is a resize
    channel. `close_signal`: the client can close its stdin over WebSocket.
    """

    framing: Framing
    json_status: bool = False
    resize: bool = True
    as_base64: bool = False
    close_signal: bool = False


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """The negotiated subprotocol, and the headers of the 101 response."""

    subprotocol: Subprotocol
    headers: Mapping[str, str]


_TUNNEL = "SPDY/3.1+portforward.k8s.io"
_NUMBERED = {
    "": Subprotocol(framing=Framing.WEBSOCKET),
    "channel.k8s.io": Subprotocol(framing=Framing.WEBSOCKET),
    "base64.channel.k8s.io": Subprotocol(framing=Framing.WEBSOCKET, as_base64=True),
    "v4.channel.k8s.io": Subprotocol(framing=Framing.WEBSOCKET, json_status=True),
    "v4.base64.channel.k8s.io": Subprotocol(
        framing=Framing.WEBSOCKET, json_status=True, as_base64=True
    ),
}


@dataclass(frozen=True)
class _Offer:
    """The subprotocols of one kind of request, by framing and name."""

    spdy: Mapping[str, Subprotocol]
    websocket: Mapping[str, Subprotocol]


REMOTECOMMAND = _Offer(
    spdy={
        "v4.channel.k8s.io": Subprotocol(framing=Framing.SPDY, json_status=True),
        "v3.channel.k8s.io": Subprotocol(framing=Framing.SPDY),
        "v2.channel.k8s.io": Subprotocol(framing=Framing.SPDY, resize=False),
        "channel.k8s.io": Subprotocol(framing=Framing.SPDY, resize=False),
    },
    websocket={
        "v5.channel.k8s.io": Subprotocol(
            framing=Framing.WEBSOCKET, json_status=True, close_signal=True
        ),
        **_NUMBERED,
    },
)
PORT_FORWARD = _Offer(
    spdy={"portforward.k8s.io": Subprotocol(framing=Framing.SPDY)},
    websocket={_TUNNEL: Subprotocol(framing=Framing.TUNNEL), **_NUMBERED},
)


def negotiate(head: RequestHead, offer: _Offer) -> Upgrade:
    """Return the best upgrade that client and server support; HttpError if there is none."""
    if head.header_contains("connection", "upgrade") and head.header_contains(
        "upgrade", "websocket"
    ):
        return _websocket(head, offer.websocket)
    if head.header_contains("connection", "upgrade") and head.header_contains(
        "upgrade", "spdy/3.1"
    ):
        return _spdy(head, offer.spdy)
    raise HttpError(
        status=HTTPStatus.BAD_REQUEST, message="the request must upgrade to SPDY/3.1 or WebSocket"
    )


def _spdy(head: RequestHead, subprotocols: Mapping[str, Subprotocol]) -> Upgrade:
    wanted = head.values("x-stream-protocol-version")
    if not wanted:
        raise HttpError(
            status=HTTPStatus.BAD_REQUEST,
            message="the X-Stream-Protocol-Version header is required",
        )
    name = _first_common(wanted, subprotocols)
    if name is None:
        raise HttpError(
            status=HTTPStatus.FORBIDDEN,
            message=f"none of {', '.join(wanted)} is supported; "
            f"use one of {', '.join(subprotocols)}",
            headers=[("X-Accepted-Stream-Protocol-Versions", each) for each in subprotocols],
        )
    headers = {"Upgrade": "SPDY/3.1", "Connection": "Upgrade", "X-Stream-Protocol-Version": name}
    return Upgrade(subprotocol=subprotocols[name], headers=headers)


def _websocket(head: RequestHead, subprotocols: Mapping[str, Subprotocol]) -> Upgrade:
    if head.method != "GET":
        raise HttpError(
            status=HTTPStatus.METHOD_NOT_ALLOWED, message="a WebSocket handshake must use GET"
        )
    if head.values("sec-websocket-version") != [_WEBSOCKET_VERSION]:
        raise HttpError(
            status=HTTPStatus.UPGRADE_REQUIRED,
            message="only WebSocket version 13 is supported",
            headers=[("Sec-WebSocket-Version", _WEBSOCKET_VERSION)],
        )
    wanted = head.values("sec-websocket-protocol") or [""]
    name = _first_common(wanted, subprotocols)
    if name is None:
        # COMPAT(client-go): 403 makes its clients fall back to SPDY.
        raise HttpError(
            status=HTTPStatus.FORBIDDEN,
            message=f"none of {', '.join(wanted)} is supported; "
            f"use one of {', '.join(subprotocols)[2:]}",
        )
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_key(_key(head)),
        **({"Sec-WebSocket-Protocol": name} if name else {}),
    }
    return Upgrade(subprotocol=subprotocols[name], headers=headers)


def _first_common(wanted: Sequence[str], subprotocols: Mapping[str, Subprotocol]) -> str | None:
    return next((name for name in wanted if name in subprotocols), None)


def _key(head: RequestHead) -> str:
    keys = [value for name, value in head.headers if name == "sec-websocket-key"]
    try:
        if len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == _KEY_BYTES:
            return keys[0]
    except binascii.Error:
        pass
    raise HttpError(
        status=HTTPStatus.BAD_REQUEST,
        message="a WebSocket handshake needs one valid Sec-WebSocket-Key",
    )
