"""What has to exist for a pod is made, or asked for, on this machine."""

import socket
from pathlib import Path

import pytest

from pydockershim.client import this_node
from pydockershim.client.manifest import HostPath
from pydockershim.errors import FailedPrecondition


def test_this_machine_is_a_node(tmp_path: Path) -> None:
    node = this_node.describe(volumes_root=tmp_path, logs_root=tmp_path)

    assert node.memory_bytes > 2**20
    assert node.resolv_conf == Path("/etc/resolv.conf").read_text()
    assert all(size.endswith(("KB", "MB", "GB")) for size in node.hugepage_sizes)


def test_missing_folders_and_files_are_made_with_their_mode(tmp_path: Path) -> None:
    folder = HostPath(path=tmp_path / "a" / "b", kind="folder", mode=0o777)
    file = HostPath(path=tmp_path / "c" / "d", kind="file", mode=0o666)

    this_node.provide([folder, file])

    assert folder.path.is_dir()
    assert file.path.is_file()
    assert [path.stat().st_mode & 0o777 for path in (folder.path, file.path)] == [0o777, 0o666]


def test_what_is_there_keeps_its_content_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("kept")
    path.chmod(0o600)

    this_node.provide([HostPath(path=path, kind="file", mode=0o644)])
    this_node.provide([HostPath(path=path, kind="anything", mode=0o777)])

    assert path.read_text() == "kept"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_socket_is_found_and_never_made(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    needed = HostPath(path=path, kind="socket")
    with pytest.raises(FailedPrecondition, match=f"{path}: must be a socket"):
        this_node.provide([needed])

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        this_node.provide([needed])


def test_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()

    with pytest.raises(FailedPrecondition, match=f"{path}: must be a folder"):
        this_node.provide([HostPath(path=path, kind="folder", mode=0o755)])


def test_a_device_is_found() -> None:
    this_node.provide([HostPath(path=Path("/dev/null"), kind="character device")])
