"""List filters select what the CRI says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import InvalidArgument
from pydockershim.translate.filters import select_containers, select_sandboxes, whole_id


@dataclass(frozen=True)
class Record:
    """Holds the labels."""

    labels: Mapping[str, str]


@dataclass(frozen=True)
class Listed:
    """A sandbox or a container."""

    id: str
    state: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    sandbox_id: str = ""

    @property
    def record(self) -> Record:
        """Return what holds the labels."""
        return Record(self.labels)


ONE = Listed("abc1", cri.SANDBOX_READY, {"app": "web", "tier": "front"}, "pod1")
TWO = Listed("abd2", cri.SANDBOX_NOTREADY, {"app": "web"}, "pod1")
THREE = Listed("e3", cri.SANDBOX_READY, {}, "qod2")
ALL = [ONE, TWO, THREE]

READY = cri.PodSandboxStateValue(state=cri.SANDBOX_READY)
CREATED = cri.ContainerStateValue(state=cri.CONTAINER_CREATED)


@pytest.mark.parametrize(
    ("wanted", "selected"),
    [
        (cri.PodSandboxFilter(), ALL),
        (cri.PodSandboxFilter(id="abc1"), [ONE]),
        (cri.PodSandboxFilter(id="abc"), [ONE]),
        (cri.PodSandboxFilter(id="f"), []),
        (cri.PodSandboxFilter(state=READY), [ONE, THREE]),
        (cri.PodSandboxFilter(label_selector={"app": "web"}), [ONE, TWO]),
        (cri.PodSandboxFilter(label_selector={"app": "web", "tier": "front"}), [ONE]),
        (cri.PodSandboxFilter(label_selector={"app": ""}), []),
        (cri.PodSandboxFilter(label_selector={"app": "web"}, state=READY, id="abd2"), []),
    ],
    ids=str,
)
def test_sandbox_filter(wanted: cri.PodSandboxFilter, selected: list[Listed]) -> None:
    assert select_sandboxes(wanted, ALL) == selected


@pytest.mark.parametrize(
    ("wanted", "selected"),
    [
        (cri.ContainerFilter(), ALL),
        (cri.ContainerFilter(state=CREATED), [ONE, THREE]),
        (cri.ContainerFilter(pod_sandbox_id="pod1"), [ONE, TWO]),
        (cri.ContainerFilter(pod_sandbox_id="q"), [THREE]),
        (cri.ContainerFilter(pod_sandbox_id="x"), []),
        (cri.ContainerFilter(pod_sandbox_id="pod1", state=CREATED), [ONE]),
        (cri.ContainerFilter(pod_sandbox_id="pod1", id="abd"), [TWO]),
    ],
    ids=str,
)
def test_container_filter(wanted: cri.ContainerFilter, selected: list[Listed]) -> None:
    assert select_containers(wanted, ALL) == selected


def test_ambiguous_id_is_refused() -> None:
    with pytest.raises(
        InvalidArgument, match="id ab is ambiguous: it matches 2 ids; use a longer prefix"
    ):
        select_sandboxes(cri.PodSandboxFilter(id="ab"), ALL)


def test_whole_id_goes_before_a_longer_one_that_begins_so() -> None:
    assert whole_id("ab", ["abc", "ab"]) == "ab"
