"""The whole daemon can be built without an engine, and starts from the inside to the outside."""

from contextlib import closing
from pathlib import Path

from pydockershim.config.config import Config
from pydockershim.daemon.wiring import build
from pydockershim.engine.engine import Engine
from pydockershim.streaming.streaming_server import StreamingServer


def test_listener_starts_last_and_stops_first(tmp_path: Path) -> None:
    config = Config(endpoint=f"{tmp_path}/cri.sock", state_dir=tmp_path)
    with closing(Engine("/nosuch")) as engine:
        daemon = build(config, engine)

    streaming = daemon.services[4]
    assert isinstance(streaming, StreamingServer)
    streaming._loop.close()  # its thread would do that
    names = [type(service).__name__ for service in daemon.services]
    assert names == [
        "LogWriters",
        "Reflector",
        "Readiness",
        "DiskUsage",
        "StreamingServer",
        "Listener",
    ]
