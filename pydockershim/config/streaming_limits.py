"""The bounds of the streaming server: what one client can make it hold, and for how long."""

import math
from dataclasses import dataclass, fields, replace

_KIB = 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class StreamingLimits:
    """Sizes in bytes, times in seconds, numbers of things at once.

    Requests:
        pending_tokens, token_s: URLs that were handed out and not used yet, and how long they last.
        head_bytes, head_s: the HTTP request's head; the TLS handshake before it has as long.
        connections: beyond it new ones are closed at once.
    Sessions:
        stream_creation_s: from the upgrade until the client has opened all streams, and for the
            second half of a forwarded connection.
        streams: open SPDY streams of one connection.
        frame_bytes: a SPDY control frame, and its header block once inflated.
        message_bytes: a WebSocket message.
        input_bytes: input that a process or a pod's port does not read yet.
        inbox_bytes: likewise of a WebSocket client, which gives up after a minute of pings that
            wait behind its input.
        drain_bytes: output of a process that has ended, or of a pod's connection that broke, for a
            client that is slow.
        idle_s: a connection without any byte for so long is closed. Pings count.
        data_idle_s: likewise, but only payload counts; None: no such bound.
        connect_s: a connection to a pod's port.
        linger_s: how long a client that makes no progress is waited for at the end.
    Threads:
        engine_calls: calls to the engine at once.
    """

    pending_tokens: int = 1000
    token_s: float = 60.0
    head_bytes: int = 16 * _KIB
    head_s: float = 10.0
    connections: int = 2048
    stream_creation_s: float = 30.0
    streams: int = 4096
    frame_bytes: int = 64 * _KIB
    message_bytes: int = 8 * _MIB
    input_bytes: int = 256 * _KIB
    inbox_bytes: int = 8 * _MIB
    drain_bytes: int = 4 * _MIB
    idle_s: float = 4 * 3600.0
    data_idle_s: float | None = None
    connect_s: float = 10.0
    linger_s: float = 5.0
    engine_calls: int = 32


def streaming_limits(text: str) -> StreamingLimits:
    """Return the defaults with `NAME=NUMBER,...` changed; ValueError names the wrong one."""
    changed = dict(_limit(item) for item in text.split(",") if item)
    return replace(StreamingLimits(), **changed)  # type: ignore[arg-type]  # `_limit` checks them


def _limit(item: str) -> tuple[str, float]:
    name, _, number = item.partition("=")
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"write {item} like streams=1000 or idle_s=3600") from None
    known = [field.name for field in fields(StreamingLimits)]
    if name not in known:
        raise ValueError(f"there is no limit {name}; use one of {', '.join(known)}")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a number above 0")
    return name, value if name.endswith("_s") else int(value)
