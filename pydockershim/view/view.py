"""The view: what servicers and procedures read, answered from memory without an Engine call.

Nothing can be changed through it. Every read raises Unavailable, with the reason, while the `store`
(for images: the `image_cache`) is stale.
"""

from collections.abc import Iterator, Sequence

from pydockershim.api import runtime_v1 as cri
from pydockershim.translate import filters
from pydockershim.view.image_cache import ImageCache, ImageItem
from pydockershim.view.index import Index
from pydockershim.view.items import ContainerItem, SandboxItem
from pydockershim.view.protobuf_wire import chunks, framed, varint_field
from pydockershim.view.store import Store

# Field numbers of PodSandboxStatusResponse and ContainerStatusResponse.
_STATUS = 1
_CONTAINERS_STATUSES = 3
_TIMESTAMP = 4


class View:
    """Thread-safe, and without state of its own.

    An id may be abbreviated: InvalidArgument when it is ambiguous or empty, NotFound when no object
    of the requested kind has it.
    """

    def __init__(self, store: Store, image_cache: ImageCache) -> None:
        self._store = store
        self._image_cache = image_cache

    # Lookups

    def sandbox(self, sandbox_id: str) -> SandboxItem:
        """Return a sandbox by its id."""
        return self._store.index().sandbox(sandbox_id)

    def sandbox_named(self, name: str) -> SandboxItem | None:
        """Return the sandbox whose record has this (final) name, finished or not."""
        sandboxes = self._store.index().sandboxes
        return next((each for each in sandboxes if each.record.name == name), None)

    def container(self, container_id: str) -> ContainerItem:
        """Return a container by its id."""
        return self._store.index().container(container_id)

    def containers_of(self, sandbox_id: str) -> Sequence[ContainerItem]:
        """Return the containers of a sandbox (whole id), even if the sandbox is gone."""
        return self._store.index().containers_of(sandbox_id)

    def image(self, ref: str) -> ImageItem | None:
        """Return an image by name, digest or id; None when the engine has no such image."""
        self._store.check_fresh()
        return self._image_cache.find(ref)

    # Responses, ready for the wire

    def list_sandboxes(self, wanted: cri.PodSandboxFilter) -> bytes:
        """Return a serialised ListPodSandboxResponse."""
        return b"".join([each.listed for each in self._select_sandboxes(wanted)])

    def stream_sandboxes(self, wanted: cri.PodSandboxFilter) -> Iterator[bytes]:
        """Return serialised StreamPodSandboxesResponses, none for an empty list."""
        return chunks(each.listed for each in self._select_sandboxes(wanted))

    def list_containers(self, wanted: cri.ContainerFilter) -> bytes:
        """Return a serialised ListContainersResponse."""
        return b"".join([each.listed for each in self._select_containers(wanted)])

    def stream_containers(self, wanted: cri.ContainerFilter) -> Iterator[bytes]:
        """Return serialised StreamContainersResponses, none for an empty list."""
        return chunks(each.listed for each in self._select_containers(wanted))

    def list_images(self, wanted: cri.ImageFilter) -> bytes:
        """Return a serialised ListImagesResponse."""
        return b"".join(each.listed for each in self._select_images(wanted))

    def stream_images(self, wanted: cri.ImageFilter) -> Iterator[bytes]:
        """Return serialised StreamImagesResponses, none for an empty list."""
        return chunks(each.listed for each in self._select_images(wanted))

    def image_status(self, ref: str) -> bytes:
        """Return a serialised ImageStatusResponse; without an image when there is none."""
        image = self.image(ref)
        return image.listed if image else b""

    def sandbox_status(self, sandbox_id: str) -> bytes:
        """Return a serialised PodSandboxStatusResponse without verbose info.

        Unavailable when the engine did not answer for this sandbox.
        """
        index, at_ns = self._store.index_now()
        sandbox = index.sandbox(sandbox_id)
        index.check_answered(sandbox.id)
        return framed(_STATUS, sandbox.status) + _containers_statuses(index, sandbox.id, at_ns)

    def container_status(self, container_id: str) -> bytes:
        """Return a serialised ContainerStatusResponse without verbose info.

        Unavailable when the engine did not answer for this container.
        """
        index = self._store.index()
        container = index.container(container_id)
        index.check_answered(container.id)
        return framed(_STATUS, container.status)

    def subscribe(self) -> Iterator[bytes]:
        """Return serialised ContainerEventResponses from now on, also while the view is stale."""
        return self._store.events.subscribe()

    def _select_sandboxes(self, wanted: cri.PodSandboxFilter) -> Sequence[SandboxItem]:
        return filters.select_sandboxes(wanted, self._store.index().sandboxes)

    def _select_containers(self, wanted: cri.ContainerFilter) -> Sequence[ContainerItem]:
        return filters.select_containers(wanted, self._store.index().containers)

    def _select_images(self, wanted: cri.ImageFilter) -> Sequence[ImageItem]:
        self._store.check_fresh()
        return self._image_cache.select(wanted)


def _containers_statuses(index: Index, sandbox_id: str, at_ns: int) -> bytes:
    """Return the statuses of a pod's containers and the time at which they are valid.

    COMPAT(kubelet): it takes them as complete if there is a time, so it gets both or neither.
    """
    containers = index.containers_of(sandbox_id)
    if not all(index.is_answered(each.id) for each in containers):
        return b""
    statuses = [framed(_CONTAINERS_STATUSES, each.status) for each in containers]
    return b"".join(statuses) + varint_field(_TIMESTAMP, at_ns)
