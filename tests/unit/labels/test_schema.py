"""The memory of our containers: what was sent comes back, and nothing else does."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.labels import keys, naming, schema
from pydockershim.labels.record import ContainerRecord, Record, SandboxRecord

# Any text that protobuf and JSON can carry, and the keys that we use ourselves.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = TEXT | st.sampled_from(
    [
        keys.TYPE,
        keys.SANDBOX_ID,
        keys.LOG_PATH,
        keys.CONTAINER_NAME,
        keys.RECORD,
        keys.ANNOTATION_PREFIX + "a",
        keys.ANNOTATION_PREFIX,
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
    on_container = {**image_labels, **schema.encode(record)}

    assert schema.decode(record.name, on_container) == record


@given(record=sandbox_records())
def test_a_sandbox_in_the_making_is_read_too(record: SandboxRecord) -> None:
    assert schema.decode(naming.setup_name(record.name), schema.encode(record)) == record


@given(record=sandbox_records() | container_records())
def test_what_a_later_version_adds_to_a_record_is_passed_over(record: Record) -> None:
    encoded = schema.encode(record)
    document = json.loads(encoded[keys.RECORD])
    added = {"schema": document["schema"] + 1, "zone": "a", "topology": {"zones": ["a", "b"]}}
    later = {
        "io.pydockershim.topology": "a",
        **encoded,
        keys.RECORD: json.dumps({**document, **added}),
    }

    assert schema.decode(record.name, later) == record


@given(record=sandbox_records() | container_records())
def test_docker_can_carry_every_label(record: Record) -> None:
    encoded = schema.encode(record)

    assert all(isinstance(value, str) for value in encoded.values())
    json.dumps(encoded).encode()
    assert "" not in encoded


def test_labels_on_a_node_stay_byte_identical() -> None:
    sandbox = SandboxRecord(
        name="k8s_POD_web_default_uid-1_3",
        pod="web",
        namespace="default",
        uid="uid-1",
        attempt=3,
        labels={"app": "web", "io.kubernetes.docker.type": "hidden", "": "empty"},
        annotations={"note": "ä"},
        handler="runc",
        namespaces={"network": "POD", "pid": "CONTAINER", "ipc": "NODE"},
        network="docker",
        log_directory="/var/log/pods/x",
        cgroup_parent="kubepods.slice",
        privileged=True,
    )
    container = ContainerRecord(
        name="k8s_app_web_default_uid-1_2",
        container="app",
        pod="web",
        namespace="default",
        uid="uid-1",
        attempt=2,
        sandbox_id="5a",
        log_path="/var/log/pods/x/app/2.log",
        labels={"b": "2", "a": "1"},
        annotations={"z": "1", "y": "2"},
        image={"image": "busybox:1"},
        image_ref="busybox@sha256:b1",
        mounts=({"container_path": "/data", "readonly": True},),
        config_digest="d1",
    )

    assert list(schema.encode(sandbox).items()) == [
        ("io.kubernetes.container.name", "POD"),
        ("app", "web"),
        ("annotation.note", "ä"),
        ("io.kubernetes.docker.type", "podsandbox"),
        ("io.kubernetes.sandbox.id", ""),
        ("io.kubernetes.container.logpath", ""),
        (
            "io.pydockershim.record",
            (
                '{"name":"k8s_POD_web_default_uid-1_3","pod":"web","namespace":"default",'
                '"uid":"uid-1","attempt":3,"handler":"runc",'
                '"namespaces":{"network":"POD","pid":"CONTAINER","ipc":"NODE"},"network":"docker",'
                '"log_directory":"/var/log/pods/x","cgroup_parent":"kubepods.slice",'
                '"privileged":true,"schema":1,"label_keys":["app"],"annotation_keys":["note"],'
                '"hidden_labels":{"io.kubernetes.docker.type":"hidden","":"empty"}}'
            ),
        ),
    ]
    assert list(schema.encode(container).items()) == [
        ("b", "2"),
        ("a", "1"),
        ("annotation.z", "1"),
        ("annotation.y", "2"),
        ("io.kubernetes.docker.type", "container"),
        ("io.kubernetes.sandbox.id", "5a"),
        ("io.kubernetes.container.logpath", "/var/log/pods/x/app/2.log"),
        (
            "io.pydockershim.record",
            (
                '{"name":"k8s_app_web_default_uid-1_2","container":"app","pod":"web",'
                '"namespace":"default","uid":"uid-1","attempt":2,"sandbox_id":"5a",'
                '"log_path":"/var/log/pods/x/app/2.log","image":{"image":"busybox:1"},'
                '"image_ref":"busybox@sha256:b1",'
                '"mounts":[{"container_path":"/data","readonly":true}],"config_digest":"d1",'
                '"schema":1,"label_keys":["a","b"],"annotation_keys":["y","z"],"hidden_labels":{}}'
            ),
        ),
    ]


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

    encoded = schema.encode(record)

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
    kind = keys.TYPE_SANDBOX if found is SandboxRecord else keys.TYPE_CONTAINER
    theirs = {keys.TYPE: kind, keys.SANDBOX_ID: "abc", "app": "web", "annotation.note": "x"}

    record = schema.decode(name, theirs)

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
        ("web", {keys.TYPE: "podsandbox"}),
        ("k8s_POD_web_default_uid-1_0", {}),
        ("k8s_POD_web_default_uid-1_0", {keys.TYPE: "container", keys.SANDBOX_ID: "abc"}),
        ("k8s_app_web_default_uid-1_0", {keys.TYPE: "podsandbox"}),
        ("k8s_app_web_default_uid-1_0", {keys.TYPE: "container"}),
        ("k8s_app_web_default_uid-1", {keys.TYPE: "container", keys.SANDBOX_ID: "abc"}),
        ("k8s_POD_web_default_uid-1_99999999999", {keys.TYPE: "podsandbox"}),
    ],
)
def test_a_name_and_labels_that_disagree_are_not_ours(
    name: str, on_container: Mapping[str, str]
) -> None:
    assert schema.decode(name, on_container) is None


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
    encoded = schema.encode(RECORD)
    document = json.loads(encoded[keys.RECORD])
    forged = {**encoded, keys.RECORD: json.dumps({**document, **change})}

    found = schema.decode(RECORD.name, forged)

    assert found is None or found == RECORD


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "{}", "[" * 100_000, "9" * 9999])
def test_a_record_that_is_no_record_is_passed_over(text: str) -> None:
    encoded = {**schema.encode(RECORD), keys.RECORD: text}

    assert schema.decode(RECORD.name, encoded) == RECORD


def test_a_record_copied_from_another_container_does_not_count() -> None:
    copied = schema.encode(RECORD)

    found = schema.decode("k8s_POD_copy_default_uid-2_0", copied)

    assert found is not None
    assert found.pod == "copy"
