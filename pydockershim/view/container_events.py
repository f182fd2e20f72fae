"""The CRI's container events: what has changed since the last one, with the whole pod.

Derived from the store's own items, never from the engine's events: so an event says what lists and
statuses show at that time, in the same order, and nothing is published twice or missed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from pydockershim.view.broadcast import Broadcast
from pydockershim.view.items import ContainerItem, Item, SandboxItem
from pydockershim.view.lifecycle import steps
from pydockershim.view.protobuf_wire import framed, varint_field

# Field numbers of ContainerEventResponse.
_ID, _TYPE, _CREATED_AT, _SANDBOX_STATUS, _CONTAINERS_STATUSES = range(1, 6)


class ContainerEvents:
    """`objects` are the store's, by id, `containers_of` a sandbox's; `now_ns` is their clock.

    Publishing is up to the store, which holds its lock; any thread may subscribe.
    """

    def __init__(
        self,
        objects: Mapping[str, Item],
        *,
        containers_of: Callable[[str], Iterable[ContainerItem]],
        now_ns: Callable[[], int],
    ) -> None:
        self._objects = objects
        self._containers_of = containers_of
        self._now_ns = now_ns
        self._published: dict[str, Item] = {}
        self._broadcast = Broadcast()

    def subscribe(self) -> Iterator[bytes]:
        """Return serialised ContainerEventResponses from now on, also while the store is stale.

        COMPAT(kubelet): after five streams that ended in an error it never subscribes again.
        """
        return self._broadcast.subscribe()

    def close(self) -> None:
        """End the streams of all subscribers."""
        self._broadcast.close()

    def publish(self, object_id: str) -> None:
        """Publish what has happened to an object since its last event.

        Nothing while it is provisional: that waits for the engine's answer to an inspect.
        """
        after = self._objects.get(object_id)
        if after and after.provisional:
            return
        before = self._published.pop(object_id, None)
        if after:
            self._published[object_id] = after
        item = after or before
        if item and self._broadcast.wanted:
            for step in steps(before, after):
                self._broadcast.send(self._event(item, step))

    def publish_all(self) -> None:
        """Publish what has happened to all objects: removed ones first, then by age."""
        gone = self._published.keys() - self._objects.keys()
        there = sorted(self._objects.values(), key=lambda each: each.created_ns)
        for object_id in (*gone, *(each.id for each in there)):
            self.publish(object_id)

    def _event(self, item: Item, step: int) -> bytes:
        """Return a serialised ContainerEventResponse with the pod as it is now.

        COMPAT(kubelet): without the sandbox's status it ignores an event. So there are no statuses
        while one is provisional: the kubelet would act on it. They come with that one's own event.
        """
        fields = [
            framed(_ID, item.id.encode()),
            varint_field(_TYPE, step),
            varint_field(_CREATED_AT, self._now_ns()),
        ]
        sandbox_id = item.id if isinstance(item, SandboxItem) else item.sandbox_id
        sandbox, containers = self._objects.get(sandbox_id), self._containers_of(sandbox_id)
        if any(each.provisional for each in (sandbox, *containers) if each):
            return b"".join(fields)
        if sandbox:
            fields.append(framed(_SANDBOX_STATUS, sandbox.status))
        elif isinstance(item, SandboxItem):
            # COMPAT(kubelet): without a status it would ignore that the sandbox is gone.
            fields.append(framed(_SANDBOX_STATUS, item.last_status))
        fields.extend(framed(_CONTAINERS_STATUSES, each.status) for each in containers)
        return b"".join(fields)
