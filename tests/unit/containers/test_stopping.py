"""Who sends the stop signal."""

from pydockershim.containers.stopping import Stopping


def test_only_the_first_of_those_who_wait_sends_the_signal() -> None:
    stopping = Stopping()

    with stopping.joined("a") as first, stopping.joined("a") as second, stopping.joined("b") as b:
        assert (first, second, b) == (True, False, True)


def test_it_is_sent_again_when_nobody_waits_any_more() -> None:
    stopping = Stopping()

    for _ in range(2):
        with stopping.joined("a") as first:
            assert first
