"""Kubernetes' port-forward protocols, without I/O.

`forward_codec` is common to all; `spdy_forwards` uses two streams for each forwarded connection,
`websocket_forwards` two channels for each port. The peer is client-go's tools/portforward. This
package may not know sockets or sessions.
"""
