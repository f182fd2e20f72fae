"""Containers that cri-dockerd or dockershim created: how they are recognised and read.

They have the same names and plain labels as ours, but no record. What their labels do not contain
is found elsewhere:

- names: as ours; on a name conflict `_<8 hex digits>` is appended, which is skipped here.
- labels and annotations: all plain labels, those of the image among them.
- namespace modes, cgroup parent, privileged: the pause container's `HostConfig`. A PID namespace
  that the pod shares looks there like one per container.
- the kind of pod network: not known; the addresses that Docker assigned are.
- the pod's log directory: not known; `sandbox_config` of CreateContainer has it.
- a container's log: the CRI log file is a symbolic link to Docker's own JSON file, so there is
  nothing to write. Opening it without following links fails with ELOOP.
- image, mounts: what the container's inspect says.
- runtime handler: none; a client may send `docker` for the daemon's default.

Each place that depends on one of these is tagged COMPAT(cri-dockerd).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from errno import ELOOP

from pydockershim.dockerapi import Json
from pydockershim.labels import naming
from pydockershim.labels.keys import (
    ANNOTATION_PREFIX,
    CONTAINER_NAME,
    LOG_PATH,
    SANDBOX_ID,
    TYPE,
    TYPE_CONTAINER,
    TYPE_SANDBOX,
    is_plain,
)
from pydockershim.labels.record import ContainerRecord, Record, SandboxRecord

DEFAULT_HANDLER = "docker"
"""COMPAT(cri-dockerd): the runtime handler that means the daemon's default."""

LOG_IS_A_LINK = ELOOP
"""COMPAT(cri-dockerd): the error of opening a CRI log that links to Docker's own file."""

_CONFLICT_SUFFIX = re.compile(r"[0-9a-f]{8}")
_ATTEMPT = re.compile(r"[0-9]{1,10}")
_PARTS = 5  # container, pod, namespace, uid, attempt


@dataclass(frozen=True, kw_only=True)
class ParsedName:
    """The parts of a name; `container` is `POD` for a sandbox."""

    container: str
    pod: str
    namespace: str
    uid: str
    attempt: int


def parse(name: str) -> ParsedName | None:
    """Split a name that no record describes; None when it does not have this form.

    COMPAT(cri-dockerd): the suffix that it appends on a name conflict is skipped.
    """
    parts = name.removeprefix(naming.PREFIX).split("_")
    if len(parts) == _PARTS + 1 and _CONFLICT_SUFFIX.fullmatch(parts[-1]):
        parts.pop()
    if not naming.could_be_ours(name) or len(parts) != _PARTS or not _ATTEMPT.fullmatch(parts[-1]):
        return None
    container, pod, namespace, uid, attempt = parts
    if not naming.is_attempt(int(attempt)):
        return None
    return ParsedName(
        container=container, pod=pod, namespace=namespace, uid=uid, attempt=int(attempt)
    )


def record_of(name: str, labels: Mapping[str, str]) -> Record | None:
    """Read a container without a record by its name and plain labels; None when they disagree."""
    parsed = parse(name)
    kind = labels.get(TYPE)
    if parsed is None or (parsed.container == naming.SANDBOX) != (kind == TYPE_SANDBOX):
        return None
    sent = {key: value for key, value in labels.items() if is_plain(key)}
    annotations = {
        key.removeprefix(ANNOTATION_PREFIX): value
        for key, value in labels.items()
        if key.startswith(ANNOTATION_PREFIX)
    }
    if kind == TYPE_SANDBOX:
        return SandboxRecord(
            name=name,
            pod=parsed.pod,
            namespace=parsed.namespace,
            uid=parsed.uid,
            attempt=parsed.attempt,
            labels={key: value for key, value in sent.items() if key != CONTAINER_NAME},
            annotations=annotations,
        )
    if kind != TYPE_CONTAINER or not labels.get(SANDBOX_ID):
        return None
    return ContainerRecord(
        name=name,
        container=parsed.container,
        pod=parsed.pod,
        namespace=parsed.namespace,
        uid=parsed.uid,
        attempt=parsed.attempt,
        sandbox_id=labels[SANDBOX_ID],
        log_path=labels.get(LOG_PATH, ""),
        labels=sent,
        annotations=annotations,
    )


def with_missing_facts(record: SandboxRecord, host_config: Json) -> SandboxRecord:
    """Return a sandbox's record, completed from its `HostConfig` when it has no namespace modes."""
    if record.namespaces:
        return record
    return replace(
        record,
        namespaces={
            "network": _mode(host_config, "NetworkMode", otherwise="POD"),
            "pid": _mode(host_config, "PidMode", otherwise="CONTAINER"),
            "ipc": _mode(host_config, "IpcMode", otherwise="POD"),
        },
        cgroup_parent=host_config.get("CgroupParent") or "",
        privileged=bool(host_config.get("Privileged")),
    )


def _mode(host_config: Json, name: str, *, otherwise: str) -> str:
    return "NODE" if host_config.get(name) == "host" else otherwise
