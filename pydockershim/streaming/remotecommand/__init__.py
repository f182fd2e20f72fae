"""Kubernetes' remotecommand protocols v1 to v5 (kubectl exec and attach), without I/O.

`channel_codec` is common to all versions; `spdy_channels` and `websocket_channels` implement it.
`exit_status` is the content of the error channel, `resize` that of the resize channel. The peer is
client-go's tools/remotecommand. This package may not know processes or sessions.
"""
