"""Many pods at once come and go without a trace."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.integration.pods import Pods
from tests.waiting import eventually

AT_ONCE = 10


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.endurance)])
@pytest.mark.timeout(600)
def test_pods_leave_nothing_behind(
    client: CriClient, dockerd: Dockerd, tmp_path: Path, count: int
) -> None:
    roots = [Path("/run"), tmp_path]  # all that the engine and the shim write is below /run
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # The first one loads the pause image.
        list(pool.map(lambda number: live(client, tmp_path, number), range(AT_ONCE)))
        before = files_below(roots)

        list(pool.map(lambda number: live(client, tmp_path, number), range(count)))

    assert not client.list_pod_sandboxes()
    assert not client.list_containers()
    assert not dockerd.leftovers()
    eventually(lambda: files_below(roots) <= before)  # a container's containerd shim goes later


def live(client: CriClient, directory: Path, number: int) -> None:
    """Run a pod with a volume and a host port, use it, and remove it."""
    pods = Pods(client)
    port = cri.PortMapping(container_port=80, host_port=20_000 + number)
    pod = pods.run(name=f"pod-{number}", port_mappings=[port])
    mount = cri.Mount(container_path="/data", host_path=str(directory))
    container = pod.start(name="main", mounts=[mount])
    assert container.output("hostname") == "pod"
    client.stop_container(container.id)
    client.remove_container(container.id)
    pods.close()


def files_below(roots: Iterable[Path]) -> set[Path]:
    """Return all files; but Docker 20.10 takes a minute to remove its network namespaces'."""
    return {
        Path(folder, name)
        for root in roots
        for folder, folders, files in os.walk(root)  # unlike a glob, it forgives what has just gone
        for name in (*folders, *files)
        if Path(folder).name != "netns"
    }
