"""What two looks at an object say of what happened in between."""

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.labels import naming
from pydockershim.view.items import Item, item_of
from pydockershim.view.lifecycle import steps
from tests.unit.view.objects import (
    CONTAINER_ID,
    SANDBOX_ID,
    container_record,
    inspect_of,
    sandbox_record,
)

CREATED = cri.CONTAINER_CREATED_EVENT
STARTED = cri.CONTAINER_STARTED_EVENT
STOPPED = cri.CONTAINER_STOPPED_EVENT
DELETED = cri.CONTAINER_DELETED_EVENT


def container(state: str, *, exit_code: int = 0) -> Item:
    record = container_record()
    return item_of(inspect_of(CONTAINER_ID, record, state=state, exit_code=exit_code), record)


def sandbox(state: str, *, finished: bool = True) -> Item:
    record = sandbox_record()
    inspect = inspect_of(SANDBOX_ID, record, state=state)
    if not finished:
        inspect["Name"] = f"/{naming.setup_name(record.name)}"
    return item_of(inspect, record)


NOT_THERE = None
NEW, RUNS, ENDED = container("created"), container("running"), container("exited")
FAILED = container("created", exit_code=127)
MAKING, READY, NOT_READY = sandbox("running", finished=False), sandbox("running"), sandbox("exited")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (NOT_THERE, NEW, [CREATED]),
        (NEW, RUNS, [STARTED]),
        (RUNS, ENDED, [STOPPED]),
        (ENDED, NOT_THERE, [DELETED]),
        (NOT_THERE, ENDED, [CREATED, STARTED, STOPPED]),
        (RUNS, NOT_THERE, [STOPPED, DELETED]),
        (NEW, NOT_THERE, [DELETED]),
        (RUNS, RUNS, []),
        (NEW, FAILED, [STOPPED]),
        (NOT_THERE, FAILED, [CREATED, STOPPED]),
        (FAILED, NOT_THERE, [DELETED]),
        (ENDED, RUNS, [STARTED]),
        (NOT_THERE, NOT_THERE, []),
    ],
)
def test_container(before: Item | None, after: Item | None, expected: list[int]) -> None:
    assert list(steps(before, after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (NOT_THERE, MAKING, []),
        (MAKING, READY, [CREATED, STARTED]),
        (MAKING, NOT_THERE, []),
        (READY, NOT_READY, [STOPPED]),
        (NOT_THERE, NOT_READY, [CREATED, STARTED, STOPPED]),
        (READY, NOT_THERE, [STOPPED, DELETED]),
        (NOT_READY, NOT_THERE, [DELETED]),
    ],
)
def test_sandbox(before: Item | None, after: Item | None, expected: list[int]) -> None:
    assert list(steps(before, after)) == expected
