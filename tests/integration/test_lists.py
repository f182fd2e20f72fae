"""Lists, their streaming form and their filters, through a real client."""

from collections.abc import Iterator

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.integration.pods import Container, Pod, Pods

WEB = {"app": "web", "tier": "front"}
DATABASE = {"app": "db", "tier": ""}
UNKNOWN_ID = "0" * 64

Sandboxes = cri.PodSandboxFilter
Containers = cri.ContainerFilter
READY = cri.PodSandboxStateValue(state=cri.SANDBOX_READY)
NOT_READY = cri.PodSandboxStateValue(state=cri.SANDBOX_NOTREADY)
CREATED = cri.ContainerStateValue(state=cri.CONTAINER_CREATED)
EXITED = cri.ContainerStateValue(state=cri.CONTAINER_EXITED)


class Node:
    """A pod that runs and one that has ended, with a container in each state."""

    def __init__(self, pods: Pods) -> None:
        self.web: Pod = pods.run(name="web", labels=WEB)
        self.running: Container = self.web.start(name="running", labels=WEB)
        self.created: Container = self.web.create(name="created", labels=DATABASE)
        self.database: Pod = pods.run(name="db", labels=DATABASE)
        self.exited: Container = self.database.start(name="exited", labels=DATABASE)
        pods.client.stop_pod_sandbox(self.database.id)

    def names(self, ids: set[str]) -> set[str]:
        """Return what the objects with these ids are called here."""
        return {name for name, each in vars(self).items() if each.id in ids}


@pytest.fixture(scope="module")
def node(client: CriClient) -> Iterator[Node]:
    pods = Pods(client)
    yield Node(pods)
    pods.close()


def listed(client: CriClient, wanted: Sandboxes | Containers) -> set[str]:
    """Return the ids of a list, which its streaming form has as well."""
    if isinstance(wanted, Sandboxes):
        stream = client.stream(
            cri.StreamPodSandboxesRequest(filter=wanted), cri.StreamPodSandboxesResponse
        )
        items = [*client.list_pod_sandboxes(wanted)]
        assert [each for answer in stream for each in answer.pod_sandboxes] == items
        return {each.id for each in items}
    answers = client.stream(
        cri.StreamContainersRequest(filter=wanted), cri.StreamContainersResponse
    )
    containers = [*client.list_containers(wanted)]
    assert [each for answer in answers for each in answer.containers] == containers
    return {each.id for each in containers}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Sandboxes(), {"web", "database"}),
        (Sandboxes(state=READY), {"web"}),
        (Sandboxes(state=NOT_READY), {"database"}),
        (Sandboxes(label_selector={"app": "web"}), {"web"}),
        (Sandboxes(label_selector={"app": "web", "tier": "back"}), set()),
        (Sandboxes(label_selector={"tier": ""}), {"database"}),
        (Sandboxes(label_selector={"app": "web"}, state=NOT_READY), set()),
        (Sandboxes(id=UNKNOWN_ID), set()),
        (Containers(), {"running", "created", "exited"}),
        (Containers(state=CREATED), {"created"}),
        (Containers(state=EXITED), {"exited"}),
        (Containers(label_selector=DATABASE), {"created", "exited"}),
        (Containers(pod_sandbox_id=UNKNOWN_ID), set()),
    ],
    ids=lambda each: str(each).replace("\n", " "),
)
def test_filter(
    client: CriClient, node: Node, wanted: Sandboxes | Containers, expected: set[str]
) -> None:
    assert node.names(listed(client, wanted)) == expected


def test_ids_may_be_given_by_their_beginning(client: CriClient, node: Node) -> None:
    """As crictl sends them."""
    by_id = Sandboxes(id=node.web.id[:13])
    of_pod = Containers(pod_sandbox_id=node.web.id[:13])
    of_other_kind = Sandboxes(id=node.running.id)

    assert node.names(listed(client, by_id)) == {"web"}
    assert node.names(listed(client, of_pod)) == {"running", "created"}
    assert listed(client, of_other_kind) == set()


def test_beginning_of_several_ids_is_refused(client: CriClient, pods: Pods) -> None:
    """Of seventeen ids two begin alike."""
    pod = pods.run()
    ids = [pod.create(attempt=attempt).id for attempt in range(17)]
    firsts = [each[0] for each in ids]
    ambiguous = next(each for each in firsts if firsts.count(each) > 1)

    for ask in (
        lambda: client.list_containers(Containers(id=ambiguous)),
        lambda: client.container_status(ambiguous),
    ):
        with pytest.raises(CriError, match="ambiguous") as refused:
            ask()
        assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT


def test_images_are_streamed_as_they_are_listed(client: CriClient) -> None:
    stream = client.stream(cri.StreamImagesRequest(), cri.StreamImagesResponse)

    images = [each for answer in stream for each in answer.images]

    assert images
    assert images == list(client.list_images())
