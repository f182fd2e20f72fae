"""When the view tells that a container has ended."""

from datetime import UTC, datetime, timedelta

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect
from pydockershim.view import exits
from pydockershim.view.store import Store
from tests.unit.view.objects import CONTAINER_ID, Engine, container_record, inspect_of, summary_of

KILLED = 137
LIMIT_BYTES = 1 << 24


def ended(*, exit_code: int, ago_s: float = 0) -> ContainerInspect:
    inspect = inspect_of(CONTAINER_ID, container_record(), state="exited", exit_code=exit_code)
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    inspect["State"]["FinishedAt"] = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return inspect


# The rest of the log


@pytest.fixture
def drained() -> set[str]:
    """The ids of the containers whose output is all in their logs."""
    return set()


@pytest.fixture
def undrained(engine: Engine, drained: set[str]) -> Store:
    """A store whose one container has just ended, with output that is not in its log yet."""
    store = Store(engine.inspect, is_drained=drained.__contains__)
    engine.containers[CONTAINER_ID] = ended(exit_code=3)
    store.refresh(CONTAINER_ID)
    store.mark_fresh()
    return store


def test_container_is_shown_as_running_until_its_log_is_complete(
    undrained: Store, drained: set[str]
) -> None:
    status = cri.ContainerStatus.FromString(undrained.index().container(CONTAINER_ID).status)
    assert (status.state, status.exit_code) == (cri.CONTAINER_RUNNING, 0)
    assert not undrained.matches(summary_of(CONTAINER_ID, container_record(), state="exited"))

    drained.add(CONTAINER_ID)
    undrained.refresh_ended(CONTAINER_ID)

    container = undrained.index().container(CONTAINER_ID)
    assert (container.state, container.exit_code) == (cri.CONTAINER_EXITED, 3)


def test_log_holds_back_an_end_for_five_seconds_at_most(undrained: Store, engine: Engine) -> None:
    engine.containers[CONTAINER_ID] = ended(exit_code=3, ago_s=5)

    assert undrained.refresh(CONTAINER_ID).state == cri.CONTAINER_EXITED


def test_failed_start_has_no_log_to_wait_for(undrained: Store, engine: Engine) -> None:
    engine.containers[CONTAINER_ID]["State"]["Status"] = "created"

    assert undrained.refresh(CONTAINER_ID).state == cri.CONTAINER_EXITED


# OOM kills


@pytest.fixture
def killed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose one container has a memory limit and was killed just now, nobody knows why."""
    monkeypatch.setattr(exits, "_OOM_NS", 60_000_000_000)
    store = Store(engine.inspect)
    engine.containers[CONTAINER_ID] = ended(exit_code=KILLED)
    engine.containers[CONTAINER_ID]["HostConfig"]["Memory"] = LIMIT_BYTES
    store.refresh(CONTAINER_ID)
    store.mark_fresh()
    return store


def test_oom_kill_is_reported_though_no_inspect_says_so(killed: Store) -> None:
    assert killed.index().container(CONTAINER_ID).state == cri.CONTAINER_RUNNING

    killed.note_oom_kill(CONTAINER_ID)
    killed.refresh(CONTAINER_ID)

    status = cri.ContainerStatus.FromString(killed.index().container(CONTAINER_ID).status)
    assert (status.state, status.reason) == (cri.CONTAINER_EXITED, "OOMKilled")


def test_reason_of_a_kill_holds_back_an_end_only_for_a_moment(
    killed: Store, engine: Engine
) -> None:
    state = engine.containers[CONTAINER_ID]["State"]
    state["FinishedAt"] = ended(exit_code=KILLED, ago_s=60)["State"]["FinishedAt"]

    assert killed.refresh(CONTAINER_ID).state == cri.CONTAINER_EXITED


@pytest.mark.parametrize(("exit_code", "memory_bytes"), [(1, LIMIT_BYTES), (KILLED, 0)])
def test_end_with_a_known_reason_is_told_at_once(
    killed: Store, engine: Engine, exit_code: int, memory_bytes: int
) -> None:
    inspect = engine.containers[CONTAINER_ID]
    inspect["State"]["ExitCode"], inspect["HostConfig"]["Memory"] = exit_code, memory_bytes

    assert killed.refresh(CONTAINER_ID).state == cri.CONTAINER_EXITED


def test_oom_kill_is_forgotten_with_its_container(killed: Store) -> None:
    killed.note_oom_kill(CONTAINER_ID)
    killed.forget(CONTAINER_ID)
    killed.refresh(CONTAINER_ID)

    assert killed.index().container(CONTAINER_ID).state == cri.CONTAINER_RUNNING
