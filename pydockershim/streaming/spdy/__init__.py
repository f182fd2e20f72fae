"""SPDY/3.1 as Kubernetes uses it, without I/O: `frames` encodes, `spdy_connection` has the state.

Sources: the SPDY draft 3.1 for the format; moby/spdystream, the peer's implementation, for what the
draft leaves open. There is no flow control: WINDOW_UPDATE is neither sent nor obeyed, so TCP is the
only backpressure. This package may not know what the streams carry.
"""
