"""What a container remembers about its pod: the schema of the labels that we put on it.

Docker is the store. The plain labels are cri-dockerd's, so that either program can take over the
other's pods; one label of ours, `io.pydockershim.record`, holds as JSON what theirs loses.

- A CRI label rides as a Docker label of the same key, a CRI annotation as `annotation.<key>`.
- Docker merges an image's LABELs into the container's, so a label proves nothing by being there.
  The record lists the keys that were sent; only those come back. Keys that we use ourselves are
  set on every container, so an image's value of them never survives.
- A CRI label whose key we use ourselves, or that looks like an annotation, rides in the record.
- A container is ours when its name and its labels agree. The record counts only when it names the
  container that it is on, and when that name is the one its metadata makes.

COMPAT(cri-dockerd): a container without a record is read by its name and its plain labels.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from pydockershim import naming
from pydockershim.errors import ShimError

TYPE = "io.kubernetes.docker.type"
SANDBOX_ID = "io.kubernetes.sandbox.id"
LOG_PATH = "io.kubernetes.container.logpath"
CONTAINER_NAME = "io.kubernetes.container.name"
RECORD = "io.pydockershim.record"
ANNOTATION_PREFIX = "annotation."

TYPE_SANDBOX = "podsandbox"
TYPE_CONTAINER = "container"

_SCHEMA = 1
_PRIVATE = frozenset({TYPE, SANDBOX_ID, LOG_PATH, RECORD})
_PLAIN = ("labels", "annotations")


@dataclass(frozen=True, kw_only=True)
class SandboxRecord:
    """What a pause container remembers; plain data, JSON-ready.

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
    """What a pod's container remembers; plain data, JSON-ready.

    `log_path` is absolute, or empty when no log was asked for. `image` is the CRI ImageSpec that
    was sent, `image_ref` the digested reference it resolved to, `mounts` the CRI mounts that were
    sent; each as a dict of CRI field names, unset fields left out. `config_digest` tells whether a
    second request for the container asks for the same.
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


def encode(record: Record) -> dict[str, str]:
    """Return the Docker labels that carry a record."""
    hidden = {key: value for key, value in record.labels.items() if not _rides_plain(key)}
    document = {key: value for key, value in asdict(record).items() if key not in _PLAIN}
    document |= {
        "schema": _SCHEMA,
        "label_keys": sorted(record.labels.keys() - hidden.keys()),
        "annotation_keys": sorted(record.annotations),
        "hidden_labels": hidden,
    }
    return {
        **({CONTAINER_NAME: naming.SANDBOX} if isinstance(record, SandboxRecord) else {}),
        **{key: value for key, value in record.labels.items() if key not in hidden},
        **{ANNOTATION_PREFIX + key: value for key, value in record.annotations.items()},
        **_private_labels(record),
        RECORD: json.dumps(document, separators=(",", ":")),
    }


def decode(name: str, labels: Mapping[str, str]) -> Record | None:
    """Read what the container of this name (without `/`) remembers; None when it is not ours.

    The name may still be a sandbox's `_setup` name.
    """
    final_name = naming.without_setup(name)
    if not naming.could_be_ours(final_name):
        return None
    return _from_document(final_name, labels) or _from_peer(final_name, labels)


def _rides_plain(key: str) -> bool:
    return bool(key) and key not in _PRIVATE and not key.startswith(ANNOTATION_PREFIX)


def _private_labels(record: Record) -> dict[str, str]:
    """Return every key of ours, the empty ones too: an image may have a LABEL of that key."""
    if isinstance(record, SandboxRecord):
        return {TYPE: TYPE_SANDBOX, SANDBOX_ID: "", LOG_PATH: ""}
    return {TYPE: TYPE_CONTAINER, SANDBOX_ID: record.sandbox_id, LOG_PATH: record.log_path}


def _from_document(name: str, labels: Mapping[str, str]) -> Record | None:
    kind = {TYPE_SANDBOX: SandboxRecord, TYPE_CONTAINER: ContainerRecord}.get(labels.get(TYPE, ""))
    if kind is None:
        return None
    try:
        document = json.loads(labels.get(RECORD, ""))
        json.dumps(document, ensure_ascii=False).encode()  # ValueError: half a surrogate pair
        own = {key: document[key] for key in _field_names(kind) if key in document}
        sent = {key: labels[key] for key in document["label_keys"] if _rides_plain(key)}
        annotations = {key: labels[ANNOTATION_PREFIX + key] for key in document["annotation_keys"]}
        record = kind(**own, labels={**sent, **document["hidden_labels"]}, annotations=annotations)
        if isinstance(record, ContainerRecord):
            record = replace(record, mounts=tuple(record.mounts))
        agrees = record.name == name and _name_of(record) in {name, name.rpartition("_")[0]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ShimError):
        return None
    sound = agrees and _is_sound(record) and _agrees_with_plain(record, labels)
    return record if sound else None


def _field_names(kind: type[Record]) -> list[str]:
    return [each.name for each in fields(kind) if each.name not in _PLAIN]


def _name_of(record: Record) -> str:
    return naming.container_name(
        container=record.container if isinstance(record, ContainerRecord) else naming.SANDBOX,
        pod=record.pod,
        namespace=record.namespace,
        uid=record.uid,
        attempt=record.attempt,
    )


def _is_sound(record: Record) -> bool:
    """Say whether each field has its type; a label is text that anyone may have written."""
    typed = all(_has_type(getattr(record, each.name), each.type) for each in fields(record))
    return typed and naming.is_attempt(record.attempt)


def _has_type(value: object, wanted: Any) -> bool:
    if wanted in {str, int, bool}:
        return type(value) is wanted
    if isinstance(value, tuple):
        return all(isinstance(each, dict) for each in value)
    texts_only = wanted == Mapping[str, str]
    return isinstance(value, dict) and not (
        texts_only and any(not isinstance(each, str) for each in value.values())
    )


def _agrees_with_plain(record: Record, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in _private_labels(record).items())


def _from_peer(name: str, labels: Mapping[str, str]) -> Record | None:
    parsed = naming.parse(name)
    kind = labels.get(TYPE)
    if parsed is None or (parsed.container == naming.SANDBOX) != (kind == TYPE_SANDBOX):
        return None
    sent = {key: value for key, value in labels.items() if _rides_plain(key)}
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
