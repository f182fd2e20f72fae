"""Kubernetes' remotecommand protocols, v1 to v5, without I/O: what kubectl exec and attach speak.

`channels` says what all versions have in common, `over_spdy` and `over_websocket` carry it;
`status` is what the error channel says at the end, `resize` what the resize channel says meanwhile.
(client-go's tools/remotecommand is the other end.)
"""
