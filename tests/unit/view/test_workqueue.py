"""Keys are fetched once each, and nobody waits for a slow one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pydockershim.view.workqueue import WorkQueue


class Fetches:
    """Fetches that wait where they are told to."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []
        self.hanging: dict[str, threading.Event] = {}
        self.begun = threading.Semaphore(0)

    def __call__(self, key: str, since: int) -> None:
        """Fetch a key."""
        self.made.append((key, since))
        self.begun.release()
        if hanging := self.hanging.get(key):
            assert hanging.wait(10)

    @contextmanager
    def hang(self, key: str) -> Iterator[None]:
        """Let a key's fetches take as long as the block."""
        self.hanging[key] = threading.Event()
        yield
        self.hanging.pop(key).set()


def test_marked_key_is_fetched() -> None:
    fetches = Fetches()
    queue = WorkQueue(fetches)

    queue.add("a", 7)

    assert queue.wait(["a"], patience_s=10) == set()
    assert fetches.made == [("a", 7)]
    queue.close()


def test_marks_during_a_fetch_become_one_more() -> None:
    fetches = Fetches()
    queue = WorkQueue(fetches)
    with fetches.hang("a"):
        queue.add("a", 1)
        assert fetches.begun.acquire(timeout=10)
        queue.add("a", 2)
        queue.add("a", 3)

    assert queue.wait(["a"], patience_s=10) == set()
    assert fetches.made == [("a", 1), ("a", 3)]
    queue.close()


def test_key_that_hangs_holds_up_no_other() -> None:
    fetches = Fetches()
    queue = WorkQueue(fetches)
    with fetches.hang("a"):
        for key in "abcd":
            queue.add(key, 1)

        assert queue.wait(["b", "c", "d"], patience_s=10) == set()
        assert queue.wait(["a", "b"], patience_s=0.01) == {"a"}

    assert queue.wait(["a"], patience_s=10) == set()
    queue.close()


def test_key_that_is_freed_late_ends_the_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = WorkQueue(Fetches())
    next_pending = queue._next_pending

    def dawdle(key: str) -> int | None:
        time.sleep(0.05)  # long enough for the waiting thread to see the fetch but not its end
        return next_pending(key)

    monkeypatch.setattr(queue, "_next_pending", dawdle)
    queue.add("a", 1)
    began = time.monotonic()

    assert queue.wait(["a"], patience_s=5) == set()
    assert time.monotonic() - began < 5
    queue.close()
