"""Whether a kubelet lives on the machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance import neighbours


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(neighbours, "_HOME", tmp_path / "home")
    return tmp_path / "home"


def test_machine_without_one_is_free() -> None:
    assert neighbours.kubelet_here() is None


def test_process_of_that_name_shows_it(tmp_path: Path) -> None:
    kubelet = shutil.copy("/bin/sleep", tmp_path / "kubelet")
    with subprocess.Popen([kubelet, "60"]) as process:
        # The kernel lets go of whoever started it a moment before it takes the name.
        while Path(f"/proc/{process.pid}/comm").read_text() != "kubelet\n":
            pass
        shown = neighbours.kubelet_here()
        process.kill()

    assert shown == f"process {process.pid} is a kubelet"


@pytest.mark.parametrize("name", ["config.yaml", "pods/uid"])
def test_what_it_keeps_shows_it(home: Path, name: str) -> None:
    (home / name).parent.mkdir(parents=True)
    (home / name).touch()

    assert neighbours.kubelet_here() == f"{home} belongs to a kubelet"
