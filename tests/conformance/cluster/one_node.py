"""One node and its control plane: the programs between kubectl and the runtime.

The node suite's own program holds etcd, an API server and a namespace controller; nothing
schedules, and no service account has a token. The kubelet answers whoever asks.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bed.program import Program
from tests.conformance import kubelet, node
from tests.conformance.cluster.kubectl import Kubectl
from tests.conformance.programs import Programs

# Pods are in one namespace, whose name marks the lines of a log that are about them.
NAMESPACE = "kubectl-1"

_DIRECTORY = node.STATE / "cluster"
_TOKEN = "conformance"  # noqa: S105 - of a server that only this session reaches
_KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [
        {
            "name": "one-node",
            "cluster": {"server": "https://127.0.0.1:6443", "insecure-skip-tls-verify": True},
        }
    ],
    "users": [{"name": "all", "user": {"token": _TOKEN}}],
    "contexts": [
        {
            "name": "one-node",
            "context": {"cluster": "one-node", "user": "all", "namespace": NAMESPACE},
        }
    ],
    "current-context": "one-node",
}
_OPEN_TO_ALL = {
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
}
# As small and quick as a kubelet permits, so that a log is rotated several times within a test.
_ROTATION = {
    "containerLogMaxSize": "100Ki",
    "containerLogMaxFiles": 100,
    "containerLogMonitorInterval": "3s",
}


@contextmanager
def running(programs: Programs, *, endpoint: str, logs: Path) -> Iterator[Kubectl]:
    """Run a cluster whose node uses the runtime at `endpoint`; gives a kubectl for it."""
    _DIRECTORY.mkdir(parents=True)
    kubectl = Kubectl(programs["kubectl"], _write("kubeconfig", _KUBECONFIG))
    with _control_plane(programs, kubectl, logs), _kubelet(programs, kubectl, endpoint, logs):
        kubectl.output("create", "namespace", NAMESPACE)
        yield kubectl


@contextmanager
def _control_plane(programs: Programs, kubectl: Kubectl, logs: Path) -> Iterator[None]:
    # It writes files to where it is.
    where = ("env", f"--chdir={_DIRECTORY}")
    flags = ("--run-services-mode", f"--bearer-token={_TOKEN}")
    program = Program([*where, programs["e2e_node.test"], *flags], log=logs / "services.log")
    program.start(ready=lambda: kubectl.run("get", "--raw=/readyz").returncode == 0, timeout_s=60)
    try:
        yield
    finally:
        program.stop(signal.SIGKILL)


@contextmanager
def _kubelet(programs: Programs, kubectl: Kubectl, endpoint: str, logs: Path) -> Iterator[None]:
    endpoints = {"containerRuntimeEndpoint": endpoint, "imageServiceEndpoint": endpoint}
    config = _write("kubelet.json", kubelet.CONFIG | _OPEN_TO_ALL | _ROTATION | endpoints)
    flags = (
        f"--kubeconfig={kubectl.kubeconfig}",
        f"--config={config}",
        f"--hostname-override={node.NAME}",
        "--v=2",
    )
    program = Program([programs["kubelet"], *flags], log=logs / "kubelet.log")
    condition = ("wait", "--for=condition=Ready", f"node/{node.NAME}", "--timeout=1s")
    program.start(ready=lambda: kubectl.run(*condition).returncode == 0, timeout_s=60)
    try:
        yield
    finally:
        program.stop(signal.SIGKILL)


def _write(name: str, document: object) -> Path:
    path = _DIRECTORY / name
    path.write_text(json.dumps(document))
    return path
