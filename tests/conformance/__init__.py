"""Conformance: Kubernetes' own programs judge the shim on this machine.

`python -m tests.conformance` runs the node suite (a real kubelet), kubectl and critest against the
shim, in a session of the test bed, and touches nothing of the machine's. The rooms, in the order of
a run:

- `neighbours`  is there a kubelet on this machine that a run would disturb?
- `programs`    builds kubelet, node suite and what they need, once per version, from Go modules
- `userland`    the Debian programs that are put into images
- `layout`      images on disk (OCI image layout)
- `images`      the images that the suites ask for
- `cni`         the pod network for runtimes that want one
- `plan`        what one run is to do
- `run`         the outer half of a run: starts it and tells what came of it
- `inside`      the inner half of a run: node, engine, shim, then each suite
- `node`        what a kubelet's machine looks like, made from private mounts
- `registry`    answers the engine for registry.k8s.io, k8s.gcr.io and gcr.io
- `runtimes`    what the suites talk to: the shim, or containerd as its peer
- `suites`, `node_suite`, `kubectl_suite`, `critest`   how each suite is started
- `kubelet`     what a kubelet has to be told here
- `cluster`     a suite of our own: kubectl and others use a cluster
- `selection`   which specs a run selects
- `progress`    what a person sees meanwhile
- `report`      Ginkgo's report, as results
- `known`       the checked-in list of known failures, and the verdict
- `evidence`    what kubelet, shim and engine said while a spec failed
- `scores`      docs/conformance.md, with the `versions` that a score is about
"""
