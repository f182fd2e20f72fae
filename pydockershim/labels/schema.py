"""A record as Docker labels.

The plain labels are cri-dockerd's, so that either shim can take over the other's pods; one label of
our own, `io.pydockershim.record`, holds as JSON what theirs cannot.

- A CRI label becomes a Docker label of the same key, a CRI annotation one of `annotation.<key>`.
- Docker merges an image's LABELs into the container's, so the presence of a label proves nothing.
  The record lists the keys that were sent; only those come back. Keys that we use ourselves are
  set on every container, so an image's value of them never survives.
- A CRI label whose key we use ourselves, or that looks like an annotation, is kept in the record.
- A container is ours when its name and its labels agree. The record counts only when it names the
  container that it is on, and when its metadata result in that name.

Labels on a node outlive this program: a newer version reads older records, and an older one ignores
the fields that a newer one adds.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from pydockershim.errors import ShimError
from pydockershim.labels import cri_dockerd, naming
from pydockershim.labels.keys import (
    ANNOTATION_PREFIX,
    CONTAINER_NAME,
    LOG_PATH,
    RECORD,
    SANDBOX_ID,
    TYPE,
    TYPE_CONTAINER,
    TYPE_SANDBOX,
    is_plain,
)
from pydockershim.labels.record import ContainerRecord, Record, SandboxRecord

_SCHEMA = 1
_PLAIN = ("labels", "annotations")


def encode(record: Record) -> dict[str, str]:
    """Return the Docker labels that carry a record."""
    hidden = {key: value for key, value in record.labels.items() if not is_plain(key)}
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
    """Return the record of the container of this name (without `/`); None when it is not ours.

    The name may still be a sandbox's `_setup` name.
    """
    final_name = naming.without_setup(name)
    if not naming.could_be_ours(final_name):
        return None
    return _from_document(final_name, labels) or cri_dockerd.record_of(final_name, labels)


def _private_labels(record: Record) -> dict[str, str]:
    """Return all private keys, the empty ones too: an image may have a LABEL of that key."""
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
        sent = {key: labels[key] for key in document["label_keys"] if is_plain(key)}
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
    """Say whether each field has its type: anyone may have written the label."""
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
