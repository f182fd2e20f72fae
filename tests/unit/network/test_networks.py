"""Pods keep the network that their record names, whatever the flag says today."""

import logging
from dataclasses import replace

import pytest

from pydockershim.dockerapi import ContainerInspect
from pydockershim.errors import FailedPrecondition
from pydockershim.network.docker_bridge import DockerBridge, docker_addresses
from pydockershim.network.interface import (
    Addresses,
    DnsConfig,
    PodNetworkRequest,
)
from pydockershim.network.networks import Networks
from tests.unit.network.other import OtherNetwork
from tests.unit.view.objects import SANDBOX_ID, inspect_of, sandbox_record

RECORD = sandbox_record()


def inspect_with(*networks: dict[str, str]) -> ContainerInspect:
    named = {str(index): each for index, each in enumerate(networks)}
    return {**inspect_of(SANDBOX_ID, RECORD), "NetworkSettings": {"Networks": named}}


def request(inspect: ContainerInspect) -> PodNetworkRequest:
    return PodNetworkRequest(
        inspect=inspect,
        pod="web",
        namespace="default",
        uid="uid-web",
        annotations={},
        port_mappings=(),
        dns=DnsConfig(),
        cgroup_parent="",
    )


def test_a_network_is_found_by_the_record_not_by_the_choice_of_today() -> None:
    bridge, other = DockerBridge(), OtherNetwork()
    networks = Networks(other, bridge)

    assert networks.chosen is other
    assert networks.of(replace(RECORD, network="docker")) is bridge
    assert networks.of(replace(RECORD, network="other")) is other


def test_addresses_come_from_the_network_of_the_record() -> None:
    networks = Networks(DockerBridge(), OtherNetwork())
    inspect = inspect_with({"IPAddress": "172.17.0.2"})

    on_docker = networks.addresses_of(inspect, replace(RECORD, network="docker"))
    on_other = networks.addresses_of(inspect, replace(RECORD, network="other"))

    assert (on_docker, on_other) == (("172.17.0.2",), OtherNetwork.ADDRESSES)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("", "a pod network of no recorded kind"), ("newer", "a pod network of kind 'newer'")],
)
def test_a_network_of_an_unknown_kind_is_left_to_docker_with_a_sentence(
    kind: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    record = replace(RECORD, network=kind)
    network = Networks(DockerBridge()).of(record)

    with caplog.at_level(logging.WARNING):
        network.detach(SANDBOX_ID, pid=1, record=record)

    assert network.addresses(inspect_with({"IPAddress": "172.17.0.2"})) == ("172.17.0.2",)
    assert SANDBOX_ID in caplog.text
    assert sentence in caplog.text


def test_a_request_names_the_pause_container_and_its_process() -> None:
    asked = request(inspect_with())

    assert (asked.sandbox_id, asked.pid) == (SANDBOX_ID, 4711)


def test_docker_s_bridge_returns_the_addresses_that_docker_assigned() -> None:
    asked = request(inspect_with({"IPAddress": "172.17.0.2"}))

    assert DockerBridge().attach(asked) == ("172.17.0.2",)


@pytest.mark.parametrize("networks", [[], [{"IPAddress": ""}]])
def test_a_pod_without_an_address_is_refused(networks: list[dict[str, str]]) -> None:
    with pytest.raises(FailedPrecondition, match="no address on its bridge"):
        DockerBridge().attach(request(inspect_with(*networks)))


@pytest.mark.parametrize(
    ("networks", "addresses"),
    [
        (
            [{"GlobalIPv6Address": "2001:db8::2", "IPAddress": "172.17.0.2"}],
            ("172.17.0.2", "2001:db8::2"),
        ),
        ([{"IPAddress": ""}], ()),
        ([], ()),
    ],
)
def test_both_families_of_addresses_are_read_ipv4_first(
    networks: list[dict[str, str]], addresses: Addresses
) -> None:
    assert docker_addresses(inspect_with(*networks)) == addresses


@pytest.mark.parametrize("settings", [{}, {"Networks": None}])
def test_an_inspect_without_networks_has_no_address(settings: dict[str, None]) -> None:
    inspect: ContainerInspect = {**inspect_with(), "NetworkSettings": settings}

    assert docker_addresses(inspect) == ()
