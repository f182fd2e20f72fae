"""Pods of one container, `main`, that runs a shell script."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conformance import node
from tests.conformance.cluster.kubectl import Kubectl

# With bash, socat and every applet of busybox.
_IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"


@contextmanager
def running(kubectl: Kubectl, name: str, script: str, **fields: Any) -> Iterator[str]:
    """Run a pod until it is left; `fields` are the container's. Gives the name when it is ready."""
    container = {"name": "main", "image": _IMAGE, "command": ["bash", "-c", script], **fields}
    spec = {
        "nodeName": node.NAME,
        "dnsPolicy": "Default",
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    kubectl.output("create", "--filename=-", stdin=json.dumps(pod).encode())
    try:
        kubectl.output("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=50s")
        yield name
    finally:
        kubectl.output("delete", "pod", name, "--wait=false")


def container_id(kubectl: Kubectl, name: str) -> str:
    """Return the runtime's id of a pod's container."""
    return _field(kubectl, name, ".status.containerStatuses[0].containerID").partition("://")[2]


def uid(kubectl: Kubectl, name: str) -> str:
    """Return a pod's uid."""
    return _field(kubectl, name, ".metadata.uid")


def image_users(kubectl: Kubectl) -> str:
    """Return the uid and the container id of every pod, a line for each."""
    ids = "{.metadata.uid} {.status.containerStatuses[0].containerID}"
    template = f'jsonpath={{range .items[*]}}{{.metadata.name}} {ids}{{"\\n"}}{{end}}'
    return kubectl.output("get", "pods", f"--output={template}").decode()


def _field(kubectl: Kubectl, name: str, path: str) -> str:
    return kubectl.output("get", "pod", name, f"--output=jsonpath={{{path}}}").decode()
