"""What stands in the socket's place: a dead socket goes, anything else stays."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pydockershim.errors import FailedPrecondition
from pydockershim.server.listen import Listener


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cri.sock"


def test_dead_socket_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = Listener(path, grace_s=0)

    listener.start()

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.stop()


def test_socket_that_another_program_serves_is_left_to_it(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as client:
        other.bind(str(path))
        other.listen()

        with pytest.raises(FailedPrecondition, match=f"{path}: another program listens on it"):
            Listener(path, grace_s=0).start()

        client.connect(str(path))


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_what_is_no_socket_is_left_alone(path: Path, make: Callable[[Path], None]) -> None:
    make(path)

    with pytest.raises(FailedPrecondition, match=f"{path}: it exists and is not a socket"):
        Listener(path, grace_s=0).start()

    assert path.exists()
