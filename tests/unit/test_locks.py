"""One lock a name."""

import threading

import pytest

from pydockershim.locks import NamedLocks


def test_one_name_is_held_by_one_at_a_time() -> None:
    locks, order = NamedLocks(), list[str]()
    waits = threading.Event()

    def second() -> None:
        waits.set()
        with locks.hold("a"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locks.hold("a"):
        thread.start()
        waits.wait(30)
        order.append("first")
    thread.join(30)

    assert order == ["first", "second"]


def test_other_names_are_not_held_up() -> None:
    locks = NamedLocks()

    with locks.hold("a"), locks.hold("b"):
        pass


def test_name_is_forgotten_when_nobody_holds_it_whatever_happened() -> None:
    locks = NamedLocks()

    with pytest.raises(ZeroDivisionError), locks.hold("a"):
        1 / 0  # noqa: B018 -- fails, which is what it is for

    assert not locks._locks
