"""What is stored with a container: plain data, JSON-ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SandboxRecord:
    """What is stored with a pause container.

    `name` is the final container name. `namespaces` maps `network`, `pid` and `ipc` to the name of
    a CRI NamespaceMode. `network` is the kind of pod network (`docker`, `cni`) that set it up,
    `cgroup_parent` the parent as Docker was given it.
    """

    name: str
    pod: str
    namespace: str
    uid: str
    attempt: int
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    handler: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    log_directory: str = ""
    cgroup_parent: str = ""
    privileged: bool = False


@dataclass(frozen=True, kw_only=True)
class ContainerRecord:
    """What is stored with a pod's container.

    `log_path` is absolute, or empty without a log. `image` is the CRI ImageSpec that
    was sent, `image_ref` the digested reference it resolved to, `mounts` the CRI mounts that were
    sent; each as a dict of CRI field names, unset fields left out. `config_digest` shows whether a
    second request for the container is the same.
    """

    name: str
    container: str
    pod: str
    namespace: str
    uid: str
    attempt: int
    sandbox_id: str
    log_path: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    image: Mapping[str, Any] = field(default_factory=dict)
    image_ref: str = ""
    mounts: tuple[Mapping[str, Any], ...] = ()
    config_digest: str = ""


Record = SandboxRecord | ContainerRecord
