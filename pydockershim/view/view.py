"""The view: every sandbox, container and image that is ours, as the engine last told.

Reads are answered from here. The reflector keeps it true, and a procedure brings in what it has
changed itself (`refresh`, `forget`) before it answers, so that a client always sees its own work.

A view that may be wrong is an error, never a short list: the kubelet restarts what a list leaves
out. So every read raises Unavailable, with the reason, until the engine has been listed once and
from the loss of the event stream to the end of the next relist. What happened meanwhile is told to
the subscribers afterwards, and one who comes before the first list is told of all there is.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect, ContainerSummary
from pydockershim.errors import InvalidArgument, NotFound, Unavailable
from pydockershim.labels import schema
from pydockershim.labels.record import SandboxRecord
from pydockershim.translate import filters
from pydockershim.view.container_events import ContainerEvents
from pydockershim.view.exits import ExitGate
from pydockershim.view.image_cache import ImageCache, ImageItem
from pydockershim.view.index import Index
from pydockershim.view.items import (
    ContainerItem,
    Item,
    SandboxItem,
    draining_item_of,
    item_of,
    provisional_item_of,
    summary_name,
)
from pydockershim.view.ledger import Ledger
from pydockershim.view.protobuf_wire import chunks, framed, varint_field

Kind = TypeVar("Kind", SandboxItem, ContainerItem)
AddressesOf = Callable[[ContainerInspect, SandboxRecord], Sequence[str]]

_KINDS = {SandboxItem: "sandbox", ContainerItem: "container"}

# Field numbers of PodSandboxStatusResponse and ContainerStatusResponse.
_STATUS = 1
_CONTAINERS_STATUSES = 3
_TIMESTAMP = 4

_DRAIN_POLL_S = 0.02


class View:
    """Thread-safe. `inspect` asks the engine for one container by its whole id.

    `is_drained` gets the whole id of a container that has ended, and says whether all of its output
    is in its log: until then, but for 5 s at most, it is shown as running. So is, for 0.25 s, one
    that was killed and has a memory limit: whether that is why may be told late. `events` is where
    to subscribe. `addresses_of` returns a sandbox's addresses, the primary one first.

    Every read raises Unavailable while the view may be wrong. An id may be given by its beginning:
    InvalidArgument when it fits several objects or is empty, NotFound when it fits none of the kind
    that is asked for.
    """

    def __init__(
        self,
        inspect: Callable[[str], ContainerInspect],
        images: ImageCache,
        *,
        is_drained: Callable[[str], bool] = lambda _: True,
        addresses_of: AddressesOf = lambda _inspect, _record: (),
    ) -> None:
        self._inspect = inspect
        self._images = images
        self._exits = ExitGate(is_drained)
        self._addresses_of = addresses_of
        self._lock = threading.Lock()
        self._ledger: Ledger[Item] = Ledger()
        self._index: Index | None = None
        self.events = ContainerEvents(self._ledger.objects, self._containers_of, self._now_ns)
        self._unanswered: dict[str, str] = {}
        self._stale_reason = "the engine has not been listed yet"
        self._last_ns = 0

    # Lookups

    def sandbox(self, sandbox_id: str) -> SandboxItem:
        """Return a sandbox by its id."""
        with self._lock:
            return self._find(SandboxItem, sandbox_id)

    def sandbox_named(self, name: str) -> SandboxItem | None:
        """Return the sandbox whose record has this (final) name, finished or not."""
        return next((each for each in self._read().sandboxes if each.record.name == name), None)

    def container(self, container_id: str) -> ContainerItem:
        """Return a container by its id."""
        with self._lock:
            return self._find(ContainerItem, container_id)

    def containers_of(self, sandbox_id: str) -> Sequence[ContainerItem]:
        """Return the containers of a sandbox (whole id), whether it is there or not."""
        return self._read().containers_of(sandbox_id)

    def image(self, ref: str) -> ImageItem | None:
        """Return an image by name, digest or id; None when the engine has no such image."""
        self._check_fresh()
        return self._images.find(ref)

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
        self._check_fresh()
        return b"".join(each.listed for each in self._images.select(wanted))

    def stream_images(self, wanted: cri.ImageFilter) -> Iterator[bytes]:
        """Return serialised StreamImagesResponses, none for an empty list."""
        self._check_fresh()
        return chunks(each.listed for each in self._images.select(wanted))

    def image_status(self, ref: str) -> bytes:
        """Return a serialised ImageStatusResponse; without an image when there is none."""
        image = self.image(ref)
        return image.listed if image else b""

    def sandbox_status(self, sandbox_id: str) -> bytes:
        """Return a serialised PodSandboxStatusResponse without verbose info.

        Unavailable when the engine did not answer for this sandbox.
        """
        with self._lock:
            sandbox = self._find(SandboxItem, sandbox_id)
            self._check_answered(sandbox.id)
            return framed(_STATUS, sandbox.status) + self._containers_statuses(sandbox.id)

    def container_status(self, container_id: str) -> bytes:
        """Return a serialised ContainerStatusResponse without verbose info.

        Unavailable when the engine did not answer for this container.
        """
        with self._lock:
            container = self._find(ContainerItem, container_id)
            self._check_answered(container.id)
            return framed(_STATUS, container.status)

    # What brings the engine's answers in

    def refresh(self, object_id: str) -> Item:
        """Ask the engine for one of ours (whole id) and show what it answers.

        NotFound when the engine has no such container, or it is not ours; it is gone from the view.
        """
        return self.refresh_since(object_id, since=self.tick())

    def refresh_ended(self, object_id: str) -> Item:
        """Like `refresh`, for one that has ended: return when that is shown, after 5 s at most."""
        while (item := self.refresh(object_id)).draining:
            time.sleep(_DRAIN_POLL_S)
        return item

    def refresh_images(self) -> None:
        """Ask the engine for its images and show them."""
        self._images.refresh()

    def mark_images_stale(self, reason: str) -> None:
        """Until they are refreshed, what is known of the images may be wrong."""
        self._images.mark_stale(reason)

    def refresh_image(self, ref: str) -> ImageItem:
        """Ask the engine for its images, show them and return this one; NotFound without it."""
        self._images.refresh()
        image = self._images.find(ref)
        if image is None:
            raise NotFound(f"image {ref} is not on this host: pull it first")
        return image

    def forget(self, object_id: str) -> None:
        """Take out what has been removed from the engine."""
        with self._lock:
            self._ledger.forget(object_id)
            self._applied(object_id)

    def tick(self) -> int:
        """Return the view's time now, to be passed to `refresh_since`."""
        with self._lock:
            return self._ledger.tick()

    def refresh_since(self, object_id: str, *, since: int) -> Item:
        """Like `refresh`, unless an answer asked for after `since` has been brought in already."""
        with self._lock:
            covered = self._ledger.covers(object_id, since)
        while not covered:
            with self.reading() as read:
                found = self._ask(object_id)
                with self._lock:
                    self._show(read, object_id, found)
                    covered = self._ledger.covers(object_id, since)
        with self._lock:
            item = self._ledger.objects.get(object_id)
        if item is None:
            raise NotFound(f"the engine has no sandbox or container {object_id} of ours")
        return item

    @contextmanager
    def reading(self) -> Iterator[int]:
        """Hold the time at which a read of the engine began, for as long as it is under way."""
        with self._lock:
            read = self._ledger.begin()
        try:
            yield read
        finally:
            with self._lock:
                self._ledger.end(read)

    # What the reflector tells

    def items(self) -> list[Item]:
        """Return all there is, right or wrong."""
        with self._lock:
            return list(self._ledger.objects.values())

    def matches(self, summary: ContainerSummary) -> bool:
        """Say whether a list tells of an object what is shown of it."""
        with self._lock:
            item = self._ledger.objects.get(summary["Id"])
            return (
                item is not None
                and item.id not in self._unanswered
                and (item.name, item.engine_state) == (summary_name(summary), summary["State"])
            )

    def show_provisional(self, read: int, summary: ContainerSummary, *, reason: str) -> None:
        """Show what a list says of an object for which the engine does not answer.

        What is known already stays; `reason` is what a status of it then says.
        """
        record = schema.decode(summary_name(summary), summary["Labels"] or {})
        if record is None:
            return
        with self._lock:
            if summary["Id"] not in self._ledger.objects:
                self._show(read, summary["Id"], provisional_item_of(summary, record))
            if summary["Id"] in self._ledger.objects:
                self._unanswered[summary["Id"]] = reason

    def note_oom_kill(self, container_id: str) -> None:
        """Note that a process of a container was killed for want of memory; inspects come later."""
        self._exits.note_oom_kill(container_id)

    def mark_stale(self, reason: str) -> None:
        """From now on the view may be wrong."""
        with self._lock:
            self._stale_reason = reason

    def mark_synced(self) -> None:
        """From now on the view is right."""
        with self._lock:
            self._stale_reason = ""
            self.events.publish_all()

    def _ask(self, object_id: str) -> Item | None:
        try:
            inspect = self._exits.with_oom_kill(self._inspect(object_id))
        except NotFound:
            return None
        name = inspect["Name"].removeprefix("/")
        record = schema.decode(name, inspect["Config"]["Labels"] or {})
        if record is None:
            return None
        if isinstance(record, SandboxRecord):
            return item_of(inspect, record, addresses=self._addresses_of(inspect, record))
        item = item_of(inspect, record)
        if isinstance(item, ContainerItem) and self._exits.holds_back(item, inspect):
            return draining_item_of(inspect, item.record)
        return item

    def _show(self, read: int, object_id: str, found: Item | None) -> None:
        if self._ledger.apply(read, object_id, found):
            self._applied(object_id)

    def _applied(self, object_id: str) -> None:
        self._index = None
        self._unanswered.pop(object_id, None)
        if object_id not in self._ledger.objects:
            self._exits.forget(object_id)
        if not self._stale_reason:
            self.events.publish(object_id)

    def _check_fresh(self) -> None:
        if self._stale_reason:
            raise Unavailable(
                f"the cached view of the engine is stale: {self._stale_reason}; try again"
            )

    def _check_answered(self, object_id: str) -> None:
        if object_id in self._unanswered:
            raise Unavailable(
                f"the Docker engine does not answer an inspect of {object_id}: "
                f"{self._unanswered[object_id]}; try again"
            )

    def _find(self, kind: type[Kind], object_id: str) -> Kind:
        self._check_fresh()
        item = self._ledger.objects.get(object_id)
        if item is None:
            item = self._find_by_beginning(kind, object_id)
        if not isinstance(item, kind):
            raise NotFound(f"there is no {_KINDS[kind]} {object_id}")
        return item

    def _find_by_beginning(self, kind: type[Kind], beginning: str) -> Item | None:
        if not beginning:
            raise InvalidArgument(f"the {_KINDS[kind]} id is empty: give one")
        objects = self._ledger.objects
        ids = (each.id for each in objects.values() if isinstance(each, kind))
        found = filters.whole_id(beginning, ids)
        return objects[found] if found else None

    def _read(self) -> Index:
        """Return all objects; Unavailable while they may be wrong."""
        with self._lock:
            self._check_fresh()
            return self._current_index()

    def _current_index(self) -> Index:
        if self._index is None:
            self._index = Index(self._ledger.objects.values())
        return self._index

    def _containers_of(self, sandbox_id: str) -> Sequence[ContainerItem]:
        return self._current_index().containers_of(sandbox_id)

    def _select_sandboxes(self, wanted: cri.PodSandboxFilter) -> Sequence[SandboxItem]:
        return filters.select_sandboxes(wanted, self._read().sandboxes)

    def _select_containers(self, wanted: cri.ContainerFilter) -> Sequence[ContainerItem]:
        return filters.select_containers(wanted, self._read().containers)

    def _containers_statuses(self, sandbox_id: str) -> bytes:
        """Return the statuses of a pod's containers and the time at which they hold.

        COMPAT(kubelet): a time promises that all of them are there, so it is both or neither.
        """
        containers = self._containers_of(sandbox_id)
        if any(each.id in self._unanswered for each in containers):
            return b""
        at_ns = self._now_ns()
        statuses = [framed(_CONTAINERS_STATUSES, each.status) for each in containers]
        return b"".join(statuses) + varint_field(_TIMESTAMP, at_ns)

    def _now_ns(self) -> int:
        """Return the time; a later question has a later answer, whatever the clock does."""
        self._last_ns = max(self._last_ns + 1, time.time_ns())
        return self._last_ns
