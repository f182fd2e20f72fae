"""One run for all who wait; each caller waits as long as its own call, and the run goes on."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from pydockershim import calls
from pydockershim.calls import Call
from pydockershim.errors import Cancelled, DeadlineExceeded, Unknown
from pydockershim.single_flight import SingleFlight

_PATIENCE_S = 30


class Work:
    """Counts its runs; each begins, waits for `finish` and returns its number."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self._finish = threading.Semaphore(0)
        self.runs = 0
        self.saw: list[float | None] = []
        self.error: Exception | None = None

    def __call__(self) -> int:
        """Run."""
        self.runs += 1
        run = self.runs
        self.saw.append(calls.current().remaining_s())
        self.began.release()
        assert self._finish.acquire(timeout=_PATIENCE_S)
        if self.error:
            raise self.error
        return run

    def await_begin(self) -> None:
        """Return when one more run has begun."""
        assert self.began.acquire(timeout=_PATIENCE_S)

    def finish(self) -> None:
        """Let one run end."""
        self._finish.release()


class Waiting(Call):
    """A call that tells when its caller waits for the flight."""

    def __init__(self, *, timeout_s: float | None = None) -> None:
        super().__init__(timeout_s=timeout_s)
        self.waits = threading.Event()

    def remaining_s(self, limit_s: float | None = None) -> float | None:
        """Note that the wait begins."""
        self.waits.set()
        return super().remaining_s(limit_s)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def flight(work: Work) -> SingleFlight[int]:
    return SingleFlight(work, name="test")


class Callers:
    """Threads that join, each in a call of its own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def join(
        self, flight: SingleFlight[int], call: Waiting | None = None, *, following: bool = False
    ) -> Future[int]:
        """Return the future result of a caller that waits now."""
        call = call or Waiting()

        def joined() -> int:
            with calls.entered(call):
                return flight.join_next() if following else flight.join()

        result = self._pool.submit(joined)
        assert call.waits.wait(_PATIENCE_S)
        return result


@pytest.fixture
def callers() -> Iterator[Callers]:
    with ExitStack() as stack:
        yield Callers(stack.enter_context(ThreadPoolExecutor(8)))


def test_all_who_wait_share_one_run(
    flight: SingleFlight[int], work: Work, callers: Callers
) -> None:
    joined = [callers.join(flight) for _ in range(5)]

    work.finish()

    assert [each.result(_PATIENCE_S) for each in joined] == [1] * 5
    assert work.runs == 1


def test_who_comes_after_the_end_begins_a_new_run(flight: SingleFlight[int], work: Work) -> None:
    work.finish()
    assert flight.join() == 1

    work.finish()
    assert flight.join() == 2


def test_the_next_run_begins_after_the_one_in_progress_and_is_shared(
    flight: SingleFlight[int], work: Work, callers: Callers
) -> None:
    first = callers.join(flight)
    work.await_begin()
    following = [callers.join(flight, following=True) for _ in range(3)]
    assert work.runs == 1

    work.finish()
    assert first.result(_PATIENCE_S) == 1
    work.await_begin()
    assert not any(each.done() for each in following)
    work.finish()

    assert [each.result(_PATIENCE_S) for each in following] == [2] * 3
    assert work.runs == 2


def test_without_a_run_in_progress_the_next_one_begins_at_once(
    flight: SingleFlight[int], work: Work
) -> None:
    work.finish()

    assert flight.join_next() == 1


def test_a_deadline_ends_one_caller_s_wait_and_not_the_run(
    flight: SingleFlight[int], work: Work, callers: Callers
) -> None:
    patient = callers.join(flight, Waiting())
    hurried = callers.join(flight, Waiting(timeout_s=0.01))

    with pytest.raises(DeadlineExceeded):
        hurried.result(_PATIENCE_S)
    assert not patient.done()
    work.finish()

    assert patient.result(_PATIENCE_S) == 1


def test_the_run_goes_on_when_the_caller_that_began_it_has_gone(
    flight: SingleFlight[int], work: Work, callers: Callers
) -> None:
    call = Waiting(timeout_s=_PATIENCE_S)
    first = callers.join(flight, call)
    work.await_begin()

    call.cancel()
    with pytest.raises(Cancelled):
        first.result(_PATIENCE_S)
    second = callers.join(flight)
    work.finish()

    assert second.result(_PATIENCE_S) == 1
    assert work.saw == [None]  # neither deadline nor cancellation reach it


def test_a_failure_reaches_all_who_wait_and_nobody_later(
    flight: SingleFlight[int], work: Work, callers: Callers
) -> None:
    work.error = Unknown("no route to the registry")
    joined = [callers.join(flight) for _ in range(2)]

    work.finish()
    for each in joined:
        with pytest.raises(Unknown, match="no route"):
            each.result(_PATIENCE_S)
    work.error = None
    work.finish()

    assert flight.join() == 2
