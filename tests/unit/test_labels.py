"""The memory of our containers: what was sent comes back, and nothing else does."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim import labels, naming
from pydockershim.labels import ContainerRecord, Record, SandboxRecord

# Any text that protobuf and JSON can carry, and the keys that we use ourselves.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = TEXT | st.sampled_from(
    [
        labels.TYPE,
        labels.SANDBOX_ID,
        labels.LOG_PATH,
        labels.CONTAINER_NAME,
        labels.RECORD,
        labels.ANNOTATION_PREFIX + "a",
        labels.ANNOTATION_PREFIX,
    ]
)
MAPS = st.dictionaries(KEYS, TEXT, max_size=5)
PARTS = st.from_regex(r"[a-zA-Z0-9_.-]{0,12}", fullmatch=True)
ATTEMPTS = st.integers(0, 2**32 - 1)
# What an image brings along in its LABELs.
IMAGE_LABELS = st.dictionaries(KEYS, TEXT, max_size=5)


@st.composite
def sandbox_records(draw: st.DrawFn) -> SandboxRecord:
    parts = {name: draw(PARTS) for name in ("pod", "namespace", "uid")}
    attempt = draw(ATTEMPTS)
    return SandboxRecord(
        name=naming.sandbox_name(**parts, attempt=attempt),
        **parts,
        attempt=attempt,
        labels=draw(MAPS),
        annotations=draw(MAPS),
        handler=draw(TEXT),
        namespaces=draw(st.dictionaries(st.sampled_from(["network", "pid", "ipc"]), TEXT)),
        network=draw(TEXT),
        log_directory=draw(TEXT),
        cgroup_parent=draw(TEXT),
        privileged=draw(st.booleans()),
    )


@st.composite
def container_records(draw: st.DrawFn) -> ContainerRecord:
    parts = {name: draw(PARTS) for name in ("container", "pod", "namespace", "uid")}
    attempt = draw(ATTEMPTS)
    return ContainerRecord(
        name=naming.container_name(**parts, attempt=attempt),
        **parts,
        attempt=attempt,
        sandbox_id=draw(TEXT),
        log_path=draw(TEXT),
        labels=draw(MAPS),
        annotations=draw(MAPS),
        image=draw(st.dictionaries(TEXT, TEXT | MAPS, max_size=3)),
        image_ref=draw(TEXT),
        mounts=tuple(draw(st.lists(st.dictionaries(TEXT, TEXT | st.booleans()), max_size=3))),
    )


@given(record=sandbox_records() | container_records(), image_labels=IMAGE_LABELS)
def test_a_record_comes_back_whatever_the_image_says(
    record: Record, image_labels: Mapping[str, str]
) -> None:
    # Docker merges so: what the container was given wins.
    on_container = {**image_labels, **labels.encode(record)}

    assert labels.decode(record.name, on_container) == record


@given(record=sandbox_records())
def test_a_sandbox_in_the_making_is_read_too(record: SandboxRecord) -> None:
    assert labels.decode(naming.setup_name(record.name), labels.encode(record)) == record


@given(record=sandbox_records() | container_records())
def test_what_a_later_version_adds_to_a_record_is_passed_over(record: Record) -> None:
    encoded = labels.encode(record)
    document = json.loads(encoded[labels.RECORD])
    added = {"schema": document["schema"] + 1, "zone": "a", "topology": {"zones": ["a", "b"]}}
    later = {
        "io.pydockershim.topology": "a",
        **encoded,
        labels.RECORD: json.dumps({**document, **added}),
    }

    assert labels.decode(record.name, later) == record


@given(record=sandbox_records() | container_records())
def test_docker_can_carry_every_label(record: Record) -> None:
    encoded = labels.encode(record)

    assert all(isinstance(value, str) for value in encoded.values())
    json.dumps(encoded).encode()
    assert "" not in encoded


def test_labels_ride_where_cri_dockerd_looks_for_them() -> None:
    record = SandboxRecord(
        name="k8s_POD_web_default_uid-1_0",
        pod="web",
        namespace="default",
        uid="uid-1",
        attempt=0,
        labels={"app": "web"},
        annotations={"note": "x"},
    )

    encoded = labels.encode(record)

    assert encoded["app"] == "web"
    assert encoded["annotation.note"] == "x"
    assert encoded["io.kubernetes.docker.type"] == "podsandbox"
    assert encoded["io.kubernetes.container.name"] == "POD"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("k8s_POD_web_default_uid-1_2", SandboxRecord),
        ("k8s_app_web_default_uid-1_2", ContainerRecord),
        ("k8s_app_web_default_uid-1_2_0123abcd", ContainerRecord),
    ],
)
def test_a_container_of_cri_dockerd_is_ours(name: str, found: type[Record]) -> None:
    kind = labels.TYPE_SANDBOX if found is SandboxRecord else labels.TYPE_CONTAINER
    theirs = {labels.TYPE: kind, labels.SANDBOX_ID: "abc", "app": "web", "annotation.note": "x"}

    record = labels.decode(name, theirs)

    assert isinstance(record, found)
    assert (record.pod, record.namespace, record.uid, record.attempt) == (
        "web",
        "default",
        "uid-1",
        2,
    )
    assert (record.labels, record.annotations) == ({"app": "web"}, {"note": "x"})


@pytest.mark.parametrize(
    ("name", "on_container"),
    [
        ("web", {labels.TYPE: "podsandbox"}),
        ("k8s_POD_web_default_uid-1_0", {}),
        ("k8s_POD_web_default_uid-1_0", {labels.TYPE: "container", labels.SANDBOX_ID: "abc"}),
        ("k8s_app_web_default_uid-1_0", {labels.TYPE: "podsandbox"}),
        ("k8s_app_web_default_uid-1_0", {labels.TYPE: "container"}),
        ("k8s_app_web_default_uid-1", {labels.TYPE: "container", labels.SANDBOX_ID: "abc"}),
        ("k8s_POD_web_default_uid-1_99999999999", {labels.TYPE: "podsandbox"}),
    ],
)
def test_a_name_and_labels_that_disagree_are_not_ours(
    name: str, on_container: Mapping[str, str]
) -> None:
    assert labels.decode(name, on_container) is None


RECORD = SandboxRecord(
    name="k8s_POD_web_default_uid-1_0", pod="web", namespace="default", uid="uid-1", attempt=0
)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "k8s_POD_other_default_uid-1_0"},
        {"pod": "other"},
        {"attempt": "0"},
        {"attempt": 2**32},
        {"privileged": "yes"},
        {"namespaces": ["network"]},
        {"namespaces": {"network": 1}},
        {"handler": None},
        {"handler": "\ud800"},
        {"hidden_labels": {"a": 1}},
        {"hidden_labels": None},
        {"label_keys": ["io.kubernetes.docker.type"]},
        {"label_keys": ["never sent"]},
        {"annotation_keys": 7},
    ],
)
def test_a_forged_record_tells_no_more_than_the_name(change: Mapping[str, Any]) -> None:
    encoded = labels.encode(RECORD)
    document = json.loads(encoded[labels.RECORD])
    forged = {**encoded, labels.RECORD: json.dumps({**document, **change})}

    found = labels.decode(RECORD.name, forged)

    assert found is None or found == RECORD


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "{}", "[" * 100_000, "9" * 9999])
def test_a_record_that_is_no_record_is_passed_over(text: str) -> None:
    encoded = {**labels.encode(RECORD), labels.RECORD: text}

    assert labels.decode(RECORD.name, encoded) == RECORD


def test_a_record_copied_from_another_container_does_not_count() -> None:
    copied = labels.encode(RECORD)

    found = labels.decode("k8s_POD_copy_default_uid-2_0", copied)

    assert found is not None
    assert found.pod == "copy"
