"""Long floods, many containers, and a writer that is killed again and again."""

import itertools
import time
from pathlib import Path

import pytest

from tests.integration.logs.mortal import MortalWriters
from tests.integration.logs.rig import LogRig, files_of, lines_of, texts_of, wait_for

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(600)]

LINES = 3_000_000


def assert_counts_to(log_texts: list[bytes], last: int) -> None:
    for number, text in enumerate(log_texts, 1):
        assert text == b"%d" % number
    assert len(log_texts) == last


def test_a_flood_that_fits_the_spool_is_complete(rig: LogRig) -> None:
    log = rig.run(f"seq {LINES}")

    rig.wait(log, timeout_s=300)

    assert_counts_to(texts_of(log), LINES)
    assert not rig.writers.gaps


def test_a_flood_beyond_the_spool_doubles_nothing(rig: LogRig) -> None:
    config = {"Type": "local", "Config": {"max-size": "1m", "max-file": "2", "compress": "false"}}
    log = rig.create(f"seq {LINES}", log_config=config)
    writers = MortalWriters(rig.dockerd, log, fresh=True)
    rig.dockerd.api.start(log.container_id)
    wait_for(lambda: Path(log.path).stat().st_size > 10_000_000, timeout_s=60)
    writers.kill()
    time.sleep(3)

    rig.writers.follow(log, fresh=False)
    rig.wait(log, timeout_s=300)

    numbers = [int(text) for text in texts_of(log)]
    assert all(one < next_one for one, next_one in itertools.pairwise(numbers))
    assert (numbers[0], numbers[-1]) == (1, LINES)
    assert len(numbers) < LINES
    assert rig.writers.gaps >= 1


def test_a_writer_killed_every_3_s_under_rotation_writes_each_line_once(rig: LogRig) -> None:
    """5,000 numbered lines a second for a minute, the log rotated every second."""
    script = (
        "n=0; while [ $n -lt 300000 ]; do seq $((n+1)) $((n+500)); n=$((n+500)); usleep 98000; done"
    )
    log = rig.create(script)
    writers = MortalWriters(rig.dockerd, log, fresh=True)
    rig.dockerd.api.start(log.container_id)
    end_s = time.monotonic() + 60
    rotations = 0
    while time.monotonic() < end_s:
        time.sleep(1)
        rotations += 1
        Path(log.path).rename(f"{log.path}.20260901-{rotations:06}")
        writers.reopen(log)
        if rotations % 3 == 0:
            writers.kill()
            writers = MortalWriters(rig.dockerd, log, fresh=False)
    writers.kill()

    rig.writers.follow(log, fresh=False)
    rig.wait(log, timeout_s=120)

    assert len(files_of(log)) == rotations + 1
    assert_counts_to(texts_of(log), 300_000)
    assert not rig.writers.gaps


def test_the_line_of_each_of_200_short_containers_is_there_at_its_end(rig: LogRig) -> None:
    for number in range(200):
        log = rig.run(f"echo {number}", name=f"{number}/0.log")
        rig.dockerd.api.wait(log.container_id)
        while not rig.writers.is_drained(log.container_id):
            pass
        assert [text for _, _, _, text in lines_of(log)] == [b"%d" % number]
