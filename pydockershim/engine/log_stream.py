"""A container's log as the engine sends it: multiplexed (`rawstream`) unless it has a TTY."""

import http.client
from collections.abc import Generator

from pydockershim.engine import json_stream, time_limits
from pydockershim.engine.session import Session
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import checked_id, timestamp, url_path
from pydockershim.errors import Unavailable

_BLOCK_BYTES = 64 * 1024


class LogStream:
    """The blocks of one read of a log; owns the connection."""

    def __init__(self, connection: UnixHttpConnection, answer: http.client.HTTPResponse) -> None:
        connection.set_timeout(None)
        self._connection = connection
        self._answer = answer

    def __iter__(self) -> Generator[bytes, None, None]:
        """Yield blocks until the log ends or `close`; Unavailable when the connection breaks."""
        try:
            while block := self._answer.read1(_BLOCK_BYTES):
                yield block
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self._connection.aborted:
                raise Unavailable("the Docker engine's log stream broke") from error
        finally:
            self._connection.close()

    def close(self) -> None:
        """End the stream, from any thread."""
        self._connection.abort()


def open_log(session: Session, container_id: str, *, since_ns: int, follow: bool) -> LogStream:
    """Read a log with timestamps, from the first message that is not older than `since_ns`."""
    path = f"/containers/{checked_id(container_id)}/logs"
    parameters = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "follow": str(int(follow)),
        "since": timestamp(since_ns),
    }

    def read(connection: UnixHttpConnection, api_version: str) -> LogStream:
        url = url_path(api_version, path, **parameters)
        return LogStream(connection, json_stream.send(connection, "GET", url))

    return session.call_apart(f"read the log of container {container_id}", time_limits.READ, read)
