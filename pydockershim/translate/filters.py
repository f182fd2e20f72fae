"""CRI list filters, for objects with an id, a state and labels.

- An id may be given by its prefix (crictl sends what a person typed); an ambiguous one is
  refused, and an unknown one gives an empty list.
- `state` is used when its wrapper is present: READY and CREATED are 0.
- `label_selector`: every label must be present with exactly that value. Only labels that the client
  sent are compared, so no image label matches.
- All fields of a filter must match; an empty filter selects everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import InvalidArgument


class _Labelled(Protocol):
    @property
    def labels(self) -> Mapping[str, str]: ...


class Listed(Protocol):
    """What a filter reads of an object."""

    @property
    def id(self) -> str:
        """Return the whole id."""

    @property
    def state(self) -> int:
        """Return the CRI state of this kind of object."""

    @property
    def record(self) -> _Labelled:
        """Return what holds the labels that the client sent."""


class ListedContainer(Listed, Protocol):
    """What a container filter reads of an object."""

    @property
    def sandbox_id(self) -> str:
        """Return the whole id of the container's sandbox."""


AnyListed = TypeVar("AnyListed", bound=Listed)
AnyContainer = TypeVar("AnyContainer", bound=ListedContainer)


def select_sandboxes(
    wanted: cri.PodSandboxFilter, sandboxes: Sequence[AnyListed]
) -> Sequence[AnyListed]:
    """Return the sandboxes that a PodSandboxFilter selects; InvalidArgument: an ambiguous id."""
    return _select(wanted, sandboxes)


def select_containers(
    wanted: cri.ContainerFilter, containers: Sequence[AnyContainer]
) -> Sequence[AnyContainer]:
    """Return the containers that a ContainerFilter selects; InvalidArgument: an ambiguous id."""
    if wanted.pod_sandbox_id:
        sandboxes = {each.sandbox_id for each in containers}
        sandbox_id = whole_id(wanted.pod_sandbox_id, sandboxes)
        containers = [each for each in containers if each.sandbox_id == sandbox_id]
    return _select(wanted, containers)


def whole_id(beginning: str, ids: Iterable[str]) -> str | None:
    """Return the one id with this prefix; None without one, InvalidArgument with several."""
    found = [each for each in ids if each.startswith(beginning)]
    if len(found) > 1 and beginning not in found:
        raise InvalidArgument(
            f"id {beginning} is ambiguous: it matches {len(found)} ids; use a longer prefix"
        )
    return beginning if beginning in found else next(iter(found), None)


def _select(
    wanted: cri.PodSandboxFilter | cri.ContainerFilter, items: Sequence[AnyListed]
) -> Sequence[AnyListed]:
    if wanted.id:
        item_id = whole_id(wanted.id, (each.id for each in items))
        items = [each for each in items if each.id == item_id]
    if wanted.HasField("state"):
        items = [each for each in items if each.state == wanted.state.state]
    if wanted.label_selector:
        labels = dict(wanted.label_selector).items()
        items = [each for each in items if labels <= each.record.labels.items()]
    return items
