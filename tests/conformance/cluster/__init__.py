"""The suite `kubectl`: real clients use a one-node cluster, as people do.

An API server, a real kubelet and the runtime; kubectl goes through all of them, and one program
goes to the runtime's own URLs, as the kubelet itself does. Written with pytest, and run and judged
like the other suites: `make conformance SUITE=kubectl`.

- `one_node`    the cluster: control plane and kubelet
- `kubectl`     kubectl, over WebSocket or SPDY
- `pods`        pods of one container
- `as_ginkgo`   lets pytest report as Ginkgo does
"""
