"""The store behind the view: every sandbox and container of ours, as the engine last answered.

The reflector keeps it up to date, and a procedure updates what it has changed itself (`refresh`,
`forget`) before it answers, so that a client always sees its own changes. Servicers never get it:
they read the `view`.

What is known of one object:

    (absent) ──list, no inspect yet──► provisional ──inspect──► known ──inspect──► known ...
        │                                   │                     │ ▲
        └────────────inspect────────────────┼────────────────►    │ └── log drained, or 5 s over
                                            │                     ├──► draining: has exited, is
                                            │                     │    shown as running
                                            │                     └──► unanswered: shown as it was,
                                            ▼                          its status is an error
                                       (forgotten) ◄──removed── any; a tombstone in the `ledger`

All of it is stale until the engine has been listed once, and from the loss of the event stream to
the end of the next relist. What changed meanwhile is published to subscribers afterwards; a client
that subscribes before the first list gets events for all existing objects.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pydockershim.dockerapi import ContainerInspect, ContainerSummary
from pydockershim.errors import NotFound
from pydockershim.labels import schema
from pydockershim.labels.record import SandboxRecord
from pydockershim.view.container_events import ContainerEvents
from pydockershim.view.exits import ExitGate
from pydockershim.view.freshness import Freshness
from pydockershim.view.index import Index
from pydockershim.view.items import (
    ContainerItem,
    Item,
    draining_item_of,
    item_of,
    provisional_item_of,
    summary_name,
)
from pydockershim.view.ledger import Ledger

AddressesOf = Callable[[ContainerInspect, SandboxRecord], Sequence[str]]

_DRAIN_POLL_S = 0.02


class Store:
    """Thread-safe. `inspect` asks the engine for one container by its whole id.

    `is_drained` gets the whole id of a container that has exited, and says whether all of its
    output is in its log: until then, but for 5 s at most, it is shown as running. For 0.25 s,
    so is a killed one with a memory limit: Docker may report late that it was an OOM kill.
    `addresses_of` returns a sandbox's addresses, the primary one first. `events` is where to
    subscribe.
    """

    def __init__(
        self,
        inspect: Callable[[str], ContainerInspect],
        *,
        is_drained: Callable[[str], bool] = lambda _: True,
        addresses_of: AddressesOf = lambda _inspect, _record: (),
    ) -> None:
        self._inspect = inspect
        self._exits = ExitGate(is_drained)
        self._addresses_of = addresses_of
        self._lock = threading.Lock()
        self._ledger: Ledger[Item] = Ledger()
        self._index: Index | None = None
        self._unanswered: dict[str, str] = {}
        self._freshness = Freshness("view of the engine", reason="it has not been listed yet")
        self._last_ns = 0
        self.events = ContainerEvents(
            self._ledger.objects,
            containers_of=lambda sandbox_id: self._current_index().containers_of(sandbox_id),
            now_ns=self._now_ns,
        )

    # For the view

    def index(self) -> Index:
        """Return all objects; Unavailable while they are stale."""
        with self._lock:
            self._freshness.check()
            return self._current_index()

    def check_fresh(self) -> None:
        """Raise Unavailable while the objects are stale."""
        with self._lock:
            self._freshness.check()

    def index_now(self) -> tuple[Index, int]:
        """Return all objects and the time of this snapshot in ns; each call a later one."""
        with self._lock:
            self._freshness.check()
            return self._current_index(), self._now_ns()

    # For procedures

    def refresh(self, object_id: str) -> Item:
        """Ask the engine for one of our containers (whole id) and show the answer.

        NotFound when it does not exist or is not ours; it is then removed from the view.
        """
        return self.refresh_since(object_id, since=self.tick())

    def refresh_ended(self, object_id: str) -> Item:
        """Like `refresh`, for an exited container: wait until it is shown so, within 5 s."""
        while (item := self.refresh(object_id)).draining:
            time.sleep(_DRAIN_POLL_S)
        return item

    def forget(self, object_id: str) -> None:
        """Take out an object that was removed from the engine."""
        with self._lock:
            self._ledger.forget(object_id)
            self._applied(object_id)

    def items(self) -> list[Item]:
        """Return all items, even while stale."""
        with self._lock:
            return list(self._ledger.objects.values())

    # For the reflector

    def tick(self) -> int:
        """Return the store's time now, to be passed to `refresh_since`."""
        with self._lock:
            return self._ledger.tick()

    def refresh_since(self, object_id: str, *, since: int) -> Item:
        """Like `refresh`, unless an answer requested after `since` is already stored."""
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
            raise NotFound(f"the Docker engine has no sandbox or container {object_id} of a pod")
        return item

    @contextmanager
    def reading(self) -> Iterator[int]:
        """Hold the time at which a read of the engine began, for as long as it is in progress."""
        with self._lock:
            read = self._ledger.begin()
        try:
            yield read
        finally:
            with self._lock:
                self._ledger.end(read)

    def matches(self, summary: ContainerSummary) -> bool:
        """Say whether a list entry agrees with the stored object."""
        with self._lock:
            item = self._ledger.objects.get(summary["Id"])
            return (
                item is not None
                and item.id not in self._unanswered
                and (item.name, item.engine_state) == (summary_name(summary), summary["State"])
            )

    def show_provisional(self, read: int, summary: ContainerSummary, *, reason: str) -> None:
        """Show the list entry of an object whose inspect is unanswered.

        A known object stays as it is; `reason` becomes the error of its status.
        """
        record = schema.decode(summary_name(summary), summary["Labels"] or {})
        if record is None:
            return
        with self._lock:
            if summary["Id"] not in self._ledger.objects:
                self._show(read, summary["Id"], provisional_item_of(summary, record))
            if summary["Id"] in self._ledger.objects:
                self._unanswered[summary["Id"]] = reason
                self._index = None

    def note_oom_kill(self, container_id: str) -> None:
        """Note that the kernel has killed a process of a container for lack of memory."""
        self._exits.note_oom_kill(container_id)

    def mark_stale(self, reason: str) -> None:
        """From now on the view may be wrong."""
        with self._lock:
            self._freshness.mark_stale(reason)

    def mark_fresh(self) -> None:
        """From now on the view is up to date."""
        with self._lock:
            self._freshness.mark_fresh()
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
        if self._freshness.is_fresh:
            self.events.publish(object_id)

    def _current_index(self) -> Index:
        if self._index is None:
            self._index = Index(self._ledger.objects.values(), unanswered=self._unanswered)
        return self._index

    def _now_ns(self) -> int:
        """Return the time; each call a later one, even if the clock is set back."""
        self._last_ns = max(self._last_ns + 1, time.time_ns())
        return self._last_ns
