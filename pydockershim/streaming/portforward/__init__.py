"""Kubernetes' port-forward protocols, without I/O.

`forwards` says what they have in common; `over_spdy` has two streams for each forwarded connection,
`over_websocket` two channels for each port. (client-go's tools/portforward is the other end.)
"""
