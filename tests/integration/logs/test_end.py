"""The end of a container may be told when its last bytes are in its log; a removal waits 5 s."""

import logging
import threading
import time
from pathlib import Path

import pytest

from pydockershim.logs.cri_file import CriFile
from tests.integration.logs.rig import LogRig, texts_of, wait_for


def test_the_line_of_a_container_that_ends_at_once_is_there(rig: LogRig) -> None:
    waits = []
    for number in range(20):
        log = rig.run(f"echo {number}", name=f"{number}/0.log")
        rig.dockerd.api.wait(log.container_id)
        began_s = time.monotonic()
        while not rig.writers.is_drained(log.container_id):
            pass
        waits.append(time.monotonic() - began_s)
        assert texts_of(log) == [str(number).encode()]
    assert sorted(waits)[10] < 0.1


def test_a_start_that_fails_has_an_empty_log(rig: LogRig) -> None:
    log = rig.create(["/no/such/program"])
    rig.writers.follow(log, fresh=True)
    with pytest.raises(Exception, match="no such file"):
        rig.dockerd.api.start(log.container_id)

    wait_for(lambda: rig.writers.is_drained(log.container_id))

    assert Path(log.path).read_bytes() == b""


def test_what_a_removal_has_waited_for_in_vain_is_a_gap(
    rig: LogRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_file: CriFile, _lines: bytes) -> int:
        raise OSError("no space")

    monkeypatch.setattr(CriFile, "append", full)
    log = rig.run("echo last")
    rig.dockerd.api.wait(log.container_id)
    assert not rig.writers.is_drained(log.container_id)

    began_s = time.monotonic()
    with caplog.at_level(logging.WARNING):
        rig.writers.finish(log.container_id)
        waited_s = time.monotonic() - began_s
        wait_for(lambda: rig.writers.gaps == 1)

    assert 5 <= waited_s < 6
    assert "between its beginning and its end" in caplog.text


def test_writing_goes_on_when_there_is_room_again(
    rig: LogRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = threading.Event()
    append = CriFile.append

    def full(file: CriFile, lines: bytes) -> int:
        if not room.is_set():
            raise OSError("no space")
        return append(file, lines)

    monkeypatch.setattr(CriFile, "append", full)
    log = rig.run("echo last")
    rig.dockerd.api.wait(log.container_id)
    assert not rig.writers.is_drained(log.container_id)

    room.set()

    rig.wait(log)
    assert texts_of(log) == [b"last"]
    assert not rig.writers.gaps
