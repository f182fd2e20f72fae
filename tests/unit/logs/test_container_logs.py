"""Which logs are let go when a list of the engine lacks their containers."""

import pytest

from pydockershim.containers.container_logs import ContainerLogs
from pydockershim.logs.writers import ContainerLog, LogWriters
from pydockershim.view.items import ContainerItem, SandboxItem, item_of
from tests.unit.view.objects import (
    CONTAINER_ID,
    SANDBOX_ID,
    container_record,
    inspect_of,
    sandbox_record,
)


class Writers(LogWriters):
    """Notes what it is told and writes nothing."""

    def __init__(self) -> None:
        self.let_go: list[str] = []

    def follow(self, log: ContainerLog, *, resumes: bool) -> None:
        """Write nothing."""

    def note_exit(self, container_id: str) -> None:
        """Note it."""
        self.let_go.append(container_id)


@pytest.fixture
def writers() -> Writers:
    return Writers()


@pytest.fixture
def logs(writers: Writers) -> ContainerLogs:
    """The logs of a shim that is up to date: a container has been begun in it."""
    logs = ContainerLogs(writers)
    logs.take_up([])
    logs.begin(container(), sandbox())
    return logs


def test_a_list_from_before_a_start_lets_nothing_go(logs: ContainerLogs, writers: Writers) -> None:
    logs.take_up([])
    logs.take_up([container()])
    logs.take_up([])

    assert not writers.let_go


def test_what_two_lists_in_a_row_lack_is_let_go_once(logs: ContainerLogs, writers: Writers) -> None:
    for _ in range(4):
        logs.take_up([sandbox()])

    assert writers.let_go == [CONTAINER_ID]


def container() -> ContainerItem:
    item = item_of(inspect_of(CONTAINER_ID, container_record()), container_record())
    assert isinstance(item, ContainerItem)
    return item


def sandbox() -> SandboxItem:
    item = item_of(inspect_of(SANDBOX_ID, sandbox_record()), sandbox_record())
    assert isinstance(item, SandboxItem)
    return item
