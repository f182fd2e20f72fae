"""The limits of the streaming server: memory, connections and time that clients can use."""

import math
from dataclasses import dataclass, fields, replace

_KIB = 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class StreamingLimits:
    """Sizes in bytes, times in seconds, counts at the same time.

    Requests:
        pending_tokens, token_s: URLs that are not used yet, and their lifetime.
        head_bytes, head_s: size and timeout of the HTTP request head; timeout of a TLS handshake.
        connections: client connections; more are closed immediately.
    Sessions:
        stream_creation_s: timeout from the upgrade until the client has opened all streams, and for
            the second stream of a forwarded connection.
        streams: open SPDY streams of one connection.
        frame_bytes: a SPDY control frame, and its header block when inflated.
        message_bytes: a WebSocket message.
        input_bytes: buffered input that a process or a pod's port has not read.
        inbox_bytes: the same for exec and attach over WebSocket: such a client closes the session
            when its pings wait behind its input for a minute.
        drain_bytes: buffered output of an exited process, or of a broken connection to a pod, for a
            slow client.
        idle_s: timeout of a connection without any traffic. Pings count as traffic.
        data_idle_s: the same, but only payload counts; None: no timeout.
        connect_s: timeout of the connection to a pod's port.
        linger_s: at the end of a session, timeout of a client that makes no progress.
    Threads:
        engine_calls: concurrent calls to the engine.
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
    least = 0 if name.endswith("_s") else 1
    if not (value >= least and 0 < value < math.inf):
        raise ValueError(f"{name} must be a number above 0")
    return name, value if name.endswith("_s") else int(value)
