"""A kubelet that never stops asking: what it is told must be right or an error, at any time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc

from pydockershim.client.client import CriClient, CriError


@contextmanager
def polled(client: CriClient) -> Iterator[None]:
    """Ask for both lists all the time; inside, no answer may lack what there was at the start."""
    before = _ids(client)
    stop = threading.Event()
    wrong: list[str] = []

    def poll() -> None:
        while not stop.wait(0.02):
            try:
                if missing := before - _ids(client):
                    wrong.append(f"a list lacks {missing}")
            except CriError as error:
                if error.code is not grpc.StatusCode.UNAVAILABLE:
                    wrong.append(str(error))

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        yield
    finally:
        stop.set()
        poller.join()
    assert not wrong


def is_unavailable(ask: Callable[[], object]) -> bool:
    """Say whether the answer is UNAVAILABLE rather than what may be wrong."""
    try:
        ask()
    except CriError as error:
        return error.code is grpc.StatusCode.UNAVAILABLE
    return False


def is_ready(client: CriClient) -> bool:
    """Say whether the runtime is ready, which has to be answered in no time."""
    begun_s = time.monotonic()
    conditions = client.status().status.conditions
    assert time.monotonic() - begun_s < 1.5  # the engine's ping would take 2 s
    return next(each.status for each in conditions if each.type == "RuntimeReady")


def _ids(client: CriClient) -> set[str]:
    sandboxes = {each.id for each in client.list_pod_sandboxes()}
    return sandboxes | {each.id for each in client.list_containers()}
