"""One run of a slow function, shared by all callers that need its result at the same time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from pydockershim import calls

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Thread-safe. Runs `work` once at a time, on a thread called `name`.

    No lock is held while it runs. Each caller waits until its own deadline (DeadlineExceeded) or
    cancellation (Cancelled); the run continues. An error of `work` is raised in all callers.
    """

    def __init__(self, work: Callable[[], Result], *, name: str) -> None:
        self._work = work
        self._name = name
        self._lock = threading.Lock()
        self._running: Future[Result] | None = None
        self._next: Future[Result] | None = None

    def join(self) -> Result:
        """Return the result of the run in progress, or of a new one when there is none."""
        with self._lock:
            flight = self._running or self._begin()
        return _result_of(flight)

    def join_next(self) -> Result:
        """Return the result of a run that begins after this call does; it may also be shared."""
        with self._lock:
            if self._running is None:
                flight = self._begin()
            else:
                flight = self._next = self._next or Future()
        return _result_of(flight)

    def _begin(self) -> Future[Result]:
        flight: Future[Result] = Future()
        threading.Thread(target=self._run, args=[flight], name=self._name, daemon=True).start()
        self._running = flight
        return flight

    def _run(self, first: Future[Result]) -> None:
        flight: Future[Result] | None = first
        while flight is not None:
            announce = self._outcome(flight)
            with self._lock:
                flight = self._running = self._next
                self._next = None
            announce()  # only now, so that its callers' next `join` begins a new run

    def _outcome(self, flight: Future[Result]) -> Callable[[], None]:
        try:
            with calls.shielded():
                result = self._work()
        except BaseException as error:  # noqa: BLE001  # raised by every caller instead
            failure = error
            return lambda: flight.set_exception(failure)
        return lambda: flight.set_result(result)


def _result_of(flight: Future[Result]) -> Result:
    call, woken = calls.current(), threading.Event()
    flight.add_done_callback(lambda _: woken.set())
    with call.on_cancel(woken.set):
        while not flight.done():
            woken.wait(call.remaining_s())
    return flight.result()
