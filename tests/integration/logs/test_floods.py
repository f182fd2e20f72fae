"""Floods of lines, each number once: whole, beyond the spool, and past a shim that keeps dying.

Each in a short form, and at length with the mark `endurance`.
"""

import itertools
import time
from pathlib import Path

import pytest

from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.logs.logged import PAUSE, LogPod, gaps, go_on, log_pod
from tests.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

COUNTS = [200_000, pytest.param(3_000_000, marks=pytest.mark.endurance)]


def assert_counts_to(last: int, numbers: list[int]) -> None:
    """Like a comparison of the lists, but with a difference that can be read."""
    for expected, number in enumerate(numbers, 1):
        assert number == expected
    assert len(numbers) == last


@pytest.mark.parametrize("count", COUNTS)
def test_a_flood_that_fits_the_spool_is_complete(own_pod: LogPod, count: int) -> None:
    log = own_pod.run(f"seq {count}")

    log.await_exit(lines=count, timeout_s=600)

    assert_counts_to(count, log.numbers)
    assert not gaps(own_pod)


@pytest.mark.parametrize("count", COUNTS)
def test_a_flood_beyond_the_spool_doubles_nothing_and_each_hole_is_told(
    dockerd: Dockerd, tmp_path: Path, count: int
) -> None:
    flags = ["--log-file-size=1m"]
    with (
        Shim(dockerd, tmp_path / "own", flags=flags) as own,
        log_pod(own.url, tmp_path / "pod") as pod,
    ):
        log = pod.run(f"seq {count // 2}; {PAUSE}; seq {count // 2 + 1} {count}")
        eventually(lambda: log.path.stat().st_size)
        own.kill()
        go_on(dockerd, log)
        dockerd.api.wait(log.container.id, timeout=600)

        own.start()
        log.await_exit()
        eventually(lambda: log.path.read_bytes().endswith(b" %d\n" % count))

        numbers = log.numbers
        steps = [other - one for one, other in itertools.pairwise([0, *numbers])]
        holes = [step for step in steps if step > 1]
        assert all(step > 0 for step in steps)
        assert numbers[-1] == count
        assert 1 <= len(holes) <= own.program.logged().count("may be missing")


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.endurance)])
def test_a_shim_killed_every_3_s_under_rotation_writes_each_line_once(
    own: Shim, own_pod: LogPod, seconds: int
) -> None:
    """5,000 numbered lines a second, the log rotated every second."""
    last = 5000 * seconds
    log = own_pod.run(
        f"n=0; while [ $n -lt {last} ]; do seq $((n+1)) $((n+500)); n=$((n+500)); usleep 98000; "
        "done; exec sleep 60"
    )
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        time.sleep(1)
        log.rename()
        log.reopen()
        if len(log.files) % 3 == 0:
            own.kill()
            own.start()

    end = b" %d\n" % last
    eventually(lambda: any(path.read_bytes().endswith(end) for path in log.files), within_s=300)
    own_pod.client.stop_container(log.container.id)

    assert_counts_to(last, log.numbers)
    assert not gaps(own_pod)
