"""The last change is waited for, and no longer than was said."""

import threading
from concurrent.futures import ThreadPoolExecutor

from pydockershim.server.in_flight import InFlightChanges


def test_nothing_under_way_is_waited_for_no_time() -> None:
    assert InFlightChanges().wait_idle(timeout_s=60) == 0


def test_wait_ends_with_the_last_change() -> None:
    changes, may_end = InFlightChanges(), threading.Event()
    begun = threading.Barrier(3)

    def change() -> None:
        with changes.track():
            begun.wait(30)
            assert may_end.wait(30)

    with ThreadPoolExecutor(3) as pool:
        made = [pool.submit(change) for _ in range(2)]
        begun.wait(30)
        waiting = pool.submit(changes.wait_idle, timeout_s=60)
        assert not waiting.done()
        may_end.set()
        assert waiting.result(30) == 0
        for each in made:
            each.result()


def test_what_does_not_end_in_time_is_counted() -> None:
    changes = InFlightChanges()

    with changes.track(), changes.track():
        assert changes.wait_idle(timeout_s=0.01) == 2
