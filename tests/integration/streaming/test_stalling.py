"""Clients that stall: they are waited for, but not for ever; the flags say for how long."""

import threading
import time
from contextlib import suppress

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.clients import http, spdy
from tests.clients.remotecommand import SpdyCommand, read_to_end
from tests.clients.spdy import SpdyClient
from tests.integration.pods import Container
from tests.integration.streaming.sessions import StreamingSessions


def test_streams_that_do_not_come_are_not_waited_for(strict: StreamingSessions) -> None:
    client = SpdyClient(strict.exec_url(["true"]))
    client.open(streamtype="error")
    assert http.wait_closed(client.connection, timeout_s=20)


def test_a_connection_without_a_byte_is_closed(dockerd: Dockerd, container: Container) -> None:
    flags = ["--streaming-limit=idle_s=3"]
    with (
        Shim(dockerd, namespaces.PRIVATE / "idle", flags=flags) as shim,
        CriClient(shim.url) as client,
    ):
        began_s = time.monotonic()
        output = read_to_end(
            StreamingSessions(client, container.id).open(SpdyCommand, ["sleep", "55"])
        )
        took_s = time.monotonic() - began_s
    assert "idle for too long" in output.status["message"]
    assert 3 < took_s < 30
    container.execute(["killall", "sleep"])


def test_pings_are_no_payload(dockerd: Dockerd, container: Container) -> None:
    flags = ["--streaming-limit=data_idle_s=2"]
    with (
        Shim(dockerd, namespaces.PRIVATE / "payload", flags=flags) as shim,
        CriClient(shim.url) as client,
    ):
        began_s = time.monotonic()
        session = StreamingSessions(client, container.id).open(SpdyCommand, ["sleep", "44"])
        assert isinstance(session, SpdyCommand)
        ended = threading.Event()

        def ping() -> None:
            number = 1
            while not ended.wait(0.5):
                with suppress(OSError):
                    session.client.ping(number)
                number += 2

        pinging = threading.Thread(target=ping)
        pinging.start()
        while (frame := session.client.read()) is not None and frame.kind == spdy.PING:
            pass
        ended.set()
        pinging.join()
        session.close()
        took_s = time.monotonic() - began_s
    assert 2 < took_s < 30
    container.execute(["killall", "sleep"])
