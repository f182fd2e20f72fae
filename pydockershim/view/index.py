"""The store's objects at one moment, indexed for reads: by kind, by id, containers by sandbox."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pydockershim.errors import InvalidArgument, NotFound, Unavailable
from pydockershim.translate.filters import whole_id
from pydockershim.view.items import ContainerItem, Item, SandboxItem

AnyItem = TypeVar("AnyItem", SandboxItem, ContainerItem)


class Index:
    """Never changed, so it may be read without a lock; each write to the store replaces it.

    `unanswered` maps the ids of objects whose inspect is unanswered to the reason.

    An id may be abbreviated: InvalidArgument when it is ambiguous or empty, NotFound when no object
    of the kind has it.
    """

    def __init__(self, items: Iterable[Item], *, unanswered: Mapping[str, str]) -> None:
        self._unanswered = dict(unanswered)
        self._sandboxes: dict[str, SandboxItem] = {}
        self._containers: dict[str, ContainerItem] = {}
        self._by_sandbox: dict[str, list[ContainerItem]] = {}
        for item in items:
            if isinstance(item, SandboxItem):
                self._sandboxes[item.id] = item
            else:
                self._containers[item.id] = item
                self._by_sandbox.setdefault(item.sandbox_id, []).append(item)
        self.sandboxes = tuple(self._sandboxes.values())
        self.containers = tuple(self._containers.values())

    def sandbox(self, sandbox_id: str) -> SandboxItem:
        """Return a sandbox by its id."""
        return _find("sandbox", sandbox_id, self._sandboxes)

    def container(self, container_id: str) -> ContainerItem:
        """Return a container by its id."""
        return _find("container", container_id, self._containers)

    def containers_of(self, sandbox_id: str) -> Sequence[ContainerItem]:
        """Return the containers of a sandbox (whole id), even if the sandbox is gone."""
        return self._by_sandbox.get(sandbox_id, [])

    def is_answered(self, object_id: str) -> bool:
        """Say whether the engine has answered for an object (whole id)."""
        return object_id not in self._unanswered

    def check_answered(self, object_id: str) -> None:
        """Raise Unavailable when the engine does not answer for an object (whole id)."""
        if reason := self._unanswered.get(object_id):
            raise Unavailable(
                f"the Docker engine does not answer an inspect of {object_id}: {reason}; try again"
            )


def _find(kind: str, object_id: str, objects: Mapping[str, AnyItem]) -> AnyItem:
    item = objects.get(object_id)
    if item is None:
        if not object_id:
            raise InvalidArgument(f"{kind} id is empty; set it")
        if not (found := whole_id(object_id, objects)):
            raise NotFound(f"there is no {kind} {object_id}")
        item = objects[found]
    return item
