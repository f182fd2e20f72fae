"""A whole manifest: the sandbox, its containers in order, and what has to exist before they start.

- apiVersion `v1` and kind `Pod`; a manifest without a uid gets one from its text, as a kubelet's
  static pods do, so that the same manifest is the same pod.
- hostname: the pod's name if unset, at most 63 characters; none on the node's own network.
- The port mappings are those of the containers; an init container has none.
- restartPolicy and terminationGracePeriodSeconds are recorded for the caller, who runs the pod.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest.container import PlannedContainer, PodContext, read_container
from pydockershim.client.manifest.dns import read_dns
from pydockershim.client.manifest.document import load
from pydockershim.client.manifest.fields import Fields
from pydockershim.client.manifest.node import Node
from pydockershim.client.manifest.resources import (
    Qos,
    cgroup_parent,
    cri_pod_resources,
    pod_total,
    qos_class,
    read_resources,
)
from pydockershim.client.manifest.security import cri_sandbox_security, read_pod_security
from pydockershim.client.manifest.volumes import HostPath, read_volumes
from pydockershim.errors import InvalidArgument

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DEFAULT_GRACE_PERIOD_S = 30
_MAX_HOSTNAME = 63


@dataclass(frozen=True, kw_only=True)
class PodPlan:
    """One pod in the words of the CRI.

    The init containers run one after the other, each to completion, before the containers start.
    `folder` is the pod's own on the node; `host_paths` are below it or are its hostPath volumes.
    """

    sandbox: cri.PodSandboxConfig
    init_containers: tuple[PlannedContainer, ...]
    containers: tuple[PlannedContainer, ...]
    folder: Path
    host_paths: tuple[HostPath, ...]
    restart_policy: str
    grace_period_s: int

    @property
    def images(self) -> tuple[str, ...]:
        """The images that the pod needs, each once, in the order of first use."""
        planned = (*self.init_containers, *self.containers)
        return tuple(dict.fromkeys(container.image for container in planned))


def read_pod(text: str, node: Node) -> PodPlan:
    """Turn a manifest (YAML) into CRI requests for `node`.

    InvalidArgument names the field that is wrong, missing or not supported.
    """
    manifest = _parse(text)
    metadata, spec = manifest.section("metadata"), manifest.section("spec")
    init_fields, main_fields = spec.sections("initContainers"), spec.sections("containers")
    if not main_fields:
        raise InvalidArgument("spec.containers is missing")
    init_resources = [read_resources(fields.section("resources")) for fields in init_fields]
    main_resources = [read_resources(fields.section("resources")) for fields in main_fields]
    pod = _read_context(
        metadata,
        spec,
        node=node,
        default_uid=hashlib.sha256(text.encode()).hexdigest()[:32],
        qos=qos_class([*init_resources, *main_resources]),
    )
    init_containers = tuple(map(read_container, init_fields, repeat(pod), init_resources))
    containers = tuple(map(read_container, main_fields, repeat(pod), main_resources))
    sandbox = _cri_sandbox(
        metadata, spec, pod=pod, init_containers=init_containers, containers=containers
    )
    sandbox.linux.resources.CopyFrom(cri_pod_resources(pod_total(init_resources, main_resources)))
    plan = PodPlan(
        sandbox=sandbox,
        init_containers=init_containers,
        containers=containers,
        folder=pod.folder,
        host_paths=tuple(_host_paths(pod, (*init_containers, *containers))),
        restart_policy=spec.word("restartPolicy", _RESTART_POLICIES, "Always"),
        grace_period_s=pod.grace_period_s,
    )
    manifest.refuse_unread()
    return plan


def _parse(text: str) -> Fields:
    manifest = Fields(load(text))
    if (manifest.text("apiVersion"), manifest.text("kind")) != ("v1", "Pod"):
        raise InvalidArgument("the manifest is not a Pod; use apiVersion: v1 and kind: Pod")
    return manifest


def _read_context(
    metadata: Fields, spec: Fields, *, node: Node, default_uid: str, qos: Qos
) -> PodContext:
    uid = metadata.text("uid", default_uid)
    folder = node.volumes_root / uid
    grace_period_s = spec.integer("terminationGracePeriodSeconds")
    return PodContext(
        name=metadata.required("name"),
        namespace=metadata.text("namespace", "default"),
        uid=uid,
        folder=folder,
        node=node,
        security=read_pod_security(spec, node),
        volumes=read_volumes(spec, folder),
        qos=qos,
        grace_period_s=_DEFAULT_GRACE_PERIOD_S if grace_period_s is None else grace_period_s,
    )


def _cri_sandbox(
    metadata: Fields,
    spec: Fields,
    *,
    pod: PodContext,
    init_containers: Sequence[PlannedContainer],
    containers: Sequence[PlannedContainer],
) -> cri.PodSandboxConfig:
    hostname = spec.text("hostname", pod.name)[:_MAX_HOSTNAME].rstrip("-.")
    privileged = any(
        container.config.linux.security_context.privileged
        for container in (*init_containers, *containers)
    )
    return cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=pod.name, namespace=pod.namespace, uid=pod.uid),
        hostname="" if pod.host_network else hostname,
        log_directory=str(pod.node.logs_root / f"{pod.namespace}_{pod.name}_{pod.uid}"),
        dns_config=read_dns(
            spec, namespace=pod.namespace, host_network=pod.host_network, node=pod.node
        ),
        port_mappings=[mapping for container in containers for mapping in container.port_mappings],
        labels={**metadata.text_map("labels"), **pod.labels},
        annotations=metadata.text_map("annotations"),
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent=cgroup_parent(pod.qos, pod.uid, pod.node),
            security_context=cri_sandbox_security(pod.security, privileged=privileged),
            sysctls=pod.security.sysctls,
            overhead=cri.LinuxContainerResources(),
        ),
    )


def _host_paths(pod: PodContext, containers: Sequence[PlannedContainer]) -> Iterator[HostPath]:
    """Yield the volumes before what lies in them."""
    for volume in pod.volumes.values():
        if volume.needs is not None:
            yield volume.needs
    for container in containers:
        yield from container.host_paths
