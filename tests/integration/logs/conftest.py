"""Pods with logs: of the session's shim, and of one that a test may end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.logs.disks import HangingDisk, SmallDisk
from tests.integration.logs.logged import LogPod, log_pod
from tests.integration.pods import Pods


@pytest.fixture
def pod(pods: Pods, tmp_path: Path) -> LogPod:
    """A pod of the session's shim."""
    return LogPod(pods, tmp_path / "pod")


@pytest.fixture
def own(dockerd: Dockerd, tmp_path: Path) -> Iterator[Shim]:
    """A shim that the test may end."""
    with Shim(dockerd, tmp_path / "own") as shim:
        yield shim


@pytest.fixture
def own_pod(own: Shim, tmp_path: Path) -> Iterator[LogPod]:
    """A pod of that shim."""
    with log_pod(own.url, tmp_path / "pod") as pod:
        yield pod


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A pod's log directory that is soon full; ask for it before the pod."""
    disk = SmallDisk(tmp_path / "pod")
    yield disk
    disk.close()


@pytest.fixture
def hanging_disk(tmp_path: Path) -> Iterator[HangingDisk]:
    """The same, on which writes can be made to hang."""
    disk = HangingDisk(tmp_path / "pod")
    yield disk
    disk.close()
