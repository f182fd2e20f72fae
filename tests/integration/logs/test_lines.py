"""Every byte of a container's output is in its CRI log, with Docker's own times."""

import stat
from pathlib import Path

import pytest

from pydockershim.errors import FailedPrecondition, InvalidArgument
from pydockershim.logs.writers import ContainerLog
from tests.integration.logs.rig import LogRig, lines_of, texts_of, wait_for

PART = 16 * 1024


def shape_of(log: ContainerLog) -> list[tuple[str, str, bytes]]:
    return [(stream, tag, text) for _, stream, tag, text in lines_of(log)]


def test_both_streams_with_dockers_own_times(rig: LogRig) -> None:
    log = rig.run("echo one; echo; sleep 0.1; echo two >&2")

    rig.wait(log)

    docker = rig.dockerd.api.logs(log.container_id, timestamps=True).decode().splitlines()
    assert [f"{time} {text.decode()}" for time, _, _, text in lines_of(log)] == docker
    assert shape_of(log) == [
        ("stdout", "F", b"one"),
        ("stdout", "F", b""),
        ("stderr", "F", b"two"),
    ]


def test_an_unterminated_last_line_is_a_part(rig: LogRig) -> None:
    log = rig.run("echo one; printf two")

    rig.wait(log)

    assert shape_of(log) == [("stdout", "F", b"one"), ("stdout", "P", b"two")]


@pytest.mark.parametrize("length", [PART - 1, PART, PART + 1, 40_000])
def test_long_lines_come_in_parts_of_16_kib(rig: LogRig, length: int) -> None:
    log = rig.run(f"head -c {length} /dev/zero | tr '\\0' x; echo; echo end")

    rig.wait(log)

    *parts, last, end = shape_of(log)
    assert parts == [("stdout", "P", b"x" * PART)] * (length // PART)
    assert last == ("stdout", "F", b"x" * (length % PART))
    assert end == ("stdout", "F", b"end")


def test_bytes_that_are_not_text_are_kept(rig: LogRig) -> None:
    log = rig.run(r"printf '\377\376\000\303\r\n'; printf 'a\315'")

    rig.wait(log)

    assert texts_of(log) == [b"\xff\xfe\x00\xc3\r", b"a\xcd"]


def test_a_terminal_is_all_stdout(rig: LogRig) -> None:
    log = rig.run("echo one; echo two >&2; printf prompt", tty=True)

    rig.wait(log)

    assert shape_of(log) == [
        ("stdout", "F", b"one\r"),
        ("stdout", "F", b"two\r"),
        ("stdout", "P", b"prompt"),
    ]


def test_the_file_is_there_before_the_container_starts(rig: LogRig) -> None:
    log = rig.create("true")

    rig.writers.follow(log, fresh=True)

    path = Path(log.path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_a_line_is_there_while_the_container_runs(rig: LogRig) -> None:
    log = rig.run("echo one; exec sleep 60")

    wait_for(lambda: texts_of(log) == [b"one"], timeout_s=2)


def test_a_log_outside_of_the_pods_directory_is_refused(rig: LogRig) -> None:
    for name in ("../outside.log", "app/../../outside.log", ""):
        with pytest.raises(InvalidArgument):
            rig.run("true", name=name)

    assert not (rig.pod.parent / "outside.log").exists()


def test_no_symbolic_link_is_followed(rig: LogRig, tmp_path: Path) -> None:
    rig.pod.mkdir()
    target = tmp_path / "target"
    target.mkdir()
    (target / "0.log").touch()
    (rig.pod / "linked").symlink_to(target)
    (rig.pod / "0.log").symlink_to(target / "0.log")

    for name in ("linked/0.log", "0.log"):
        with pytest.raises(FailedPrecondition):
            rig.run("echo one", name=name)

    assert (target / "0.log").read_bytes() == b""


def test_a_log_of_cri_dockerd_is_left_as_it_is(rig: LogRig, tmp_path: Path) -> None:
    """cri-dockerd and dockershim link the log to the file of Docker's json-file driver."""
    json_file = tmp_path / "docker.json"
    json_file.write_bytes(b'{"log":"one\\n"}\n')
    log = rig.create("echo one")
    Path(log.path).parent.mkdir(parents=True)
    Path(log.path).symlink_to(json_file)
    rig.dockerd.api.start(log.container_id)

    rig.writers.follow(log, fresh=False)
    rig.wait(log)

    assert Path(log.path).readlink() == json_file
    assert json_file.read_bytes() == b'{"log":"one\\n"}\n'


@pytest.mark.parametrize("size", ["1000000", "1m", "1MiB"])
def test_the_size_of_dockers_files_is_read_as_docker_does(rig: LogRig, size: str) -> None:
    """A file that is thought to have room left would be waited for, and the next one never read."""
    options = {"max-size": size, "max-file": "2", "compress": "false"}
    log = rig.run("seq 40000; exec sleep 60", log_config={"Type": "local", "Config": options})

    wait_for(lambda: len(texts_of(log)) == 40_000)

    folder = rig.dockerd.directory / "data/containers" / log.container_id / "local-logs"
    assert (folder / "container.log.1").stat().st_size < 1_000_100
