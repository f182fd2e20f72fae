"""What the CRI is told of sandboxes and containers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect
from pydockershim.labels import keys, schema
from pydockershim.labels.cri_dockerd import with_missing_facts
from pydockershim.labels.record import ContainerRecord, SandboxRecord
from pydockershim.translate.status import (
    container_info,
    cri_container,
    cri_container_status,
    cri_sandbox,
    cri_sandbox_status,
    sandbox_info,
)

NEVER = "0001-01-01T00:00:00Z"
EARLY = "2026-01-01T00:00:00.9Z"  # a moment before the start
CREATED_NS = 1_767_225_600_000_000_001
STARTED_NS = CREATED_NS + 1_000_000_000
FINISHED_NS = CREATED_NS + 2_000_000_000
ADDRESSES = ["172.17.0.2"]

SANDBOX = SandboxRecord(
    name="k8s_POD_web_default_uid-1_1",
    pod="web",
    namespace="default",
    uid="uid-1",
    attempt=1,
    labels={"app": "web"},
    annotations={"note": "x"},
    handler="",
    namespaces={"network": "POD", "pid": "CONTAINER", "ipc": "POD"},
    network="docker",
)
CONTAINER = ContainerRecord(
    name="k8s_app_web_default_uid-1_2",
    container="app",
    pod="web",
    namespace="default",
    uid="uid-1",
    attempt=2,
    sandbox_id="5a" * 32,
    log_path="/var/log/pods/x/app/2.log",
    labels={"app": "web"},
    annotations={"note": "x"},
    image={"image": f"sha256:{'1a' * 32}", "user_specified_image": "busybox:1.36"},
    image_ref=f"busybox@sha256:{'b1' * 32}",
    mounts=({"container_path": "/data", "host_path": "/srv", "selinux_relabel": True},),
)


def inspect(
    *, name: str = SANDBOX.name, state: dict[str, Any] | None = None, **host_config: Any
) -> ContainerInspect:
    """Return what Docker says of a container that runs, with the changes."""
    return {
        "Id": "c0" * 32,
        "Name": f"/{name}",
        "Created": "2026-01-01T00:00:00.000000001Z",
        "Image": f"sha256:{'1a' * 32}",
        "State": {
            "Status": "running",
            "Running": True,
            "Paused": False,
            "OOMKilled": False,
            "Pid": 4711,
            "ExitCode": 0,
            "Error": "",
            "StartedAt": "2026-01-01T00:00:01.000000001Z",
            "FinishedAt": NEVER,
            **(state or {}),  # type: ignore[typeddict-item]  # the changes are of its keys
        },
        "Config": {
            "Image": "busybox:1.36",
            "Hostname": "web",
            "Env": ["A=b=c", "EMPTY="],
            "Entrypoint": None,
            "Cmd": ["sh"],
            "Labels": {"from": "the image"},
        },
        "HostConfig": {"Runtime": "runc", **host_config},
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
        "Mounts": [],
        "ResolvConfPath": "",
        "HostnamePath": "",
        "LogPath": "",
    }


EXITED = {
    "Status": "exited",
    "Running": False,
    "Pid": 0,
    "FinishedAt": "2026-01-01T00:00:02.000000001Z",
}
CREATED = {"Status": "created", "Running": False, "Pid": 0, "StartedAt": NEVER}


def test_a_running_sandbox_under_its_final_name_is_ready() -> None:
    status = cri_sandbox_status(inspect(), SANDBOX, addresses=ADDRESSES)

    assert status == cri.PodSandboxStatus(
        id="c0" * 32,
        metadata=cri.PodSandboxMetadata(name="web", namespace="default", uid="uid-1", attempt=1),
        state=cri.SANDBOX_READY,
        created_at=CREATED_NS,
        network=cri.PodSandboxNetworkStatus(ip="172.17.0.2"),
        linux=cri.LinuxPodSandboxStatus(
            namespaces=cri.Namespace(options=cri.NamespaceOption(pid=cri.CONTAINER))
        ),
        labels={"app": "web"},
        annotations={"note": "x"},
    )


@pytest.mark.parametrize(
    "told",
    [
        inspect(name=f"{SANDBOX.name}_setup"),
        inspect(state=EXITED),
        inspect(state=CREATED),
    ],
)
def test_any_other_sandbox_is_not_ready(told: ContainerInspect) -> None:
    assert cri_sandbox_status(told, SANDBOX, addresses=[]).state == cri.SANDBOX_NOTREADY


def test_a_sandbox_on_the_host_s_network_has_no_address() -> None:
    record = replace(SANDBOX, namespaces={**SANDBOX.namespaces, "network": "NODE"})

    status = cri_sandbox_status(inspect(), record, addresses=["10.0.0.1"])

    assert status.HasField("network")
    assert status.network == cri.PodSandboxNetworkStatus()
    assert status.linux.namespaces.options.network == cri.NODE


def test_the_first_address_is_the_pod_s_ip() -> None:
    addresses = ["172.17.0.2", "2001:db8::2"]

    network = cri_sandbox_status(inspect(), SANDBOX, addresses=addresses).network

    assert (network.ip, [each.ip for each in network.additional_ips]) == (
        "172.17.0.2",
        ["2001:db8::2"],
    )


def test_a_sandbox_of_cri_dockerd_is_read_from_what_docker_says() -> None:
    record = schema.decode(SANDBOX.name, {keys.TYPE: keys.TYPE_SANDBOX})
    assert isinstance(record, SandboxRecord)
    told = inspect(NetworkMode="host", IpcMode="shareable", CgroupParent="/kubepods/x")

    whole = with_missing_facts(record, told["HostConfig"])
    status = cri_sandbox_status(told, whole, addresses=[])

    assert status.state == cri.SANDBOX_READY
    assert status.linux.namespaces.options == cri.NamespaceOption(
        network=cri.NODE, pid=cri.CONTAINER
    )
    assert (whole.cgroup_parent, whole.privileged) == ("/kubepods/x", False)


def test_a_sandbox_of_ours_needs_no_completion() -> None:
    host_config = inspect(NetworkMode="host", Privileged=True)["HostConfig"]

    assert with_missing_facts(SANDBOX, host_config) is SANDBOX


def test_the_list_s_item_says_the_same_as_the_status() -> None:
    sandbox = cri_sandbox_status(inspect(), SANDBOX, addresses=ADDRESSES)
    container = cri_container_status(inspect(), CONTAINER)

    for listed, status in (
        (cri_sandbox(sandbox), sandbox),
        (cri_container(container, CONTAINER.sandbox_id), container),
    ):
        in_status = set(status.DESCRIPTOR.fields_by_name)
        both = [each.name for each in listed.DESCRIPTOR.fields if each.name in in_status]
        assert {"id", "metadata", "state", "created_at", "labels", "annotations"} <= {*both}
        for name in {*both} - {"image_ref"}:
            assert getattr(listed, name) == getattr(status, name), name


def test_an_old_kubelet_finds_the_image_s_id_in_the_list() -> None:
    item = cri_container(cri_container_status(inspect(), CONTAINER), CONTAINER.sandbox_id)

    assert item.image_ref == item.image_id == f"sha256:{'1a' * 32}"
    assert item.pod_sandbox_id == CONTAINER.sandbox_id


def test_a_container_is_shown_as_it_was_asked_for() -> None:
    status = cri_container_status(inspect(), CONTAINER)

    assert status.image.image == status.image.user_specified_image == "busybox:1.36"
    assert status.image_ref == f"busybox@sha256:{'b1' * 32}"
    assert status.image_id == f"sha256:{'1a' * 32}"
    assert status.mounts == [
        cri.Mount(container_path="/data", host_path="/srv", selinux_relabel=True)
    ]
    assert dict(status.labels) == {"app": "web"}
    assert dict(status.annotations) == {"note": "x"}
    assert status.log_path == "/var/log/pods/x/app/2.log"


def test_a_container_s_resources_are_those_it_really_has() -> None:
    told = inspect(CpuPeriod=100000, CpuQuota=50000, CpuShares=512, Memory=1 << 26)

    linux = cri_container_status(told, CONTAINER).resources.linux

    assert linux == cri.LinuxContainerResources(
        cpu_period=100000, cpu_quota=50000, cpu_shares=512, memory_limit_in_bytes=1 << 26
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (CREATED, cri.ContainerStatus(state=cri.CONTAINER_CREATED)),
        ({}, cri.ContainerStatus(state=cri.CONTAINER_RUNNING, started_at=STARTED_NS)),
        (
            {"Status": "paused"},
            cri.ContainerStatus(state=cri.CONTAINER_RUNNING, started_at=STARTED_NS),
        ),
        (
            EXITED,
            cri.ContainerStatus(
                state=cri.CONTAINER_EXITED,
                started_at=STARTED_NS,
                finished_at=FINISHED_NS,
                reason="Completed",
            ),
        ),
        (
            {**EXITED, "ExitCode": 3},
            cri.ContainerStatus(
                state=cri.CONTAINER_EXITED,
                started_at=STARTED_NS,
                finished_at=FINISHED_NS,
                exit_code=3,
                reason="Error",
            ),
        ),
        (
            {**EXITED, "OOMKilled": True},
            cri.ContainerStatus(
                state=cri.CONTAINER_EXITED,
                started_at=STARTED_NS,
                finished_at=FINISHED_NS,
                reason="OOMKilled",
            ),
        ),
        (
            {**EXITED, "Status": "dead", "ExitCode": 137, "FinishedAt": NEVER},
            cri.ContainerStatus(
                state=cri.CONTAINER_EXITED,
                started_at=STARTED_NS,
                finished_at=STARTED_NS,
                exit_code=137,
                reason="Error",
            ),
        ),
        (
            {**EXITED, "FinishedAt": EARLY},
            cri.ContainerStatus(
                state=cri.CONTAINER_EXITED,
                started_at=STARTED_NS,
                finished_at=STARTED_NS,
                reason="Completed",
            ),
        ),
        (
            {**CREATED, "ExitCode": 127, "Error": "no such file"},
            cri.ContainerStatus(
                state=cri.CONTAINER_EXITED,
                started_at=CREATED_NS,
                finished_at=CREATED_NS,
                exit_code=127,
                reason="ContainerCannotRun",
                message="no such file",
            ),
        ),
    ],
)
def test_docker_s_states_become_the_cri_s(
    state: dict[str, Any], expected: cri.ContainerStatus
) -> None:
    status = cri_container_status(inspect(state=state), CONTAINER)

    shown = cri.ContainerStatus(
        state=status.state,
        started_at=status.started_at,
        finished_at=status.finished_at,
        exit_code=status.exit_code,
        reason=status.reason,
        message=status.message,
    )
    assert shown == expected
    assert status.created_at == CREATED_NS


def test_a_container_of_cri_dockerd_is_shown_from_what_docker_says() -> None:
    record = schema.decode(
        CONTAINER.name, {keys.TYPE: keys.TYPE_CONTAINER, keys.SANDBOX_ID: "5a" * 32}
    )
    assert isinstance(record, ContainerRecord)
    told = inspect()
    told["Mounts"] = [{"Type": "bind", "Destination": "/data", "Source": "/srv", "RW": True}]

    status = cri_container_status(told, record)

    assert status.image.image == "busybox:1.36"
    assert status.image_ref == status.image_id == f"sha256:{'1a' * 32}"
    assert status.mounts == [cri.Mount(container_path="/data", host_path="/srv")]
    assert status.metadata == cri.ContainerMetadata(name="app", attempt=2)


def test_a_record_that_somebody_edited_does_no_harm() -> None:
    edited = replace(CONTAINER, image={"image": 7}, mounts=({"container_path": ["x"]},))

    status = cri_container_status(inspect(), edited)

    assert status.image.image == "busybox:1.36"
    assert status.mounts == [cri.Mount()]


def test_the_verbose_part_is_json_under_the_names_that_tools_read() -> None:
    sandbox = json.loads(sandbox_info(inspect(), SANDBOX, {"overhead": {}})["info"])
    container = json.loads(container_info(inspect(), CONTAINER)["info"])

    assert sandbox["pid"] == container["pid"] == 4711
    assert sandbox["config"]["metadata"]["name"] == "web"
    assert container["sandboxID"] == CONTAINER.sandbox_id
    assert container["config"]["envs"] == [
        {"key": "A", "value": "b=c"},
        {"key": "EMPTY", "value": ""},
    ]
