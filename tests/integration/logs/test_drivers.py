"""Any log driver that Docker can read back works: its log stream is read instead of its files."""

from pathlib import Path

import pytest

from pydockershim.dockerapi import Json
from tests.integration.logs.mortal import MortalWriters
from tests.integration.logs.rig import LogRig, lines_of, texts_of, wait_for

DRIVERS: list[Json] = [
    {"Type": "json-file", "Config": {"max-size": "64m"}},
    {"Type": "local", "Config": {}},
]
PART = 16 * 1024


@pytest.fixture(params=DRIVERS, ids=lambda config: str(config["Type"]))
def log_config(request: pytest.FixtureRequest) -> Json:
    config: Json = request.param
    return config


def test_lines_of_both_streams(rig: LogRig, log_config: Json) -> None:
    log = rig.run("echo one; echo; sleep 0.1; echo two >&2", log_config=log_config)

    rig.wait(log)

    docker = rig.dockerd.api.logs(log.container_id, timestamps=True).decode().splitlines()
    assert [f"{time} {text.decode()}" for time, _, _, text in lines_of(log)] == docker
    assert [stream for _, stream, _, _ in lines_of(log)] == ["stdout", "stdout", "stderr"]


@pytest.mark.parametrize("length", [PART - 1, PART, 40_000])
@pytest.mark.parametrize("tty", [False, True], ids=["pipe", "tty"])
def test_long_lines(rig: LogRig, log_config: Json, length: int, *, tty: bool) -> None:
    script = f"head -c {length} /dev/zero | tr '\\0' x; echo; echo end"
    log = rig.run(script, tty=tty, log_config=log_config)

    rig.wait(log)

    whole = b"".join(text + b"\n" * (tag == "F") for _, _, tag, text in lines_of(log))
    assert whole.replace(b"\r", b"") == b"x" * length + b"\nend\n"


def test_lines_come_while_the_container_runs(rig: LogRig, log_config: Json) -> None:
    log = rig.run("echo one; sleep 1; echo two; exec sleep 60", log_config=log_config)

    wait_for(lambda: texts_of(log) == [b"one"])
    wait_for(lambda: texts_of(log) == [b"one", b"two"])


def test_each_line_once_after_a_restart(rig: LogRig, log_config: Json) -> None:
    script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo same; echo $i; done"
    log = rig.create(script, log_config=log_config)
    writers = MortalWriters(rig.dockerd, log, fresh=True)
    rig.dockerd.api.start(log.container_id)
    for _ in range(3):
        size = Path(log.path).stat().st_size
        wait_for(lambda size=size: Path(log.path).stat().st_size > size)  # type: ignore[misc]
        writers.kill()
        writers = MortalWriters(rig.dockerd, log, fresh=False)
    writers.kill()

    rig.writers.follow(log, fresh=False)
    rig.wait(log)

    numbers = [int(text) for text in texts_of(log) if text != b"same"]
    assert numbers == list(range(1, 20_001))
    assert len(lines_of(log)) == 40_000
    assert not rig.writers.gaps


def test_rotation_by_docker_repeats_nothing(rig: LogRig, log_config: Json) -> None:
    config = {**log_config, "Config": {"max-size": "1m", "max-file": "3"}}
    script = 'i=0; while [ $i -lt 12000 ]; do i=$((i+1)); echo "$i"; usleep 100; done'
    log = rig.run(script, log_config=config)

    rig.wait(log)

    assert [int(text) for text in texts_of(log)] == list(range(1, 12_001))


def test_an_engine_that_restarts_under_a_running_container(rig: LogRig, log_config: Json) -> None:
    script = 'i=0; while :; do i=$((i+1)); echo "$i"; usleep 200; done'
    log = rig.run(script, log_config=log_config)
    wait_for(lambda: len(texts_of(log)) > 100)

    rig.dockerd.restart()

    before = len(texts_of(log))
    wait_for(lambda: len(texts_of(log)) > before + 100)
    rig.dockerd.api.kill(log.container_id)
    rig.wait(log)
    assert texts_of(log) == rig.dockerd.api.logs(log.container_id).splitlines()
    assert not rig.writers.gaps
