"""The start and stop protocol of objects that work in the background."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol


class BackgroundService(Protocol):
    """Works on threads of its own between `start` and `stop`, each of which is called once."""

    def start(self) -> None:
        """Begin and return; a ShimError if that is impossible. Then `stop` is not called."""

    def stop(self) -> None:
        """End and return within seconds, whatever the engine and the clients do."""


@contextmanager
def started(services: Sequence[BackgroundService]) -> Iterator[None]:
    """Start the services in order, and stop them in reverse order when the body ends.

    If one does not start, those before it are stopped and its error is raised. If one does not stop
    properly, the others are still stopped.
    """
    with ExitStack() as stack:
        for service in services:
            service.start()
            stack.callback(service.stop)
        yield
