"""CRI status of sandboxes and containers, from an inspect and the record.

Sandbox
- READY only when it runs under its final name; a `_setup` name means that it is being set up,
  or was left incomplete.
- network: the pod network's addresses, none on the host's network; namespaces, handler: the record.

Container (`State.Status` -> state, reason)
- created -> CREATED; with an error or an exit code -> EXITED, `ContainerCannotRun`: Docker leaves a
  container whose start failed at "created", and the kubelet would wait for it forever.
- running, paused, restarting -> RUNNING
- exited, dead, removing -> EXITED: `OOMKilled`, `Completed` for exit code 0, else `Error`.
- image: the requested reference; image_ref: its digest; image_id: the Engine's id.
- mounts: as they were sent; resources: as the Engine reports them.
- Times in ns, 0 for never; `created_at` is the same in list and status, to the ns.

COMPAT(cri-dockerd): without a record, image and mounts are what the inspect says.
"""

import json
from collections.abc import Sequence

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect, ContainerState, Json
from pydockershim.labels import naming
from pydockershim.labels.record import ContainerRecord, SandboxRecord
from pydockershim.translate.as_json import as_json, cri_from_json
from pydockershim.translate.image import cri_asked_image
from pydockershim.translate.mounts import cri_mounts
from pydockershim.translate.resources import cri_resources
from pydockershim.translate.timestamps import ns_from_rfc3339

_RUNNING = frozenset({"running", "paused", "restarting"})
_CANNOT_RUN = "ContainerCannotRun"  # COMPAT(kubelet): it reads no log of such a container.


def cri_sandbox_status(
    inspect: ContainerInspect, record: SandboxRecord, *, addresses: Sequence[str]
) -> cri.PodSandboxStatus:
    """Return the status of a pause container; the record is complete (`cri_dockerd`).

    `addresses` are the pod's, the primary one first.
    """
    ready = inspect["State"]["Running"] and not naming.is_setup(inspect["Name"])
    return cri.PodSandboxStatus(
        id=inspect["Id"],
        metadata=cri.PodSandboxMetadata(
            name=record.pod, uid=record.uid, namespace=record.namespace, attempt=record.attempt
        ),
        state=cri.SANDBOX_READY if ready else cri.SANDBOX_NOTREADY,
        created_at=ns_from_rfc3339(inspect["Created"]),
        network=_cri_network(record, addresses),
        linux=cri.LinuxPodSandboxStatus(namespaces=cri.Namespace(options=_cri_options(record))),
        labels=record.labels,
        annotations=record.annotations,
        runtime_handler=record.handler,
    )


def cri_sandbox(status: cri.PodSandboxStatus) -> cri.PodSandbox:
    """Return the list's item for a sandbox of this status."""
    return cri.PodSandbox(
        id=status.id,
        metadata=status.metadata,
        state=status.state,
        created_at=status.created_at,
        labels=status.labels,
        annotations=status.annotations,
        runtime_handler=status.runtime_handler,
    )


def cri_container_status(inspect: ContainerInspect, record: ContainerRecord) -> cri.ContainerStatus:
    """Return the status of a pod's container."""
    status = cri.ContainerStatus(
        id=inspect["Id"],
        metadata=cri.ContainerMetadata(name=record.container, attempt=record.attempt),
        created_at=ns_from_rfc3339(inspect["Created"]),
        image=_cri_image_spec(inspect, record),
        image_ref=record.image_ref or inspect["Image"],
        image_id=inspect["Image"],
        labels=record.labels,
        annotations=record.annotations,
        mounts=_cri_mounts(inspect, record),
        log_path=record.log_path,
        resources=cri.ContainerResources(linux=cri_resources(inspect["HostConfig"])),
    )
    _fill_in_state(status, inspect["State"])
    return status


def cri_container(status: cri.ContainerStatus, sandbox_id: str) -> cri.Container:
    """Return the list's item for a container of this status.

    COMPAT(kubelet < 1.30): it uses `image_ref` of the list as the image's id.
    """
    return cri.Container(
        id=status.id,
        pod_sandbox_id=sandbox_id,
        metadata=status.metadata,
        image=status.image,
        image_ref=status.image_id,
        image_id=status.image_id,
        state=status.state,
        created_at=status.created_at,
        labels=status.labels,
        annotations=status.annotations,
    )


def sandbox_info(
    inspect: ContainerInspect, record: SandboxRecord, pod_resources: Json
) -> dict[str, str]:
    """Return the verbose part of a sandbox's status; the names are those that crictl users know.

    `pod_resources` are the overhead and the resources of the kubelet's last update.
    """
    return _info(
        {
            **pod_resources,
            "pid": inspect["State"]["Pid"],
            "image": inspect["Config"].get("Image", ""),
            "runtimeHandler": record.handler,
            "cgroupParent": record.cgroup_parent,
            "config": {
                "metadata": {
                    "name": record.pod,
                    "uid": record.uid,
                    "namespace": record.namespace,
                    "attempt": record.attempt,
                },
                "hostname": inspect["Config"].get("Hostname", ""),
                "log_directory": record.log_directory,
                "labels": dict(record.labels),
                "annotations": dict(record.annotations),
            },
        }
    )


def container_info(inspect: ContainerInspect, record: ContainerRecord) -> dict[str, str]:
    """Return the verbose part of a container's status, with the values of its environment."""
    config = inspect["Config"]
    return _info(
        {
            "sandboxID": record.sandbox_id,
            "pid": inspect["State"]["Pid"],
            "runtimeType": inspect["HostConfig"].get("Runtime", ""),
            "config": {
                "metadata": {"name": record.container, "attempt": record.attempt},
                "image": as_json(_cri_image_spec(inspect, record)),
                "command": config.get("Entrypoint") or [],
                "args": config.get("Cmd") or [],
                "working_dir": config.get("WorkingDir", ""),
                "envs": [_env(variable) for variable in config.get("Env") or []],
                "mounts": [as_json(mount) for mount in _cri_mounts(inspect, record)],
                "labels": dict(record.labels),
                "annotations": dict(record.annotations),
                "log_path": record.log_path,
                "tty": config.get("Tty", False),
            },
        }
    )


def _cri_network(record: SandboxRecord, addresses: Sequence[str]) -> cri.PodSandboxNetworkStatus:
    if record.namespaces.get("network") == "NODE":
        return cri.PodSandboxNetworkStatus()
    first, *others = addresses or [""]
    return cri.PodSandboxNetworkStatus(
        ip=first, additional_ips=[cri.PodIP(ip=address) for address in others]
    )


def _cri_options(record: SandboxRecord) -> cri.NamespaceOption:
    return cri_from_json(record.namespaces, cri.NamespaceOption())


def _cri_image_spec(inspect: ContainerInspect, record: ContainerRecord) -> cri.ImageSpec:
    sent = cri_asked_image(cri_from_json(record.image, cri.ImageSpec()))
    return sent if sent.image else cri.ImageSpec(image=inspect["Config"].get("Image", ""))


def _cri_mounts(inspect: ContainerInspect, record: ContainerRecord) -> list[cri.Mount]:
    if record.image:
        return [cri_from_json(mount, cri.Mount()) for mount in record.mounts]
    return cri_mounts(inspect["Mounts"])


def _fill_in_state(status: cri.ContainerStatus, state: ContainerState) -> None:
    if state["Status"] in _RUNNING:
        status.state = cri.CONTAINER_RUNNING
        status.started_at = ns_from_rfc3339(state["StartedAt"])
    elif state["Status"] != "created":
        _fill_in_end(status, state)
    elif state["ExitCode"] or state["Error"]:
        status.state = cri.CONTAINER_EXITED
        status.started_at = status.finished_at = status.created_at
        status.exit_code = state["ExitCode"]
        status.reason = _CANNOT_RUN
        status.message = state["Error"]


def _fill_in_end(status: cri.ContainerStatus, state: ContainerState) -> None:
    status.state = cri.CONTAINER_EXITED
    status.started_at = ns_from_rfc3339(state["StartedAt"])
    # COMPAT(dockerd 20.10): FinishedAt of a short run may be up to a millisecond too early.
    status.finished_at = max(ns_from_rfc3339(state["FinishedAt"]), status.started_at)
    status.exit_code = state["ExitCode"]
    status.message = state["Error"]
    if state["OOMKilled"]:
        status.reason = "OOMKilled"
    else:
        status.reason = "Error" if state["ExitCode"] else "Completed"


def _env(variable: str) -> Json:
    key, _, value = variable.partition("=")
    return {"key": key, "value": value}


def _info(document: Json) -> dict[str, str]:
    return {"info": json.dumps(document)}
