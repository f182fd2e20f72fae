"""A node with pods of an earlier version is served as by that version."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from google.protobuf.json_format import ParseDict

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX
from tests.bed.shim import Shim
from tests.integration.logs.logged import Log, docker_lines
from tests.integration.pods import Container, Pods
from tests.integration.upgrades.node import ASKED, HOST_ROOT, Labels, Node, differing, reported
from tests.waiting import eventually

pytestmark = pytest.mark.engine

RECORD = "io.pydockershim.record"
# What a later version might add to its records.
ADDED = {"topology": {"zones": ["a", "b"]}}

Rebuild = Callable[..., Node]


@pytest.fixture
def own(dockerd: Dockerd, tmp_path: Path) -> Shim:
    """This version, to be started on the node that was rebuilt."""
    return Shim(dockerd, tmp_path / "own")


@pytest.fixture
def rebuild(dockerd: Dockerd, client: CriClient, own: Shim) -> Iterator[Rebuild]:
    """Makes the node, with the keyword arguments of `Node`."""
    pods = Pods(client)
    pause = dockerd.api.inspect_container(pods.run().id)["Image"]
    pods.close()
    busybox = dockerd.api.inspect_image(BUSYBOX.name)["Id"]
    images = {"IMAGE-pause": pause, "IMAGE-busybox": busybox}
    yield partial(Node, dockerd, own.state_directory, images=images)
    dockerd.remove_leftovers()
    shutil.rmtree(HOST_ROOT)


def test_pods_are_reported_and_logs_written_as_before(
    rebuild: Rebuild, own: Shim, dockerd: Dockerd
) -> None:
    node = rebuild()
    print_next("go")
    with own, CriClient(own.url) as client:
        assert differing(reported(client), node.answers) == {}

        goes_on, ended = (log_of(client, node, key) for key in ("app-3", "app-2"))
        eventually(lambda: goes_on.count == 4)
        print_next("on")
        eventually(lambda: goes_on.count == 5)
        for log in (goes_on, ended):
            lines = [f"{time} {text.decode()}" for time, _, _, text in log.lines]
            assert lines == docker_lines(dockerd, log)
        assert json.loads(client.status(verbose=True).info["logs"])["gaps"] == 0


def test_what_a_later_version_adds_is_ignored(rebuild: Rebuild, own: Shim) -> None:
    node = rebuild(relabel=as_a_later_version)
    (accepted,) = own.state_directory.glob("accepted/*")
    accepted.write_text(json.dumps(json.loads(accepted.read_text()) | ADDED))

    with own, CriClient(own.url) as client:
        now = reported(client)

    # The file is only for verbose statuses.
    shown = {f"/sandbox_statuses/{node.id('web-1')}/info/topology": (ADDED["topology"], None)}
    assert differing(now, node.answers) == shown


def test_pods_run_until_they_are_removed(rebuild: Rebuild, own: Shim, dockerd: Dockerd) -> None:
    node = rebuild()
    with own, CriClient(own.url) as client:
        app = Container(client, node.id("app-3"))
        assert app.output("sh", "-c", "echo $MODE in $PWD") == "fast in /data"
        # A kubelet repeats a request that got no answer,
        assert create(client, node, "web-1", "sidecar-0") == node.id("sidecar-0")
        client.start_container(node.id("sidecar-0"))
        # asks for the next attempt of what has exited,
        client.start_container(create(client, node, "web-1", "app-3", attempt=4))
        # for a privileged container, which only some pods may have,
        assert create(client, node, "proxy-0", "tuning-0", attempt=1) != node.id("tuning-0")
        # and for a pod that was left incomplete.
        new_id = client.run_pod_sandbox(sandbox_config("late-0"))
        listed = {each.id for each in client.list_pod_sandboxes()}
        assert (new_id in listed, node.id("late-0") in listed) == (True, False)

        for sandbox_id in listed:
            client.stop_pod_sandbox(sandbox_id)
            client.remove_pod_sandbox(sandbox_id)

        assert not dockerd.leftovers()
        assert not [*own.state_directory.glob("accepted/*")]


def as_a_later_version(labels: Labels) -> None:
    """Change labels into what a later version might set."""
    record = json.loads(labels[RECORD])
    labels[RECORD] = json.dumps({**record, **ADDED, "schema": record["schema"] + 1})
    labels["io.pydockershim.topology"] = "a"


def print_next(what: str) -> None:
    """Let app-3 print its next line, which waits for a file in its volume."""
    (HOST_ROOT / "volumes/data" / what).touch()


def log_of(client: CriClient, node: Node, key: str) -> Log:
    container = Container(client, node.id(key))
    return Log(container, Path(container.status.log_path))


def sandbox_config(pod: str) -> cri.PodSandboxConfig:
    return ParseDict(ASKED[pod]["config"], cri.PodSandboxConfig())


def create(client: CriClient, node: Node, pod: str, container: str, *, attempt: int = 0) -> str:
    """Ask for a container of asked.json, or for another attempt of it; return its id."""
    config = ParseDict(ASKED[pod]["containers"][container]["config"], cri.ContainerConfig())
    config.metadata.attempt = attempt
    return client.create_container(node.id(pod), config, sandbox_config(pod))
