"""Each line is there exactly once, whoever dies in between."""

import os
import subprocess
from functools import partial
from pathlib import Path

from pydockershim.logs.writers import ContainerLog
from tests.bed.dockerd import Dockerd
from tests.integration.logs.mortal import MortalWriters
from tests.integration.logs.rig import LogRig, lines_of, texts_of, wait_for

COUNTING = 'i=0; while :; do i=$((i+1)); echo "$i"; usleep 200; done'


def has_more_than(log: ContainerLog, count: int) -> bool:
    return len(texts_of(log)) > count


def test_what_was_printed_meanwhile_is_written_after_a_restart(rig: LogRig) -> None:
    log = rig.create("echo one; sleep 1; echo two; echo two; sleep 60")
    writers = MortalWriters(rig.dockerd, log, fresh=True)
    rig.dockerd.api.start(log.container_id)
    wait_for(lambda: texts_of(log) == [b"one"])
    writers.kill()
    wait_for(lambda: rig.dockerd.api.logs(log.container_id).count(b"two") == 2)

    rig.writers.follow(log, fresh=False)

    wait_for(lambda: texts_of(log) == [b"one", b"two", b"two"])
    assert not rig.writers.gaps


def test_a_container_that_ended_meanwhile_is_completed(rig: LogRig) -> None:
    log = rig.create("echo one; sleep 1; printf two")
    writers = MortalWriters(rig.dockerd, log, fresh=True)
    rig.dockerd.api.start(log.container_id)
    wait_for(lambda: texts_of(log) == [b"one"])
    writers.kill()
    rig.dockerd.api.wait(log.container_id)

    rig.writers.follow(log, fresh=False)
    rig.wait(log)

    assert texts_of(log) == [b"one", b"two"]


def test_a_torn_line_is_written_again(rig: LogRig) -> None:
    log = rig.run("echo one; echo two; exec sleep 60")
    wait_for(lambda: texts_of(log) == [b"one", b"two"])
    rig.writers.stop()
    os.truncate(log.path, Path(log.path).stat().st_size - 3)

    rig.restart()
    rig.writers.follow(log, fresh=False)

    wait_for(lambda: Path(log.path).read_bytes().endswith(b"two\n"))
    assert texts_of(log) == [b"one", b"two"]


def test_an_engine_that_restarts_under_a_running_container(rig: LogRig, dockerd: Dockerd) -> None:
    log = rig.run(COUNTING)
    for end in (dockerd.stop, dockerd.kill):
        end()
        dockerd.start()
        wait_for(partial(has_more_than, log, len(texts_of(log)) + 100))

    dockerd.api.kill(log.container_id)
    rig.wait(log)

    # An engine that is killed loses what it had read and not yet kept.
    assert texts_of(log) == dockerd.api.logs(log.container_id).splitlines()
    assert not rig.writers.gaps


def test_output_beyond_the_spool_is_a_gap_and_never_doubled(rig: LogRig) -> None:
    config = {
        "Type": "local",
        "Config": {"max-size": "1m", "max-file": "2", "compress": "false"},
    }
    log = rig.create("seq 1000; sleep 2; seq 1001 200000", log_config=config)
    writers = MortalWriters(rig.dockerd, log, fresh=True)
    rig.dockerd.api.start(log.container_id)
    wait_for(lambda: len(lines_of(log)) == 1000)
    writers.kill()
    rig.dockerd.api.wait(log.container_id)

    rig.writers.follow(log, fresh=False)
    rig.wait(log)

    numbers = [int(text) for text in texts_of(log)]
    assert numbers[:1000] == list(range(1, 1001))
    assert numbers[-1] == 200_000
    assert numbers == sorted(set(numbers))
    assert len(numbers) < 200_000
    assert rig.writers.gaps == 1


def test_a_full_disk_blocks_nobody_and_loses_nothing(rig: LogRig) -> None:
    rig.pod.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(rig.pod)], check=True)
    log = rig.run("seq 20000; exec sleep 60")
    wait_for(lambda: Path(log.path).stat().st_size > 200_000)
    pid = rig.inspect(log.container_id)["State"]["Pid"]
    wait_for(lambda: b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes())
    assert len(lines_of(log)) < 20_000

    subprocess.run(["mount", "-o", "remount,size=16m", str(rig.pod)], check=True)

    wait_for(lambda: len(texts_of(log)) == 20_000)
    assert [int(text) for text in texts_of(log)] == list(range(1, 20_001))
    assert not rig.writers.gaps
    rig.restart()
    subprocess.run(["umount", str(rig.pod)], check=True)
