"""Bind mounts, after the host has said what is behind them."""

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.translate.mounts import cri_mounts, docker_mounts, with_real_sources
from tests.unit.translate.engines import DOCKER_20, DOCKER_28

ROOT = "/var/lib/docker"


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("/srv", {"Propagation": "rprivate"}),
        ("/", {}),
        ("/var", {}),
        (ROOT, {}),
        (f"{ROOT}/volumes/a", {}),
    ],
)
def test_docker_chooses_the_propagation_around_its_own_root(
    source: str, options: dict[str, str]
) -> None:
    sent = docker_mounts([cri.Mount(host_path="/link", container_path="/data")], DOCKER_28)

    [with_host_facts] = with_real_sources(sent, {"/link": source}, daemon_root=ROOT)

    assert with_host_facts["Source"] == source
    assert with_host_facts["BindOptions"] == options


def test_what_was_asked_for_aloud_stays_around_docker_s_root() -> None:
    mount = cri.Mount(
        host_path="/", container_path="/host", propagation=cri.PROPAGATION_BIDIRECTIONAL
    )

    [with_host_facts] = with_real_sources(
        docker_mounts([mount], DOCKER_28), {"/": "/"}, daemon_root=ROOT
    )

    assert with_host_facts["BindOptions"] == {"Propagation": "rshared"}


def test_a_read_only_mount_does_not_reach_into_what_is_mounted_below() -> None:
    mount = cri.Mount(host_path="/srv", container_path="/srv", readonly=True)

    [on_new], [on_old] = docker_mounts([mount], DOCKER_28), docker_mounts([mount], DOCKER_20)

    assert on_new["BindOptions"]["ReadOnlyNonRecursive"] is True
    assert "ReadOnlyNonRecursive" not in on_old["BindOptions"]


def test_an_inspect_tells_the_bind_mounts() -> None:
    told = cri_mounts(
        [
            {"Type": "volume", "Destination": "/v", "Source": "/x", "RW": True},
            {
                "Type": "bind",
                "Destination": "/data",
                "Source": "/srv",
                "RW": False,
                "Propagation": "rslave",
            },
        ]
    )

    assert told == [
        cri.Mount(
            container_path="/data",
            host_path="/srv",
            readonly=True,
            propagation=cri.PROPAGATION_HOST_TO_CONTAINER,
        )
    ]
