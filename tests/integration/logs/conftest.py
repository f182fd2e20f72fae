"""The rig as a fixture."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.dockerd import Dockerd
from tests.integration.logs.rig import LogRig


@pytest.fixture
def rig(dockerd: Dockerd, tmp_path: Path) -> Iterator[LogRig]:
    """Writers that run, and a pod without containers."""
    rig = LogRig(dockerd, tmp_path / "pod")
    yield rig
    rig.close()
