"""WebSocket as Kubernetes speaks it, without I/O: `messages` is the wire (RFC 6455).

On top of it, `channels` numbers the messages (channel.k8s.io and its kin), and `tunnel` carries a
SPDY connection.
"""
