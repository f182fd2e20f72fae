"""The view's objects as reads want them: by kind, and containers by their sandbox."""

from collections.abc import Iterable, Sequence

from pydockershim.view.items import ContainerItem, Item, SandboxItem


class Index:
    """Never changed, so it may be read without a lock; a write to the view is the end of it."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.sandboxes: list[SandboxItem] = []
        self.containers: list[ContainerItem] = []
        self._of_sandboxes: dict[str, list[ContainerItem]] = {}
        for item in items:
            if isinstance(item, SandboxItem):
                self.sandboxes.append(item)
            else:
                self.containers.append(item)
                self._of_sandboxes.setdefault(item.sandbox_id, []).append(item)

    def containers_of(self, sandbox_id: str) -> Sequence[ContainerItem]:
        """Return the containers of a sandbox (whole id), whether it is there or not."""
        return self._of_sandboxes.get(sandbox_id, [])
