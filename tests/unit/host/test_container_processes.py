"""Trees of real processes; which of them are a container's is made up."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pydockershim.host import container_processes
from pydockershim.host.container_processes import in_container, kill_tree

ID = "a1" * 32

# A shell with a child that has two children of its own, and says so.
TREE = "sh -c 'sleep 600 & sleep 600 & echo; wait' & wait; exit 3"
STOPPED = {"T", "Z"}
PATIENCE_S = 30  # of a busy machine


@pytest.fixture
def shell() -> Iterator[subprocess.Popen[bytes]]:
    """Run the tree."""
    with subprocess.Popen(["sh", "-c", TREE], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"\n"
        family = family_of(shell.pid)
        assert len(family) == 4
        yield shell
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def family_of(pid: int) -> set[int]:
    """Return the process and all that it has started, by pid; none that is stopped or dead."""
    found = {pid} if state_of(pid) not in STOPPED else set()
    return found.union(*(family_of(child) for child in children_of(pid)))


def children_of(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.fixture(autouse=True)
def _everything_is_in_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        container_processes, "in_container", lambda _pid, container_id: container_id == ID
    )


def test_whole_tree_is_killed(shell: subprocess.Popen[bytes]) -> None:
    family = family_of(shell.pid)

    assert kill_tree(shell.pid, ID)

    assert shell.wait(PATIENCE_S) == -signal.SIGKILL
    # Those that are left to the machine's init go when it reaps them.
    deadline_s = time.monotonic() + PATIENCE_S
    while [pid for pid in family if state_of(pid) not in STOPPED]:
        assert time.monotonic() < deadline_s


def test_part_of_a_tree_leaves_the_rest_alone(shell: subprocess.Popen[bytes]) -> None:
    (child,) = children_of(shell.pid)

    assert kill_tree(child, ID)

    assert shell.wait(PATIENCE_S) == 3


def test_process_of_somebody_else_is_left_alone(shell: subprocess.Popen[bytes]) -> None:
    family = family_of(shell.pid)

    assert not kill_tree(shell.pid, "another-container")

    assert family_of(shell.pid) == family


def test_ancestor_of_all_processes_is_no_way_to_the_containers(
    shell: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    family = family_of(shell.pid)
    monkeypatch.setattr(container_processes, "in_container", lambda pid, _: pid in family)

    # What Docker says is the pid of a command that has not been started yet.
    assert not kill_tree(0, ID)

    assert family_of(shell.pid) == family


def test_process_that_has_gone_is_none() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()

    assert not kill_tree(gone.pid, ID)


@pytest.mark.parametrize(
    ("cgroup", "is_in"),
    [
        (f"0::/docker/{ID}\n", True),
        (f"0::/system.slice/docker-{ID}.scope\n", True),
        (f"5:memory:/kubepods/podx/{ID}\n1:name=systemd:/\n", True),
        (f"0::/docker/{ID}/docker/{'b' * 64}\n", True),
        (f"0::/docker/{ID}0\n", False),
        (f"0::/docker/x{ID}\n", False),
        (f"0::/docker/{'b' * 64}\n", False),
        ("0::/\n", False),
        ("", False),
    ],
)
def test_cgroup_says_whose_a_process_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cgroup: str, *, is_in: bool
) -> None:
    monkeypatch.setattr(container_processes, "_PROC", tmp_path)
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cgroup").write_text(cgroup)

    assert in_container(7, ID) is is_in
    assert not in_container(8, ID)
