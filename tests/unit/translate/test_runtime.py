"""Version, Status and RuntimeConfig."""

import json
from dataclasses import replace

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import FailedPrecondition, InvalidArgument
from pydockershim.translate.runtime import (
    cri_runtime_config,
    cri_status,
    cri_version,
    docker_runtime,
    semantic_version,
    status_info,
)
from tests.unit.translate.engines import CGROUP_V2, DOCKER_28


@pytest.mark.parametrize("service", ["v1", "v1alpha2"])
def test_the_version_names_the_service_that_was_asked(service: str) -> None:
    assert cri_version(DOCKER_28, service=service) == cri.VersionResponse(
        version="0.1.0",
        runtime_name="docker",
        runtime_version="28.5.2",
        runtime_api_version=service,
    )


@pytest.mark.parametrize(
    ("version", "semantic"),
    [
        ("28.5.2", "28.5.2"),
        ("20.10.24+dfsg1", "20.10.24+dfsg1"),
        ("20.10.7+azure-3", "20.10.7+azure-3"),
        ("19.03.1-ce", "19.3.1-ce"),
        ("28.0", "28.0.0"),
        ("v27.1.1", "27.1.1"),
        ("library-import", "0.0.0"),
        ("dev", "0.0.0"),
        ("", "0.0.0"),
    ],
)
def test_the_kubelet_can_read_every_version(version: str, semantic: str) -> None:
    assert semantic_version(version) == semantic


def test_the_cgroup_driver_is_told() -> None:
    assert cri_runtime_config(DOCKER_28).linux.cgroup_driver == cri.CGROUPFS
    assert cri_runtime_config(CGROUP_V2).linux.cgroup_driver == cri.SYSTEMD
    with pytest.raises(FailedPrecondition, match="'none'"):
        cri_runtime_config(replace(DOCKER_28, cgroup_driver="none"))


def test_a_ready_runtime_has_two_true_conditions_and_its_handlers() -> None:
    status = cri_status(DOCKER_28, runtime_problem=None, network_problem=None)

    assert [(each.type, each.status) for each in status.status.conditions] == [
        ("RuntimeReady", True),
        ("NetworkReady", True),
    ]
    assert [each.name for each in status.runtime_handlers] == ["", "io.containerd.runc.v2", "runc"]


def test_a_problem_is_told_with_its_sentence() -> None:
    status = cri_status(None, runtime_problem="dockerd is gone", network_problem="no bridge")

    assert [(each.status, each.reason, each.message) for each in status.status.conditions] == [
        (False, "DockerDaemonNotReady", "dockerd is gone"),
        (False, "NetworkPluginNotReady", "no bridge"),
    ]
    assert [each.name for each in status.runtime_handlers] == [""]


def test_no_feature_is_promised_that_is_not_built() -> None:
    status = cri_status(DOCKER_28, runtime_problem=None, network_problem=None)

    assert status.features == cri.RuntimeFeatures()
    assert all(each.features == cri.RuntimeHandlerFeatures() for each in status.runtime_handlers)


def test_the_verbose_part_names_the_pause_image_and_counts_gaps_in_logs() -> None:
    info = status_info(DOCKER_28, sandbox_image="registry.k8s.io/pause:3.10", log_gaps=2)

    assert json.loads(info["config"]) == {"sandboxImage": "registry.k8s.io/pause:3.10"}
    assert json.loads(info["logs"]) == {"gaps": 2}
    assert json.loads(info["dockerInfo"])["version"] == "28.5.2"
    assert "dockerInfo" not in status_info(None, sandbox_image="p", log_gaps=0)


@pytest.mark.parametrize(("handler", "runtime"), [("", ""), ("docker", ""), ("runc", "runc")])
def test_a_handler_is_a_runtime_of_docker(handler: str, runtime: str) -> None:
    assert docker_runtime(handler, DOCKER_28, field="runtime_handler") == runtime


def test_an_unknown_handler_is_invalid() -> None:
    with pytest.raises(InvalidArgument, match=r"^runtime_handler: "):
        docker_runtime("kata", DOCKER_28, field="runtime_handler")
