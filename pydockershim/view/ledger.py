"""Which of several answers about an object counts, when they were requested at different times.

Events, relists and procedures inspect the same containers at once, and their answers come back in
any order. Each read and each write gets the next number of one clock, and then:

- An answer is dropped when its read began before the last write about the object: it may be older
  than what is there.
- An object that was removed leaves a tombstone, which counts as a write. It is dropped when no read
  that began before it is in progress; a read that begins later cannot have seen the object.
- A change at time `t` is covered when the stored answer was requested after `t`; otherwise ask
  again.

So the ledger never goes back in time, and after the last change it converges to the engine's state.
Not thread-safe: its owner holds a lock.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Written:
    """When the stored answer was requested, and when it was written."""

    asked: int
    written: int


class Ledger(Generic[T]):
    """Objects by id; `objects` is for reading only."""

    def __init__(self) -> None:
        self.objects: dict[str, T] = {}
        self._clock = 0
        self._writes: dict[str, _Written] = {}
        self._tombstones: set[str] = set()
        self._reads: set[int] = set()

    def tick(self) -> int:
        """Return a new time, after all that has happened."""
        self._clock += 1
        return self._clock

    def begin(self) -> int:
        """Note that a read of the engine begins, and return its time. `end` must follow."""
        read = self.tick()
        self._reads.add(read)
        return read

    def end(self, read: int) -> None:
        """Note that a read is over, whether it succeeded or not."""
        self._reads.discard(read)
        oldest = min(self._reads, default=self._clock + 1)
        for object_id in tuple(self._tombstones):
            if self._writes[object_id].written < oldest:
                self._tombstones.discard(object_id)
                del self._writes[object_id]

    def apply(self, read: int, object_id: str, found: T | None) -> bool:
        """Write what a read has found (None: no such object); False when it is out of date."""
        if object_id in self._writes and read < self._writes[object_id].written:
            return False
        self._write(object_id, found, asked=read)
        return True

    def forget(self, object_id: str) -> None:
        """Write that the object is gone; the caller has just observed it."""
        self._write(object_id, None, asked=self.tick())

    def covers(self, object_id: str, since: int) -> bool:
        """Say whether the stored answer includes a change at that time."""
        return object_id in self._writes and self._writes[object_id].asked > since

    def _write(self, object_id: str, found: T | None, *, asked: int) -> None:
        self._writes[object_id] = _Written(asked, self.tick())
        if found is None:
            self.objects.pop(object_id, None)
            self._tombstones.add(object_id)
        else:
            self.objects[object_id] = found
            self._tombstones.discard(object_id)
