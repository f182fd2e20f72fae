"""The built-in pause program: its binaries, the process, and the image made of it."""

import hashlib
import io
import json
import os
import platform
import signal
import struct
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pydockershim.errors import FailedPrecondition
from pydockershim.pods import builtin_pause
from pydockershim.pods.builtin_pause import ARCHITECTURES, NAME, image_tar

REPOSITORY = Path(__file__).parents[3]
PAUSE = REPOSITORY / "pydockershim" / "pods" / "pause"
HERE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PROGRAM = PAUSE / f"pause-{HERE}"
PAUSED = (f"({PROGRAM.name})", "S")  # asleep in the pause program

_PATIENCE_S = 30  # of a busy machine

ELF_MACHINES = {"amd64": 62, "arm64": 183}
ELF_EXECUTABLE = 2
SEGMENT_LOAD, SEGMENT_STACK = 1, 0x6474E551


# The binaries


def test_the_committed_binaries_are_what_the_source_gives() -> None:
    check = subprocess.run(
        [sys.executable, REPOSITORY / "tools" / "make_pause.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_binary_is_small_static_and_for_its_architecture(architecture: str) -> None:
    program = (PAUSE / f"pause-{architecture}").read_bytes()

    kind, machine = struct.unpack_from("<HH", program, 16)
    assert program[:5] == b"\x7fELF\x02"
    assert (kind, machine) == (ELF_EXECUTABLE, ELF_MACHINES[architecture])
    assert _segment_kinds(program) == [SEGMENT_LOAD, SEGMENT_STACK]  # no interpreter, no dynamic
    assert len(program) < 8192


def _segment_kinds(program: bytes) -> list[int]:
    (table,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = (struct.unpack_from("<I", program, table + size * i) for i in range(count))
    return [kind for (kind,) in kinds]


# The process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_nothing_printed(
    pause: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    pause.send_signal(number)

    output, _ = pause.communicate(timeout=_PATIENCE_S)
    assert (pause.returncode, output) == (0, b"")


def test_as_pid_1_it_reaps_every_orphan_and_still_ends_with_0(
    unshare: subprocess.Popen[bytes],
) -> None:
    (pause,) = _children(unshare.pid)
    orphans = _children(pause)
    assert len(orphans) == 20

    os.kill(pause, signal.SIGSTOP)  # so that the SIGCHLDs of all of them merge into one
    assert unshare.stdin is not None
    unshare.stdin.close()
    _eventually(lambda: all(_state(pid) == ("(cat)", "Z") for pid in orphans))
    os.kill(pause, signal.SIGCONT)

    _eventually(lambda: not _children(pause))
    _eventually(lambda: _state(pause) == PAUSED)
    os.kill(pause, signal.SIGTERM)
    assert unshare.wait(timeout=_PATIENCE_S) == 0


@pytest.fixture
def pause() -> Iterator[subprocess.Popen[bytes]]:
    """Run the pause program as our child."""
    with subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            _eventually(lambda: _state(process.pid) == PAUSED)
            yield process
        finally:
            process.kill()


@pytest.fixture
def unshare() -> Iterator[subprocess.Popen[bytes]]:
    """Run unshare, whose child is pid 1, the pause program, with 20 orphans that read stdin."""
    script = f"exec 3<&0; for i in $(seq 20); do (cat <&3 &); done; exec {PROGRAM}"
    command = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child", "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            _eventually(lambda: [_state(pid) for pid in _children(process.pid)] == [PAUSED])
            yield process
        finally:
            process.kill()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _state(pid: int) -> tuple[str, str]:
    """Return the name of a process, in parentheses, and its state's letter."""
    name, state = Path(f"/proc/{pid}/stat").read_text().split()[1:3]
    return name, state


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not so within {_PATIENCE_S} s"
        os.sched_yield()


# The image


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_image_holds_the_program_as_its_entrypoint(architecture: str) -> None:
    image = _unpack(image_tar(architecture))

    (manifest,) = json.loads(image["manifest.json"])
    config = json.loads(image[manifest["Config"]])
    (layer,) = manifest["Layers"]
    assert set(image) == {"manifest.json", manifest["Config"], layer}
    assert manifest["RepoTags"] == [NAME]
    assert (config["os"], config["architecture"]) == ("linux", architecture)
    assert config["config"] == {"Entrypoint": ["/pause"]}
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(image[layer]).hexdigest()]
    assert _unpack(image[layer]) == {"pause": (PAUSE / f"pause-{architecture}").read_bytes()}


def test_the_program_in_the_image_is_executable_by_every_user() -> None:
    image = _unpack(image_tar("amd64"))

    with tarfile.open(fileobj=io.BytesIO(image["layer.tar"])) as layer:
        assert layer.getmember("pause").mode == 0o755


def test_the_same_program_gives_the_same_image(monkeypatch: pytest.MonkeyPatch) -> None:
    first = image_tar("amd64")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)

    assert image_tar("amd64") == first


def test_an_architecture_without_a_program_is_refused_by_name() -> None:
    with pytest.raises(FailedPrecondition, match="'riscv64', only for amd64 and arm64"):
        image_tar("riscv64")


def test_a_program_that_differs_from_its_checksum_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SHA256SUMS").write_bytes((PAUSE / "SHA256SUMS").read_bytes())
    (tmp_path / "pause-amd64").write_bytes((PAUSE / "pause-amd64").read_bytes() + b"\0")
    monkeypatch.setattr(builtin_pause, "_FOLDER", tmp_path)

    with pytest.raises(FailedPrecondition, match="pause-amd64 differs from its checksum"):
        image_tar("amd64")


def _unpack(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        return {
            member.name: content.read()
            for member in members
            if (content := members.extractfile(member)) is not None
        }
