"""WebSocket (RFC 6455) as Kubernetes uses it, without I/O: `websocket_connection` is the framing.

On top of it, `numbered_channels` multiplexes (channel.k8s.io and variants), and `tunnel` carries a
SPDY connection. This package may not know what the channels carry.
"""
