"""How the tests of the engine room make containers and processes, by the engine room itself."""

from contextlib import closing

from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.engine.rawstream import Demultiplexer, StreamName
from tests.bed.images import BUSYBOX


def create(client: Engine, *command: str, name: str = "a_container", **config: object) -> str:
    body = {"Image": BUSYBOX.name, "Cmd": command, **config}
    return client.containers.create(body, name=name).id


def output(stream: Hijacked) -> dict[StreamName, bytes]:
    """Read a multiplexed stream to its end."""
    demultiplexer = Demultiplexer()
    streams = dict.fromkeys(StreamName, b"")
    while data := stream.recv(timeout_s=10):
        for name, piece in demultiplexer.feed(data):
            streams[name] += piece
    assert demultiplexer.is_between_frames
    return streams


def execute(client: Engine, container_id: str, *command: str) -> dict[StreamName, bytes]:
    config = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    exec_id = client.execs.create(container_id, config)
    with closing(client.execs.start(exec_id, tty=False)) as stream:
        return output(stream)
