"""Whatever happens to the writer and around it, each line is in the CRI log exactly once."""

import errno
import fcntl
import gzip
import os
import resource
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydockershim.logs.log_entries import cri_lines
from tests.unit.logs.node import Node
from tests.unit.logs.spooling import PART_BYTES, cri_line, entry

NOW_NS = 1_788_264_000_123_456_789


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path)
    yield node
    node.follower.close()


def lines_of(source: bytes) -> st.SearchStrategy[list[list[bytes]]]:
    """Return lines as lists of entries: few texts, few times, and some lines in equal parts."""
    texts = st.sampled_from([b"", b"y", b"y", b"hello", b"\xff\r"])
    parts = st.sampled_from([0, 0, 0, 2, 3])

    def line(number: int, text: bytes, count: int) -> list[bytes]:
        # Clocks go back; two lines in a row may have one time.
        time_ns = NOW_NS + (7919 * (number // 2) % 10_007) * 1_000_003 + (source == b"stderr")
        if not count:
            return [entry(time_ns, text, source=source)]
        return [
            entry(time_ns, text, source=source, part=part, last=part == count)
            for part in range(1, count + 1)
        ]

    return st.lists(st.tuples(texts, parts), max_size=20).map(
        lambda found: [line(number, *each) for number, each in enumerate(found)]
    )


@st.composite
def outputs(draw: st.DrawFn) -> list[bytes]:
    """Return entries of both streams, in any order that keeps each stream's own."""
    streams = [
        [part for line in draw(lines_of(source)) for part in line]
        for source in (b"stdout", b"stderr")
    ]
    merged = []
    while any(streams):
        ready = [stream for stream in streams if stream]
        merged.append(draw(st.sampled_from(ready)).pop(0))
    return merged


happenings = st.one_of(
    st.just("print"),
    st.just("print"),
    st.just("step"),
    st.just("rotate"),
    st.floats(min_value=0, max_value=1),
)


def can_be_told_apart(output: list[bytes]) -> bool:
    """Say whether no pair of lines is repeated, equal to the nanosecond.

    Repeated identical line pairs are ambiguous; writing resumes after the last (docs/logs.md).
    """
    pairs = [pair for pair in pairwise(output) if pair[0] != pair[1]]
    return len(pairs) == len(set(pairs))


@settings(deadline=None)  # it writes files
@given(outputs().filter(can_be_told_apart), st.lists(happenings, max_size=60))
def test_each_line_is_there_once_after_any_deaths_and_rotations(
    output: list[bytes], history: list[str | float]
) -> None:
    with TemporaryDirectory() as directory:
        node = Node(Path(directory))
        for happening in history:
            if happening == "print" and output:
                node.print_entry(output.pop(0))
            elif happening == "step":
                node.step()
            elif happening == "rotate":
                node.rotate()
            elif isinstance(happening, float):
                node.die(keeping=happening)
        for each in output:
            node.print_entry(each)
        node.drain()

        assert node.written().splitlines() == node.printed.splitlines()
        assert not node.gaps


def test_a_long_line_comes_in_parts(node: Node) -> None:
    node.docker.print_line(NOW_NS, b"x" * (2 * PART_BYTES) + b"y")

    node.step()
    node.drain()

    assert [line.split()[2:] for line in node.written().splitlines()] == [
        [b"P", b"x" * PART_BYTES],
        [b"P", b"x" * PART_BYTES],
        [b"F", b"y"],
    ]


def test_the_parts_of_a_line_longer_than_a_block_are_counted_after_a_death(node: Node) -> None:
    parts = [entry(NOW_NS, b"x" * PART_BYTES, part=n, last=False) for n in range(1, 12)]
    for part in parts[:7]:
        node.print_entry(part)
    for _ in range(20):
        node.step()
    node.die(keeping=1)
    for part in parts[7:]:
        node.print_entry(part)

    node.drain()

    assert node.written() == node.printed


def test_output_that_docker_dropped_is_a_gap(tmp_path: Path) -> None:
    node = Node(tmp_path, spool_files=2)
    for number in range(4):
        node.print_entry(entry(NOW_NS + number, b"early"))
    while node.step():
        pass
    node.follower.close()
    for number in range(100, 200):
        node.docker.write(entry(NOW_NS + number, b"late"))

    node.follower = node.new_follower(resumes=True)
    node.drain()

    early, late = node.written()[: len(node.printed)], node.written()[len(node.printed) :]
    assert early == node.printed
    assert late.endswith(cri_lines(entry(NOW_NS + 199, b"late"))[0])
    first = late.split(b" ")[0].decode()
    assert node.gaps == [("2026-09-01T12:00:00.123456792Z", first)]


def test_files_that_docker_removes_unseen_are_a_gap(tmp_path: Path) -> None:
    node = Node(tmp_path, spool_files=2)
    node.print_entry(entry(NOW_NS, b"early"))
    node.step()
    for number in range(100):
        node.docker.write(entry(NOW_NS + number + 1, b"late"))

    node.drain()

    numbers = [int(line[20:29]) for line in node.written().splitlines()]
    assert numbers == sorted(set(numbers))
    assert len(node.gaps) == 1


def test_a_beginning_that_docker_may_have_removed_unseen_is_a_gap(tmp_path: Path) -> None:
    node = Node(tmp_path, spool_files=2)
    for number in range(100):
        node.docker.write(entry(NOW_NS + number, b"line"))

    node.drain()

    assert node.gaps == [("", node.written().split(b" ")[0].decode())]


def test_an_entry_that_docker_left_torn_is_a_gap_and_no_line(node: Node) -> None:
    node.print_entry(entry(NOW_NS, b"before"))
    node.docker.write(entry(NOW_NS + 1, b"x" * 50)[:40])
    node.print_entry(entry(NOW_NS + 2, b"behind"))

    node.drain()

    assert node.written() == node.printed
    assert node.gaps == [("2026-09-01T12:00:00.123456789Z", "2026-09-01T12:00:00.123456791Z")]


def test_a_file_that_cannot_grow_pauses_and_nothing_is_lost(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        node.print_entry(entry(NOW_NS + number, b"line"))
    two_lines = b"".join(node.printed.splitlines(keepends=True)[:2])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(two_lines) + 9, limits[1]))
    try:
        for _ in range(3):
            node.step()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert node.written() == two_lines
    assert len(caplog.records) == 1

    node.follower._retry_at_s = 0
    node.drain()

    assert node.written() == node.printed
    assert not node.gaps


def test_a_disk_that_reports_late_ends_no_writer(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As NFS does: what it could not write is said when the file is closed, which it is then."""
    node.print_entry(entry(NOW_NS, b"one"))
    node.step()
    close = os.close

    def close_late(descriptor: int) -> None:
        is_log = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND
        close(descriptor)
        if is_log:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "close", close_late)
    node.path.rename(f"{node.path}.20260901-000001")
    node.follower.reopen()
    node.print_entry(entry(NOW_NS + 1, b"two"))
    node.step()
    node.follower.close()

    assert node.written() == node.printed
    assert [str(node.path) in each.getMessage() for each in caplog.records] == [True, True]


def test_a_spool_that_cannot_be_opened_or_read_is_tried_again_and_let_go(node: Node) -> None:
    node.print_entry(entry(NOW_NS, b"one"))
    node.step()
    node.die(keeping=1)
    odd = node.docker.path.with_suffix(".log.1")
    odd.symlink_to("nowhere")
    open_files = descriptors()
    node.step()
    odd.unlink()
    odd.mkdir()
    for _ in range(3):
        node.follower._retry_at_s = 0
        node.step()
    node.follower.start_over()
    assert descriptors() <= open_files + 1  # the log itself
    odd.rmdir()

    node.follower._retry_at_s = 0
    node.drain()

    assert node.written() == node.printed


def test_a_writer_that_starts_over_reads_all_that_docker_has(tmp_path: Path) -> None:
    node = Node(tmp_path, spool_files=2)
    for number in range(4):
        node.print_entry(entry(NOW_NS + number, b"early"))
    while node.step():
        pass
    node.follower.start_over()
    for number in range(100, 200):
        node.docker.write(entry(NOW_NS + number, b"late"))
    names = node.docker.path.with_suffix(".log.1"), node.docker.path
    kept = b"".join(cri_lines(name.read_bytes())[0] for name in names)

    node.follower._retry_at_s = 0
    node.drain()

    assert node.written() == node.printed + kept
    assert len(node.gaps) == 1


def test_the_log_of_an_ended_container_is_not_made_again(node: Node) -> None:
    node.print_entry(entry(NOW_NS, b"line"))
    node.follower.close()
    node.path.unlink()
    node.follower = node.new_follower(resumes=True)
    node.follower.exited = True

    node.step()

    assert node.follower.drained
    assert not node.path.exists()


def test_a_log_with_the_lines_of_another_container_is_continued(node: Node) -> None:
    before = cri_line("2026-08-01T00:00:00.000000000Z", b"before")
    node.path.write_bytes(before)
    node.print_entry(entry(NOW_NS, b"line"))

    node.drain()

    assert node.written() == before + node.printed
    assert not node.gaps


def test_what_another_container_has_written_behind_its_lines_doubles_none(node: Node) -> None:
    node.print_entry(entry(NOW_NS, b"one"))
    node.print_entry(entry(NOW_NS + 1, b"two"))
    node.step()
    node.follower.close()
    behind = cri_line("2026-09-02T00:00:00.000000000Z", b"behind")
    with node.path.open("ab") as file:
        file.write(behind)
    node.follower = node.new_follower(resumes=True)
    before = node.printed + behind
    node.printed = b""
    for line in (b"three", b"four"):
        node.print_entry(entry(NOW_NS + 10**15, line))

    node.drain()

    assert node.written() == before + node.printed


def test_a_log_that_was_rotated_again_and_again_while_nothing_came_is_resumed(node: Node) -> None:
    node.print_entry(entry(NOW_NS, b"one"))
    node.step()
    for number in range(1, 4):
        node.path.rename(f"{node.path}.20260901-{number:06}")
        node.follower.reopen()
    node.print_entry(entry(NOW_NS + 1, b"two"))

    node.die(keeping=0)
    node.drain()

    assert node.written() == node.printed


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_compressed_log_is_read_and_never_cut(node: Node, *, is_damaged: bool) -> None:
    """COMPAT(kubelet): it is the newest when the rotation was refused because nobody was there."""
    node.print_entry(entry(NOW_NS, b"one"))
    node.step()
    content = b"\x1f\x8b any\nbytes" if is_damaged else gzip.compress(node.path.read_bytes())
    compressed = node.path.with_name("0.log.20260901-000001.gz")
    compressed.write_bytes(content)
    if not is_damaged:
        node.path.write_bytes(b"")
        node.printed = b""
    for line in (b"two", b"three"):
        node.print_entry(entry(NOW_NS + 1, line))

    node.die(keeping=0.5)
    node.drain()

    assert node.path.read_bytes() == node.printed
    assert compressed.read_bytes() == content
