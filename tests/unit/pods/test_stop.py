"""StopPodSandbox takes the network away that the sandbox's record names."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pydockershim.labels.record import SandboxRecord
from pydockershim.locks import NamedLocks
from pydockershim.network.docker_bridge import DockerBridge
from pydockershim.network.networks import Networks
from pydockershim.pods import stop
from pydockershim.pods.deps import PodDeps
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.store import Store
from pydockershim.view.view import View
from tests.unit.network.other import OtherNetwork
from tests.unit.view.objects import SANDBOX_ID, Engine, inspect_of, sandbox_record


@dataclass(frozen=True)
class Killing:
    """Calls about the containers of an engine in which a killed container is an exited one."""

    engine: Engine

    def kill(self, container_id: str, *, signal: str) -> None:
        """Exit at once."""
        assert signal == "KILL"
        record = sandbox_record()
        self.engine.containers[container_id] = inspect_of(container_id, record, state="exited")


@pytest.fixture
def other() -> OtherNetwork:
    return OtherNetwork()


def deps_with(record: SandboxRecord, networks: Networks, *, network_mode: str = "none") -> PodDeps:
    engine = Engine()
    inspect = inspect_of(SANDBOX_ID, record)
    inspect["HostConfig"]["NetworkMode"] = network_mode
    engine.containers = {SANDBOX_ID: inspect}
    store = Store(engine.inspect)
    store.refresh(SANDBOX_ID)
    store.mark_fresh()
    unused = cast("Any", None)
    return PodDeps(
        engine=cast("Any", SimpleNamespace(containers=Killing(engine))),
        view=View(store, ImageCache(cast("Any", None), pinned=())),
        store=store,
        networks=networks,
        pause_image=unused,
        oom_floor=unused,
        locks=NamedLocks(),
        pod_resources=unused,
        log_writers=unused,
        readiness=unused,
    )


def test_teardown_follows_the_record_not_the_network_chosen_today(other: OtherNetwork) -> None:
    record = replace(sandbox_record(), network="other")
    deps = deps_with(record, Networks(DockerBridge(), other))

    stop.stop(deps, SANDBOX_ID)

    assert other.detached == [(SANDBOX_ID, 4711, record.name)]
    assert not deps.view.sandbox(SANDBOX_ID).running


def test_a_pod_of_another_kind_is_not_detached_from_the_network_chosen_today(
    other: OtherNetwork,
) -> None:
    deps = deps_with(replace(sandbox_record(), network="docker"), Networks(other, DockerBridge()))

    stop.stop(deps, SANDBOX_ID)

    assert other.detached == []


def test_a_pod_on_the_host_network_has_nothing_to_detach(other: OtherNetwork) -> None:
    record = replace(sandbox_record(), network="other")
    deps = deps_with(record, Networks(other), network_mode="host")

    stop.stop(deps, SANDBOX_ID)

    assert other.detached == []


@pytest.mark.parametrize("kind", ["", "newer"])
def test_a_pod_of_an_unknown_kind_is_stopped_all_the_same(
    kind: str, other: OtherNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    deps = deps_with(replace(sandbox_record(), network=kind), Networks(other))

    stop.stop(deps, SANDBOX_ID)

    assert other.detached == []
    assert not deps.view.sandbox(SANDBOX_ID).running
    assert f"sandbox {SANDBOX_ID} has a pod network of" in caplog.text
